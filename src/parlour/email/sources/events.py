"""What can happen to a mailbox by itself."""

from uuid import UUID

from parlour.foundation.facts import Fact


class MailboxFact(Fact, frozen=True, kw_only=True):
    """About a mailbox. `occasion` tells this time from the next one."""

    mailbox_id: UUID
    occasion: int


class MailboxFailing(MailboxFact, frozen=True, kw_only=True):
    """It can't be read, or is silent when it should not be: an administrator must look."""


class MailboxRecovered(MailboxFact, frozen=True, kw_only=True):
    """Whatever was wrong is not any more."""
