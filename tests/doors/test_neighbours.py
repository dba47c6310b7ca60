"""Globex knocks at every route of every door, with Acme's ids in hand: nothing is found, nothing is changed."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest_asyncio
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler

from parlour import access, email, notifications, people, tickets
from parlour.api.operations import Operation
from parlour.email import domains, wording
from parlour.email.wording import Draft, Kind, Text
from parlour.foundation import ids
from parlour.foundation.database import Transaction
from parlour.people import ALLOWED, Reach, Role, RoleDraft
from parlour.tickets import Source, Ticket, Upload, Words
from parlour.tickets.events import about
from tests.access.providers.desk import a_way_in
from tests.builders import Company
from tests.doors.conftest import Clients
from tests.doors.open_by_design import OPEN_BY_DESIGN

SECRET = "quokka"
"""A word that stands only in what is Acme's."""


class Belongings(msgspec.Struct):
    """One of each thing that Acme has."""

    ticket: Ticket
    comment_id: UUID
    attachment_id: UUID
    unsent_id: UUID
    tag_id: UUID
    token_id: UUID
    notification_id: UUID
    mailbox_id: UUID
    domain_id: UUID
    entry_id: UUID
    template_id: UUID
    signature_id: UUID
    automatic_id: UUID
    invitation_id: UUID
    portal_key_id: UUID
    device_id: UUID
    role_id: UUID
    provider_id: UUID
    claimed_id: UUID


@pytest_asyncio.fixture(loop_scope="session")
async def belongings(acme: Company) -> Belongings:
    blobs = acme.installation.blobs
    async with acme.database.transaction(acme.organization_id) as tx:
        upload = Upload(f"{SECRET}.txt", "text/plain", SECRET.encode())
        sent = await tickets.store_attachment(tx, blobs, upload, by=acme.bob)
        unsent = await tickets.store_attachment(tx, blobs, upload, by=acme.bob)
        tag = await tickets.add_tag(tx, f"{SECRET}-tag")
        token, _ = await access.create_token(tx, acme.bob.user_id, f"{SECRET} token")
        # A number that Globex does not come to by itself.
        await tx.run("update ticket_counters set last_number = 4000")
    ticket = await acme.ticket(f"The {SECRET}", tags=[tag.name], assignee_id=acme.bob.user_id)
    async with acme.database.transaction(acme.organization_id) as tx:
        held = await tickets.hold(tx, ticket.id, seen_by=acme.bob)
        words = Words(f"About the {SECRET}", attachment_ids=[sent.id])
        comment = await tickets.reply(tx, held, words, by=acme.bob, source=Source.API)
    fact = tickets.TicketAssigned(**about(ticket, acme.alice.user_id), before=None, after=acme.bob.user_id)
    await notifications.notify_assignee(acme.installation, acme.organization_id, fact=fact)
    async with acme.database.reading(acme.organization_id) as tx:
        notification_id = (await notifications.notifications_of(tx, acme.bob))[0].id
    mailbox_id, entry_id = await _mail(acme)
    return Belongings(
        ticket=ticket,
        comment_id=comment.id,
        attachment_id=sent.id,
        unsent_id=unsent.id,
        tag_id=tag.id,
        token_id=token.id,
        device_id=await _device(acme),
        notification_id=notification_id,
        mailbox_id=mailbox_id,
        domain_id=await _sending_domain(acme),
        entry_id=entry_id,
        template_id=await _words(acme, Kind.TEMPLATE),
        signature_id=await _words(acme, Kind.SIGNATURE),
        portal_key_id=await _portal_key(acme),
        invitation_id=await _invitation(acme),
        automatic_id=await _words(acme, Kind.ACKNOWLEDGEMENT),
        role_id=await _role(acme),
        **await a_way_in(acme, SECRET),
    )


async def _mail(company: Company) -> tuple[UUID, UUID]:
    async with company.database.transaction(company.organization_id) as tx:
        mailbox = await email.add_mailbox(tx, f"{SECRET}@{company.slug}.test")
    raw = f"From: carol@customer.test\r\nSubject: {SECRET}\r\n\r\n{SECRET}\r\n".encode()
    delivery = email.Delivery(mailbox.id, "carol@customer.test", [mailbox.address], raw)
    return mailbox.id, await email.receive(company.installation, company.organization_id, delivery)


async def _sending_domain(company: Company) -> UUID:
    pairs, name = await domains.new_pairs(), f"{SECRET}.{company.slug}.test"
    async with company.database.transaction(company.organization_id) as tx:
        return (await domains.add_domain(tx, company.installation.sealer, name, pairs)).id


