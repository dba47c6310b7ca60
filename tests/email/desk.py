"""A company whose agents answer through a mail server."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
import pytest_asyncio

from parlour import email, tickets
from parlour.foundation import clock
from parlour.foundation.installation import Installation
from parlour.people import Actor
from parlour.tickets import AgentReplied, Comment, CustomerReplied, Source, Ticket, Words
from tests.builders import Company
from tests.twins import MailServer, mail_server


@pytest_asyncio.fixture
async def server() -> AsyncIterator[MailServer]:
    async with mail_server() as twin:
        yield twin


class Desk:
    """A company with a mailbox, whose agents reply through a mail server."""

    def __init__(self, company: Company, installation: Installation) -> None:
        self.company = company
        self.installation = installation
        self.address = f"support@{company.slug}.test"

    async def reply(self, ticket: Ticket, words: Words | None = None) -> AgentReplied:
        bob = self.company.bob
        async with self.company.database.transaction(self.company.organization_id) as tx:
            held = await tickets.hold(tx, ticket.id, seen_by=bob)
            await tickets.reply(tx, held, words or Words("Switch it on."), by=bob, source=Source.API)
            return next(fact for fact in tx.facts if isinstance(fact, AgentReplied))

    async def send(self, fact: AgentReplied) -> email.Sending | None:
        await email.send_reply(self.installation, self.company.organization_id, fact=fact)
        return await self.sending(fact)

    async def sending(self, fact: AgentReplied) -> email.Sending | None:
        return await self.sending_of(fact.comment_id)

    async def sending_of(self, comment_id: UUID) -> email.Sending | None:
        async with self.company.database.reading(self.company.organization_id) as tx:
            return (await email.sendings(tx, [comment_id])).get(comment_id)

    async def state_of(self, comment_id: UUID) -> email.SendingState | None:
        sending = await self.sending_of(comment_id)
        return sending.state if sending else None

    async def answer(
        self, ticket: Ticket, text: str = "Switch it on.", way: email.Way | None = None, by: Actor | None = None
    ) -> Comment:
        """As the doors do."""
        by = by or self.company.bob
        async with self.company.database.transaction(self.company.organization_id) as tx:
            held = await tickets.hold(tx, ticket.id, seen_by=by)
            return await email.answer(tx, held, Words(text), way or email.Way(), by=by, source=Source.API)

    async def deliver(self, comment_id: UUID) -> email.Sending | None:
        """What the worker does with a reply that was said."""
        async with self.company.database.reading(self.company.organization_id) as tx:
            comment = await tickets.find_comment(tx, comment_id, seen_by=self.company.alice)
            ticket = await tickets.find(tx, comment.ticket_id, seen_by=self.company.alice)
        fact = AgentReplied(**tickets.about(ticket, comment.author_id), comment_id=comment_id)
        return await self.send(fact)

    async def release(self, comment_id: UUID) -> None:
        await email.release_reply(self.installation, self.company.organization_id, comment_id=comment_id)

    async def undo(self, ticket: Ticket, comment_id: UUID, by: Actor | None = None) -> email.Draft:
        by = by or self.company.bob
        async with self.company.database.transaction(self.company.organization_id) as tx:
            held = await tickets.hold(tx, ticket.id, seen_by=by)
            return await email.undo(tx, held, comment_id, by=by)

    async def send_now(self, ticket: Ticket, comment_id: UUID) -> None:
        async with self.company.database.transaction(self.company.organization_id) as tx:
            held = await tickets.hold(tx, ticket.id, seen_by=self.company.bob)
            await email.send_now(tx, held, comment_id)

    async def customer_writes(self, ticket: Ticket, text: str = "Wait!", *, automatic: bool = False) -> Comment:
        carol = self.company.carol
        async with self.company.database.transaction(self.company.organization_id) as tx:
            held = await tickets.hold(tx, ticket.id, seen_by=carol)
            comment = await tickets.reply(tx, held, Words(text), by=carol, source=Source.EMAIL, automatic=automatic)
            [fact] = [fact for fact in tx.facts if isinstance(fact, CustomerReplied)]
        if not automatic:
            await email.cancel_answered_replies(self.installation, self.company.organization_id, fact=fact)
        return comment

    async def seen_by(self, ticket: Ticket, actor: Actor) -> list[str]:
        """The words of the conversation, as somebody may read it."""
        async with self.company.database.reading(self.company.organization_id) as tx:
            found = await tickets.find(tx, ticket.id, seen_by=actor)
            return [one.text for one in await tickets.comments(tx, found, tickets.Span(), seen_by=actor)]


def in_seconds(seconds: float) -> datetime:
    return clock.now() + timedelta(seconds=seconds)


@pytest_asyncio.fixture
async def desk(acme: Company, server: MailServer) -> Desk:
    settings = acme.installation.settings.model_copy(update={"smtp_url": server.url})
    desk = Desk(acme, msgspec.structs.replace(acme.installation, settings=settings))
    async with acme.database.transaction(acme.organization_id) as tx:
        await email.add_mailbox(tx, desk.address)
    return desk
