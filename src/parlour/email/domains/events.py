"""What can happen to a sending domain by itself."""

from uuid import UUID

from parlour.foundation.facts import Fact


class SendingDomainFact(Fact, frozen=True, kw_only=True):
    """About a sending domain. `occasion` tells this time from the next one."""

    domain_id: UUID
    occasion: int


class SendingDomainVerified(SendingDomainFact, frozen=True, kw_only=True):
    """Its record was found: from now on its mails are signed."""


class SendingDomainLost(SendingDomainFact, frozen=True, kw_only=True):
    """Its record is not there any more: its mails go out unsigned, and an administrator must look."""
