"""Every route that changes what protects an organization leaves a record in its audit trail, or says here why not."""

from typing import Any, LiteralString

import httpx
import msgspec
from litestar import Litestar

from parlour import access, email, people
from parlour.audit import Act
from parlour.email import domains, wording
from parlour.foundation import ids
from parlour.people import NewUser, Permission, Role
from tests.builders import Company
from tests.doors.conftest import Clients

DAILY_WORK = {
    Permission.READ_TICKETS,
    Permission.OPEN_TICKETS,
    Permission.REPLY_TO_TICKETS,
    Permission.WRITE_NOTES,
    Permission.CHANGE_TICKETS,
    Permission.READ_OWN_NOTIFICATIONS,
}
"""What needs none of these permissions is looked at."""

WITHOUT_A_RECORD = {
    "POST /confirm": "shows once more who one is, and changes nothing",
    "POST /portal/{slug}/confirm": "shows once more who one is, and changes nothing",
    "POST /switch": "signs in to another organization, whose trail has it",
    "POST /switch/{organization_id}": "signs in to another organization, whose trail has it",
    "POST /api/tags": "a tag is a word on a ticket: nobody may do more or less because of it",
    "PUT /api/tags/{id}": "a tag is a word on a ticket",
    "DELETE /api/tags/{id}": "a tag is a word on a ticket",
    "POST /dashboard/settings/tags": "a tag is a word on a ticket",
    "POST /dashboard/settings/tags/{tag_id}": "a tag is a word on a ticket",
    "POST /dashboard/settings/tags/{tag_id}/remove": "a tag is a word on a ticket",
    "POST /api/email/inbound": "every mail has its entry in the ledger",
    "POST /api/email/mailboxes/{id}/test": "looks, and changes nothing",
    "POST /dashboard/settings/audit/verify": "looks, and changes nothing",
    "POST /dashboard/settings/mailboxes/{mailbox_id}/test": "looks, and changes nothing",
    "POST /api/previews": "shows, and changes nothing",
    "POST /dashboard/settings/signatures/preview": "shows, and changes nothing",
    "POST /dashboard/settings/templates/preview": "shows, and changes nothing",
    "POST /dashboard/settings/automatic-mails/preview": "shows, and changes nothing",
    "POST /api/email/domains/{id}/check": "looks; what it finds is a fact of the domain's own",
    "POST /dashboard/settings/domains/{domain_id}/check": "looks; what it finds is a fact of the domain's own",
}


class Case(msgspec.Struct, frozen=True):
    """What is sent, and which act it must be. `first` is done to the thing before."""

    act: Act
    json: dict[str, Any] | None = None
    form: dict[str, Any] | None = None
    first: LiteralString | None = None
    query: dict[str, str] = {}


REFUSED: LiteralString = "update inbound_messages set outcome = 'REFUSED', reason = 'Spam', processed_at = now()"
HELD: LiteralString = "update inbound_messages set outcome = 'QUARANTINED', reason = 'Spam', processed_at = now()"
BINNED: LiteralString = "update tickets set deleted_at = now()"
SHOWN: LiteralString = """
    with shown as (update signing_keys set published_at = now() returning 1)
    update sending_domains set verified_at = now()
"""
HELLO = {"fr": {"text": "Bonjour"}}
WORDS = {"language": "fr", "text": "Bonjour", "owner": ""}
MAILBOX = {"kind": "SMTP", "address": "new@{here}"}

