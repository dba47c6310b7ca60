"""Which mails no person wrote: vacation replies, bounces, lists, monitoring (RFC 3834 and its relatives)."""

import re
from typing import Final

from parlour.email.reading.parts import Part

_ROBOTS: Final = re.compile(r"(mailer-daemon|postmaster|no-?reply|do-?not-?reply|bounces?)([+.-][^@]*)?@")
_MARKS: Final = ("x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-reply-from", "x-failed-recipients")


def is_robot(email: str) -> bool:
    """Whether an address says of itself that nobody reads it."""
    return bool(_ROBOTS.match(email))


def is_automatic(root: Part, envelope_sender: str | None) -> bool:
    """Whether the headers say that a program sent it. Such mail is kept but never answered by a program."""
    fields = root.headers
    submitted = fields.raw("auto-submitted").split(";")[0].strip().lower()
    if submitted and submitted != "no":
        return True
    if envelope_sender == "" or "<>" in fields.raw("return-path"):
        return True
    if fields.raw("precedence").strip().lower() in ("bulk", "junk", "list", "auto_reply", "auto-reply"):
        return True
    if any(fields.raw(mark) for mark in _MARKS) or root.content_type == "multipart/report":
        return True
    return any(is_robot(sender.email) for sender in fields.addresses("from"))
