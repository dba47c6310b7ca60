"""Erasing an organization, in steps that can each be done again: whoever goes on after a crash begins at the first."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog

from parlour import access, audit
from parlour.erasure.rows import PIECE, erase_piece, tables
from parlour.foundation import clock, ids
from parlour.foundation.database import Transaction
from parlour.foundation.installation import Installation
from parlour.foundation.jobs import Reaction, TryAgain, name_of
from parlour.foundation.keys import destruction

log = structlog.get_logger()

SLUG_KEPT_FOR: Final = timedelta(days=90)
"""As long as an earlier short name: links in old mails must not lead to somebody else at once."""

_HOLD_SECONDS: Final = 15
"""After which another process goes on where one has died. A piece takes a hundredth of it."""

Said = Callable[[str], None]
Still = Callable[[], Awaitable[None]]


async def erase_organization(installation: Installation, organization_id: UUID) -> None:
    """Job: see `erase`."""
    await erase(installation, organization_id)


async def erase(installation: Installation, organization_id: UUID, said: Said = lambda words: None) -> None:
    """All there is of an organization whose time has come; `said` hears of each step.

    Nothing is left of it then but a line: its id, its short name for a while, and when it went. Raises `TryAgain` where
    another process is at it.
    """
    if not await _begin(installation, organization_id):
        return
    log.info("erasing an organization", organization_id=str(organization_id))
    async with _alone(installation, organization_id) as still_here:
        people = await access.end_all_sessions(installation, organization_id)
        said(f"{people:,} people signed out")
        await _drop_jobs(installation, organization_id)
        # Early: were this to end here for good, nothing sealed could be read already, here or in a backup.
        await destruction.destroy_with_everything(installation, organization_id)
        said("its keys destroyed")
        await _erase_files(installation, organization_id, still_here, said)
        await _erase_tables(installation, organization_id, still_here, said)
        await _erase_trail(installation, organization_id, still_here)
        await _end(installation, organization_id)
    await audit.weigh_anchor(installation, organization_id)
    await _drop_jobs(installation, organization_id)
    await _forget_in_valkey(installation, organization_id)
    log.info("an organization is erased", organization_id=str(organization_id))


async def _begin(installation: Installation, organization_id: UUID) -> bool:
    async with installation.database.transaction(organization_id) as tx:
        due = await tx.run(
            """
            update closings set erasing_since = coalesce(erasing_since, %(now)s)
            where erase_at <= %(now)s or erasing_since is not null
            """,
            now=clock.now(),
        )
    return bool(due)


async def _drop_jobs(installation: Installation, organization_id: UUID) -> None:
    """Those that wait. One that runs at this moment finds nothing any more, and is dropped at the end."""
    async with installation.database.transaction(organization_id) as tx:
        await tx.run(
            """
            delete from procrastinate_jobs
            where args ->> 'organization_id' = %(organization_id)s and status <> 'doing' and task_name <> %(this)s
            """,
            organization_id=str(organization_id),
            this=name_of(erase_organization),
        )


@asynccontextmanager
async def _alone(installation: Installation, organization_id: UUID) -> AsyncIterator[Still]:
    """One process at a time: of two, one would end with nothing there. Call what it gives with each piece."""
    cache, key, me = installation.cache, f"erasing:{organization_id}", str(ids.new())
    if not await cache.set(key, me, nx=True, ex=_HOLD_SECONDS):
        raise TryAgain(after=timedelta(seconds=_HOLD_SECONDS))

    async def still_here() -> None:
        await cache.set(key, me, ex=_HOLD_SECONDS)

    try:
        yield still_here
    finally:
        await cache.delete(key)


async def _erase_files(installation: Installation, organization_id: UUID, still_here: Still, said: Said) -> None:
    erased = 0
    async for some in installation.blobs.erasing(organization_id):
        await still_here()
        erased += some
    said(f"{erased:,} files erased")


async def _erase_tables(installation: Installation, organization_id: UUID, still_here: Still, said: Said) -> None:
    async with installation.database.reading(organization_id) as tx:
        order = await tables(tx)
    for table in order:
        erased, piece = 0, PIECE
        while piece:
            async with installation.database.transaction(organization_id) as tx:
                piece = await erase_piece(tx, table)
            await still_here()
            erased += piece
        if erased:
            said(f"{erased:,} rows of {table}")


async def _erase_trail(installation: Installation, organization_id: UUID, still_here: Still) -> None:
    erased = PIECE
    while erased:
        async with installation.database.transaction(organization_id) as tx:
            erased = await tx.value("select doorway_erase_audit_records(%(most)s)", most=PIECE)
        await still_here()


async def _forget_in_valkey(installation: Installation, organization_id: UUID) -> None:
    """What is counted and remembered by its id. What is kept by a person's or a ticket's ends by itself in minutes."""
    cache = installation.cache
    async for key in cache.scan_iter(match=f"*{organization_id}*", count=1000):
        await cache.delete(key)


async def _end(installation: Installation, organization_id: UUID) -> None:
    async with installation.database.transaction(organization_id) as tx:
        await _must_be_empty(tx)
        now = clock.now()
        await tx.value("select doorway_forget_organization(%(now)s, %(until)s)", now=now, until=now + SLUG_KEPT_FOR)


async def _must_be_empty(tx: Transaction) -> None:
    """Whoever was in the middle of something may have written a row meanwhile. Raises, so that all begins anew."""
    for table in await tables(tx):
        if await tx.value(f"select exists (select from {table})"):
            raise StillWrittenTo(table)


class StillWrittenTo(Exception):
    """A row came into a table that was empty already: the next attempt takes it along."""


JOBS: Final[tuple[Reaction, ...]] = (erase_organization,)
