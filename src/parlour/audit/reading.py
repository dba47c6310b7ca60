"""Looking through the trail: which records, the newest first; and who looked."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from psycopg.types.json import Jsonb

from parlour.audit import chain
from parlour.audit.acts import Act, Group
from parlour.audit.recording import Outcome, record
from parlour.foundation import clock
from parlour.foundation.circumstances import Somebody
from parlour.foundation.database import Transaction

Edge = tuple[datetime, int]
"""The moment and position that a page ended with."""

_SAME_LOOK: Final = timedelta(minutes=10)


class TrailFilter(msgspec.Struct, frozen=True):
    """Which records. `words` stand in the names of who acted and of what it was done to."""

    acts: Sequence[Act] = ()
    groups: Sequence[Group] = ()
    since: datetime | None = None
    until: datetime | None = None
    actor_id: UUID | None = None
    subject_id: str | None = None
    outcome: Outcome | None = None
    address: str | None = None
    words: str = ""


class Entry(msgspec.Struct, frozen=True):
    """A record as it is shown. `act` may be one that a newer version of the program has written."""

    position: int
    at: datetime
    act: str
    outcome: Outcome
    actor_id: UUID | None
    actor_name: str | None
    actor_email: str | None
    subject_kind: str | None
    subject_id: str | None
    subject_label: str | None
    address: str | None
    user_agent: str | None
    request_id: str | None
    details: dict[str, Any]
    hash: bytes


async def trail_page(tx: Transaction, wanted: TrailFilter, after: Edge | None = None, limit: int = 50) -> list[Entry]:
    """The newest first, from where a page ended."""
    conditions, values = _conditions(wanted)
    if after:
        conditions.append("(at, position) < (%(after_at)s, %(after_position)s)")
        values |= {"after_at": after[0], "after_position": after[1]}
    # What is rare in one organization fills another's trail: one plan for both would be a hundred times too slow.
    return await tx.all_planned_anew(
        Entry,
        f"{_SELECT} where {' and '.join(conditions)} order by at desc, position desc limit %(limit)s",
        limit=limit,
        **values,
    )


async def trail_onwards(tx: Transaction, wanted: TrailFilter, after: Edge | None, limit: int) -> list[Entry]:
    """The oldest first: for whoever takes all of it."""
    conditions, values = _conditions(wanted)
    if after:
        conditions.append("(at, position) > (%(after_at)s, %(after_position)s)")
        values |= {"after_at": after[0], "after_position": after[1]}
    return await tx.all_planned_anew(
        Entry,
        f"{_SELECT} where {' and '.join(conditions)} order by at, position limit %(limit)s",
        limit=limit,
        **values,
    )


async def trail_length(tx: Transaction) -> int:
    """How many records there are, without counting them."""
    length: int | None = await tx.value(
        "select last_position - coalesce((select max(position) from audit_checkpoints), 0) from audit_trails"
    )
    return length or 0


async def note_look(tx: Transaction, wanted: TrailFilter, *, by: Somebody) -> None:
    """That somebody looks. The same look again, within ten minutes, is none of its own: pages turn, screens refresh."""
    details = chain.plain(_asked(wanted))
    seen_before = await tx.value(
        """
        select exists (
            select 1 from audit_records
            where actor_id = %(actor_id)s and at > %(since)s and act = %(act)s and details = %(details)s
        )
        """,
        actor_id=by.user_id,
        since=clock.now() - _SAME_LOOK,
        act=Act.TRAIL_VIEWED.value,
        details=Jsonb(details),
    )
    if not seen_before:
        await record(tx, Act.TRAIL_VIEWED, by=by, details=details)


async def note_export(tx: Transaction, wanted: TrailFilter, form: str, *, by: Somebody) -> None:
    """That somebody takes it away."""
    await record(tx, Act.TRAIL_EXPORTED, by=by, details={"form": form, **_asked(wanted)})


def _asked(wanted: TrailFilter) -> dict[str, Any]:
    return {name: value for name, value in msgspec.structs.asdict(wanted).items() if value}


def _conditions(wanted: TrailFilter) -> tuple[list[str], dict[str, Any]]:
    acts = {act for act in Act if act.group in wanted.groups} | set(wanted.acts)
    found: dict[str, tuple[bool, Any]] = {
        "act = any(%(acts)s)": (bool(wanted.acts or wanted.groups), sorted(act.value for act in acts)),
        "at >= %(since)s": (wanted.since is not None, wanted.since),
        "at < %(until)s": (wanted.until is not None, wanted.until),
        "actor_id = %(actor_id)s": (wanted.actor_id is not None, wanted.actor_id),
        "subject_id = %(subject_id)s": (wanted.subject_id is not None, wanted.subject_id),
        # Each value in the text, so that the index of what was refused fits.
        f"outcome = '{wanted.outcome}'": (wanted.outcome is not None, None),
        "address = %(address)s": (wanted.address is not None, wanted.address),
        f"{_SEARCHED} ilike %(like)s": (bool(wanted.words), f"%{_literally(wanted.words)}%"),
    }
    names = ("acts", "since", "until", "actor_id", "subject_id", "outcome", "address", "like")
    values = {name: value for name, (_, value) in zip(names, found.values(), strict=True)}
    return ["true", *(condition for condition, (is_asked, _) in found.items() if is_asked)], values


def _literally(words: str) -> str:
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


_SEARCHED: Final = "concat_ws(' ', actor_name, actor_email, subject_label)"
_SELECT: Final = """
    select position, at, act, outcome, actor_id, actor_name, actor_email, subject_kind, subject_id, subject_label,
        address, user_agent, request_id, details, hash
    from audit_records
"""
