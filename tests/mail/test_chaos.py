"""Everything breaks, again and again, while mail comes in and answers go out: in the end the count is right.

Three workers are killed with -9 at random moments; PostgreSQL is restarted once in order and once with -9. An answer
may go out twice only where that happened between the next server's "250" and our note of it; each such copy has the
same Message-ID, and is an attempt that was counted before a word was said.

`PARLOUR_CHAOS_MAILS=2000` makes it last two minutes and kills 64 times.
"""

import asyncio
import os
import random
import signal
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import msgspec
import psycopg
import pytest

from parlour import email, tickets
from parlour.foundation.errors import Problem
from parlour.tickets import Source, Words
from tests.builders import Company, build_company
from tests.mail.ground import Crew, Ground, crew, ground
from tests.mail.post_office import Piece, PostOffice
from tests.twins import MailServer, mail_server
from tests.waiting import until

MAILS = int(os.environ.get("PARLOUR_CHAOS_MAILS", "400"))
KILLS = MAILS * 64 // 2000
SECONDS_BETWEEN_KILLS = 1.2


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


@dataclass
class Storm:
    """All that is shaken, and all that shakes it."""

    below: Ground
    company: Company
    crew: Crew
    office: PostOffice
    outside: MailServer
    dice: random.Random

    async def blow(self) -> None:
        """Until every mail is handed over and every kill is done."""
        pieces = [Piece(number) for number in range(MAILS)]
        seconds = KILLS * SECONDS_BETWEEN_KILLS
        answering = asyncio.create_task(self._answer())
        async with asyncio.TaskGroup() as together:
            together.create_task(self.office.hand_over(pieces, seconds))
            together.create_task(self._kill())
            together.create_task(self._shake_the_ground(seconds))
        answering.cancel()
        await asyncio.gather(answering, return_exceptions=True)

    async def _kill(self) -> None:
        while len(self.crew.kills) < KILLS or self.office.taken < MAILS:
            await asyncio.sleep(self.dice.uniform(0.2, 2 * SECONDS_BETWEEN_KILLS - 0.2))
            await self.crew.kill_one(self.dice)

    async def _shake_the_ground(self, seconds: float) -> None:
        await asyncio.sleep(seconds * 0.3)
        await self.below.restart_postgres(signal.SIGINT)
        await asyncio.sleep(seconds * 0.3)
        await self.below.restart_postgres(signal.SIGKILL)

    async def _answer(self) -> None:
        """Bob answers every fourth ticket, as soon as he sees it."""
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
                where t.number %% 4 = 0 and not exists (
                    select from comments c where c.ticket_id = t.id and c.author_id = %(bob)s
                )
                order by t.id
                """,
                bob=self.company.bob.user_id,
            )

    async def _reply(self, ticket_id: UUID) -> None:
        bob = self.company.bob
        async with self.company.database.transaction(self.company.organization_id) as tx:
            held = await tickets.hold(tx, ticket_id, seen_by=bob)
            words = Words(f"The answer to ticket {held.number:05}.")
            await tickets.reply(tx, held, words, by=bob, source=Source.API)

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

    async def words(self) -> Counter[str]:
        """What customers said, on all tickets together."""
        async with self.company.database.reading(self.company.organization_id) as tx:
            said = await tx.values("select text from comments where source = 'EMAIL'")
            return Counter(said)

    async def out(self) -> list[Out]:
        async with self.company.database.reading(self.company.organization_id) as tx:
            return await tx.all(Out, "select message_id, state, attempts from outbound_messages")

    async def replies(self) -> int:
        async with self.company.database.reading(self.company.organization_id) as tx:
            number: int = await tx.value(
                "select count(*) from comments where author_id = %(bob)s", bob=self.company.bob.user_id
            )
            return number

    async def settle(self) -> None:
        """Returns once the backlog is worked off."""
        await until(self._is_calm, within=120)

    async def picture(self) -> str:
        """How things stand, for a person to read."""
        states = Counter(mail.state for mail in await self.out())
        figures = f"{len(self.crew.kills)} kills, {self.office.taken} taken, {await self.replies()} replies, {states}"
        return f"{await self.account()}, {figures}\n{self.crew.log[-3000:]}"

    async def _is_calm(self) -> bool:
        """Every mail accounted for, every answer sent."""
        account, out = await self.account(), await self.out()
        is_in = account.seen == account.accounted and account.admitted >= MAILS
        return is_in and len(out) == await self.replies() and all(mail.state == "SENT" for mail in out)


async def test_nothing_is_lost_and_nothing_is_doubled_while_everything_breaks(tmp_path: Path) -> None:
    dice = random.Random(2000)
    async with ground() as (below, installation), mail_server() as outside:
        company = await build_company(installation, "Acme")
        by_smtp = f"support@{company.slug}.test"
        async with company.database.transaction(company.organization_id) as tx:
            await email.add_mailbox(tx, by_smtp, "Support")
        async with crew(below.settings, 3, tmp_path / "workers.log", **_environment(outside)) as hands:
            office = PostOffice(by_smtp, "", hands.ports, None, dice)
            storm = Storm(below, company, hands, office, outside, dice)
            try:
                await storm.blow()
                await storm.settle()
            except (ExceptionGroup, TimeoutError) as trouble:
                pytest.fail(f"{trouble!r}\n{await storm.picture()}")
            await _everything_adds_up(storm)


def _environment(outside: MailServer) -> dict[str, str]:
    return {
        "PARLOUR_SMTP_URL": outside.url,
        "PARLOUR_LOG_LEVEL": "warning",
        "PARLOUR_WORKER_HEARTBEAT": "0.5",
        "PARLOUR_WORKER_STALLED_AFTER": "2.5",
        "PARLOUR_MAIL_SEND_SECONDS": "3",
        "PARLOUR_MAIL_SENDER_LIMIT": "off",
        "PARLOUR_MAIL_DNS": "off",
    }


async def _everything_adds_up(storm: Storm) -> None:
    account, words, out = await storm.account(), await storm.words(), await storm.out()
    wanted = {Piece(number).words for number in range(MAILS)}
    assert set(words) == wanted
    assert {text: count for text, count in words.items() if count > 1} == {}
    assert account.seen == account.accounted == account.admitted + account.duplicate
    assert account.admitted == MAILS
    arrived = Counter(taken.message["Message-ID"].strip("<>") for taken in storm.outside.taken)
    assert set(arrived) == {mail.message_id for mail in out}
    assert len(out) >= MAILS // 8
    again = {message_id: count - 1 for message_id, count in arrived.items() if count > 1}
    attempts = {mail.message_id: mail.attempts for mail in out}
    assert all(count < attempts[message_id] for message_id, count in again.items())
    assert len(storm.crew.kills) >= KILLS
