"""The trail to take away: as CSV for a spreadsheet, or as JSON, a record a line. The oldest first."""

import csv
import io
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import msgspec

from parlour.audit import chain
from parlour.audit.acts import words_of
from parlour.audit.reading import Edge, Entry, TrailFilter, trail_onwards
from parlour.foundation.database import Database

_AT_ONCE: Final = 1000

COLUMNS: Final = (
    "position",
    "at",
    "act",
    "words",
    "outcome",
    "actor_id",
    "actor_name",
    "actor_email",
    "subject_kind",
    "subject_id",
    "subject_label",
    "address",
    "user_agent",
    "request_id",
    "details",
    "hash",
)


class Form(StrEnum):
    """How it is written."""

    CSV = "csv"
    JSONL = "jsonl"

    @property
    def media_type(self) -> str:
        return "text/csv; charset=utf-8" if self is Form.CSV else "application/jsonl; charset=utf-8"


async def export_trail(
    database: Database, organization_id: UUID, wanted: TrailFilter, form: Form, until: datetime
) -> AsyncIterator[bytes]:
    """Piece by piece, a thousand records in memory at once, each read in a transaction of its own: a slow reader holds
    up nobody. What is recorded after `until` is left out.
    """
    write = _WRITERS[form]
    if form is Form.CSV:
        yield _csv([COLUMNS])
    bounded = msgspec.structs.replace(wanted, until=min(wanted.until or until, until))
    after: Edge | None = None
    while True:
        async with database.reading(organization_id) as tx:
            found = await trail_onwards(tx, bounded, after, _AT_ONCE)
        if found:
            yield write(found)
        if len(found) < _AT_ONCE:
            return
        after = (found[-1].at, found[-1].position)


def _as_csv(entries: Sequence[Entry]) -> bytes:
    rows = [_row(entry) for entry in entries]
    return _csv([[_cell(row[name]) for name in COLUMNS] for row in rows])


def _as_lines(entries: Sequence[Entry]) -> bytes:
    return b"".join(msgspec.json.encode(_row(entry)) + b"\n" for entry in entries)


_WRITERS: Final[dict[Form, Callable[[Sequence[Entry]], bytes]]] = {Form.CSV: _as_csv, Form.JSONL: _as_lines}


def _row(entry: Entry) -> dict[str, Any]:
    row = msgspec.structs.asdict(entry)
    row |= {"at": _moment(entry.at), "words": words_of(entry.act), "hash": entry.hash.hex()}
    return {name: row[name] for name in COLUMNS}


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _cell(value: Any) -> str:
    text = chain.canonical(value).decode() if isinstance(value, dict) else "" if value is None else str(value)
    # A spreadsheet takes what begins like this for a formula, whoever has written it.
    return (
        f"'{text}" if text.lstrip(" ")[:1] in ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠") else text
    )


def _csv(rows: Sequence[Sequence[str]]) -> bytes:
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerows(rows)
    return written.getvalue().encode()
