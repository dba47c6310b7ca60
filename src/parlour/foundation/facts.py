"""A fact: what happened, in the past tense. Ids only, never words of a customer."""

from typing import ClassVar
from uuid import UUID

import msgspec


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """One change. Recording it writes the activities row, queues the jobs of `reactions.py`, and tells the screens."""

    actor_id: UUID | None
    """The user who did it; None where the installation itself did."""

    shown_to_customers: ClassVar[bool] = False
    """Whether the customer's own timeline shows it too."""

    is_kept: ClassVar[bool] = True
    """Whether it goes into the activities; what is not kept is only told to screens and reactions."""

    @property
    def name(self) -> str:
        return type(self).__name__


class TicketFact(Fact, frozen=True, kw_only=True):
    """A change of one ticket, which `version` of the ticket it made, and who must hear of it."""

    ticket_id: UUID
    number: int
    version: int
    department_id: UUID | None = None
    assignee_id: UUID | None = None
    requester_id: UUID | None = None
    company_id: UUID | None = None
