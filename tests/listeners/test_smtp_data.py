"""The words of a message, as any client may say them: whole, in bounded memory, and nothing hidden in them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import closing

import pytest
import pytest_asyncio

from parlour.foundation.installation import Installation
from parlour.listeners import smtp
from parlour.listeners.smtp_data import Room, Trouble, hearing
from tests.listeners.test_smtp import Ledger, ledger, with_settings

__all__ = ["ledger"]
MEGABYTE = 1024 * 1024


@pytest_asyncio.fixture
async def listener(running: Installation) -> AsyncIterator[smtp.Listener]:
    async with smtp.listening(with_settings(running, smtp_port=0)) as listener:
        yield listener


async def say(listener: smtp.Listener, ledger: Ledger, pieces: Sequence[bytes], answers: int = 1) -> list[str]:
    """Everything after DATA, byte for byte, and what is answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
    with closing(writer):
        await reader.readline()
        for line in (b"HELO x", b"MAIL FROM:<carol@customer.test>", f"RCPT TO:<{ledger.address}>".encode(), b"DATA"):
            writer.write(line + b"\r\n")
            await asyncio.wait_for(reader.readline(), 10)
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        return [(await asyncio.wait_for(reader.readline(), 60)).decode().strip() for _ in range(answers)]


async def raws(ledger: Ledger) -> list[bytes]:
    return [raw for _, _, raw in await ledger.entries()]


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (b".\r\n", b""),
        (b"\r\n.\r\n", b"\r\n"),
        (b"\r\n\r\n.\r\n", b"\r\n\r\n"),
        (b"..\r\n.\r\n", b".\r\n"),
        (b"a\r\n..b\r\n...\r\n.\r\n", b"a\r\n.b\r\n..\r\n"),
        (b".a\r\n.\r\n", b"a\r\n"),
        (b"a\r\n.\n.\r\n.\r\n", b"a\r\n\n.\r\n"),
    ],
)
async def test_dots_mean_what_the_standard_says(
    listener: smtp.Listener, ledger: Ledger, said: bytes, meant: bytes
) -> None:
    assert await say(listener, ledger, [said]) == ["250 2.0.0 Taken"]
    assert await raws(ledger) == [meant]
    # However the network has cut it.
    assert await say(listener, ledger, [bytes([byte]) for byte in said]) == ["250 2.0.0 Taken"]
    assert await raws(ledger) == [meant, meant]


@pytest.mark.parametrize("ending", [b"\n.\n", b"\n.\r\n", b"\r.\r", b"\r\n.\n", b"\r.\r\n", b"\0.\r\n"])
async def test_no_second_message_is_hidden_in_the_first(listener: smtp.Listener, ledger: Ledger, ending: bytes) -> None:
    hidden = b"MAIL FROM:<boss@acme.test>\r\nRCPT TO:<victim@acme.test>\r\nDATA\r\nPay!\r\n.\r\n"
    assert await say(listener, ledger, [b"Subject: x\r\n\r\nHi" + ending + hidden]) == ["250 2.0.0 Taken"]
    [raw] = await raws(ledger)
    assert b"Pay!" in raw


async def test_what_comes_behind_the_dot_is_the_next_command(listener: smtp.Listener, ledger: Ledger) -> None:
    answers = await say(listener, ledger, [b"Hi\r\n.\r\nNOOP\r\nQUIT\r\n"], answers=3)
    assert [answer[:3] for answer in answers] == ["250", "250", "221"]
    assert await raws(ledger) == [b"Hi\r\n"]


async def test_one_line_of_thirty_megabytes_is_taken_whole(listener: smtp.Listener, ledger: Ledger) -> None:
    line = b"From: carol@customer.test\r\n\r\n" + b"y" * (30 * MEGABYTE)
    assert await say(listener, ledger, [line, b"\r\n.\r\n"]) == ["250 2.0.0 Taken"]
    assert await raws(ledger) == [line + b"\r\n"]


async def test_of_what_never_ends_its_line_only_a_little_is_kept(listener: smtp.Listener, ledger: Ledger) -> None:
    [answer] = await say(listener, ledger, [b"z" * MEGABYTE] * 60 + [b"\r\n.\r\n"])
    assert answer == "552 5.3.4 This message has 62,914,562 bytes, and at most 36,700,160 are taken here."
    assert [len(raw) for raw in await raws(ledger)] == [131_070]
    assert await ledger.jobs() == 1


async def heard(said: bytes, room: Room) -> tuple[bytes, Trouble | None]:
    reader = asyncio.StreamReader(limit=1000)
    reader.feed_data(said + b"\r\n.\r\n")
    async with hearing(reader, room, lambda: None) as found:
        return found.raw, found.trouble


async def test_large_messages_share_one_room_and_leave_small_ones_theirs() -> None:
    room = Room(3 * MEGABYTE)
    words = b"x" * (2 * MEGABYTE - 100)
    assert (await heard(words, room))[1] is None
    assert room.take(11 * MEGABYTE)
    assert (await heard(words, room))[1] is None
    assert room.take(MEGABYTE // 2)
    assert (await heard(words, room))[1] is Trouble.TOO_BUSY
    assert await heard(b"small", room) == (b"small\r\n", None)
    room.give_back(MEGABYTE)
    assert await heard(words, room) == (words + b"\r\n", None)
    assert (await heard(words * 2, room))[1] is Trouble.TOO_LARGE
    # Nothing was forgotten: all that is left can be taken once, and no more.
    assert room.take(12 * MEGABYTE - 11 * MEGABYTE + MEGABYTE // 2)
    assert not room.take(1)


async def test_each_piece_of_a_message_says_that_it_goes_on() -> None:
    reader = asyncio.StreamReader(limit=1000)
    reader.feed_data(b"x" * 10_000 + b"\r\n.\r\n")
    told: list[int] = []
    async with hearing(reader, Room(MEGABYTE), lambda: told.append(1)):
        assert len(told) > 1
