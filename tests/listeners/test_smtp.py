"""Mail taken over SMTP, by a real client, before a word of it is read."""

import asyncio
import smtplib
from collections.abc import AsyncIterator
from contextlib import closing

import msgspec
import pytest
import pytest_asyncio

from parlour import email
from parlour.foundation import installation as installations
from parlour.foundation.installation import Installation
from parlour.listeners import smtp
from parlour.reactions import REACTIONS
from tests.builders import Company

RAW = b"From: carol@customer.test\r\nSubject: Hi\r\n\r\n.leading dot\r\n"


class Ledger:
    """What a company's ledger holds."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.address = f"support@{company.slug}.test"

    async def entries(self) -> list[tuple[str, list[str], bytes]]:
        async with self.company.database.reading(self.company.organization_id) as tx:
            rows = await tx.all(
                _Entry, "select envelope_sender, envelope_recipients, blob_key, size from inbound_messages order by id"
            )
        found = []
        for row in rows:
            raw = await self.company.installation.blobs.get(row.blob_key)
            assert len(raw) == row.size
            found.append((row.envelope_sender, row.envelope_recipients, raw))
        return found

    async def outcomes(self) -> list[tuple[str | None, str | None]]:
        async with self.company.database.reading(self.company.organization_id) as tx:
            rows = await tx.all(_Became, "select outcome, reason from inbound_messages order by id")
        return [(row.outcome, row.reason) for row in rows]

    async def jobs(self) -> int:
        async with self.company.database.reading(self.company.organization_id) as tx:
            number: int = await tx.value(
                """
                select count(*) from procrastinate_jobs
                where task_name = 'email.take_in' and args ->> 'organization_id' = %(id)s
                """,
                id=str(self.company.organization_id),
            )
            return number


class _Became(msgspec.Struct):
    outcome: str | None
    reason: str | None


class _Entry(msgspec.Struct):
    envelope_sender: str
    envelope_recipients: list[str]
    blob_key: str
    size: int


@pytest_asyncio.fixture
async def ledger(acme: Company) -> Ledger:
    return await ledger_of(acme)


async def ledger_of(company: Company) -> Ledger:
    ledger = Ledger(company)
    async with company.database.transaction(company.organization_id) as tx:
        await email.add_mailbox(tx, ledger.address)
        await email.add_mailbox(tx, ledger.address.replace("support", "sales"))
    return ledger


@pytest_asyncio.fixture
async def listener(running: Installation) -> AsyncIterator[smtp.Listener]:
    async with smtp.listening(with_settings(running, smtp_port=0, mail_size_limit=200_000)) as listener:
        yield listener


def with_settings(installation: Installation, **changes: object) -> Installation:
    return msgspec.structs.replace(installation, settings=installation.settings.model_copy(update=changes))


async def talk(port: int, *lines: bytes) -> list[str]:
    """Says the lines, one at a time, and gives the answers, the greeting first."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answers = []
    with closing(writer):
        for line in (None, *lines):
            if line is not None:
                writer.write(line + b"\r\n")
            answer = await asyncio.wait_for(reader.readline(), 10)
            while answer[3:4] == b"-":
                answer = await asyncio.wait_for(reader.readline(), 10)
            answers.append(answer.decode().strip())
    return answers


async def send(port: int, to: str | list[str], raw: bytes = RAW, sender: str = "carol@customer.test") -> object:
    def work() -> object:
        with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
            return client.sendmail(sender, to, raw)

    return await asyncio.to_thread(work)


async def test_a_mail_is_kept_byte_for_byte_with_its_job(listener: smtp.Listener, ledger: Ledger) -> None:
    await send(listener.port, ledger.address)
    assert await ledger.entries() == [("carol@customer.test", [ledger.address], RAW)]
    assert await ledger.jobs() == 1


async def test_nobody_lives_at_an_unknown_address(listener: smtp.Listener, ledger: Ledger) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        await send(listener.port, ["nobody@nowhere.test"])
    assert refused.value.recipients["nobody@nowhere.test"] == (550, b"5.1.1 There is no mailbox of that name here.")
    assert await ledger.entries() == []


async def test_one_mail_to_two_organizations_is_kept_by_each(
    listener: smtp.Listener, ledger: Ledger, globex: Company
) -> None:
    theirs = await ledger_of(globex)
    sales = ledger.address.replace("support", "sales")
    refused = await send(listener.port, [ledger.address, theirs.address, sales, "nobody@nowhere.test"])
    assert list(refused) == ["nobody@nowhere.test"]
    assert await ledger.entries() == [("carol@customer.test", [ledger.address, sales], RAW)]
    assert await theirs.entries() == [("carol@customer.test", [theirs.address], RAW)]
    assert (await ledger.jobs(), await theirs.jobs()) == (1, 1)


async def test_a_bounce_has_no_sender(listener: smtp.Listener, ledger: Ledger) -> None:
    await send(listener.port, ledger.address, sender="")
    assert [entry[0] for entry in await ledger.entries()] == [""]


