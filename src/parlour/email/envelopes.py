"""Whom a mail was from and for, where only its bytes tell: the server that delivered it wrote it on top (RFC 5321)."""

import re
from email.utils import parseaddr
from typing import Final

_BEGINNING: Final = 65536
_FIELD: Final = re.compile(
    rb"^(return-path|from|delivered-to|x-original-to|envelope-to):[ \t]*((?:.*(?:\r?\n[ \t].*)*))",
    re.IGNORECASE | re.MULTILINE,
)
_UNKNOWN: Final = "unknown@invalid"


def envelope_of(raw: bytes) -> tuple[str, list[str]]:
    """Its sender and those it was delivered to. An empty sender means a bounce; an unknown one is never empty."""
    head = re.split(rb"\r?\n\r?\n", raw[:_BEGINNING], maxsplit=1)[0]
    sender: str | None = None
    fallback, recipients = _UNKNOWN, []
    for name, value in _FIELD.findall(head):
        text = " ".join(value.decode("utf-8", "replace").split()).replace("\0", "")[:1000]
        address = parseaddr(text)[1]
        match name.lower():
            case b"return-path":
                # The first is the last server's. An empty one means a bounce.
                sender = address if sender is None else sender
            case b"from":
                fallback = address if "@" in address else fallback
            case _:
                recipients += [address.lower()] if "@" in address else []
    return (fallback if sender is None else sender), recipients[:20]


def sender_of(raw: bytes) -> str:
    return envelope_of(raw)[0]
