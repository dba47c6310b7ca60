"""One ticket, if it may be seen."""

from collections.abc import Iterable
from uuid import UUID

from parlour.foundation.database import Transaction
from parlour.foundation.errors import Conflict, NotFound, PreconditionFailed
from parlour.people import Actor
from parlour.tickets.models import TICKET_COLUMNS, TICKET_NEIGHBOURS, Ticket
from parlour.tickets.visibility import tickets_seen_by

Reference = UUID | int
"""A ticket's id, or its number within the organization."""

# What fits into PostgreSQL's integer: a larger number is no ticket's.
_LARGEST_NUMBER = 2**31 - 1


class InBin(Conflict):
    """This ticket is in the bin. Restore it first."""


async def find(tx: Transaction, reference: Reference, *, seen_by: Actor) -> Ticket:
    """Raises `NotFound` where it does not exist, or is not theirs to see."""
    return await _find(tx, reference, seen_by, "")


async def is_seen(tx: Transaction, ticket_id: UUID, *, seen_by: Actor) -> bool:
    """Whether it is theirs to see, now: what they have just passed on may not be."""
    return ticket_id in await seen_among(tx, [ticket_id], seen_by=seen_by)


async def seen_among(tx: Transaction, ticket_ids: Iterable[UUID], *, seen_by: Actor) -> set[UUID]:
    """Those of these tickets that are theirs to see."""
    condition, parameters = tickets_seen_by(seen_by)
    statement = f"select t.id from tickets t where t.id = any(%(ids)s) and {condition}"
    return set(await tx.values(statement, ids=list(ticket_ids), **parameters))


async def hold(tx: Transaction, reference: Reference, *, seen_by: Actor, expecting: int | None = None) -> Ticket:
    """The same, with its row locked until the commit: for a change.

    Raises `NotFound`, `InBin`, or `PreconditionFailed` where the version is not the expected one.
    """
    ticket = await _find(tx, reference, seen_by, "for update of t")
    if ticket.deleted_at:
        raise InBin()
    _check_version(ticket, expecting)
    return ticket


async def hold_in_bin(tx: Transaction, reference: Reference, *, seen_by: Actor) -> Ticket:
    """A ticket of the bin, locked. Raises `NotFound` where it is not in there."""
    ticket = await _find(tx, reference, seen_by, "for update of t")
    if not ticket.deleted_at:
        raise NotFound()
    return ticket


async def fresh(tx: Transaction, ticket_id: UUID) -> Ticket:
    """The ticket as this transaction has made it."""
    return await tx.one(Ticket, f"{_SELECT} where t.id = %(id)s", id=ticket_id)


async def _find(tx: Transaction, reference: Reference, seen_by: Actor, lock: str) -> Ticket:
    condition, parameters = tickets_seen_by(seen_by)
    if isinstance(reference, int):
        if not 0 < reference <= _LARGEST_NUMBER:
            raise NotFound()
        column = "number"
    else:
        column = "id"
    return await tx.one(
        Ticket, f"{_SELECT} where t.{column} = %(reference)s and {condition} {lock}", reference=reference, **parameters
    )


def _check_version(ticket: Ticket, expecting: int | None) -> None:
    if expecting is not None and expecting != ticket.version:
        raise PreconditionFailed(details={"version": f"It is version {ticket.version} now."})


_SELECT = f"select {TICKET_COLUMNS} from tickets t {TICKET_NEIGHBOURS}"
