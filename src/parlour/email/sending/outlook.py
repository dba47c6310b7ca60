"""Thread-Index and Thread-Topic: what Outlook and Exchange keep a conversation together by ([MS-OXOMSG] 2.2.1.2-3)."""

import base64
import binascii
import re
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from parlour.email.reading.headers import Headers, split_block

_EPOCH: Final = datetime(1601, 1, 1, tzinfo=UTC)
_HEADER: Final = 22
_CHILD: Final = 5
_LONGEST: Final = _HEADER + 60 * _CHILD
_HEAD_LIMIT: Final = 64 * 1024
_PREFIX: Final = re.compile(r"^\s*((re|aw|antw|sv|rv|res|ref|odp|fwd?|wg|tr|r|i)\s*(\[\d+\])?\s*:\s*)+", re.IGNORECASE)


def continued(raw: bytes, conversation: UUID, began_at: datetime, now: datetime) -> str:
    """The index of an answer: one step below that of the mail it answers, or else below the conversation's own."""
    parent = _decoded(_field(raw, "thread-index")) or _beginning(conversation, began_at)
    if len(parent) + _CHILD > _LONGEST:
        return base64.b64encode(parent).decode()
    return base64.b64encode(parent + _child(parent, now)).decode()


def topic_of(raw: bytes, subject: str) -> str:
    """The topic of the mail that is answered, else the subject without its `Re:`."""
    return (_field(raw, "thread-topic") or _PREFIX.sub("", subject)).strip()[:200]


def _beginning(conversation: UUID, began_at: datetime) -> bytes:
    return b"\x01" + _filetime(began_at).to_bytes(8, "big")[1:6] + conversation.bytes


def _child(parent: bytes, now: datetime) -> bytes:
    # The time since the beginning: 31 bits of it, finer or coarser as the first bit says; then four random bits of
    # which ours are zero, and a counter that nobody keeps.
    since = max(0, _filetime(now) - int.from_bytes(parent[:6] + b"\x00\x00", "big"))
    coarse = since >= 1 << 49
    step = ((since >> (23 if coarse else 18)) & 0x7FFFFFFF) | (0x80000000 if coarse else 0)
    return step.to_bytes(4, "big") + b"\x00"


def _filetime(at: datetime) -> int:
    since = at - _EPOCH
    return (since.days * 86_400 + since.seconds) * 10_000_000 + since.microseconds * 10


def _decoded(field: str) -> bytes | None:
    try:
        index = base64.b64decode("".join(field.split()), validate=True)
    except (binascii.Error, ValueError):
        return None
    return index if len(index) >= _HEADER and (len(index) - _HEADER) % _CHILD == 0 else None


def _field(raw: bytes, name: str) -> str:
    return Headers(raw[: split_block(raw, 0, min(len(raw), _HEAD_LIMIT))[0]]).text(name)
