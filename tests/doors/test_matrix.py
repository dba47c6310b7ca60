"""Every route of every door, as everybody: the allowed work, the rest are refused and change nothing."""

from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from litestar.handlers import HTTPRouteHandler

from parlour import access, people, tickets
from parlour.commands import matrix
from parlour.entrance import PUBLIC
from parlour.people import ALLOWED, ALWAYS, Permission, Reach, Role, RoleDraft, UserChanges
from parlour.tickets import Source, Upload, Words
from tests.builders import Company
from tests.doors.all_rows import everything_of
from tests.doors.belongings import Belongings, belongings_of
from tests.doors.conftest import Clients, Connect
from tests.doors.every_route import addresses, routes, sent

EVERYBODY = ("alice", "mara", "bob", "erin", "carol", "dave")
MARKER = "wombat"
"""A word that stands only in a ticket of a department that Erin is not in, and that is not Dave's."""

LAST = ("remove", "delete", "sign-out", "end", "revoke", "discard", "recover", "forget", "decide", "switch")
"""Routes that take away what others need come at the end."""


OWNED = ("/users", "/people", "/templates", "/signatures", "/automatic-mails", "/invitations", "/departments")
"""What belongs to somebody, or is somebody: having the permission is not enough for each of them."""

SEARCHES_EACH_KIND = "/api/scim/v2/.search"
"""On its own, and says so by a 501 (RFC 7644, 3.4.3)."""

WITHOUT_WHAT_IT_NEEDS = {
    "/api/scim/v2/ResourceTypes/{id:str}": "the name of a kind, of which one here is none",
    "/api/scim/v2/Schemas/{id:str}": "the name of a schema, of which one here is none",
    "/images": "an address that we have signed",
    "/dashboard/tickets/{number:int}/earlier": "the comment to begin before",
    "/dashboard/views/{key:str}": "the name of a view, of which one here is none",
    "/api/attachments/{id:str}": "a file that is sent, or one's own",
    "/dashboard/attachments/{attachment_id:uuid}": "a file that is sent, or one's own",
    "/portal/{slug:str}/files/{attachment_id:uuid}": "a file that is sent, or one's own",
}
"""What these ask for, and do not get from everybody here."""


async def test_whoever_lacks_what_a_route_needs_is_refused_and_changes_nothing(
    unlimited: Any, acme: Company, at_acme: Clients, connect: Connect
) -> None:
    belongings = await belongings_of(acme)
    actors = {first: await _now(acme, first) for first in EVERYBODY}
    clients = {first: await at_acme.browser(first) for first in EVERYBODY}
    before = await everything_of(acme)
    refused, wrong = 0, []
    for path, handler, method, addressed in _knocks(unlimited, acme, belongings):
        permission = handler.opt["permission"]
        if permission == PUBLIC:
            continue
        without = [first for first in EVERYBODY if not actors[first].may(permission)]
        for first in (*without, None):
            client = clients[first] if first else connect(accept="text/html,*/*;q=0.8")
            answer = await client.request(method, addressed, **sent(handler, acme, belongings))
            refused += 1
            if not _is_refused(answer, signed_in=first is not None):
                wrong.append(f"{first}: {method} {path} -> {answer.status_code} {answer.headers.get('location', '')}")
    assert wrong == []
    assert refused > 300
    assert await everything_of(acme) == before


@pytest.mark.parametrize("first", ["alice", "mara", "bob", "carol", "reader"])
async def test_whoever_has_what_a_route_needs_is_let_in(
    unlimited: Any, acme: Company, at_acme: Clients, first: str
) -> None:
    first = await _reader(acme) if first == "reader" else first
    actor, belongings = await _now(acme, first), await belongings_of(acme)
    knocks = [each for each in _knocks(unlimited, acme, belongings) if each[1].opt["permission"] in actor.permissions]
    wrong = []
    for path, handler, method, addressed in sorted(knocks, key=_takes_away):
        client = await at_acme.browser(first)
        answer = await client.request(method, addressed, **sent(handler, acme, belongings))
        is_let_in = answer.status_code < 400 if method == "GET" else answer.status_code not in (401, 403)
        if (not is_let_in and not _asks_more(path, first)) or (
            answer.status_code >= 500 and path != SEARCHES_EACH_KIND
        ):
            wrong.append(f"{method} {path} -> {answer.status_code} {answer.text[:120]}")
    assert not wrong, "\n".join(wrong)
    assert len(knocks) > 10


@pytest.mark.parametrize(
    ("first", "become"),
    [
        ("erin", None),
        ("mara", UserChanges(reach=Reach.DEPARTMENTS)),
        ("bob", "a role that sees some departments"),
        ("dave", None),
        ("dave", "somebody who sees their company's tickets"),
    ],
)
async def test_another_departments_and_another_customers_ticket_shows_nowhere(
    unlimited: Any, acme: Company, at_acme: Clients, first: str, become: UserChanges | str | None
) -> None:
    hidden = await _hidden(acme)
    await _become(acme, first, become)
    actor = await _now(acme, first)
    assert not actor.sees_all_tickets
    client = await at_acme.browser(first)
    before, wrong, knocked = await _rows_of(acme, hidden), [], 0
    for path, handler, method, addressed in _knocks(unlimited, acme, hidden):
        if handler.opt["permission"] not in (PUBLIC, *actor.permissions) or "sign-out" in path or "/switch" in path:
            continue
        asked = sent(handler, acme, hidden)
        for more in ({}, {"params": {"q": MARKER}}) if method == "GET" else ({},):
            answer = await client.request(method, addressed, **{**asked, **more})
            knocked += 1
            said = f"{method} {path} -> {answer.status_code}"
            # What was asked for is said again on the page of a search.
            told = answer.text.lower().replace(f'value="{MARKER}"', "").replace(f"q={MARKER}", "")
            if not more and MARKER in told:
                wrong.append(f"leaks words: {said} {told[max(told.index(MARKER) - 90, 0) :][:160]}")
            if str(hidden.ticket.id) in told:
                wrong.append(f"leaks the ticket: {said}")
            if "{" in path and any(word in path for word in ("ticket", "attachment", "file")) and answer.is_success:
                wrong.append(f"is found: {said}")
    assert wrong == []
    assert knocked > 20
    assert await _rows_of(acme, hidden) == before


