"""A new data key for an organization, and everything of it sealed anew, while it is read and written.

What is done shows by itself, in the first bytes of each value and blob: however often this is killed, the next run goes
on where it stopped. The old key stays until nothing was found that needs it, and a day beyond.
"""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

import msgspec

from parlour.foundation import clock
from parlour.foundation.errors import NotFound
from parlour.foundation.installation import Installation
from parlour.foundation.keys.broken import SealBroken
from parlour.foundation.keys.columns import SealedColumn
from parlour.foundation.keys.keyring import FRESH, KeyRow, key_rows
from parlour.foundation.sealing import Place, beginning

_VALUES_AT_ONCE: Final = 100
_BLOBS_AT_ONCE: Final = 4
_KEPT_RETIRED: Final = timedelta(days=1)
"""A request that slept since before the rotation may still write with the old key: the next rotation finds it."""


class Report(msgspec.Struct):
    """What one run has done. `broken` can't be opened by anybody; the old keys stay because of it."""

    version: int
    values: int = 0
    blobs: int = 0
    broken: list[str] = []


class _Value(msgspec.Struct, frozen=True):
    mark: list[str]
    """Its primary key without the organization."""
    named: str
    row: str
    sealed: bytes


async def begin(here: Installation, organization_id: UUID) -> int | None:
    """The version that everything is to have: a new one, unless the last rotation is unfinished.

    None where nothing was ever sealed, and where the keys were destroyed.
    """
    async with here.database.reading(organization_id) as tx:
        rows = list((await key_rows(tx)).values())
        all_sealed = await tx.value("select all_sealed from organizations where id = current_organization()")
    if rows and rows[-1].destroyed_at:
        return None
    if not rows:
        return None if all_sealed else (await here.keys.current(organization_id)).version
    if all_sealed and not _in_use(rows[:-1]):
        await here.keys.make(organization_id, rows[-1].version + 1)
        return rows[-1].version + 1
    return rows[-1].version


async def finish(here: Installation, organization_id: UUID, version: int, columns: Sequence[SealedColumn]) -> Report:
    """Seal everything anew that has not this version, in small steps. Raises `Unavailable`; then run it again."""
    await _until_everybody_uses(here, organization_id, version)
    report = Report(version)
    for column in columns:
        await _values(here, organization_id, column, report)
    await _blobs(here, organization_id, report)
    if not report.broken:
        await _retire(here, organization_id, version)
    return report


async def left_over(here: Installation, organization_id: UUID, version: int, columns: Sequence[SealedColumn]) -> int:
    """How many values in the database have another version."""
    count = 0
    async with here.database.reading(organization_id) as tx:
        for column in columns:
            question = f"select count(*) from {column.table} where {_has_another_version(column)}"
            count += await tx.value(question, beginning=beginning(version))
    return count


async def _until_everybody_uses(here: Installation, organization_id: UUID, version: int) -> None:
    async with here.database.reading(organization_id) as tx:
        made_at = (await key_rows(tx))[version].created_at
    wait = FRESH + timedelta(seconds=1)
    passed = clock.now() - made_at
    # A clock that goes wrong makes it wait once more, not for ever.
    await asyncio.sleep(max(0.0, (wait - max(passed, timedelta())).total_seconds()))
    here.keys.forget(organization_id)


async def _values(here: Installation, organization_id: UUID, column: SealedColumn, report: Report) -> None:
    after: list[str] = []
    while True:
        places = {f"after_{number}": part for number, part in enumerate(after)}
        async with here.database.reading(organization_id) as tx:
            rows = await tx.all(
                _Value, _select(column, after=bool(after)), beginning=beginning(report.version), **places
            )
        if not rows:
            return
        sealed = [await _sealed_anew(here, organization_id, column, row, report) for row in rows]
        async with here.database.transaction(organization_id) as tx:
            for row, anew in zip(rows, sealed, strict=True):
                if anew:
                    named = {f"mark_{number}": part for number, part in enumerate(row.mark)}
                    # Where somebody has written meanwhile, theirs stays: it has the new version.
                    report.values += await tx.run(_update(column), anew=anew, before=row.sealed, **named)
        after = rows[-1].mark


async def _sealed_anew(
    here: Installation, organization_id: UUID, column: SealedColumn, row: _Value, report: Report
) -> bytes | None:
    place = Place(column.table, row.named, organization_id, row.row)
    try:
        return await here.sealer.seal(place, await here.sealer.open(place, row.sealed))
    except SealBroken:
        report.broken.append(f"{column.table}.{column.column} of {', '.join(row.mark)}")
        return None


async def _blobs(here: Installation, organization_id: UUID, report: Report) -> None:
    async for names in here.blobs.names(organization_id):
        for start in range(0, len(names), _BLOBS_AT_ONCE):
            some = names[start : start + _BLOBS_AT_ONCE]
            await asyncio.gather(*(_blob(here, name, report) for name in some))


async def _blob(here: Installation, name: str, report: Report) -> None:
    try:
        if await here.blobs.key_version(name) != report.version:
            await here.blobs.reseal(name)
            report.blobs += 1
    except NotFound:
        return
    except SealBroken:
        report.broken.append(f"the blob {name}")


async def _retire(here: Installation, organization_id: UUID, version: int) -> None:
    async with here.database.transaction(organization_id) as tx:
        await tx.run(
            """
            update data_keys set wrapped = null, destroyed_at = %(now)s
            where version < %(version)s and retired_at < %(long_ago)s and destroyed_at is null
            """,
            version=version,
            now=clock.now(),
            long_ago=clock.now() - _KEPT_RETIRED,
        )
        await tx.run(
            "update data_keys set retired_at = %(now)s where version < %(version)s and retired_at is null",
            version=version,
            now=clock.now(),
        )
        await tx.run("update organizations set all_sealed = true where id = current_organization()")
    here.keys.forget(organization_id)


def _in_use(rows: Iterable[KeyRow]) -> bool:
    return any(row.retired_at is None and row.destroyed_at is None for row in rows)


def _has_another_version(column: SealedColumn) -> str:
    return f"{column.column} is not null and substring({column.column} from 1 for 5) <> %(beginning)s"


def _select(column: SealedColumn, *, after: bool) -> str:
    keys = ", ".join(column.key)
    mark = ", ".join(f"{key}::text" for key in column.key)
    beyond = f"and ({keys}) > ({', '.join(f'%(after_{number})s' for number in range(len(column.key)))})"
    return f"""
        select array[{mark}] as mark, ({column.named or f"'{column.column}'"})::text as named,
            ({column.row})::text as row, {column.column} as sealed
        from {column.table}
        where {_has_another_version(column)} {beyond if after else ""}
        order by {keys}
        limit {_VALUES_AT_ONCE}
    """


def _update(column: SealedColumn) -> str:
    found = " and ".join(f"{key} = %(mark_{number})s" for number, key in enumerate(column.key))
    return f"update {column.table} set {column.column} = %(anew)s where {found} and {column.column} = %(before)s"
