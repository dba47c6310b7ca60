"""A conversation with a scanner, and when to leave one in peace."""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from parlour.foundation import clock
from parlour.foundation.fetching import NotFetched

_FAILURES: Final = 3
"""In a row, until a scanner is left in peace: each of them has cost a mail some seconds."""
_PEACE: Final = timedelta(seconds=30)
_LONGEST_ANSWER: Final = 64 * 1024


class NotScanned(Exception):
    """The scanner did not say."""


class _Silence:
    """How often in a row one has not answered, and until when it is not asked."""

    def __init__(self) -> None:
        self.failures = 0
        self.until: datetime | None = None


_silences: dict[str, _Silence] = {}


@contextmanager
def resting(url: str) -> Iterator[None]:
    """Ask inside. Raises `NotScanned` at once where it has not answered lately, so that the mail does not pile up."""
    silence = _silences.setdefault(url, _Silence())
    if silence.until and clock.now() < silence.until:
        raise NotScanned("it has not answered lately")
    try:
        yield
    except (NotFetched, OSError, TimeoutError):
        silence.failures += 1
        if silence.failures >= _FAILURES:
            silence.until = clock.now() + _PEACE
        raise
    else:
        silence.failures, silence.until = 0, None


async def asked(url: str, port: int, question: Iterable[bytes], *, end: bytes | None = None) -> bytes:
    """All that one at `tcp://host:port` or `unix:///path` says: up to an end, or until it hangs up.

    It is heard while it is told: one that has heard enough answers, and listens no more.
    """
    reader, writer = await _connected(url, port)
    telling = asyncio.create_task(_tell(writer, question, and_no_more=end is None))
    try:
        return await _answer(reader, end)
    finally:
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)
        writer.transport.abort()


def shown(answer: bytes) -> str:
    """What it said, for a person to read."""
    words = " ".join(answer[:200].decode("utf-8", "replace").replace("\0", " ").split())
    return f"“{words}”" if words else "nothing"


async def _connected(url: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    place = urlsplit(url)
    if place.scheme == "unix":
        return await asyncio.open_unix_connection(place.path)
    return await asyncio.open_connection(place.hostname or "localhost", place.port or port)


async def _tell(writer: asyncio.StreamWriter, question: Iterable[bytes], *, and_no_more: bool) -> None:
    # Where it hangs up, its last words say more than that.
    with suppress(ConnectionError):
        for piece in question:
            writer.write(piece)
            await writer.drain()
        if and_no_more and writer.can_write_eof():
            writer.write_eof()


async def _answer(reader: asyncio.StreamReader, end: bytes | None) -> bytes:
    answer = b""
    with suppress(ConnectionError):
        while len(answer) < _LONGEST_ANSWER and not (end and end in answer):
            piece = await reader.read(_LONGEST_ANSWER - len(answer))
            if not piece:
                break
            answer += piece
    return answer
