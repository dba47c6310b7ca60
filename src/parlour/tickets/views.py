"""Views: the lists agents live in, and how many tickets wait in each."""

from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

from parlour.foundation.database import Transaction
from parlour.people import Actor
from parlour.tickets.inbox import Filter
from parlour.tickets.models import UNRESOLVED, Status
from parlour.tickets.visibility import tickets_seen_by

COUNTED_UP_TO: Final = 1000
"""A view that holds more is shown as `999+`: nobody counts further, and the database need not either."""


class View(StrEnum):
    """The lists everyone has. Each department is one more."""

    MINE = "mine"
    UNASSIGNED = "unassigned"
    UNRESOLVED = "unresolved"
    PENDING = "pending"
    RESOLVED = "resolved"
    CLOSED = "closed"
    ALL = "all"
    BIN = "bin"


class ViewCounts(msgspec.Struct, frozen=True):
    """How many unresolved tickets wait, 1,000 at most, in the views that ask for work, and in each department."""

    mine: int
    unassigned: int
    unresolved: int
    pending: int
    departments: dict[UUID, int]


def filter_of(view: View, actor: Actor) -> Filter:
    """What a view lists."""
    match view:
        case View.MINE:
            return Filter(statuses=UNRESOLVED, assignee_id=actor.user_id)
        case View.UNASSIGNED:
            return Filter(statuses=UNRESOLVED, assignee_id=None)
        case View.UNRESOLVED:
            return Filter(statuses=UNRESOLVED)
        case View.PENDING | View.RESOLVED | View.CLOSED:
            return Filter(statuses=(Status(view.name),))
        case View.ALL:
            return Filter()
        case View.BIN:
            return Filter(in_bin=True)


async def view_counts(tx: Transaction, *, seen_by: Actor) -> ViewCounts:
    """Two questions, each at a bounded cost."""
    seen, parameters = tickets_seen_by(seen_by)
    counts = await tx.one(
        _Counts,
        f"select {', '.join(_counted(name, condition, seen) for name, condition in _COUNTED.items())}",
        me=seen_by.user_id,
        most=COUNTED_UP_TO,
        **parameters,
    )
    departments = await tx.all(
        _DepartmentCount,
        f"select d.id, {_counted('waiting', 't.department_id = d.id and ' + _WAITING, seen)} from departments d",
        most=COUNTED_UP_TO,
        **parameters,
    )
    return ViewCounts(
        counts.mine,
        counts.unassigned,
        counts.unresolved,
        counts.pending,
        {department.id: department.waiting for department in departments},
    )


_WAITING = "t.status in ('OPEN', 'IN_PROGRESS', 'PENDING')"
_COUNTED = {
    "mine": f"t.assignee_id = %(me)s and {_WAITING}",
    "unassigned": f"t.assignee_id is null and {_WAITING}",
    "unresolved": _WAITING,
    "pending": "t.status = 'PENDING'",
}


def _counted(name: str, condition: str, seen: str) -> str:
    return f"""
        (select count(*) from (
            select 1 from tickets t where t.deleted_at is null and {condition} and {seen} limit %(most)s
        ) waiting) as {name}
    """


class _Counts(msgspec.Struct):
    mine: int
    unassigned: int
    unresolved: int
    pending: int


class _DepartmentCount(msgspec.Struct):
    id: UUID
    waiting: int
