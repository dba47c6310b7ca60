"""The words of one message over SMTP, up to the dot: in bounded memory, whatever comes and however slowly."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from enum import Enum
from typing import Any, Final

import msgspec

# A dot that stands alone on its line, between line ends as the standard has them and no others: whoever takes other
# ones for the end lets a sender hide a second message in the first.
_END: Final = b"\r\n.\r\n"
_BEGINNING: Final = 128 * 1024
_OF_ITS_OWN: Final = 1024 * 1024
_LARGEST_AT_ONCE: Final = 4


class Trouble(Enum):
    """Why a message was heard, but not kept."""

    TOO_LARGE = "TOO_LARGE"
    TOO_BUSY = "TOO_BUSY"


class Heard(msgspec.Struct, frozen=True):
    """The message; with a trouble, only as much as shows who wrote it."""

    raw: bytes
    size: int
    trouble: Trouble | None = None


class Room:
    """What all conversations of a process may hold together, beside a little that each has for itself.

    So large messages can't fill the memory, nor can they keep out the many small ones.
    """

    def __init__(self, largest: int) -> None:
        self.largest = largest
        self._left = _LARGEST_AT_ONCE * largest

    def take(self, size: int) -> bool:
        """Whether there is so much left. What was taken has to be given back."""
        if size > self._left:
            return False
        self._left -= size
        return True

    def give_back(self, size: int) -> None:
        self._left += size


@asynccontextmanager
async def hearing(reader: asyncio.StreamReader, room: Room, goes_on: Callable[[], None]) -> AsyncIterator[Heard]:
    """Everything up to the dot, in its room until this is left.

    A sender must be let say all of it before an answer (RFC 5321, 4.1.1.4). `goes_on` is called with each piece: a
    large message over a slow line is no silence.
    """
    # The end begins with the end of a line, and the line before the first was that of the command.
    buffer: Any = reader._buffer  # type: ignore[attr-defined]
    buffer[:0] = b"\r\n"
    taken, held, trouble, is_last = bytearray(), 0, None, False
    # Without that line end, and the dot with its own.
    size = -len(_END)
    try:
        while not is_last:
            piece, is_last = await _piece(reader)
            goes_on()
            size += len(piece)
            share = max(0, len(taken) + len(piece) - _OF_ITS_OWN) - held
            if trouble is None and size > room.largest:
                trouble = Trouble.TOO_LARGE
            elif trouble is None and not room.take(share):
                trouble = Trouble.TOO_BUSY
            elif trouble is None:
                held += share
                taken += piece
            if trouble and held:
                del taken[_BEGINNING:]
                room.give_back(held)
                held = 0
        raw = _without_dots(taken, is_whole=trouble is None)
        taken.clear()
        yield Heard(raw, size, trouble)
    finally:
        room.give_back(held)


async def _piece(reader: asyncio.StreamReader) -> tuple[bytes, bool]:
    try:
        return await reader.readuntil(_END), True
    except asyncio.LimitOverrunError as long:
        return await reader.readexactly(long.consumed), False


def _without_dots(taken: bytearray, *, is_whole: bool) -> bytes:
    """As it was before its sender doubled each dot that begins a line (RFC 5321, 4.5.2)."""
    with memoryview(taken) as view:
        told = bytes(view[: -len(b".\r\n")] if is_whole else view)
    if b"\r\n." in told:
        told = told.replace(b"\r\n.", b"\r\n")
    return told[len(b"\r\n") :]
