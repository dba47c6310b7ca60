"""Lists of tickets: filtered, sorted, a page at a time, at a cost that does not grow with the organization."""

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import msgspec

from parlour.foundation.database import Transaction
from parlour.foundation.errors import BadRequest
from parlour.people import Actor
from parlour.tickets.matching import Sought, matches, matching_page, query, union
from parlour.tickets.models import TICKET_COLUMNS, TICKET_NEIGHBOURS, Priority, Source, Status, Ticket
from parlour.tickets.search import query_of
from parlour.tickets.visibility import parts_seen_by, tickets_seen_by

MOST_COUNTED: Final = 10_000
"""A total above this is given as this: counting further would cost more than it tells."""


class Sort(StrEnum):
    """The order of a list; each but the second has its newest or greatest first."""

    UPDATED = "-updatedAt"
    LEAST_RECENTLY_UPDATED = "updatedAt"
    CREATED = "-createdAt"
    FIRST_CREATED = "createdAt"
    PRIORITY = "-priority"
    NUMBER = "-number"


class Filter(msgspec.Struct, frozen=True):
    """Which tickets. Every part given must hold; within a part any value does. `assignee_id=None`: nobody's."""

    statuses: Sequence[Status] = ()
    priorities: Sequence[Priority] = ()
    assignee_id: UUID | None | msgspec.UnsetType = msgspec.UNSET
    department_ids: Sequence[UUID] = ()
    tags: Sequence[str] = ()
    requester_id: UUID | None = None
    participant_id: UUID | None = None
    company_id: UUID | None = None
    sources: Sequence[Source] = ()
    created_from: datetime | None = None
    created_before: datetime | None = None
    updated_from: datetime | None = None
    updated_before: datetime | None = None
    q: str = ""
    in_bin: bool = False


class Page(msgspec.Struct, frozen=True):
    """Some tickets, and the cursor that continues after them, if more follow."""

    tickets: list[Ticket]
    next: str | None


class BadCursor(BadRequest):
    """That cursor is not one of ours, or belongs to another order. Start again without `after`."""


async def list_page(
    tx: Transaction,
    which: Filter,
    *,
    seen_by: Actor,
    sort: Sort = Sort.UPDATED,
    after: str | None = None,
    limit: int = 25,
) -> Page:
    """One page. Raises `BadCursor`."""
    statement, parameters = page_statement(which, seen_by=seen_by, sort=sort, after=after, limit=limit)
    ask = tx.all_planned_anew if which.q or which.tags else tx.all
    found = await ask(Ticket, statement, **parameters)
    if len(found) <= limit:
        return Page(found, None)
    return Page(found[:limit], _cursor(sort, found[limit - 1]))


async def count(tx: Transaction, which: Filter, *, seen_by: Actor) -> int:
    """How many there are; more than 10,000 count as 10,000."""
    conditions, parameters = _conditions(which, seen_by)
    conditions += _some_status(which)
    asked = query(which.q, which.tags)
    if asked:
        conditions.insert(0, matches(seen_by, asked))
    table = "searchable_tickets" if asked else "tickets"
    counted: int = await tx.value(
        f"select count(*) from (select 1 from {table} t where {' and '.join(conditions)} limit %(most)s) found",
        most=MOST_COUNTED,
        **parameters,
    )
    return counted


def page_statement(
    which: Filter, *, seen_by: Actor, sort: Sort, after: str | None, limit: int
) -> tuple[str, dict[str, Any]]:
    """The statement of one page, of one row more than `limit`, and its parameters."""
    conditions, parameters = _conditions(which, seen_by)
    if after:
        conditions.append(_AFTER[sort])
        parameters |= _decoded(sort, after)
    order = _ORDER[sort]
    is_narrow = which.company_id is not None or which.participant_id is not None
    parts = [[]] if is_narrow else parts_seen_by(seen_by)
    branches = [[*branch, *part, *conditions] for branch in _branches(which, sort) for part in parts]
    if asked := query(which.q, which.tags):
        sought = Sought(asked, seen_by)
        picked = matching_page(branches, [*_some_status(which), *conditions], order, sought, limit + 1)
    else:
        picked = union(branches, order, limit + 1)
    statement = f"""
        with t as materialized (select * from ({picked}) t order by {order} limit {limit + 1})
        select {TICKET_COLUMNS} from t {TICKET_NEIGHBOURS} order by {order}
    """
    return statement, parameters


