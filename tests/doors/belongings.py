"""One of each thing that a company has."""

from uuid import UUID

import msgspec

from parlour import access, email, notifications, people, tickets
from parlour.access import directory
from parlour.email import domains, wording
from parlour.email.wording import Draft, Kind, Text
from parlour.people import ALLOWED, Reach, Role, RoleDraft, portal_hosts
from parlour.tickets import Source, Ticket, Upload, Words
from parlour.tickets.events import about
from tests.access.device import Device
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
    passkey_id: UUID
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
    await _portal_host(company)
    mailbox_id, entry_id = await _mail(company)
    return Belongings(
        ticket=ticket,
        comment_id=await _comment(company, ticket, sent.id),
        attachment_id=sent.id,
        unsent_id=unsent.id,
        tag_id=tag.id,
        token_id=token.id,
        group_id=await _group(company),
        device_id=await _device(company),
        passkey_id=await _passkey(company),
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


async def _comment(company: Company, ticket: Ticket, attachment_id: UUID) -> UUID:
    async with company.database.transaction(company.organization_id) as tx:
        held = await tickets.hold(tx, ticket.id, seen_by=company.bob)
        words = Words(f"About the {SECRET}", attachment_ids=[attachment_id])
        return (await tickets.reply(tx, held, words, by=company.bob, source=Source.API)).id


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
        return (await access.make_portal_secret(tx, company.installation.sealer, by=company.alice))[0].id


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


async def _passkey(company: Company) -> UUID:
    """Of somebody who is nobody else here: whoever has one is asked for it."""
    async with company.database.transaction(company.organization_id) as tx:
        new = people.NewUser("Key", f"{SECRET}-key@{company.slug}.test", Role.CUSTOMER, Reach.ORGANIZATION)
        owner = access.Identity(company.organization_id, (await people.add_user(tx, new)).id, ())
    party, client, key = access.party_at("http://parlour.test"), access.Client("192.0.2.1"), Device()
    token, options = await access.begin_registration(company.installation, owner, party, client)
    return await access.add_passkey(company.installation, owner, token, key.make(options), client, SECRET)
