"""What is shaken, and all that shakes it."""

import asyncio
import os
import random
import signal
from collections import Counter
from dataclasses import dataclass, field
from uuid import UUID

import msgspec
import psycopg

from parlour import email, tickets
from parlour.foundation.errors import Problem
from parlour.tickets import Source, Words
from tests.builders import Company
from tests.mail.chaos.next_server import NextServer
from tests.mail.chaos.pieces import Piece
from tests.mail.chaos.post_office import PostOffice
from tests.mail.ground import Crew, Ground
from tests.mail.wire import Wire
from tests.waiting import until


@dataclass(frozen=True)
class Size:
    """How much comes in, and how much breaks meanwhile."""

    mails: int
    kills: int
    seed: int
    seconds_between_kills: float = 1.2

    @property
    def seconds(self) -> float:
        return self.kills * self.seconds_between_kills


FULL = {"mails": 2000, "kills": 64}
USUAL = {"mails": 300, "kills": 14}


def chosen_size() -> Size:
    """`PARLOUR_CHAOS_MAILS` and `PARLOUR_CHAOS_SEED`; by themselves few mails, and a seed of the day's own."""
    mails = int(os.environ.get("PARLOUR_CHAOS_MAILS", USUAL["mails"]))
    kills = max(USUAL["kills"], mails * FULL["kills"] // FULL["mails"])
    return Size(mails, kills, int(os.environ.get("PARLOUR_CHAOS_SEED", random.randrange(1_000_000))))


class Account(msgspec.Struct):
    """What the ledger says of all that came in."""

    seen: int
    accounted: int
    admitted: int
    duplicate: int


class Out(msgspec.Struct):
    """What we say of a mail that went out."""

    message_id: str
    state: str
    attempts: int
    doubtful_attempts: int
    text: str


@dataclass
class Storm:
    """A company in the middle of it."""

    size: Size
    below: Ground
    company: Company
    crew: Crew
    office: PostOffice
    outside: NextServer
    line: Wire
    dice: random.Random
    cuts: list[float] = field(default_factory=list)

    @property
    def pieces(self) -> list[Piece]:
        return [Piece(self.size.seed, number) for number in range(self.size.mails)]

    async def blow(self) -> None:
        """Until every mail is handed over and every kill is done."""
        answering = asyncio.create_task(self._answer())
        async with asyncio.TaskGroup() as together:
            together.create_task(self.office.hand_over(self.pieces, self.size.seconds))
            together.create_task(self._kill())
            together.create_task(self._shake_the_ground())
            together.create_task(self._shake_the_mailbox())
        answering.cancel()
        await asyncio.gather(answering, return_exceptions=True)

    async def settle(self) -> None:
        """Returns once the backlog is worked off."""
        await until(self._is_calm, within=180)

    async def _kill(self) -> None:
        while (is_on_time := len(self.crew.kills) < self.size.kills) or self.office.taken < self.size.mails:
            # On a machine that is slow today nothing would ever be done between two kills.
            pause = self.size.seconds_between_kills * (1 if is_on_time else 4)
            await asyncio.sleep(self.dice.uniform(0.2, 2 * pause - 0.2))
            await self.crew.kill_one(self.dice)

    async def _shake_the_ground(self) -> None:
        await asyncio.sleep(self.size.seconds * 0.2)
        await self.below.restart_postgres(signal.SIGINT)
        await asyncio.sleep(self.size.seconds * 0.35)
        await self.below.restart_postgres(signal.SIGKILL)

    async def _shake_the_mailbox(self) -> None:
        """Cut off for a while; later, restored from a backup, its messages have other numbers."""
        await asyncio.sleep(self.size.seconds * 0.35)
        await self.line.cut()
        await asyncio.sleep(self.size.seconds * 0.15)
        self.line.mend()
        await asyncio.sleep(self.size.seconds * 0.25)
        async with self.office.closed:
            await self.line.cut()
            # What is being delivered this moment comes to its end.
            await asyncio.sleep(1)
            await asyncio.to_thread(self.office.dovecot.forget_uids, self.office.by_imap)
            self.line.mend()

    async def _answer(self) -> None:
        """Bob answers every second ticket, as soon as he sees it; and once more where the customer wrote again."""
        while True:
            try:
                for ticket_id in await self._unanswered():
                    await self._reply(ticket_id)
            except (Problem, psycopg.Error):
                await asyncio.sleep(0.2)
            await asyncio.sleep(0.2)

    async def _unanswered(self) -> list[UUID]:
        async with self.company.database.reading(self.company.organization_id) as tx:
            return await tx.values(
                """
                select t.id from tickets t
                where t.number %% 2 = 0 and (
                    select count(*) from comments c where c.ticket_id = t.id and c.author_id = %(bob)s
                ) < least(2, (select count(*) from comments c where c.ticket_id = t.id and c.source = 'EMAIL'))
                order by t.id
                """,
                bob=self.company.bob.user_id,
            )

    async def _reply(self, ticket_id: UUID) -> None:
        bob = self.company.bob
        async with self.company.database.transaction(self.company.organization_id) as tx:
            held = await tickets.hold(tx, ticket_id, seen_by=bob)
            said = await tickets.comments(tx, held, tickets.Span(), seen_by=bob)
            round_ = 1 + sum(one.author_id == bob.user_id for one in said)
            words = Words(f"Answer {round_} to ticket {held.number:05}.")
            await email.answer(tx, held, words, email.Way(), by=bob, source=Source.API)

    async def account(self) -> Account:
        async with self.company.database.reading(self.company.organization_id) as tx:
            return await tx.one(
                Account,
                """
                select count(*) as seen, count(processed_at) as accounted,
                    count(*) filter (where outcome = 'ADMITTED') as admitted,
                    count(*) filter (where outcome = 'DUPLICATE') as duplicate
                from inbound_messages
                """,
            )

    async def out(self) -> list[Out]:
        async with self.company.database.reading(self.company.organization_id) as tx:
            return await tx.all(
                Out,
                """
                select m.message_id, m.state, m.attempts, m.doubtful_attempts, c.text
                from outbound_messages m join comments c on c.id = m.comment_id
                """,
            )

    async def replies(self) -> int:
        async with self.company.database.reading(self.company.organization_id) as tx:
            number: int = await tx.value(
                "select count(*) from comments where author_id = %(bob)s", bob=self.company.bob.user_id
            )
            return number

    async def picture(self) -> str:
        """How things stand, for a person to read."""
        states = Counter(mail.state for mail in await self.out())
        figures = f"{len(self.crew.kills)} kills, {self.office.taken} taken, {await self.replies()} replies, {states}"
        return f"seed {self.size.seed}: {await self.account()}, {figures}\n{self.crew.log[-6000:]}"

    async def _is_calm(self) -> bool:
        """Every mail accounted for, every answer sent."""
        account, out = await self.account(), await self.out()
        is_in = account.seen == account.accounted and account.admitted >= self.size.mails
        return is_in and len(out) == await self.replies() and all(mail.state == "SENT" for mail in out)