def _branches(which: Filter, sort: Sort) -> list[list[str]]:
    """Conditions that together cover the list, each of which one index answers in order."""
    by_update = sort in (Sort.UPDATED, Sort.LEAST_RECENTLY_UPDATED)
    is_somebodys = (
        which.assignee_id is not msgspec.UNSET or len(which.department_ids) == 1 or which.company_id is not None
    )
    if not by_update or which.in_bin or not (which.statuses or which.priorities or is_somebodys):
        return [_some_status(which)]
    # One index scan a status, merged: each reads only as many rows as the page needs, wherever they lie.
    statuses = [f"t.status = '{Status(status).value}'" for status in which.statuses or Status]
    if not which.priorities or is_somebodys:
        return [[status] for status in statuses]
    priorities = [f"t.priority = '{Priority(priority).value}'" for priority in which.priorities]
    return [[status, priority] for status in statuses for priority in priorities]


def _some_status(which: Filter) -> list[str]:
    return [f"t.status in ({_listed(which.statuses)})"] if which.statuses else []


def _listed(statuses: Sequence[Status]) -> str:
    return ", ".join(f"'{Status(status).value}'" for status in statuses)


def _conditions(which: Filter, seen_by: Actor) -> tuple[list[str], dict[str, Any]]:
    seen, parameters = tickets_seen_by(seen_by)
    conditions = [seen, f"t.deleted_at is {'not ' if which.in_bin else ''}null"]
    if which.q:
        # What holds no word, only signs, matches nothing rather than everything: no ticket has this word.
        parameters["query"] = query_of(seen_by.organization_id, which.q) or "'~'"
    if which.tags:
        parameters["tags"] = [tag.lower() for tag in which.tags]
    if which.assignee_id is None:
        conditions.append("t.assignee_id is null")
    for name, condition in _PARTS.items():
        value = getattr(which, name)
        if value is not msgspec.UNSET and value not in (None, "", ()) and value != []:
            conditions.append(condition)
            parameters[name] = list(value) if isinstance(value, tuple) else value
    return conditions, parameters


_PARTS: Final = {
    "priorities": "t.priority = any(%(priorities)s)",
    "assignee_id": "t.assignee_id = %(assignee_id)s",
    "department_ids": "t.department_id = any(%(department_ids)s)",
    "requester_id": "t.requester_id = %(requester_id)s",
    "participant_id": """
        exists (
            select 1 from participants q
            where q.organization_id = t.organization_id and q.ticket_id = t.id and q.user_id = %(participant_id)s
        )
    """,
    "company_id": "t.company_id = %(company_id)s",
    "sources": "t.source = any(%(sources)s)",
    "created_from": "t.created_at >= %(created_from)s",
    "created_before": "t.created_at < %(created_before)s",
    "updated_from": "t.updated_at >= %(updated_from)s",
    "updated_before": "t.updated_at < %(updated_before)s",
}

_ORDER: Final = {
    Sort.UPDATED: "t.updated_at desc, t.id desc",
    Sort.LEAST_RECENTLY_UPDATED: "t.updated_at, t.id",
    Sort.CREATED: "t.created_at desc, t.id desc",
    Sort.FIRST_CREATED: "t.created_at, t.id",
    Sort.PRIORITY: "t.urgency desc, t.updated_at desc, t.id desc",
    Sort.NUMBER: "t.number desc",
}

_AFTER: Final = {
    Sort.UPDATED: "(t.updated_at, t.id) < (%(after_at)s, %(after_id)s)",
    Sort.LEAST_RECENTLY_UPDATED: "(t.updated_at, t.id) > (%(after_at)s, %(after_id)s)",
    Sort.CREATED: "(t.created_at, t.id) < (%(after_at)s, %(after_id)s)",
    Sort.FIRST_CREATED: "(t.created_at, t.id) > (%(after_at)s, %(after_id)s)",
    Sort.PRIORITY: "(t.urgency, t.updated_at, t.id) < (%(after_rank)s, %(after_at)s, %(after_id)s)",
    Sort.NUMBER: "t.number < %(after_rank)s",
}


class _Cursor(msgspec.Struct, array_like=True):
    sort: Sort
    at: datetime
    id: UUID
    rank: int


def _cursor(sort: Sort, last: Ticket) -> str:
    at = last.created_at if sort in (Sort.CREATED, Sort.FIRST_CREATED) else last.updated_at
    rank = last.number if sort is Sort.NUMBER else 1 + list(Priority).index(last.priority)
    packed = msgspec.json.encode(_Cursor(sort, at, last.id, rank))
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def _decoded(sort: Sort, after: str) -> dict[str, Any]:
    try:
        packed = base64.urlsafe_b64decode(after + "=" * (-len(after) % 4))
        cursor = msgspec.json.decode(packed, type=_Cursor)
    except (binascii.Error, ValueError, msgspec.MsgspecError) as garbled:
        raise BadCursor() from garbled
    if cursor.sort is not sort or cursor.at.tzinfo is None or not 0 <= cursor.rank < 2**31:
        raise BadCursor()
    return {"after_at": cursor.at, "after_id": cursor.id, "after_rank": cursor.rank}
