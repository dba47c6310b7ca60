"""A company's mailbox, and what comes in by it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
import pytest_asyncio

from parlour import email, tickets
from parlour.email.addresses import reply_address
from parlour.tickets import Status, Ticket
from tests.builders import Company


class Row(msgspec.Struct):
    outcome: str | None
    reason: str | None
    message_id: str | None
    ticket_id: UUID | None
    comment_id: UUID | None
    processed_at: datetime | None


class Post:
    """A company's mailbox, and what was delivered to it."""

    def __init__(self, company: Company, mailbox: email.Mailbox) -> None:
        self.company = company
        self.mailbox = mailbox

    async def deliver(self, raw: str | bytes, sender: str = "carol@customer.test", to: Sequence[str] = ()) -> UUID:
        raw = raw if isinstance(raw, bytes) else raw.replace("\n", "\r\n").encode()
        delivery = email.Delivery(self.mailbox.id, sender, to or [self.mailbox.address], raw)
        return await email.receive(self.company.installation, self.company.organization_id, delivery)

    async def take_in(self, entry_id: UUID) -> Row:
        await email.take_in(self.company.installation, self.company.organization_id, entry_id=entry_id)
        return await self.row(entry_id)

    async def row(self, entry_id: UUID) -> Row:
        async with self.company.database.reading(self.company.organization_id) as tx:
            return await tx.one(
                Row,
                """
                select outcome, reason, message_id, ticket_id, comment_id, processed_at
                from inbound_messages where id = %(id)s
                """,
                id=entry_id,
            )

    async def bring(self, raw: str | bytes, **envelope: object) -> Row:
        return await self.take_in(await self.deliver(raw, **envelope))

    async def ticket(self, row: Row) -> Ticket:
        assert row.ticket_id is not None
        async with self.company.database.reading(self.company.organization_id) as tx:
            return await tickets.find(tx, row.ticket_id, seen_by=self.company.alice)

    async def comments(self, row: Row) -> list[tickets.Comment]:
        ticket = await self.ticket(row)
        async with self.company.database.reading(self.company.organization_id) as tx:
            return await tickets.comments(tx, ticket, tickets.Span(), seen_by=self.company.alice)

    async def participants(self, row: Row) -> list[str]:
        assert row.ticket_id is not None
        async with self.company.database.reading(self.company.organization_id) as tx:
            return [user.email for user in await tickets.participants(tx, row.ticket_id)]

    async def count(self) -> int:
        async with self.company.database.reading(self.company.organization_id) as tx:
            number: int = await tx.value("select count(*) from tickets")
            return number

    def reply_address(self, ticket: Ticket) -> str:
        company = self.company
        return reply_address(company.installation.signer, company.organization_id, self.mailbox.address, ticket.number)


async def post_of(company: Company) -> Post:
    async with company.database.transaction(company.organization_id) as tx:
        return Post(company, await email.add_mailbox(tx, f"Support@{company.slug}.test", "Support"))


@pytest_asyncio.fixture
async def post(acme: Company) -> Post:
    return await post_of(acme)


def mail(
    text: str = "It hums.", *, sender: str = "Carol <carol@customer.test>", subject: str = "Grinder", more: str = ""
) -> str:
    return f"From: {sender}\nSubject: {subject}\n{more}\n{text}\n"


async def close(company: Company, ticket: Ticket) -> None:
    async with company.database.transaction(company.organization_id) as tx:
        held = await tickets.hold(tx, ticket.id, seen_by=company.bob)
        await tickets.change(tx, held, tickets.Changes(status=Status.CLOSED), by=company.bob)
