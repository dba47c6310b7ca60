"""The words a mail is judged in."""

from enum import StrEnum
from typing import Final

import msgspec


class Action(StrEnum):
    """What is to become of a mail."""

    ADMIT = "ADMIT"
    QUARANTINE = "QUARANTINE"
    """Somebody has to look at it first."""
    REFUSE = "REFUSE"
    RECORD = "RECORD"
    """It stays in the ledger, where it can be made a ticket by hand."""


class Automatic(StrEnum):
    """What kind of program wrote it."""

    VACATION = "VACATION"
    """It answers whatever comes (RFC 3834: auto-replied)."""
    BOUNCE = "BOUNCE"
    """A mail server tells what became of a mail."""
    LIST = "LIST"
    """It came through a list; a person may have written it."""
    NOTICE = "NOTICE"
    """A program had something to tell (RFC 3834: auto-generated)."""


class Authentication(msgspec.Struct, frozen=True, rename="camel"):
    """Who really sent it, in the words of RFC 8601: pass, fail, softfail, neutral, none, temperror, permerror.

    `source` is the server that checked: one the mailbox trusts, or `parlour`; empty where nobody did. `policy` is what
    the sender's domain wants done with mail that fails: none, quarantine, reject; empty where it doesn't say.
    """

    spf: str = "none"
    dkim: str = "none"
    dmarc: str = "none"
    aligned_domain: str | None = None
    source: str = ""
    policy: str = ""

    @property
    def passed(self) -> bool:
        """Whether the address in From is proved by its domain, be it by DMARC or, where it has no policy, without."""
        return self.dmarc == "pass" or (self.dmarc == "none" and self.aligned_domain is not None)

    @property
    def failed(self) -> bool:
        """Whether the domain in From says that this is not its mail."""
        return self.dmarc == "fail"


class Spam(msgspec.Struct, frozen=True, rename="camel"):
    """What a filter thought of it, and which one. `note` says why none could be asked."""

    is_spam: bool
    score: float | None = None
    limit: float | None = None
    source: str = ""
    note: str = ""


class Kind(StrEnum):
    """How final a bounce is."""

    PERMANENT = "PERMANENT"
    TEMPORARY = "TEMPORARY"
    """Given up after many attempts; the address may be a good one."""
    DELAYED = "DELAYED"
    """Not given up yet."""
    DELIVERED = "DELIVERED"
    """A receipt: it arrived."""


class Bounce(msgspec.Struct, frozen=True, kw_only=True):
    """What a mail server tells about a mail it was to deliver. Message ids are without angle brackets."""

    kind: Kind
    recipients: tuple[str, ...] = ()
    status: str = ""
    words: str = ""
    returned_ids: tuple[str, ...] = ()


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What `judge` found. `reason` is a sentence wherever the mail isn't simply admitted."""

    action: Action = Action.ADMIT
    reason: str | None = None
    authentication: Authentication = Authentication()
    spam: Spam | None = None
    automatic: Automatic | None = None
    answerable: bool = True
    """Whether a program may write back."""
    bounce: Bounce | None = None
    warnings: tuple[str | None, ...] = ()
    """For each attachment why it is dangerous to open; None where nothing speaks against it."""
    dropped: frozenset[int] = frozenset()
    """The attachments, by index, that the organization's limits keep out; the raw mail still has them."""
    left_out: str | None = None
    """What was dropped and why, in words."""
    unchecked: str | None = None
    """What a scanner was to look at and did not, in words."""


NEUTRAL: Final = Verdict()
"""Where nothing is known."""