CASES = {
    "DELETE /api/tickets/{reference}": Case(Act.TICKET_DELETED),
    "POST /api/tickets/{reference}/restore": Case(Act.TICKET_RESTORED, first=BINNED),
    "POST /dashboard/tickets/{number}/delete": Case(Act.TICKET_DELETED, form={"version": "1"}),
    "POST /dashboard/tickets/{number}/restore": Case(Act.TICKET_RESTORED, form={"version": "1"}, first=BINNED),
    "POST /api/users": Case(Act.PERSON_ADDED, {"name": "New", "email": "new@customer.test"}),
    "PUT /api/users/{id}": Case(Act.STATUS_CHANGED, {"status": "INACTIVE"}),
    "POST /dashboard/settings/people": Case(
        Act.PERSON_ADDED, form={"name": "New", "email": "new2@customer.test", "role": "CUSTOMER"}
    ),
    "POST /dashboard/settings/people/{user_id}": Case(Act.ROLE_CHANGED, form={"role": "MANAGER"}),
    "POST /api/departments": Case(Act.DEPARTMENT_ADDED, {"name": "Sales"}),
    "PUT /api/departments/{id}": Case(Act.DEPARTMENT_CHANGED, {"description": "Other"}),
    "DELETE /api/departments/{id}": Case(Act.DEPARTMENT_REMOVED),
    "POST /dashboard/settings/departments": Case(Act.DEPARTMENT_ADDED, form={"name": "Field"}),
    "POST /dashboard/settings/departments/{department_id}": Case(
        Act.MEMBERS_CHANGED, form={"name": "Extra", "member": "{bob}"}
    ),
    "POST /dashboard/settings/departments/{department_id}/remove": Case(Act.DEPARTMENT_REMOVED, form={}),
    "PUT /api/organization": Case(Act.ORGANIZATION_CHANGED, {"colour": "#112233"}),
    "POST /dashboard/settings/organization": Case(
        Act.ORGANIZATION_CHANGED, form={"name": "Acme & Co", "colour": "#445566"}
    ),
    "POST /api/tokens": Case(Act.TOKEN_MADE, {"name": "Report"}),
    "DELETE /api/tokens/{id}": Case(Act.TOKEN_REVOKED),
    "POST /dashboard/settings/tokens": Case(Act.TOKEN_MADE, form={"name": "Report"}),
    "POST /dashboard/settings/tokens/{token_id}/revoke": Case(Act.TOKEN_REVOKED, form={}),
    "POST /api/email/mailboxes": Case(Act.MAILBOX_ADDED, {"address": "new@{here}"}),
    "PATCH /api/email/mailboxes/{id}": Case(Act.MAILBOX_CHANGED, {"name": "Other"}),
    "DELETE /api/email/mailboxes/{id}": Case(Act.MAILBOX_REMOVED),
    "POST /api/email/mailboxes/{id}/push-address": Case(Act.MAILBOX_SECRETS_CHANGED),
    "POST /dashboard/settings/mailboxes": Case(Act.MAILBOX_ADDED, form={**MAILBOX, "address": "form@{here}"}),
    "POST /dashboard/settings/mailboxes/{mailbox_id}": Case(
        Act.MAILBOX_CHANGED, form={"address": "{mailbox}", "name": "Other", "provider": "RAW"}
    ),
    "POST /dashboard/settings/mailboxes/{mailbox_id}/hook": Case(Act.MAILBOX_SECRETS_CHANGED, form={}),
    "POST /dashboard/settings/mailboxes/{mailbox_id}/switch": Case(Act.MAILBOX_CHANGED, form={"is_active": ""}),
    "POST /dashboard/settings/mailboxes/{mailbox_id}/remove": Case(Act.MAILBOX_REMOVED, form={}),
    "POST /api/email/domains": Case(Act.SENDING_DOMAIN_ADDED, {"domain": "new.{here}"}),
    "POST /api/email/domains/{id}/renew": Case(Act.SENDING_DOMAIN_KEYS_RENEWED, first=SHOWN),
    "DELETE /api/email/domains/{id}": Case(Act.SENDING_DOMAIN_REMOVED),
    "POST /dashboard/settings/domains": Case(Act.SENDING_DOMAIN_ADDED, form={"domain": "form.{here}"}),
    "POST /dashboard/settings/domains/{domain_id}/renew": Case(Act.SENDING_DOMAIN_KEYS_RENEWED, form={}, first=SHOWN),
    "POST /dashboard/settings/domains/{domain_id}/remove": Case(Act.SENDING_DOMAIN_REMOVED, form={}),
    "POST /api/email/ledger/{id}/retry": Case(Act.MAIL_READ_AGAIN, first=REFUSED),
    "POST /api/email/ledger/{id}/admit": Case(Act.MAIL_ADMITTED, first=REFUSED),
    "GET /api/email/ledger/{id}/raw": Case(Act.RAW_MAIL_OPENED),
    "POST /dashboard/settings/ledger/{entry_id}/retry": Case(Act.MAIL_READ_AGAIN, form={}, first=REFUSED),
    "POST /dashboard/settings/ledger/{entry_id}/ticket": Case(Act.MAIL_ADMITTED, form={}, first=REFUSED),
    "GET /dashboard/settings/ledger/{entry_id}/raw": Case(Act.RAW_MAIL_OPENED),
    "POST /dashboard/settings/quarantine": Case(
        Act.MAIL_LET_IN, form={"act": "release", "mail": "{entry}"}, first=HELD
    ),
    "POST /dashboard/settings/audit/retention": Case(Act.RETENTION_CHANGED, form={"keep_days": "400"}),
    "GET /dashboard/settings/audit": Case(Act.TRAIL_VIEWED, query={"q": "page"}),
    "GET /dashboard/settings/audit/export": Case(Act.TRAIL_EXPORTED),
    "PUT /api/audit/retention": Case(Act.RETENTION_CHANGED, {"keepDays": 365}),
    "GET /api/audit": Case(Act.TRAIL_VIEWED),
    "GET /api/audit/export": Case(Act.TRAIL_EXPORTED),
    "PUT /api/sending/settings": Case(Act.SENDING_CHANGED, {"undoSeconds": 20}),
    "POST /api/signatures": Case(Act.WORDS_ADDED, {"userId": "{bob}", "texts": HELLO}),
    "PUT /api/signatures/{id}": Case(Act.WORDS_CHANGED, {"texts": HELLO}),
    "DELETE /api/signatures/{id}": Case(Act.WORDS_REMOVED),
    "POST /api/templates": Case(Act.WORDS_ADDED, {"name": "New", "texts": {"en": "Hello"}}),
    "PUT /api/templates/{id}": Case(Act.WORDS_CHANGED, {"name": "Other"}),
    "DELETE /api/templates/{id}": Case(Act.WORDS_REMOVED),
    "POST /api/automatic-mails": Case(
        Act.WORDS_ADDED, {"kind": "ACKNOWLEDGEMENT", "mailboxId": "{mailboxes}", "texts": HELLO}
    ),
    "PUT /api/automatic-mails/{id}": Case(Act.WORDS_CHANGED, {"texts": HELLO}),
    "DELETE /api/automatic-mails/{id}": Case(Act.WORDS_REMOVED),
    "PUT /api/automatic-mails/settings": Case(Act.MAIL_RULES_CHANGED, {"acknowledges": True}),
    "POST /dashboard/settings/automatic-mails/settings": Case(Act.SENDING_CHANGED, form={"first": "de"}),
    "POST /dashboard/settings/signatures": Case(Act.WORDS_ADDED, form={**WORDS, "owner": "mailbox:{mailboxes}"}),
    "POST /dashboard/settings/signatures/{wording_id}": Case(Act.WORDS_CHANGED, form=WORDS),
    "POST /dashboard/settings/signatures/{wording_id}/forget": Case(Act.WORDS_REMOVED, form={"language": "en"}),
    "POST /dashboard/settings/signatures/{wording_id}/remove": Case(Act.WORDS_REMOVED, form={}),
    "POST /dashboard/settings/templates": Case(Act.WORDS_ADDED, form={**WORDS, "name": "Third"}),
    "POST /dashboard/settings/templates/{wording_id}": Case(Act.WORDS_CHANGED, form={**WORDS, "name": "Fourth"}),
    "POST /dashboard/settings/templates/{wording_id}/forget": Case(Act.WORDS_REMOVED, form={"language": "en"}),
    "POST /dashboard/settings/templates/{wording_id}/remove": Case(Act.WORDS_REMOVED, form={}),
    "POST /dashboard/settings/automatic-mails": Case(Act.WORDS_ADDED, form={**WORDS, "owner": "mailbox:{mailboxes}"}),
    "POST /dashboard/settings/automatic-mails/{wording_id}": Case(Act.WORDS_CHANGED, form=WORDS),
    "POST /dashboard/settings/automatic-mails/{wording_id}/forget": Case(Act.WORDS_REMOVED, form={"language": "en"}),
    "POST /dashboard/settings/automatic-mails/{wording_id}/remove": Case(Act.WORDS_REMOVED, form={}),
}


