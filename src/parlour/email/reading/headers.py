"""Header fields as they come: unfolded, decoded (RFC 2047, RFC 2231), never trusted to be well-formed."""

import binascii
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import getaddresses, parsedate_to_datetime
from typing import Final
from urllib.parse import unquote_to_bytes

import msgspec

from parlour.email.reading import charsets

_BLOCK_LIMIT: Final = 256 * 1024
_FIELD_LIMIT: Final = 1000
_VALUE_LIMIT: Final = 64 * 1024
_ADDRESS_LIMIT: Final = 200
_ID_LIMIT: Final = 100

_BLANK_LINE: Final = re.compile(rb"(?:\A|\r?\n)(?:\r?\n|\Z)")
_ENCODED_WORD: Final = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*)\?=")
_BETWEEN_WORDS: Final = re.compile(r"(\?=)\s+(?==\?)")
_MESSAGE_ID: Final = re.compile(r"<([^<>\s]{1,500})>")
_BARE_ID: Final = re.compile(r"\A[^<>\s@,;:\"]{1,250}@[^<>\s@,;:\"]{1,250}\Z")
_PARAMETER: Final = re.compile(r";\s*([^\s=;]{1,80})\s*=\s*(\"(?:[^\"\\]|\\.)*\"?|[^;]*)")
_BARE_ADDRESS: Final = re.compile(r"[^\s<>,;:\"()\[\]@]{1,64}@[^\s<>,;:\"()\[\]@]{1,255}")


class Address(msgspec.Struct, frozen=True):
    """Somebody's address in lower case, and the name they gave themselves."""

    email: str
    name: str = ""


class Headers:
    """The fields of one entity, in order. Asking for one never raises."""

    def __init__(self, block: bytes) -> None:
        self._fields = list(_fields(block[:_BLOCK_LIMIT]))

    def raw(self, name: str) -> str:
        """The first field of this name, unfolded but not decoded; empty where there is none."""
        return next((value for field, value in self._fields if field == name), "")

    def all(self, name: str) -> list[str]:
        return [value for field, value in self._fields if field == name]

    def text(self, name: str) -> str:
        """The first field of this name in words, on one line."""
        return " ".join(decode_words(self.raw(name)).split())

    def addresses(self, name: str) -> tuple[Address, ...]:
        """Everyone the fields of this name list, groups opened, each once."""
        found = (address for value in self.all(name) for address in _addresses(value))
        return tuple({address.email: address for address in found}.values())[:_ADDRESS_LIMIT]

    def message_ids(self, name: str) -> tuple[str, ...]:
        """The message ids of a field without their angle brackets, the newest hundred."""
        value = self.raw(name)
        # Some programs write the id bare, against RFC 5322 section 3.6.4.
        return tuple(_MESSAGE_ID.findall(value) or _BARE_ID.findall(value.strip()))[-_ID_LIMIT:]

    def date(self, name: str) -> datetime | None:
        return _date(self.raw(name))

    def parameters(self, name: str) -> tuple[str, dict[str, str]]:
        """The value of a structured field in lower case, and its parameters (RFC 2231 continuations joined)."""
        value = self.raw(name)
        main = value.split(";", 1)[0].strip().lower()
        return main, _parameters(value)


def split_block(raw: bytes, start: int, end: int) -> tuple[int, int]:
    """Where the header block of an entity ends, and where its body begins."""
    blank = _BLANK_LINE.search(raw, start, end)
    # `\A` holds only at the very beginning of the bytes, so an entity without headers is looked at by hand.
    if raw.startswith((b"\n", b"\r\n"), start, end):
        return start, start + (1 if raw[start : start + 1] == b"\n" else 2)
    return (blank.start(), blank.end()) if blank else (end, end)


