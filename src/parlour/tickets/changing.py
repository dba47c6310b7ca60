"""Changing a ticket's properties, and putting it into the bin and out again."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import msgspec
from psycopg.errors import ForeignKeyViolation

from parlour import audit
from parlour.audit import Act, Subject
from parlour.foundation import clock
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Forbidden, Invalid
from parlour.foundation.facts import TicketFact
from parlour.people import Actor
from parlour.tickets.events import (
    DepartmentChanged,
    PriorityChanged,
    RequesterChanged,
    StatusChanged,
    SubjectChanged,
    TagsChanged,
    TicketAssigned,
    TicketDeleted,
    TicketRestored,
    about,
)
from parlour.tickets.finding import fresh
from parlour.tickets.models import Priority, Status, Ticket, Visibility
from parlour.tickets.opening import check_assignee, check_subject
from parlour.tickets.participants import add_participants, remove_participant
from parlour.tickets.search import extend_search, words_of
from parlour.tickets.tagging import TagChange, set_tags

Unset = msgspec.UnsetType
UNSET = msgspec.UNSET


class Changes(msgspec.Struct, frozen=True):
    """What to change; what is unset stays. `tags` are names, all of them."""

    subject: str | Unset = UNSET
    status: Status | Unset = UNSET
    priority: Priority | Unset = UNSET
    assignee_id: UUID | None | Unset = UNSET
    department_id: UUID | None | Unset = UNSET
    requester_id: UUID | Unset = UNSET
    tags: Sequence[str] | Unset = UNSET


async def change(tx: Transaction, ticket: Ticket, changes: Changes, *, by: Actor) -> Ticket:
    """Change a held ticket: one step of its version, one fact a property. Nothing new changes nothing.

    A customer may only resolve it. Raises `Invalid` where a value names nobody.
    """
    wanted = _wanted(ticket, changes)
    if not by.is_agent and (changes.tags is not UNSET or wanted not in ({}, {"status": Status.RESOLVED})):
        raise Forbidden("You can mark a ticket as solved; an agent changes everything else.")
    await _check(tx, wanted)
    tag_change = TagChange((), ()) if changes.tags is UNSET else await set_tags(tx, ticket.id, changes.tags)
    if not wanted and tag_change == TagChange((), ()):
        return ticket
    await _update(tx, ticket, wanted)
    if "requester_id" in wanted:
        await remove_participant(tx, ticket.id, ticket.requester_id)
        await add_participants(tx, ticket.id, [wanted["requester_id"]])
    changed = await fresh(tx, ticket.id)
    await _keep_findable(tx, ticket, changed)
    for fact in _facts(ticket, changed, tag_change, by):
        tx.record(fact)
    return changed


async def delete(tx: Transaction, ticket: Ticket, *, by: Actor) -> Ticket:
    """Into the bin: customers no longer see it, agents can restore it."""
    await _update(tx, ticket, {"deleted_at": clock.now()})
    deleted = await fresh(tx, ticket.id)
    tx.record(TicketDeleted(**about(deleted, by.user_id)))
    await audit.record(tx, Act.TICKET_DELETED, by=by, on=_subject(deleted))
    return deleted


async def restore(tx: Transaction, ticket: Ticket, *, by: Actor) -> Ticket:
    """Out of the bin, as it was."""
    await _update(tx, ticket, {"deleted_at": None})
    restored = await fresh(tx, ticket.id)
    tx.record(TicketRestored(**about(restored, by.user_id)))
    await audit.record(tx, Act.TICKET_RESTORED, by=by, on=_subject(restored))
    return restored


def _subject(ticket: Ticket) -> Subject:
    return Subject("ticket", ticket.id, f"#{ticket.number} {ticket.subject}")


def _wanted(ticket: Ticket, changes: Changes) -> dict[str, Any]:
    asked = {name: getattr(changes, name) for name in changes.__struct_fields__ if name != "tags"}
    if isinstance(asked["subject"], str):
        asked["subject"] = check_subject(asked["subject"])
    return {name: value for name, value in asked.items() if value is not UNSET and value != getattr(ticket, name)}


async def _check(tx: Transaction, wanted: dict[str, Any]) -> None:
    if wanted.get("assignee_id"):
        await check_assignee(tx, wanted["assignee_id"])
    if "requester_id" in wanted and not await tx.value(
        "select exists (select 1 from users where id = %(id)s)", id=wanted["requester_id"]
    ):
        raise Invalid(details={"requesterId": "There is nobody with this id."})


async def _update(tx: Transaction, ticket: Ticket, wanted: dict[str, Any]) -> None:
    values = {**wanted, **_moments(ticket, wanted.get("status"))}
    assignments = "".join(f", {name} = %({name})s" for name in values)
    try:
        await tx.run(
            f"update tickets set version = version + 1, updated_at = %(now)s{assignments} where id = %(ticket_id)s",
            ticket_id=ticket.id,
            now=clock.now(),
            **values,
        )
    except ForeignKeyViolation as unknown:
        raise Invalid(details={"departmentId": "There is no such department."}) from unknown


def _moments(ticket: Ticket, status: Status | None) -> dict[str, Any]:
    match status:
        case None:
            return {}
        case Status.RESOLVED:
            return {"resolved_at": clock.now(), "closed_at": None}
        case Status.CLOSED:
            return {"resolved_at": ticket.resolved_at or clock.now(), "closed_at": clock.now()}
        case _:
            return {"resolved_at": None, "closed_at": None}


async def _keep_findable(tx: Transaction, before: Ticket, after: Ticket) -> None:
    if (before.subject, before.requester_id) != (after.subject, after.requester_id):
        words = words_of(after.subject, after.requester_name, after.requester_email)
        await extend_search(tx, after.id, words, Visibility.PUBLIC)


def _facts(before: Ticket, after: Ticket, tags: TagChange, by: Actor) -> Iterator[TicketFact]:
    base = about(after, by.user_id)
    if before.status is not after.status:
        yield StatusChanged(**base, before=before.status, after=after.status)
    if before.priority is not after.priority:
        yield PriorityChanged(**base, before=before.priority, after=after.priority)
    if before.assignee_id != after.assignee_id:
        yield TicketAssigned(**base, before=before.assignee_id, after=after.assignee_id)
    if before.department_id != after.department_id:
        yield DepartmentChanged(**base, before=before.department_id, after=after.department_id)
    if before.requester_id != after.requester_id:
        yield RequesterChanged(**base, before=before.requester_id, after=after.requester_id)
    if before.subject != after.subject:
        yield SubjectChanged(**base)
    if tags != TagChange((), ()):
        yield TagsChanged(**base, added=tags.added, removed=tags.removed)