def test_the_table_in_the_documentation_is_current() -> None:
    page = (Path(__file__).parents[2] / "docs" / "security.md").read_text()
    assert matrix.written_into(page, matrix.table()) == page, "Run: parlour matrix --write docs/security.md"


def _knocks(asgi: Any, company: Company, belongings: Belongings) -> list[tuple[str, HTTPRouteHandler, str, str]]:
    return [
        (path, handler, method, addressed)
        for path, handler in routes(asgi)
        for method in sorted(handler.http_methods - {"OPTIONS"})
        for addressed in addresses(path, company, belongings)
    ]


def _is_refused(answer: httpx.Response, *, signed_in: bool) -> bool:
    if signed_in:
        return answer.status_code == 403
    return answer.status_code == 401 or "/sign-in" in answer.headers.get("location", "")


def _takes_away(knock: tuple[str, HTTPRouteHandler, str, str]) -> bool:
    path, _, method, _ = knock
    return method == "DELETE" or any(word in path for word in LAST)


def _asks_more(path: str, first: str) -> bool:
    """Whether the route, once open, may still refuse them: for what it names, which `giving` or the thing decides."""
    is_elsewhere = path.startswith("/portal") and first != "carol"
    is_somebody_elses = first != "alice" and any(word in path for word in OWNED)
    return is_elsewhere or is_somebody_elses or "/confirm" in path or path in WITHOUT_WHAT_IT_NEEDS


async def _now(company: Company, first: str) -> people.Actor:
    async with company.database.reading(company.organization_id) as tx:
        actor = await people.actor_of(tx, getattr(company, first).user_id)
    assert actor
    return actor


async def _reader(company: Company) -> str:
    """Bob, with a role that lets him look and take notes."""
    draft = RoleDraft("Reader", "", Role.AGENT, Reach.ORGANIZATION, ALWAYS[Role.AGENT] | {Permission.WRITE_NOTES})
    async with company.database.transaction(company.organization_id) as tx:
        role = await people.add_custom_role(tx, draft, by=company.alice)
        user = await people.find_user(tx, company.bob.user_id)
        await access.change_user(tx, user, UserChanges(custom_role_id=role.id), by=company.alice)
    return "bob"


async def _become(company: Company, first: str, become: UserChanges | str | None) -> None:
    """The same person as somebody else who doesn't see everything."""
    async with company.database.transaction(company.organization_id) as tx:
        user = await people.find_user(tx, getattr(company, first).user_id)
        billing = await people.find_department(tx, company.billing_id)
        if user.role is not Role.CUSTOMER:
            await people.set_members(tx, billing, [*billing.member_ids, user.id], by=None)
        if isinstance(become, UserChanges):
            await access.change_user(tx, user, become, by=company.alice)
        elif become and user.role is Role.CUSTOMER:
            draft = people.CompanyDraft("Daves Ltd", [], "", people.PortalView.COMPANY)
            await people.set_membership(tx, user, (await people.add_company(tx, draft)).id, None)
        elif become:
            draft_role = RoleDraft("Billing only", "", Role.AGENT, Reach.DEPARTMENTS, ALLOWED[Role.AGENT])
            role = await people.add_custom_role(tx, draft_role, by=company.alice)
            await access.change_user(tx, user, UserChanges(custom_role_id=role.id), by=company.alice)


async def _hidden(company: Company) -> Belongings:
    """One of each thing, and a ticket of Carol's in another department whose every word is marked."""
    belongings = await belongings_of(company)
    ticket = await company.ticket(
        f"The {MARKER}",
        words=Words(f"About the {MARKER}"),
        department_id=company.support_id,
        assignee_id=company.alice.user_id,
    )
    blobs = company.installation.blobs
    async with company.database.transaction(company.organization_id) as tx:
        upload = Upload(f"{MARKER}.txt", "text/plain", MARKER.encode())
        files = [await tickets.store_attachment(tx, blobs, upload, by=company.alice) for _ in range(2)]
        held = await tickets.hold(tx, ticket.id, seen_by=company.alice)
        words = Words(f"Here is the {MARKER}", attachment_ids=[files[0].id])
        comment = await tickets.reply(tx, held, words, by=company.alice, source=Source.API)
    return msgspec.structs.replace(
        belongings, ticket=ticket, comment_id=comment.id, attachment_id=files[0].id, unsent_id=files[1].id
    )


async def _rows_of(company: Company, hidden: Belongings) -> list[str]:
    """Everything that says anything of the ticket."""
    return [row for row in await everything_of(company) if str(hidden.ticket.id) in row]