async def test_every_route_that_changes_a_setting_is_recorded(unlimited: Any, acme: Company, at_acme: Clients) -> None:
    silent = []
    for route in _routes(unlimited):
        if route in WITHOUT_A_RECORD:
            continue
        assert route in CASES, f"{route}: say in CASES which act it is, or in WITHOUT_A_RECORD why there is none."
        case, things = CASES[route], await _things(acme)
        before = await _last(acme)
        if case.first:
            async with acme.database.transaction(acme.organization_id) as tx:
                await tx.run(f"{case.first} where id = %(id)s", id=things[_thing_of(route)])
        answer = await _send(at_acme, route, case, things)
        assert answer.status_code < 400, (route, answer.status_code, answer.text[:500])
        acts = await _acts(acme, before)
        if (case.act.value, acme.alice.user_id) not in acts:
            silent.append((route, answer.status_code, acts))
    assert silent == []


def test_nothing_is_excused_or_expected_that_is_not_there(unlimited: Any) -> None:
    routes = set(_routes(unlimited))
    assert {*CASES, *WITHOUT_A_RECORD} - routes == set()
    assert set(CASES) & set(WITHOUT_A_RECORD) == set()


def _routes(asgi: Any) -> list[str]:
    doors: Litestar = asgi.other_asgi_app.app
    found = []
    for route in doors.routes:
        for handler in getattr(route, "route_handlers", ()):
            path = "/".join(f"{part.split(':')[0]}}}" if ":" in part else part for part in route.path.split("/"))
            permission = handler.opt.get("permission")
            for method in sorted(handler.http_methods - {"OPTIONS"}):
                name = f"{method} {path}"
                is_sensitive = permission in set(Permission) - DAILY_WORK and method != "GET"
                if is_sensitive or name in CASES:
                    found.append(name)
    return found


