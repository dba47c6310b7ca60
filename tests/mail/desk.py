"""A company's desk without processes around it: mail is brought to it, its answers are read off the next server."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from parlour import email, tickets
from parlour.people import Actor
from parlour.tickets import AgentReplied, Changes, Source, Ticket, TicketOpened, Words
from tests.builders import Company
from tests.email.post import Post, Row, post_of
from tests.twins import MailServer, Taken


class Desk(Post):
    """A mailbox, and the agents who answer from it."""

    server: MailServer

    async def reply(self, ticket_id: UUID, text: str = "Switch it on.", way: email.Way | None = None) -> AgentReplied:
        """Bob answers, as by any door; the mail is not handed over yet."""
        bob = self.company.bob
        async with self.company.database.transaction(self.company.organization_id) as tx:
            held = await tickets.hold(tx, ticket_id, seen_by=bob)
            await email.answer(tx, held, Words(text), way or email.Way(), by=bob, source=Source.API)
            return next(fact for fact in tx.facts if isinstance(fact, AgentReplied))

    async def send(self, fact: AgentReplied) -> Taken:
        """What the next server was given for it."""
        before = len(self.server.taken)
        installation = self.company.installation
        settings = installation.settings.model_copy(update={"smtp_url": self.server.url})
        sending = msgspec.structs.replace(installation, settings=settings)
        await email.send_reply(sending, self.company.organization_id, fact=fact)
        [taken] = self.server.taken[before:]
        return taken

    async def answer(self, ticket_id: UUID, text: str = "Switch it on.") -> Taken:
        return await self.send(await self.reply(ticket_id, text))

    async def acknowledge(self, row: Row) -> Taken | None:
        """What the ticket that a mail has opened leads to by itself: a mail or none, its job run twice."""
        company, ticket = self.company, await self.ticket(row)
        fact = TicketOpened(**tickets.about(ticket, None), comment_id=row.comment_id, source=Source.EMAIL)
        settings = company.installation.settings.model_copy(update={"smtp_url": self.server.url})
        installation = msgspec.structs.replace(company.installation, settings=settings)
        before = len(self.server.taken)
        for _ in range(2):
            await email.acknowledge(installation, company.organization_id, fact=fact)
        async with company.database.reading(company.organization_id) as tx:
            waiting = await tx.values(
                "select id from outbound_messages where ticket_id = %(id)s and state = 'QUEUED'", id=ticket.id
            )
        for message_id in waiting:
            await email.send(installation, company.organization_id, message_id=message_id)
        taken = self.server.taken[before:]
        assert len(taken) <= 1
        return taken[0] if taken else None

    async def note(self, ticket_id: UUID, text: str, readers: Sequence[UUID] = (), *, by: Actor) -> None:
        async with self.company.database.transaction(self.company.organization_id) as tx:
            held = await tickets.hold(tx, ticket_id, seen_by=by)
            await tickets.note(tx, held, Words(text), by=by, readers=readers)

    async def change(self, ticket_id: UUID, **changes: object) -> Ticket:
        alice = self.company.alice
        async with self.company.database.transaction(self.company.organization_id) as tx:
            held = await tickets.hold(tx, ticket_id, seen_by=alice)
            return await tickets.change(tx, held, Changes(**changes), by=alice)

    async def find(self, ticket_id: UUID) -> Ticket:
        async with self.company.database.reading(self.company.organization_id) as tx:
            return await tickets.find(tx, ticket_id, seen_by=self.company.alice)

    async def texts(self, ticket_id: UUID) -> list[str]:
        """What has been said on a ticket, from first to last."""
        async with self.company.database.reading(self.company.organization_id) as tx:
            ticket = await tickets.find(tx, ticket_id, seen_by=self.company.alice)
            return [one.text for one in await tickets.comments(tx, ticket, tickets.Span(), seen_by=self.company.alice)]

    async def in_inbox(self) -> list[UUID]:
        """The tickets that agents see in their lists."""
        async with self.company.database.reading(self.company.organization_id) as tx:
            page = await tickets.list_page(tx, tickets.Filter(), seen_by=self.company.alice, limit=100)
            return [ticket.id for ticket in page.tickets]

    async def delete(self, ticket_id: UUID) -> None:
        alice = self.company.alice
        async with self.company.database.transaction(self.company.organization_id) as tx:
            await tickets.delete(tx, await tickets.hold(tx, ticket_id, seen_by=alice), by=alice)

    async def mailbox_beside(self, name: str) -> Post:
        """Another mailbox of the same company."""
        async with self.company.database.transaction(self.company.organization_id) as tx:
            return Post(self.company, await email.add_mailbox(tx, f"{name}@{self.company.slug}.test"))


async def desk_of(company: Company, server: MailServer) -> Desk:
    desk = Desk(company, (await post_of(company)).mailbox)
    desk.server = server
    return desk


def asked(row: Row) -> UUID:
    """The ticket that a mail became or joined."""
    assert row.ticket_id is not None, row
    return row.ticket_id


def recipients(taken: Taken) -> tuple[list[str], list[str]]:
    """Whom the mail names: To, and Cc."""
    message = taken.message
    to, cc = ([address.addr_spec for address in message[field].addresses] if message[field] else []
              for field in ("To", "Cc"))  # fmt: skip
    return to, cc
