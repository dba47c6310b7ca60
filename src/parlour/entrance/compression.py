"""Smaller answers: zstd, Brotli or gzip, whichever the client likes and is worth its time."""

import gzip
from functools import lru_cache
from typing import Final

import brotli
import zstandard

_SMALLEST: Final = 1_000  # bytes; below, a packet is a packet
_LARGEST: Final = 4_000_000  # above, compressing would hold up everybody else
_WORTH_IT: Final = (b"text/", b"application/json", b"application/javascript", b"image/svg+xml")

_zstd = zstandard.ZstdCompressor(level=3)


def compressed(body: bytes, content_type: bytes, accepts: bytes) -> tuple[bytes, bytes] | None:
    """The body and the name of its encoding. None where it stays as it is."""
    if not _SMALLEST <= len(body) <= _LARGEST or not content_type.startswith(_WORTH_IT):
        return None
    encoding = preferred(accepts)
    if encoding == b"zstd":
        return _zstd.compress(body), encoding
    if encoding == b"br":
        return brotli.compress(body, quality=4), encoding
    if encoding == b"gzip":
        return gzip.compress(body, 4, mtime=0), encoding
    return None


@lru_cache(256)
def preferred(accepts: bytes) -> bytes | None:
    """The quickest good encoding among those the client takes (RFC 9110, 12.5.3)."""
    for encoding in (b"zstd", b"br", b"gzip"):
        if takes(accepts, encoding):
            return encoding
    return None


@lru_cache(256)
def takes(accepts: bytes, encoding: bytes) -> bool:
    """Whether the client takes this encoding."""
    return encoding in _accepted(accepts)


def _accepted(accepts: bytes) -> set[bytes]:
    taken = set()
    for part in accepts.lower().split(b","):
        name, _, quality = part.strip().partition(b";")
        if quality.replace(b" ", b"") not in (b"q=0", b"q=0.0", b"q=0.00", b"q=0.000"):
            taken.add(name.strip())
    return taken
