"""ClamAV beside us. What it can't be asked about is not held up; each such file says so."""

import asyncio
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from parlour.email.safety.scanners.asking import NotScanned, asked, resting, shown

HUNG_UP: Final = "ClamAV hung up before it had heard all of it, which may be too large for it"
_PIECE: Final = 64 * 1024


class Scanned(msgspec.Struct, frozen=True):
    """What it calls what it found, and why it has not looked at others: each by the file's place."""

    found: Mapping[int, str] = {}
    unchecked: Mapping[int, str] = {}


async def viruses_in(url: str, files: Sequence[bytes], seconds: float) -> Scanned:
    """All of them within so many seconds. Never raises: a file that makes trouble hides nothing found in another."""
    found: dict[int, str] = {}
    unchecked: dict[int, str] = {}
    ends_at = asyncio.get_running_loop().time() + seconds
    for number, content in enumerate(files):
        try:
            with resting(url):
                async with asyncio.timeout_at(ends_at):
                    name = await _ask_clamav(url, content)
        except (NotScanned, OSError, TimeoutError) as failure:
            unchecked[number] = str(failure) or "no answer in time"
        else:
            found |= {number: name} if name else {}
    return Scanned(found, unchecked)


async def _ask_clamav(url: str, content: bytes) -> str | None:
    answer = await asked(url, 3310, _as_stream(content), end=b"\0")
    words, end, _ = answer.partition(b"\0")
    told = " ".join(words.decode("utf-8", "replace").split())
    if end and told.endswith(" FOUND"):
        return told.removeprefix("stream:").removesuffix("FOUND").strip()
    if not answer:
        # Over TCP its last words may be lost with the connection.
        raise NotScanned(HUNG_UP)
    if not end or told != "stream: OK":
        raise NotScanned(f"ClamAV said {shown(answer)}")
    return None


def _as_stream(content: bytes) -> Iterator[bytes]:
    """As clamd wants it: each piece behind its length, an empty one at the end."""
    yield b"zINSTREAM\0"
    for start in range(0, len(content), _PIECE):
        piece = content[start : start + _PIECE]
        yield struct.pack("!I", len(piece)) + piece
    yield struct.pack("!I", 0)
