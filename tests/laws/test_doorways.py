"""Each doorway as the application calls it, with a neighbour's row beside the one that is meant.

It tells the ids of what was asked for and of nothing else, from inside any organization and from inside none; and once
the row is over, inactive, taken back or gone, it tells nothing.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import msgspec
import pytest
from psycopg import sql

from tests.laws.test_walls import THE_TENANT
from tests.laws.test_walls_from_inside import (
    ACME,
    COUNTS,
    GLOBEX,
    NOT_IDS,
    OWN_IDS,
    Connection,
    enter,
    put_rows,
    root,
    rows,
)

__all__ = ["root"]

LATER, BEFORE = "now() + interval '1 hour'", "now() - interval '1 hour'"
LONG_AGO = "now() - interval '1 year'"


class Case(msgspec.Struct, frozen=True):
    """A row of `table` that says `here` at Acme and `next_door` at Globex; what is `asked` means Acme's."""

    table: str
    here: dict[str, str]
    next_door: dict[str, str]
    asked: str = ""
    over: Sequence[dict[str, str]] = ()
    """What each makes of Acme's row one that nobody is told of."""
    beside: Sequence[str] = ()
    """Other tables that have a row of both."""
    closing_ends_it: bool = False
    """Whether an organization that is closed is passed over."""


def due(table: str, column: str, *over: dict[str, str], asked: str = "now()", **more: str) -> Case:
    """What is looked at once its time has come."""
    return Case(table, {column: BEFORE, **more}, {column: LATER, **more}, asked, ({column: LATER}, *over))


TOKEN = Case(
    "api_tokens",
    {"digest": r"'\x0a'", "user_id": "gen_random_uuid()", "expires_at": LATER},
    {"digest": r"'\x0b'", "user_id": "gen_random_uuid()", "expires_at": LATER},
    r"'\x0a'",
    ({"revoked_at": BEFORE}, {"expires_at": BEFORE}),
)
CASES = {
    "doorway_api_token": TOKEN,
    "doorway_closed_organization": Case("closings", {}, {}, f"'{ACME}'"),
    "doorway_erasure_by_slug": Case(
        "erasures",
        {"slug": "'was-acme'", "slug_until": LATER},
        {"slug": "'was-globex'", "slug_until": LATER},
        "'was-acme', now()",
        ({"slug_until": BEFORE}, {"slug": "null"}),
    ),
    "doorway_mailbox_by_address": Case(
        "mailboxes",
        {"address": "'help@wall.test'", "is_active": "true"},
        {"address": "'help@next.test'", "is_active": "true"},
        "'HELP+4711@wall.test'",
        ({"is_active": "false"}, {"removed_at": "now()"}),
    ),
    "doorway_mailbox_by_push": Case(
        "mailboxes",
        {"kind": "'PUSH'", "push_digest": r"'\x0a'", "is_active": "true"},
        {"kind": "'PUSH'", "push_digest": r"'\x0b'", "is_active": "true"},
        r"'\x0a'",
        ({"is_active": "false"}, {"removed_at": "now()"}, {"kind": "'IMAP'"}),
    ),
    "doorway_mailboxes_to_fetch": Case(
        "mailboxes",
        {"kind": "'IMAP'", "is_active": "true"},
        {"kind": "'IMAP'", "is_active": "false"},
        "1000000",
        ({"is_active": "false"}, {"removed_at": "now()"}, {"kind": "'PUSH'"}),
        closing_ends_it=True,
    ),
    "doorway_organization_by_former_slug": Case(
        "former_slugs",
        {"slug": "'was-acme'", "until": LATER},
        {"slug": "'was-globex'", "until": LATER},
        "'was-acme', now()",
        ({"until": BEFORE},),
    ),
    "doorway_organization_by_host": Case(
        THE_TENANT, {"host": "'help.wall.test'"}, {"host": "'help.next.test'"}, "'Help.Wall.test'", ({"host": "null"},)
    ),
    "doorway_organization_by_origin": Case(
        "allowed_origins",
        {"origin": "'https://wall.test'"},
        {"origin": "'https://next.test'"},
        "'https://wall.test'",
    ),
    "doorway_organization_by_provider": Case("identity_providers", {"id": f"'{ACME}'"}, {}, f"'{ACME}'"),
    "doorway_organization_by_slug": Case(
        THE_TENANT, {"slug": "'wall-acme'"}, {"slug": "'wall-globex'"}, "'Wall-Acme'", ({"slug": "'another'"},)
    ),
    "doorway_organizations": Case(THE_TENANT, {}, {"id": "gen_random_uuid()"}),
    "doorway_organizations_by_claimed_domain": Case(
        "claimed_domains",
        {"domain": "'wall.test'", "verified_at": BEFORE},
        {"domain": "'next.test'", "verified_at": BEFORE},
        "'wall.test'",
        ({"verified_at": "null"},),
    ),
    "doorway_organizations_to_erase": due("closings", "erase_at"),
    "doorway_organizations_to_remind": due("closings", "erase_at", {"reminded_at": "now()"}),
    "doorway_organizations_with_claims_to_check": due("claimed_domains", "next_check_at"),
    "doorway_organizations_with_domains_to_check": due("sending_domains", "next_check_at"),
    "doorway_organizations_with_ending_tokens": due(
        "api_tokens", "expires_at", {"revoked_at": "now()"}, {"expires_at": LONG_AGO}, asked=f"{LONG_AGO}, now()"
    ),
    "doorway_organizations_with_held_replies_due": due("held_replies", "release_at", {"cancelled_at": "now()"}),
    "doorway_organizations_with_mail_due": due(
        "outbound_messages", "next_attempt_at", {"state": "'SENT'"}, {"state": "'FAILED'"}, state="'QUEUED'"
    ),
    "doorway_organizations_with_mailboxes": Case(
        "mailboxes", {}, {"removed_at": "now()"}, "", ({"removed_at": "now()"},), closing_ends_it=True
    ),
    "doorway_organizations_with_notices_due": due(
        "notices", "next_attempt_at", {"state": "'SENT'"}, {"state": "'FAILED'"}, state="'QUEUED'"
    ),
    "doorway_organizations_with_old_audit_records": Case(
        "audit_records",
        {"at": "now() - interval '10 years'"},
        {"at": "now()"},
        "now()",
        ({"at": "now()"},),
        beside=("audit_trails",),
    ),
    "doorway_organizations_with_old_keys": Case(
        "idempotency_keys", {"created_at": LONG_AGO}, {"created_at": "now()"}, "", ({"created_at": "now()"},)
    ),
    "doorway_organizations_with_portal_hosts_to_check": due("portal_hosts", "next_check_at"),
    "doorway_organizations_with_unsent_uploads": Case(
        "attachments",
        {"created_at": LONG_AGO, "comment_id": "null"},
        {"created_at": LONG_AGO, "comment_id": "gen_random_uuid()"},
        "",
        ({"created_at": "now()"}, {"comment_id": "gen_random_uuid()"}),
    ),
    "doorway_organizations_with_waiting_mail": Case(
        "inbound_messages",
        {"received_at": LONG_AGO, "processed_at": "null"},
        {"received_at": LONG_AGO, "processed_at": "now()"},
        "",
        ({"received_at": "now()"}, {"processed_at": "now()"}),
    ),
    "doorway_passkey": Case("passkeys", {"credential_id": r"'\x0a'"}, {"credential_id": r"'\x0b'"}, r"'\x0a'"),
    "doorway_user_by_token": msgspec.structs.replace(TOKEN, over=(*TOKEN.over, {"user_id": "null"})),
    "doorway_users_by_email": Case(
        "users",
        {"email": "'zoe@wall.test'", "status": "'ACTIVE'"},
        {"email": "'zoe@next.test'", "status": "'ACTIVE'"},
        "'Zoe@Wall.test'",
        ({"status": "'INACTIVE'"}, {"email": "'other@wall.test'"}),
    ),
}