async def _portal_key(company: Company) -> UUID:
    async with company.database.transaction(company.organization_id) as tx:
        return (await access.make_portal_secret(tx, company.installation.sealer))[0].id


async def _invitation(company: Company) -> UUID:
    new = access.NewInvitation(f"{SECRET}@{company.slug}.test", department_ids=[company.billing_id], message=SECRET)
    async with company.database.transaction(company.organization_id) as tx:
        return (await access.invite(tx, new, by=company.alice)).id


async def _role(company: Company) -> UUID:
    draft = RoleDraft(f"{SECRET} role", SECRET, Role.AGENT, Reach.ORGANIZATION, ALLOWED[Role.AGENT])
    async with company.database.transaction(company.organization_id) as tx:
        return (await people.add_custom_role(tx, draft, by=company.alice)).id


async def _words(company: Company, kind: Kind) -> UUID:
    draft = Draft(kind, {"en": Text(SECRET)}, name=SECRET)
    async with company.database.transaction(company.organization_id) as tx:
        return (await wording.add_wording(tx, draft, by=company.alice)).id


async def _device(acme: Company) -> UUID:
    async with acme.database.transaction(acme.organization_id) as tx:
        bob = access.Identity(acme.organization_id, acme.bob.user_id, ())
        await access.remember_device(tx, acme.installation.signer, bob, access.Client("192.0.2.1", SECRET), 30)
        return (await access.devices_of(tx, acme.bob.user_id))[0].id


async def test_no_route_gives_or_changes_a_neighbours_thing(
    unlimited: Any, acme: Company, globex: Company, belongings: Belongings, at_globex: Clients
) -> None:
    program = await at_globex.program("alice")
    before = await _everything_of(acme)
    assert SECRET in before
    knocked, wrong = 0, []
    for path, handler in _routes(unlimited):
        for addressed in _addresses(path, acme, belongings):
            # A session of its own each: one of the routes ends it.
            is_for_programs = path.startswith("/api") and not handler.opt.get("fresh")
            client = program if is_for_programs else await at_globex.browser("alice")
            for method in sorted(handler.http_methods):
                answer = await client.request(method, addressed, **_sent(handler, acme, belongings))
                knocked += 1
                said = f"{method} {path} -> {answer.status_code} {answer.text[:200]}"
                wrong += [f"{trouble}: {said}" for trouble in _wrong(path, answer, acme, belongings)]
    assert wrong == []
    assert knocked > 70
    assert await _everything_of(acme) == before


def _routes(asgi: Any) -> list[tuple[str, HTTPRouteHandler]]:
    doors: Litestar = asgi.other_asgi_app.app
    return [
        (route.path, handler)
        for route in doors.routes
        for handler in getattr(route, "route_handlers", ())
        if handler.http_methods != {"OPTIONS"}
    ]


def _ways_in(company: Company, belongings: Belongings) -> dict[str, list[object]]:
    provider: list[object] = [belongings.provider_id]
    names = ("{slug:str}", "with", "single-sign-on", "identity-providers")
    claimed: list[object] = [belongings.claimed_id]
    more: dict[str, list[object]] = {
        "switch": [company.organization_id],
        "portal-keys": [belongings.portal_key_id],
        "at": [company.slug],
    }
    return more | {"claims": claimed, "claimed-domains": claimed, **dict.fromkeys(names, provider)}


def _addresses(path: str, company: Company, belongings: Belongings) -> list[str]:
    """The path, with Acme's ids in its places; twice where there are two of a kind."""
    things: dict[str, list[object]] = {
        "tickets": [belongings.ticket.id],
        "attachments": [belongings.attachment_id, belongings.unsent_id],
        "files": [belongings.attachment_id, belongings.unsent_id],
        "users": [company.carol.user_id, company.bob.user_id],
        "people": [company.carol.user_id, company.bob.user_id],
        "departments": [company.billing_id],
        "roles": [belongings.role_id],
        "tags": [belongings.tag_id],
        "tokens": [belongings.token_id],
        "programs": [belongings.token_id],
        "notifications": [belongings.notification_id],
        "mail": [ids.new()],
        "mailboxes": [belongings.mailbox_id],
        "domains": [belongings.domain_id],
        "ledger": [belongings.entry_id],
        "sessions": [ids.new()],
        "devices": [belongings.device_id],
        **_ways_in(company, belongings),
        "hooks": ["one-that-nobody-was-given"],
        "templates": [belongings.template_id],
        "signatures": [belongings.signature_id],
        "automatic-mails": [belongings.automatic_id],
        "invitations": [belongings.invitation_id],
        "comments": [belongings.comment_id],
        "portal": [company.slug],
        "views": [f"department-{company.billing_id}", str(company.billing_id)],
    }
    addresses = [""]
    before = ""
    for part in path.strip("/").split("/"):
        choices: list[object] = [part]
        if part.startswith("{"):
            choices = [belongings.ticket.number] if "number" in part else things[before]
        addresses = [f"{address}/{choice}" for address in addresses for choice in choices]
        before = part
    return addresses


