"""Whatever comes in by whatever way is accounted for, in bounded time and memory; what is too large, in words."""

import asyncio
import smtplib
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio

from parlour import email
from tests.builders import Company
from tests.journeys.background import Background, background
from tests.mail.dovecot import Dovecot
from tests.mail.hostile import mails
from tests.mail.hostile.mails import MEGABYTE
from tests.mail.mailroom import letter, mailroom
from tests.waiting import until

LIMIT = 35 * MEGABYTE
SECONDS = 60.0
"""Far more than any needs on a quiet machine; what grows with the square would need hours."""

MOST_MEMORY = 700 * MEGABYTE
"""Of a worker that reads one such mail: the mail a few times over, and no more."""

_SHARES = 4
"""One worker reads several of them, one after the other: starting it takes longer than most of them."""


class Became(msgspec.Struct):
    outcome: str | None
    reason: str | None
    size: int


@dataclass
class Doorstep:
    """A company's mailbox, and the worker that takes mail for it."""

    company: Company
    worker: Background

    @property
    def address(self) -> str:
        return f"support@{self.company.slug}.test"

    async def bring(self, raw: bytes) -> Became:
        """Over SMTP, until it is accounted for."""

        def hand_over() -> None:
            with smtplib.SMTP("127.0.0.1", self.worker.port, timeout=SECONDS) as client:
                client.helo("customer.test")
                client.sendmail("carol@customer.test", self.address, raw)

        await asyncio.to_thread(hand_over)
        return await accounted(self.company)


async def accounted(company: Company) -> Became:
    """What became of the newest mail, once that is known."""

    async def newest() -> Became | None:
        async with company.database.reading(company.organization_id) as tx:
            return await tx.maybe(
                Became,
                """
                select outcome, reason, size from inbound_messages
                where processed_at is not null and id = (select id from inbound_messages order by id desc limit 1)
                """,
            )

    return await until(newest, within=SECONDS)


@pytest_asyncio.fixture
async def doorstep(acme: Company, tmp_path: Path) -> AsyncIterator[Doorstep]:
    async with background(acme.installation, "", tmp_path / "worker.log") as worker:
        step = Doorstep(acme, worker)
        async with acme.database.transaction(acme.organization_id) as tx:
            await email.add_mailbox(tx, step.address)
        yield step


@pytest.mark.parametrize("share", range(_SHARES))
async def test_each_hostile_mail_is_accounted_for_within_bounds(doorstep: Doorstep, share: int) -> None:
    for number, name in enumerate(list(mails.TAKEN)[share::_SHARES]):
        raw = mails.TAKEN[name]()
        assert len(raw) <= LIMIT
        doorstep.worker.forget_peak_memory()
        begun = time.monotonic()
        became = await doorstep.bring(raw)
        seconds = time.monotonic() - begun
        memory = doorstep.worker.peak_memory()
        sys.stdout.write(f"{name}: {became.outcome}, {seconds:.1f} s, {memory // MEGABYTE} MB\n")
        assert (became.outcome, became.reason, became.size) == ("ADMITTED", None, len(raw)), name
        assert memory < MOST_MEMORY, name
        # It has harmed nobody: the next one is a ticket.
        assert (await doorstep.bring(letter(number))).outcome == "ADMITTED", name


async def test_fifty_megabytes_of_headers_are_refused_over_smtp_in_words(doorstep: Doorstep) -> None:
    raw = mails.headers(50)
    with pytest.raises(smtplib.SMTPDataError) as refused:
        await doorstep.bring(raw)
    size = f"{len(raw):,}"
    assert refused.value.smtp_code == 552
    assert refused.value.smtp_error.decode() == (
        f"5.3.4 This message has {size} bytes, and at most {LIMIT:,} are taken here."
    )
    became = await accounted(doorstep.company)
    assert (became.outcome, became.reason) == (
        "REFUSED",
        f"It has {size} bytes, and at most {LIMIT:,} are taken. Only its beginning is kept here.",
    )
    assert became.size < MEGABYTE
    assert doorstep.worker.peak_memory() < MOST_MEMORY


async def test_fifty_megabytes_of_headers_are_refused_over_imap_and_the_next_mail_is_read(
    acme: Company, dovecot: Dovecot, tmp_path: Path
) -> None:
    async with mailroom(acme, dovecot, tmp_path / "worker.log") as room:
        await room.set_up()
        await room.deliver(mails.headers(50))
        became = await accounted(acme)
        assert became.outcome == "REFUSED" and became.reason
        assert became.reason.endswith(f"bytes, and at most {LIMIT:,} are taken. Only its beginning is kept here.")
        assert became.size < MEGABYTE
        await room.deliver(letter(1), mails.one_line(30), mails.nested_mails_in_parts())
        assert "Matter 1" in {ticket.subject for ticket in await room.tickets(3, within=SECONDS)}
        assert room.worker.peak_memory() < MOST_MEMORY


async def test_eight_of_the_largest_at_once_are_all_taken_in_bounded_memory(doorstep: Doorstep) -> None:
    raws = [
        b"Message-ID: <%d@customer.test>\r\n" % number + make()
        for number, make in enumerate([lambda: mails.large_file(24), lambda: mails.empty_lines(34)] * 4)
    ]

    async def insist(raw: bytes) -> None:
        async def is_taken() -> bool:
            try:
                await doorstep.bring(raw)
            except smtplib.SMTPDataError as busy:
                if busy.smtp_code == 452:
                    return False
                raise
            return True

        await until(is_taken, within=2 * SECONDS)

    await asyncio.gather(*map(insist, raws))

    async def all_accounted() -> bool:
        async with doorstep.company.database.reading(doorstep.company.organization_id) as tx:
            admitted: int = await tx.value("select count(*) from inbound_messages where outcome = 'ADMITTED'")
            return admitted == len(raws)

    await until(all_accounted, within=2 * SECONDS)
    memory = doorstep.worker.peak_memory()
    sys.stdout.write(f"eight at once: {memory // MEGABYTE} MB\n")
    assert memory < 2 * MOST_MEMORY
