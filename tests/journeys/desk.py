"""A company with a mailbox, a worker behind it, and the mail server its answers go to."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from uuid import UUID

import aiosmtplib
import pytest_asyncio

from parlour import email, tickets
from parlour.people import Actor
from parlour.tickets import Comment, Filter, Source, Span, Ticket, Words
from tests.builders import Company
from tests.journeys.background import Background, background
from tests.twins import MailServer, mail_server
from tests.waiting import until


@dataclass
class Journey:
    """What a test on its way needs."""

    company: Company
    worker: Background
    server: MailServer
    address: str

    async def write(self, message: EmailMessage) -> None:
        """As a customer's mail program does."""
        await aiosmtplib.send(message, hostname="127.0.0.1", port=self.worker.port, start_tls=False)

    async def tickets(self) -> list[Ticket]:
        async with self.company.database.reading(self.company.organization_id) as tx:
            page = await tickets.list_page(tx, Filter(), seen_by=self.company.alice, limit=100)
            return list(page.tickets)

    async def one_ticket(self) -> Ticket:
        [ticket] = await until(self.tickets)
        return ticket

    async def comments(self, ticket: Ticket) -> list[Comment]:
        async with self.company.database.reading(self.company.organization_id) as tx:
            return await tickets.comments(tx, ticket, Span(), seen_by=self.company.alice)

    async def reply(self, ticket: Ticket, text: str, by: Actor) -> UUID:
        async with self.company.database.transaction(self.company.organization_id) as tx:
            held = await tickets.hold(tx, ticket.id, seen_by=by)
            return (await tickets.reply(tx, held, Words(text), by=by, source=Source.API)).id

    async def sending(self, comment_id: UUID) -> email.Sending | None:
        async with self.company.database.reading(self.company.organization_id) as tx:
            return (await email.sendings(tx, [comment_id])).get(comment_id)


@pytest_asyncio.fixture
async def journey(acme: Company, tmp_path: Path) -> AsyncIterator[Journey]:
    address = f"support@{acme.slug}.test"
    async with acme.database.transaction(acme.organization_id) as tx:
        await email.add_mailbox(tx, address, "Support")
    async with mail_server() as server, background(acme.installation, server.url, tmp_path / "worker.log") as worker:
        yield Journey(acme, worker, server, address)