def _sent(handler: HTTPRouteHandler, company: Company, belongings: Belongings) -> dict[str, Any]:
    operation: Operation | None = handler.opt.get("operation")
    if operation and operation.body:
        return {"json": _body(operation.body, company, belongings)}
    if operation and operation.file and operation.method == "POST":
        return {"files": {"file": ("theirs.txt", b"theirs")}}
    if operation:
        return {}
    forms = {"body": "Hello", "subject": "Hello", "email": "gina@globex.test", "name": "Gina", "password": "x" * 12}
    everything = {"ticket_id": belongings.ticket.id, "assignee_id": company.bob.user_id, "tags": f"{SECRET[:3]}"}
    more = {"requester_id": company.carol.user_id, "department_id": company.billing_id, "version": "1"}
    sent = {name: str(value) for name, value in {**forms, **everything, **more}.items()}
    return {"data": sent} if handler.http_methods != {"GET"} else {"params": {"q": SECRET[:3]}}


def _body(shape: Any, company: Company, belongings: Belongings) -> dict[str, Any]:
    """Everything the shape takes, with Acme's ids wherever one fits."""
    values: dict[str, Any] = {
        "subject": "Theirs",
        "body": "Theirs",
        "address": f"{ids.new().hex}@globex.test",
        "domain": f"{ids.new().hex}.globex.test",
        "name": f"Theirs {ids.new().hex}",
        "texts": {"en": "Theirs" if "Template" in shape.__name__ else {"text": "Theirs"}},
        "text": "Theirs",
        "email": f"{ids.new().hex}@globex.test",
        "requesterId": str(company.carol.user_id),
        "assigneeId": str(company.bob.user_id),
        "departmentId": str(company.billing_id),
        "participantIds": [str(company.carol.user_id)],
        "attachmentIds": [str(belongings.unsent_id)],
        "readerIds": [str(company.bob.user_id)],
        "departmentIds": [str(company.billing_id)],
        "customRoleId": str(belongings.role_id),
        "permissions": [],
        "memberIds": [str(company.bob.user_id)],
    }
    known = {field.encode_name for field in msgspec.structs.fields(shape)}
    return {name: value for name, value in values.items() if name in known}


def _wrong(path: str, answer: httpx.Response, company: Company, belongings: Belongings) -> Iterator[str]:
    # No worker runs in these tests, and health says so.
    if answer.status_code >= 500 and path != "/api/health":
        yield "fails"
    if "{" in path and path not in OPEN_BY_DESIGN:
        # To another organization's portal, somebody signed in here is nobody.
        is_sign_in = answer.status_code == 401 or "/sign-in" in answer.headers.get("location", "")
        if answer.status_code != 404 and not (path.startswith("/portal") and is_sign_in):
            yield "is found"
    text = answer.text.lower() + str(answer.headers).lower()
    if SECRET in text:
        yield "leaks words"
    ours = (company.carol.user_id, company.bob.user_id, belongings.ticket.id, belongings.comment_id)
    if answer.request.method == "GET" and any(str(thing) in text for thing in ours):
        yield "leaks ids"


async def _everything_of(company: Company) -> str:
    """All rows of all of Acme's tables, as text."""
    async with company.database.reading(company.organization_id) as tx:
        dumped = [f"{table}: {await _rows(tx, table)}" for table in await tx.values(_WALLED_TABLES)]
    return "\n".join(dumped)


async def _rows(tx: Transaction, table: str) -> list[str]:
    return sorted(await tx.values(f"select to_jsonb(one)::text from {table} one"))  # type: ignore[arg-type]


_WALLED_TABLES = """
    select relname from pg_class
    where relrowsecurity and relkind = 'r' and has_table_privilege(oid, 'select')
    order by relname
"""