def decode_words(value: str) -> str:
    """RFC 2047, and what is sent in its place. Halves of one character in neighbouring words are put together."""
    value = _BETWEEN_WORDS.sub(r"\1", value)
    pieces: list[str] = []
    waiting: tuple[str, bytes] = ("", b"")
    position = 0
    for word in _ENCODED_WORD.finditer(value):
        charset = word[1].split("*")[0].lower()
        content = _word_bytes(word[2], word[3])
        if word.start() == position and waiting[0] == charset:
            waiting = (charset, waiting[1] + content)
        else:
            pieces += [charsets.decode(waiting[1], waiting[0]), value[position : word.start()]]
            waiting = (charset, content)
        position = word.end()
    return "".join([*pieces, charsets.decode(waiting[1], waiting[0]), value[position:]])


def _fields(block: bytes) -> Iterator[tuple[str, str]]:
    name, lines, count = "", list[bytes](), 0
    for line in block.splitlines():
        if line[:1] in (b" ", b"\t") and lines:
            lines.append(line.strip())
            continue
        if name:
            yield name, _value(lines)
        key, colon, rest = line.partition(b":")
        # A line that is no field, such as mbox's `From `, ends nothing: the fields behind it still count.
        name = key.strip().lower().decode("ascii", "replace") if colon else ""
        lines = [rest.strip()]
        count += 1
        if count > _FIELD_LIMIT:
            return
    if name:
        yield name, _value(lines)


def _value(lines: list[bytes]) -> str:
    return charsets.decode(b" ".join(lines)[:_VALUE_LIMIT], "utf-8")


def _word_bytes(encoding: str, content: str) -> bytes:
    if encoding in "qQ":
        return binascii.a2b_qp(content.encode("utf-8", "replace"), header=True)
    return lenient_base64(content.encode("ascii", "ignore"))


_NOT_BASE64: Final = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"))


def lenient_base64(content: bytes) -> bytes:
    """What can be read of it: strangers' bytes are skipped, missing padding is made up, a lone last digit dropped."""
    digits = content.translate(None, _NOT_BASE64)
    digits = digits[: len(digits) - 1] if len(digits) % 4 == 1 else digits
    return binascii.a2b_base64(digits + b"=" * (-len(digits) % 4))


def _addresses(value: str) -> Iterator[Address]:
    try:
        pairs = getaddresses([value])
    except (RecursionError, IndexError, ValueError):
        # Brackets within brackets without end, and other puzzles: what looks like an address is one.
        pairs = [("", email) for email in _BARE_ADDRESS.findall(value)]
    for name, email in pairs[: 2 * _ADDRESS_LIMIT]:
        bare = _BARE_ADDRESS.fullmatch(email.strip().lower())
        if bare:
            yield Address(bare.group(), " ".join(decode_words(name).split())[:200])


def _date(value: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(value)
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        return at.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _parameters(value: str) -> dict[str, str]:
    found: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[bool, str]]] = {}
    for name, quoted in _PARAMETER.findall(value):
        plain = re.sub(r"\\(.)", r"\1", quoted[1:].removesuffix('"')) if quoted[:1] == '"' else quoted.strip()
        base, _, rest = name.lower().partition("*")
        if "*" not in name:
            found.setdefault(base, decode_words(plain))
            continue
        number = rest.rstrip("*")
        position = int(number) if number.isdecimal() and len(number) < 4 else 0
        pieces.setdefault(base, {})[position] = (name.endswith("*"), plain)
    # RFC 2231 section 3 and 4: the extended form wins over the plain one.
    return found | {name: _joined(parts) for name, parts in pieces.items()}


def _joined(parts: dict[int, tuple[bool, str]]) -> str:
    charset, content = "utf-8", b""
    for position in sorted(parts):
        is_encoded, text = parts[position]
        if is_encoded and position == 0 and text.count("'") >= 2:
            charset, _, text = text.split("'", 2)
        content += unquote_to_bytes(text) if is_encoded else text.encode()
    return charsets.decode(content, charset)
