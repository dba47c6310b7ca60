"""Reads mail: from any bytes to what somebody said. Pure, bounded, and it never raises."""

from parlour.email.reading.forwarding import Forwarded, forwarded, without_prefix
from parlour.email.reading.headers import Address, Headers
from parlour.email.reading.identity import identity_of
from parlour.email.reading.languages import language_of
from parlour.email.reading.parsing import Mail, MailAttachment, parse
from parlour.email.reading.quoting import Split, split, split_html

__all__ = [
    "Address",
    "Forwarded",
    "Headers",
    "Mail",
    "MailAttachment",
    "Split",
    "forwarded",
    "identity_of",
    "language_of",
    "parse",
    "split",
    "split_html",
    "without_prefix",
]