async def _send(at_acme: Clients, route: str, case: Case, things: dict[str, str]) -> httpx.Response:
    method, _, path = route.partition(" ")
    thing = things[_thing_of(route)] if "{" in path else ""
    if "{number}" in path:
        thing = things["number"]
    addressed = "/".join(thing if part.startswith("{") else part for part in path.split("/"))
    by_program = path.startswith("/api")
    client = await (at_acme.program("alice") if by_program else at_acme.browser("alice"))
    if case.json is not None:
        return await client.request(method, addressed, json=_filled(case.json, things))
    return await client.request(method, addressed, data=_filled(case.form or {}, things), params=case.query)


def _thing_of(route: str) -> str:
    """Which of the things a route is about: the word before its id, or the last one."""
    words = route.split("/")
    place = next((number for number, word in enumerate(words) if word.startswith("{")), len(words))
    return words[place - 1]


def _filled(sent: dict[str, Any], things: dict[str, str]) -> dict[str, Any]:
    return {
        name: value.format(**things) if isinstance(value, str) and "{" in value else value
        for name, value in sent.items()
    }


async def _things(company: Company) -> dict[str, str]:
    """Fresh ones, so that what a route removes is missed by no other."""
    unique = ids.new().hex
    async with company.database.transaction(company.organization_id) as tx:
        user = await people.add_user(tx, NewUser("Frank", f"frank.{unique}@acme.test", Role.AGENT))
        department = await people.add_department(tx, f"Extra {unique}")
        token, _ = await access.create_token(tx, company.alice.user_id, "test")
        mailbox = await email.set_up_mailbox(
            tx,
            company.installation.sealer,
            email.NewMailbox(address=f"box.{unique}@acme.test", kind=email.MailboxKind.PUSH),
        )
        name, pairs = f"known.{unique}.test", await domains.new_pairs()
        domain = await domains.add_domain(tx, company.installation.sealer, name, pairs)
    ticket = await company.ticket()
    raw = f"From: carol@customer.test\r\nMessage-ID: <{unique}@customer.test>\r\n\r\nHello\r\n".encode()
    delivery = email.Delivery(mailbox.id, "carol@customer.test", [mailbox.address], raw)
    entry_id = await email.receive(company.installation, company.organization_id, delivery)
    ledger = {name: str(entry_id) for name in ("ledger", "quarantine", "entry")}
    return {
        "tickets": str(ticket.id),
        "number": str(ticket.number),
        "users": str(user.id),
        "people": str(user.id),
        "departments": str(department.id),
        "tokens": str(token.id),
        "mailboxes": str(mailbox.id),
        "mailbox": mailbox.address,
        "domains": str(domain.id),
        **await _words(company),
        "bob": str(company.bob.user_id),
        "here": f"{unique}.test",
        **ledger,
    }


async def _words(company: Company) -> dict[str, str]:
    """One of each kind, and no others."""
    kinds = {
        "signatures": wording.Kind.SIGNATURE,
        "templates": wording.Kind.TEMPLATE,
        "automatic-mails": wording.Kind.ACKNOWLEDGEMENT,
    }
    made = {}
    async with company.database.transaction(company.organization_id) as tx:
        await tx.run("delete from wordings")
        for path, kind in kinds.items():
            draft = wording.Draft(kind, {"en": wording.Text("Hello")}, name="Greeting")
            made[path] = str((await wording.add_wording(tx, draft, by=company.alice)).id)
    return made


async def _last(company: Company) -> int:
    async with company.database.reading(company.organization_id) as tx:
        found: int = await tx.value("select last_position from audit_trails")
    return found


async def _acts(company: Company, after: int) -> list[tuple[str, object]]:
    async with company.database.reading(company.organization_id) as tx:
        rows = await tx.all(
            _Row, "select act, actor_id from audit_records where position > %(after)s order by position", after=after
        )
    return [(row.act, row.actor_id) for row in rows]


class _Row(msgspec.Struct):
    act: str
    actor_id: Any


async def test_what_is_refused_changes_nothing_and_records_nothing(acme: Company, at_acme: Clients) -> None:
    program = await at_acme.program("bob")
    before = await _last(acme)
    answer = await program.put(f"/api/users/{acme.mara.user_id}", json={"role": "AGENT"})
    assert answer.status_code == 403
    assert await _last(acme) == before
