"""What Outlook packs into winmail.dat (MS-OXTNEF): the files inside, and the plain words.

The library for this format counts up to whatever number a stranger wrote into the pack, so the few attributes that are
wanted are walked over here, in one pass.
"""

import mimetypes
from collections.abc import Iterator
from typing import Final

import msgspec

from parlour.email.reading import charsets

_SIGNATURE: Final = b"\x78\x9f\x3e\x22"
_FILE_LIMIT: Final = 100
_ATTRIBUTE_LIMIT: Final = 10_000
_BODY: Final = 0x800C
_NEW_FILE: Final = 0x9002
_TITLE: Final = 0x8010
_DATA: Final = 0x800F


class Unpacked(msgspec.Struct, frozen=True):
    """Names, content types and contents, and the text where the pack holds any in plain."""

    files: tuple[tuple[str, str, bytes], ...]
    text: str


def unpacked(content: bytes) -> Unpacked | None:
    """None where it is no such pack, or holds nothing that is understood: then it stays a file."""
    if not content.startswith(_SIGNATURE):
        return None
    text, files = "", list[dict[int, bytes]]()
    for name, data in _attributes(content):
        if name == _BODY:
            text = _words(data)
        elif name == _NEW_FILE and len(files) < _FILE_LIMIT:
            files.append({})
        elif name in (_TITLE, _DATA) and files:
            files[-1].setdefault(name, data)
    named = tuple(_file(one, number) for number, one in enumerate(files, start=1) if _DATA in one)
    return Unpacked(named, text) if named or text.strip() else None


def _attributes(content: bytes) -> Iterator[tuple[int, bytes]]:
    # Level (1 byte), name and kind (2 each), length (4), the data, a checksum (2).
    position = 6
    for _ in range(_ATTRIBUTE_LIMIT):
        if position + 9 > len(content):
            return
        name = int.from_bytes(content[position + 1 : position + 3], "little")
        length = int.from_bytes(content[position + 5 : position + 9], "little")
        begin = position + 9
        if begin + length > len(content):
            return
        yield name, content[begin : begin + length]
        position = begin + length + 2


def _file(one: dict[int, bytes], number: int) -> tuple[str, str, bytes]:
    name = _words(one.get(_TITLE, b"")).strip() or f"attachment-{number}.bin"
    return name, mimetypes.guess_type(name)[0] or "application/octet-stream", one[_DATA]


def _words(data: bytes) -> str:
    return charsets.decode(data.rstrip(b"\0"))
