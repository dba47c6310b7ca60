"""What an address asks of the audit trail's page, as it is written there."""

from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final, TypeVar
from urllib.parse import urlencode
from uuid import UUID

import msgspec

from parlour.audit import Act, Edge, Group, Outcome, TrailFilter
from parlour.entrance import Request
from parlour.foundation.errors import BadRequest

HERE: Final = "/dashboard/settings/audit"
_MOST_WORDS: Final = 200
_LAST_POSITION: Final = 2**53
Choice = TypeVar("Choice", bound=StrEnum)


class Asked(msgspec.Struct, frozen=True):
    """`what` is an act or a group of acts; `since` and `until` are days (UTC), both included."""

    q: str = ""
    what: str = ""
    outcome: str = ""
    since: str = ""
    until: str = ""
    actor: str = ""
    subject: str = ""
    address: str = ""
    after: str = ""

    def href(self, path: str = "", **other: str) -> str:
        """This page, or one below it, with something else asked; from its beginning, unless said otherwise."""
        query = {name: value for name, value in (msgspec.structs.asdict(self) | {"after": ""} | other).items() if value}
        return HERE + path + (f"?{urlencode(query)}" if query else "")

    @property
    def is_narrowed(self) -> bool:
        return any(value for name, value in msgspec.structs.asdict(self).items() if name != "after")

    @property
    def is_about_one(self) -> bool:
        """Whether something is asked that the form itself has no field for."""
        return bool(self.actor or self.subject or self.address)


def asked_of(request: Request) -> Asked:
    given = {name: request.query_params.get(name, "").replace("\x00", "").strip() for name in Asked.__struct_fields__}
    return Asked(**{name: value[:_MOST_WORDS] for name, value in given.items()})


def filter_of(asked: Asked) -> TrailFilter:
    """Raises `BadRequest`."""
    groups, acts = [], []
    if asked.what in Group.__members__:
        groups.append(Group(asked.what))
    elif asked.what:
        acts.append(_one_of(Act, asked.what))
    return TrailFilter(
        acts=acts,
        groups=groups,
        since=_day(asked.since),
        until=_day(asked.until, timedelta(days=1)),
        actor_id=_id(asked.actor),
        subject_id=asked.subject or None,
        outcome=_one_of(Outcome, asked.outcome) if asked.outcome else None,
        address=asked.address or None,
        words=asked.q,
    )


def edge_of(asked: Asked) -> Edge | None:
    """Raises `BadRequest`."""
    if not asked.after:
        return None
    moment, _, position = asked.after.partition("_")
    try:
        at = datetime.fromisoformat(moment)
        number = int(position)
    except ValueError as strange:
        raise BadRequest("That is no page of this list.") from strange
    if at.tzinfo is None or not 0 < number <= _LAST_POSITION:
        raise BadRequest("That is no page of this list.")
    return at, number


def written(edge: Edge) -> str:
    """As `edge_of` reads it."""
    return f"{edge[0].astimezone(UTC).strftime('%Y-%m-%dT%H:%M:%S.%fZ')}_{edge[1]}"


def _one_of(kind: type[Choice], value: str) -> Choice:
    try:
        return kind(value)
    except ValueError as strange:
        raise BadRequest("Choose one of the list.") from strange


def _day(value: str, more: timedelta = timedelta()) -> datetime | None:
    try:
        return datetime.combine(date.fromisoformat(value), time(), UTC) + more if value else None
    except (ValueError, OverflowError) as strange:
        raise BadRequest("A day is written 2026-01-31.") from strange


def _id(value: str) -> UUID | None:
    try:
        return UUID(value) if value else None
    except ValueError as strange:
        raise BadRequest("That is no id.") from strange
