"""What can happen to a ticket."""

from typing import ClassVar, TypedDict
from uuid import UUID

from parlour.foundation.facts import TicketFact
from parlour.tickets.models import Priority, Source, Status, Ticket


class TicketOpened(TicketFact, frozen=True, kw_only=True):
    """A ticket came to be, with its first comment."""

    shown_to_customers: ClassVar[bool] = True
    comment_id: UUID
    automatic: bool = False
    source: Source = Source.API


class CustomerReplied(TicketFact, frozen=True, kw_only=True):
    """Somebody outside wrote. `automatic` mail (RFC 3834) neither reopens nor asks for an answer."""

    shown_to_customers: ClassVar[bool] = True
    comment_id: UUID
    automatic: bool = False


class AgentReplied(TicketFact, frozen=True, kw_only=True):
    """An agent wrote to the customer."""

    shown_to_customers: ClassVar[bool] = True
    comment_id: UUID


class ReplyHeld(TicketFact, frozen=True, kw_only=True):
    """An agent's reply is written and waits to be said. Only told to screens: it may yet be taken back."""

    is_kept: ClassVar[bool] = False
    comment_id: UUID


class ReplyTakenBack(TicketFact, frozen=True, kw_only=True):
    """It was not said, and is a draft again."""

    is_kept: ClassVar[bool] = False
    comment_id: UUID


class NoteAdded(TicketFact, frozen=True, kw_only=True):
    """An agent wrote to agents."""

    comment_id: UUID


class TicketReopened(TicketFact, frozen=True, kw_only=True):
    """The customer wrote again."""

    shown_to_customers: ClassVar[bool] = True
    before: Status


class StatusChanged(TicketFact, frozen=True, kw_only=True):
    """An agent, or the customer, moved it."""

    shown_to_customers: ClassVar[bool] = True
    before: Status
    after: Status


class PriorityChanged(TicketFact, frozen=True, kw_only=True):
    """It matters more, or less."""

    before: Priority
    after: Priority


class TicketAssigned(TicketFact, frozen=True, kw_only=True):
    """It is somebody's now, or nobody's."""

    before: UUID | None
    after: UUID | None


class DepartmentChanged(TicketFact, frozen=True, kw_only=True):
    """Another department answers it."""

    before: UUID | None
    after: UUID | None


class RequesterChanged(TicketFact, frozen=True, kw_only=True):
    """It is another customer's."""

    before: UUID
    after: UUID


class SubjectChanged(TicketFact, frozen=True, kw_only=True):
    """It was named anew."""


class TagsChanged(TicketFact, frozen=True, kw_only=True):
    """Tags were added or taken away: their ids."""

    added: tuple[UUID, ...]
    removed: tuple[UUID, ...]


class TicketDeleted(TicketFact, frozen=True, kw_only=True):
    """It is in the bin."""


class TicketRestored(TicketFact, frozen=True, kw_only=True):
    """It is out of the bin again."""


class About(TypedDict):
    """What every fact of a ticket says."""

    actor_id: UUID | None
    ticket_id: UUID
    number: int
    version: int
    department_id: UUID | None
    assignee_id: UUID | None
    requester_id: UUID | None
    company_id: UUID | None


def about(ticket: Ticket, actor_id: UUID | None) -> About:
    """The ticket as it is after the change, and who did it."""
    return {
        "actor_id": actor_id,
        "ticket_id": ticket.id,
        "number": ticket.number,
        "version": ticket.version,
        "department_id": ticket.department_id,
        "assignee_id": ticket.assignee_id,
        "requester_id": ticket.requester_id,
        "company_id": ticket.company_id,
    }
