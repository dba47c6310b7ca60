"""The bytes of an encrypted blob: a head, then segments, each readable by itself and in its own place only.

    head     89 50 42 4c | format 01 | key version (4) | salt (32) | nonce prefix (7)
    segment  up to 64 KiB by AES-256-GCM, and its tag; nonce = prefix | number (4) | 01 for the last, else 00

The key is derived (HKDF) from the data key, the salt, and the blob's name: a blob under another name doesn't open. What
is cut off, swapped, doubled or appended to doesn't either. It is the construction STREAM (Hoang, Reyhanitabar, Rogaway,
Vizár 2015), as Tink has it.
"""

import os
from collections.abc import Iterator
from typing import Any, Final

from parlour.foundation.keys import ciphers
from parlour.foundation.keys.broken import SealBroken
from parlour.foundation.keys.keyring import DataKey

SEGMENT: Final = 64 * 1024
SEALED_SEGMENT: Final = SEGMENT + ciphers.TAG_BYTES
_MAGIC: Final = b"\x89PBL\x01"
_VERSION_BYTES: Final = 4
_SALT_BYTES: Final = 32
_PREFIX_BYTES: Final = 7
HEAD: Final = len(_MAGIC) + _VERSION_BYTES + _SALT_BYTES + _PREFIX_BYTES


def key_version(start: bytes) -> int | None:
    """Which data key a blob that starts like this was sealed with. None where it is not sealed."""
    if len(start) < HEAD or not start.startswith(_MAGIC):
        return None
    return int.from_bytes(start[len(_MAGIC) : len(_MAGIC) + _VERSION_BYTES])


def sealed(key: DataKey, name: str, content: bytes) -> bytearray:
    """The whole blob."""
    version = key.version.to_bytes(_VERSION_BYTES)
    head = _MAGIC + version + os.urandom(_SALT_BYTES) + os.urandom(_PREFIX_BYTES)
    return Segments(key, name, head, HEAD + _size_sealed(len(content))).sealed(head, content)


class Segments:
    """One blob of a known size, as a row of segments."""

    def __init__(self, key: DataKey, name: str, head: bytes, size: int) -> None:
        """Raises `SealBroken` where no blob has this size."""
        salt = head[-_SALT_BYTES - _PREFIX_BYTES : -_PREFIX_BYTES]
        self._prefix = head[-_PREFIX_BYTES:]
        self._cipher: Any = ciphers.cipher(ciphers.derived(key.blobs, ciphers.bond("blob", name), salt))
        body = size - HEAD
        self.count = -(-body // SEALED_SEGMENT)
        self.plain_size = body - self.count * ciphers.TAG_BYTES
        if self.count < 1 or self.plain_size < 0 or (self.count > 1 and body % SEALED_SEGMENT in _NO_SEGMENTS):
            raise SealBroken()

    def sealed(self, head: bytes, content: bytes) -> bytearray:
        whole = bytearray(HEAD + _size_sealed(len(content)))
        whole[:HEAD] = head
        into, source = memoryview(whole), memoryview(content)
        for number in range(self.count):
            piece = source[number * SEGMENT : (number + 1) * SEGMENT]
            place = HEAD + number * SEALED_SEGMENT
            target = into[place : place + len(piece) + ciphers.TAG_BYTES]
            self._cipher.encrypt_into(self._nonce(number), piece, None, target)
        return whole

    def opened(self, first: int, sealed: bytes | memoryview) -> bytes:
        """Segments one after the other, the first of them with this number. Raises `SealBroken`."""
        try:
            return b"".join(
                self._cipher.decrypt(self._nonce(first + index), piece, None) for index, piece in _pieces(sealed)
            )
        except ciphers.broken_tag() as wrong:
            raise SealBroken() from wrong

    def _nonce(self, number: int) -> bytes:
        return self._prefix + number.to_bytes(4) + (b"\x01" if number == self.count - 1 else b"\x00")


# A last segment of nothing but its tag belongs to the empty blob alone.
_NO_SEGMENTS: Final = range(1, ciphers.TAG_BYTES + 1)


def _pieces(sealed: bytes | memoryview) -> Iterator[tuple[int, memoryview]]:
    view = memoryview(sealed)
    for index, start in enumerate(range(0, len(view), SEALED_SEGMENT)):
        yield index, view[start : start + SEALED_SEGMENT]


def _size_sealed(plain: int) -> int:
    return plain + max(1, -(-plain // SEGMENT)) * ciphers.TAG_BYTES
