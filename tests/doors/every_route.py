"""Every route of every door, one of each thing there is, and what may be sent with them."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler

from parlour import access, email, notifications, people, tickets
from parlour.access import directory
from parlour.api.operations import Operation
from parlour.email import domains, wording
from parlour.email.wording import Draft, Kind, Text
from parlour.foundation import ids
from parlour.people import ALLOWED, Reach, Role, RoleDraft, portal_hosts
from parlour.tickets import Source, Ticket, Upload, Words
from parlour.tickets.events import about
from tests.access.providers.desk import a_way_in
from tests.builders import Company

SECRET = "quokka"
"""A word that stands only in what is Acme's."""


class Belongings(msgspec.Struct):
    """One of each thing that a company has."""

    ticket: Ticket
    comment_id: UUID
    attachment_id: UUID
    unsent_id: UUID
    tag_id: UUID
    token_id: UUID
    group_id: UUID
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
    company_id: UUID


async def belongings_of(company: Company) -> Belongings:
    """One of each, made now."""
    blobs = company.installation.blobs
    async with company.database.transaction(company.organization_id) as tx:
        upload = Upload(f"{SECRET}.txt", "text/plain", SECRET.encode())
        sent = await tickets.store_attachment(tx, blobs, upload, by=company.bob)
        unsent = await tickets.store_attachment(tx, blobs, upload, by=company.bob)
        tag = await tickets.add_tag(tx, f"{SECRET}-tag")
        token, _ = await access.create_token(tx, company.bob.user_id, f"{SECRET} token")
        # A number that Globex does not come to by itself.
        await tx.run("update ticket_counters set last_number = 4000")
    ticket = await company.ticket(f"The {SECRET}", tags=[tag.name], assignee_id=company.bob.user_id)
    async with company.database.transaction(company.organization_id) as tx:
        held = await tickets.hold(tx, ticket.id, seen_by=company.bob)
        words = Words(f"About the {SECRET}", attachment_ids=[sent.id])
        comment = await tickets.reply(tx, held, words, by=company.bob, source=Source.API)
    await _portal_host(company)
    mailbox_id, entry_id = await _mail(company)
    return Belongings(
        ticket=ticket,
        comment_id=comment.id,
        attachment_id=sent.id,
        unsent_id=unsent.id,
        tag_id=tag.id,
        token_id=token.id,
        group_id=await _group(company),
        device_id=await _device(company),
        notification_id=await _notification(company, ticket),
        mailbox_id=mailbox_id,
        domain_id=await _sending_domain(company),
        entry_id=entry_id,
        template_id=await _words(company, Kind.TEMPLATE),
        signature_id=await _words(company, Kind.SIGNATURE),
        portal_key_id=await _portal_key(company),
        invitation_id=await _invitation(company),
        automatic_id=await _words(company, Kind.ACKNOWLEDGEMENT),
        role_id=await _role(company),
        company_id=await _customers_company(company),
        **await a_way_in(company, SECRET),
    )


async def _portal_host(company: Company) -> None:
    async with company.database.transaction(company.organization_id) as tx:
        await portal_hosts.ask_for_host(tx, f"{SECRET}.{company.slug}.example", "http://127.0.0.1:8000")


async def _notification(company: Company, ticket: Ticket) -> UUID:
    fact = tickets.TicketAssigned(**about(ticket, company.alice.user_id), before=None, after=company.bob.user_id)
    await notifications.notify_assignee(company.installation, company.organization_id, fact=fact)
    async with company.database.reading(company.organization_id) as tx:
        return (await notifications.notifications_of(tx, company.bob))[0].id


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


async def _group(company: Company) -> UUID:
    members = frozenset({company.bob.user_id})
    async with company.database.transaction(company.organization_id) as tx:
        group, _ = await directory.add_group(tx, directory.DescribedGroup(f"{SECRET} group", member_ids=members))
    return group.id


async def _role(company: Company) -> UUID:
    draft = RoleDraft(f"{SECRET} role", SECRET, Role.AGENT, Reach.ORGANIZATION, ALLOWED[Role.AGENT])
    async with company.database.transaction(company.organization_id) as tx:
        return (await people.add_custom_role(tx, draft, by=company.alice)).id


async def _customers_company(company: Company) -> UUID:
    draft = people.CompanyDraft(f"{SECRET} Ltd", [f"{SECRET}.test"], SECRET, people.PortalView.COMPANY)
    async with company.database.transaction(company.organization_id) as tx:
        return (await people.add_company(tx, draft)).id


