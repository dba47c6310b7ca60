"""The worker is killed again and again between its "250" and the ticket: nothing is lost, nothing is doubled."""

import asyncio
import random
import smtplib
from collections import Counter

import msgspec

from tests.journeys.desk import Journey
from tests.waiting import until

KILLS = 20
MAILS_A_ROUND = 6


class Account(msgspec.Struct):
    """What the ledger says of all that came in."""

    seen: int
    accounted: int
    admitted: int


async def test_killed_twenty_times_between_the_250_and_the_ticket(journey: Journey) -> None:
    dice = random.Random(20)
    caught_halfway = 0
    for number in range(KILLS):
        acknowledged = asyncio.Event()
        senders = [
            asyncio.create_task(_deliver(journey, f"mail {number}.{mail}", acknowledged))
            for mail in range(MAILS_A_ROUND)
        ]
        await acknowledged.wait()
        await asyncio.sleep(dice.uniform(0, 0.05))
        await journey.worker.kill()
        left_behind = await _account(journey)
        caught_halfway += left_behind.seen - left_behind.accounted
        await journey.worker.start()
        await asyncio.gather(*senders)

    async def all_accounted() -> bool:
        account = await _account(journey)
        return account.seen == account.accounted

    await until(all_accounted, within=60)
    account = await _account(journey)
    subjects = Counter(await _subjects(journey))
    wanted = {f"mail {number}.{mail}" for number in range(KILLS) for mail in range(MAILS_A_ROUND)}
    assert set(subjects) == wanted
    assert set(subjects.values()) == {1}
    assert account.admitted == KILLS * MAILS_A_ROUND
    # Otherwise the kills would have proved nothing.
    assert caught_halfway >= KILLS / 2


async def _deliver(journey: Journey, subject: str, acknowledged: asyncio.Event) -> None:
    """As a mail server does: the message is ours until somebody says 250, and is offered again until then."""
    raw = (
        f"From: carol@customer.test\r\nTo: {journey.address}\r\nSubject: {subject}\r\n"
        f"Message-ID: <{subject.replace(' ', '.')}@customer.test>\r\n\r\n{subject}\r\n"
    )

    def offer() -> bool:
        try:
            with smtplib.SMTP("127.0.0.1", journey.worker.port, timeout=20) as client:
                client.sendmail("carol@customer.test", journey.address, raw)
        except (OSError, smtplib.SMTPException):
            return False
        return True

    async def taken() -> bool:
        return await asyncio.to_thread(offer)

    await until(taken, within=60)
    acknowledged.set()


async def _account(journey: Journey) -> Account:
    async with journey.company.database.reading(journey.company.organization_id) as tx:
        return await tx.one(
            Account,
            """
            select count(*) as seen, count(processed_at) as accounted,
                count(*) filter (where outcome = 'ADMITTED') as admitted
            from inbound_messages
            """,
        )


async def _subjects(journey: Journey) -> list[str]:
    async with journey.company.database.reading(journey.company.organization_id) as tx:
        return await tx.values("select subject from tickets")
