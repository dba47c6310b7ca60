"""What can happen to a reply on its way."""

from typing import ClassVar
from uuid import UUID

from parlour.foundation.facts import TicketFact


class ReplySent(TicketFact, frozen=True, kw_only=True):
    """The next mail server has taken it. Only told to screens: the mail's own row keeps it."""

    is_kept: ClassVar[bool] = False
    comment_id: UUID


class ReplyBounced(TicketFact, frozen=True, kw_only=True):
    """It came back: the customer has not got it."""

    comment_id: UUID


class ReplyCancelled(TicketFact, frozen=True, kw_only=True):
    """It was to be sent later and was called off: the customer wrote first, or the ticket is in the bin."""

    comment_id: UUID


class ReplyNotSent(TicketFact, frozen=True, kw_only=True):
    """It was given up: the customer has not got it."""

    comment_id: UUID