async def test_addresses_and_words_beyond_ascii_are_taken(listener: smtp.Listener, ledger: Ledger) -> None:
    raw = "From: jörg@customer.test\r\nSubject: Grüße\r\n\r\nGrüße\r\n".encode()

    def work() -> None:
        with smtplib.SMTP("127.0.0.1", listener.port, timeout=10) as client:
            client.ehlo()
            client.sendmail("jörg@customer.test", ledger.address, raw, mail_options=["SMTPUTF8", "BODY=8BITMIME"])

    await asyncio.to_thread(work)
    assert await ledger.entries() == [("jörg@customer.test", [ledger.address], raw)]


async def test_too_large_a_mail_is_refused_before_and_after_it_is_sent(listener: smtp.Listener, ledger: Ledger) -> None:
    with pytest.raises(smtplib.SMTPSenderRefused) as before:
        await send(listener.port, ledger.address, RAW + b"x" * 200_000)
    assert before.value.smtp_code == 552
    answers = await talk(
        listener.port,
        b"HELO x",
        b"MAIL FROM:<carol@customer.test>",
        f"RCPT TO:<{ledger.address}>".encode(),
        b"DATA",
        b"\r\n".join([b"x" * 900] * 300) + b"\r\n.",
    )
    assert answers[-1] == "552 5.3.4 This message has 270,600 bytes, and at most 200,000 are taken here."
    [(_, recipients, raw)] = await ledger.entries()
    assert (recipients, len(raw)) == ([ledger.address], 131_072)
    assert await ledger.outcomes() == [
        ("REFUSED", "It has 270,600 bytes, and at most 200,000 are taken. Only its beginning is kept here.")
    ]


async def test_a_message_that_goes_round_in_circles_is_stopped(listener: smtp.Listener, ledger: Ledger) -> None:
    with pytest.raises(smtplib.SMTPDataError) as stopped:
        await send(listener.port, ledger.address, b"Received: from x\r\n" * 51 + RAW)
    assert stopped.value.smtp_code == 554
    assert await ledger.outcomes() == [
        ("REFUSED", "It has gone from server to server more than 50 times, which is a loop.")
    ]


async def test_while_the_database_is_away_the_sender_is_asked_to_come_again(
    running: Installation, listener: smtp.Listener, ledger: Ledger
) -> None:
    settings = running.settings.model_copy(update={"smtp_port": 0, "database_url": "postgresql://x@127.0.0.1:1/x"})
    cut_off = installations.build(settings, REACTIONS)
    async with smtp.listening(cut_off) as deaf:
        answers = await talk(
            deaf.port, b"EHLO x", b"MAIL FROM:<carol@customer.test>", f"RCPT TO:<{ledger.address}>".encode()
        )
    assert answers[-1] == "451 4.3.0 This can't be taken right now. Please try again in a few minutes."
    await cut_off.cache.aclose()


async def test_when_a_mail_can_not_be_stored_the_sender_keeps_it(running: Installation, ledger: Ledger) -> None:
    class FullDisk:
        async def put(self, key: str, content: bytes) -> None:
            raise OSError("No space left on device")

    full = msgspec.structs.replace(with_settings(running, smtp_port=0), blobs=FullDisk())
    async with smtp.listening(full) as listener:
        with pytest.raises(smtplib.SMTPDataError) as refused:
            await send(listener.port, ledger.address)
    assert refused.value.smtp_code == 451
    assert await ledger.entries() == []
    assert await ledger.jobs() == 0


async def test_a_hundred_recipients_are_enough(listener: smtp.Listener, ledger: Ledger) -> None:
    many = [ledger.address.replace("@", f"+{number}@") for number in range(101)]
    refused = await send(listener.port, many)
    assert list(refused) == [many[100]]
    [entry] = await ledger.entries()
    assert entry[1] == many[:100]


async def test_two_hundred_senders_at_once_are_enough(listener: smtp.Listener) -> None:
    connections = [await asyncio.open_connection("127.0.0.1", listener.port) for _ in range(201)]
    greetings = [await asyncio.wait_for(reader.readline(), 10) for reader, _ in connections]
    assert [greeting[:3] for greeting in greetings] == [b"220"] * 200 + [b"421"]
    for _, writer in connections:
        writer.close()
        await writer.wait_closed()


async def test_stopping_says_goodbye_and_finishes_the_message_being_taken(
    running: Installation, ledger: Ledger
) -> None:
    async with smtp.listening(with_settings(running, smtp_port=0)) as listener:
        idle_reader, idle = await asyncio.open_connection("127.0.0.1", listener.port)
        await idle_reader.readline()
        port = listener.port
        reader, busy = await asyncio.open_connection("127.0.0.1", port)
        await reader.readline()
        for line in (b"HELO x", b"MAIL FROM:<carol@customer.test>", f"RCPT TO:<{ledger.address}>".encode(), b"DATA"):
            busy.write(line + b"\r\n")
            await reader.readline()
        stopping = asyncio.create_task(listener.close())
        assert (await asyncio.wait_for(idle_reader.readline(), 10)).startswith(b"421 ")
        busy.write(RAW + b".\r\n")
        assert (await asyncio.wait_for(reader.readline(), 10)).startswith(b"250 ")
        assert (await asyncio.wait_for(reader.readline(), 10)).startswith(b"421 ")
        await asyncio.wait_for(stopping, 10)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)
        for writer in (idle, busy):
            writer.close()
    assert len(await ledger.entries()) == 1
