"""Reads mail: from any bytes to what somebody said. Pure, bounded, and it never raises."""

from parlour.email.reading.headers import Address
from parlour.email.reading.parsing import Mail, MailAttachment, parse
from parlour.email.reading.quoting import Split, split, split_html

__all__ = ["Address", "Mail", "MailAttachment", "Split", "parse", "split", "split_html"]