async def test_every_doorway_is_among_them(root: Connection) -> None:
    known = await rows(
        root, "select proname from pg_proc where pronamespace = 'public'::regnamespace and proname like 'doorway%%'"
    )
    assert {name for (name,) in known} == {*CASES, *NOT_IDS, *COUNTS}


@pytest.mark.parametrize("doorway", CASES)
async def test_a_doorway_tells_of_nothing_but_what_was_asked_for(root: Connection, doorway: str) -> None:
    case = CASES[doorway]
    own = "id" if case.table in OWN_IDS else "organization_id"
    for table in (case.table, *case.beside):
        await put_rows(root, table)
    for organization, says in ((ACME, case.here), (GLOBEX, case.next_door)):
        if says:
            await root.execute(_update(case.table, own, says), {"organization": organization})
    for inside in (None, ACME, GLOBEX):
        assert await _told(root, doorway, case.asked, inside) == {ACME}, inside
    for change in case.over:
        async with _undone(root):
            await root.execute(_update(case.table, own, change), {"organization": ACME})
            assert await _told(root, doorway, case.asked, ACME) == set(), change
    if case.closing_ends_it:
        async with _undone(root):
            await put_rows(root, "closings")
            assert await _told(root, doorway, case.asked, ACME) == set()
    async with _undone(root):
        gone = sql.SQL("delete from {} where {} = %(organization)s")
        await root.execute(gone.format(sql.Identifier(case.table), sql.Identifier(own)), {"organization": ACME})
        assert await _told(root, doorway, case.asked, ACME) == set()


async def test_nothing_is_counted_of_an_organization_by_name(root: Connection) -> None:
    for doorway in COUNTS:
        for row in await rows(root, f"select * from {doorway}()"):
            assert not [value for value in row if isinstance(value, UUID)]


async def _told(root: Connection, doorway: str, asked: str, inside: UUID | None) -> set[UUID]:
    """Which of the two organizations it tells of, to the application; nothing in its answer is anything but an id."""
    async with _undone(root):
        await enter(root, inside)
        await root.execute("set local role parlour_app")
        answer = await rows(root, f"select * from {doorway}({asked})")
    assert all(isinstance(value, UUID) for row in answer for value in row)
    return {row[0] for row in answer} & {ACME, GLOBEX}


@asynccontextmanager
async def _undone(root: Connection) -> AsyncIterator[None]:
    await root.execute("savepoint before")
    try:
        yield
    finally:
        await root.execute("rollback to savepoint before")


def _update(table: str, own: str, says: dict[str, Any]) -> sql.Composed:
    sets = [sql.SQL("{} = {}").format(sql.Identifier(name), sql.SQL(value)) for name, value in says.items()]
    return sql.SQL("update {} set {} where {} = %(organization)s").format(
        sql.Identifier(table), sql.SQL(", ").join(sets), sql.Identifier(own)
    )
