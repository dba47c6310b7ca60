"""Writes the signature itself. Loaded when the first mail is signed: what it stands on is large."""

import re
from collections.abc import Sequence
from typing import Final

import dkim

from parlour.email.domains.keys import Algorithm
from parlour.email.domains.signing import Stamp

# Named once more than they stand there: nobody can add a second one on the way (RFC 6376, section 8.15).
_SEALED: Final = ("from", "to", "cc", "subject", "date", "reply-to", "message-id", "mime-version", "content-type")
_SIGNED: Final = (
    "content-transfer-encoding",
    "in-reply-to",
    "references",
    "auto-submitted",
    "precedence",
    "thread-topic",
    "thread-index",
    "list-id",
    "list-help",
    "list-post",
    "list-owner",
    "list-archive",
    "list-unsubscribe",
    "list-unsubscribe-post",
)
# Evening out blanks in megabytes would stop everything else in this process for seconds. What is so large is almost all
# base64, which has none.
_LARGE: Final = 1024 * 1024
_NAMES: Final = {Algorithm.RSA: b"rsa-sha256", Algorithm.ED25519: b"ed25519-sha256"}


def stamped(raw: bytes, stamps: Sequence[Stamp]) -> bytes:
    """The mail with a signature for each: over its headers and all of its body."""
    head, _, body = raw.partition(b"\r\n\r\n")
    return b"".join(_signature(head, body, stamp) for stamp in stamps) + raw


def _signature(head: bytes, body: bytes, stamp: Stamp) -> bytes:
    signer = dkim.DKIM(head + b"\r\n\r\n", signature_algorithm=_NAMES[stamp.algorithm], linesep=b"\r\n")
    # Set apart: the library would take a large one to pieces only to put it together again.
    signer.body = body
    written: bytes = signer.sign(
        stamp.selector.encode(),
        stamp.domain.encode(),
        stamp.private,
        canonicalize=(b"relaxed", b"relaxed" if len(body) <= _LARGE else b"simple"),
        include_headers=_headers_of(head),
    )
    return written


def _headers_of(head: bytes) -> list[bytes]:
    there = [name.decode("ascii").lower() for name in re.findall(rb"^([!-9;-~]+):", head, re.MULTILINE)]
    named = [name for name in _SEALED for _ in range(there.count(name) + 1)]
    named += [name for name in _SIGNED for _ in range(there.count(name))]
    return [name.encode() for name in named]