async def _words(company: Company, kind: Kind) -> UUID:
    draft = Draft(kind, {"en": Text(SECRET)}, name=SECRET)
    async with company.database.transaction(company.organization_id) as tx:
        return (await wording.add_wording(tx, draft, by=company.alice)).id


async def _device(company: Company) -> UUID:
    async with company.database.transaction(company.organization_id) as tx:
        bob = access.Identity(company.organization_id, company.bob.user_id, ())
        await access.remember_device(tx, company.installation.signer, bob, access.Client("192.0.2.1", SECRET), 30)
        return (await access.devices_of(tx, company.bob.user_id))[0].id


def routes(asgi: Any) -> list[tuple[str, HTTPRouteHandler]]:
    doors: Litestar = asgi.other_asgi_app.app
    return [
        (route.path, handler)
        for route in doors.routes
        for handler in getattr(route, "route_handlers", ())
        if handler.http_methods != {"OPTIONS"}
    ]


def _ways_in(company: Company, belongings: Belongings) -> dict[str, list[object]]:
    provider: list[object] = [belongings.provider_id]
    names = ("{slug:str}", "with", "single-sign-on", "identity-providers", "connected")
    claimed: list[object] = [belongings.claimed_id]
    more: dict[str, list[object]] = {
        "switch": [company.organization_id],
        "portal-keys": [belongings.portal_key_id],
        "at": [company.slug],
        "companies": [belongings.company_id],
    }
    return more | {"claims": claimed, "claimed-domains": claimed, **dict.fromkeys(names, provider)}


def addresses(path: str, company: Company, belongings: Belongings) -> list[str]:
    """The path, with a company's ids in its places; twice where there are two of a kind."""
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
        **_of_a_directory(company, belongings),
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


def sent(handler: HTTPRouteHandler, company: Company, belongings: Belongings) -> dict[str, Any]:
    operation: Operation | None = handler.opt.get("operation")
    if operation and operation.body:
        return {"json": _body(operation.body, company, belongings)}
    if operation and operation.file and operation.method == "POST":
        return {"files": {"file": ("theirs.txt", b"theirs")}}
    if operation:
        return {}
    if any("/scim/" in path for path in handler.paths):
        return {"json": _scim(company)}
    forms = {"body": "Hello", "subject": "Hello", "email": "gina@globex.test", "name": "Gina", "password": "x" * 12}
    everything = {"ticket_id": belongings.ticket.id, "assignee_id": company.bob.user_id, "tags": f"{SECRET[:3]}"}
    more = {"requester_id": company.carol.user_id, "department_id": company.billing_id, "version": "1"}
    form = {name: str(value) for name, value in {**forms, **everything, **more}.items()}
    return {"data": form} if handler.http_methods != {"GET"} else {"params": {"q": SECRET[:3]}}


def _of_a_directory(company: Company, belongings: Belongings) -> dict[str, list[object]]:
    # What the protocol describes of itself is the same for everybody: asked for is what is not there.
    described: dict[str, list[object]] = {"ResourceTypes": ["Other"], "Schemas": ["Other"]}
    groups = {kind: [belongings.group_id] for kind in ("Groups", "groups")}
    return {"Users": [company.bob.user_id], **groups, **described}


def _scim(company: Company) -> dict[str, Any]:
    """What a directory sends for a user and for a group, with somebody of the company's in it."""
    members = [{"value": str(company.bob.user_id)}]
    joins = {"op": "add", "path": "members", "value": members}
    names = {"userName": f"{ids.new().hex}@globex.test", "displayName": f"Theirs {ids.new().hex}"}
    return {**names, "members": members, "Operations": [joins]}


def _body(shape: Any, company: Company, belongings: Belongings) -> dict[str, Any]:
    """Everything the shape takes, with a company's ids wherever one fits."""
    values: dict[str, Any] = {
        "subject": "Theirs",
        "body": "Theirs",
        "address": f"{ids.new().hex}@globex.test",
        "domain": f"{ids.new().hex}.globex.test",
        "host": f"{ids.new().hex}.globex.test",
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
        "companyId": str(belongings.company_id),
        "permissions": [],
        "memberIds": [str(company.bob.user_id)],
    }
    known = {field.encode_name for field in msgspec.structs.fields(shape)}
    return {name: value for name, value in values.items() if name in known}
