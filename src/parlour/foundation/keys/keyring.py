"""Data keys: an organization has them by version, made at its first need; wrapped in the database, open in memory."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from uuid import UUID

import msgspec

from parlour.foundation import clock
from parlour.foundation.crypto import Signer
from parlour.foundation.database import Database, Transaction
from parlour.foundation.keys import ciphers
from parlour.foundation.keys.broken import KeyDestroyed, SealBroken
from parlour.foundation.keys.generations import Generations
from parlour.foundation.keys.halves import Halves
from parlour.foundation.keys.masters import Belonging, Masters, Wrapped
from parlour.foundation.settings import Settings

FRESH: Final = timedelta(seconds=5)
"""How old a process's knowledge of an organization's keys may be: rotation and destruction wait for no longer."""

_KEPT_OPEN: Final = timedelta(minutes=10)
_MOST: Final = 2000
_VALUES: Final = b"parlour values 1"
_BLOBS: Final = b"parlour blobs 1"


class DataKey(msgspec.Struct, frozen=True):
    """An opened one: for values in the database, and for blobs."""

    version: int
    values: bytes
    blobs: bytes


class KeyRow(msgspec.Struct, frozen=True):
    """A version as the database has it. Retired: no value was left that needs it."""

    version: int
    master: str
    wrapped: bytes | None
    created_at: datetime
    retired_at: datetime | None
    destroyed_at: datetime | None


class _Known(msgspec.Struct):
    read_at: datetime
    rows: dict[int, KeyRow]
    all_sealed: bool
    opened: dict[int, tuple[datetime, DataKey]]

    @property
    def newest(self) -> KeyRow | None:
        return self.rows[max(self.rows)] if self.rows else None


class Keyring:
    """The data keys of every organization, for one process. A warm question asks nobody."""

    def __init__(self, settings: Settings) -> None:
        self.masters = Masters(settings)
        store = settings.key_store or str(settings.data / "keys")
        self.halves = Halves(store)
        self.token_secrets = Generations(store, "access-tokens")
        # Its own connections: whoever needs a key may hold one of the others, and everybody may need one at once.
        signer = Signer(settings.secret_key)
        self._database = Database(settings.database_url, signer=signer, pool_size=6, kept_open=0)
        self._known: OrderedDict[UUID, _Known] = OrderedDict()
        self._under_way: dict[UUID, asyncio.Task[_Known]] = {}
        self._making = asyncio.Lock()

    async def open(self) -> None:
        self.masters.make_ready()
        await self._database.open()

    async def close(self) -> None:
        self._known.clear()
        await self._database.close()

    async def current(self, organization_id: UUID) -> DataKey:
        """What to seal with now. Raises `KeyDestroyed`, or `Unavailable` where the keys are out of reach."""
        known = await self._look(organization_id)
        if known.newest is None:
            known = await self._with_first(organization_id)
        if known.newest is None:
            raise SealBroken()
        if known.newest.destroyed_at:
            raise KeyDestroyed("The keys of this organization were destroyed: no file and no password can be kept.")
        return await self._opened(organization_id, known, known.newest)

    async def version(self, organization_id: UUID, version: int) -> DataKey:
        """What something was sealed with. Raises `KeyDestroyed`, `SealBroken`, or `Unavailable`."""
        known = await self._look(organization_id)
        if version not in known.rows:
            # Made by another process, a moment ago.
            known = await self._look(organization_id, anew=True)
        row = known.rows.get(version)
        if row is None:
            raise SealBroken()
        return await self._opened(organization_id, known, row)

    async def may_be_clear(self, organization_id: UUID) -> bool:
        """Whether things from before there were data keys may be left. Raises `KeyDestroyed`."""
        known = await self._look(organization_id)
        if known.newest and known.newest.destroyed_at:
            raise KeyDestroyed()
        return not known.all_sealed

    async def make(self, organization_id: UUID, version: int) -> None:
        """A new version; nothing where another process was first."""
        half = await (self.halves.make if version == 1 else self.halves.find)(organization_id)
        belonging = Belonging(organization_id, version)
        inner = ciphers.sealed(half, belonging.bond, ciphers.new_key())
        wrapped = await self.masters.current().wrap(inner, belonging)
        async with self._database.transaction(organization_id) as tx:
            await tx.run(
                """
                insert into data_keys (organization_id, version, master, wrapped, created_at)
                values (current_organization(), %(version)s, %(master)s, %(wrapped)s, %(now)s)
                on conflict do nothing
                """,
                version=version,
                master=wrapped.master,
                wrapped=wrapped.text,
                now=clock.now(),
            )
        self.forget(organization_id)

    async def rewrap(self, organization_id: UUID) -> int:
        """Wrap what other masters have wrapped with the present one. How many data keys that were."""
        master = self.masters.current()
        name, done = await master.name(), 0
        async with self._database.reading(organization_id) as tx:
            rows = await key_rows(tx)
        for row in rows.values():
            if row.wrapped is None or row.master == name:
                continue
            belonging = Belonging(organization_id, row.version)
            inner = await self.masters.unwrap(Wrapped(row.master, row.wrapped), belonging)
            anew = await master.wrap(inner, belonging)
            async with self._database.transaction(organization_id) as tx:
                done += await tx.run(
                    """
                    update data_keys set master = %(master)s, wrapped = %(anew)s
                    where version = %(version)s and wrapped = %(before)s
                    """,
                    version=row.version,
                    master=anew.master,
                    anew=anew.text,
                    before=row.wrapped,
                )
        self.forget(organization_id)
        return done

    def forget(self, organization_id: UUID) -> None:
        """Look again at the next question."""
        self._known.pop(organization_id, None)

    @asynccontextmanager
    async def alone_with(self, organization_id: UUID, name: str) -> AsyncIterator[Transaction]:
        """Nobody else of this installation is in here with this name at the same time."""
        async with self._database.transaction(organization_id) as tx:
            await tx.value("select pg_advisory_xact_lock(hashtextextended(%(name)s, 0))", name=name)
            yield tx

    async def _with_first(self, organization_id: UUID) -> _Known:
        # A hundred requests of a new organization make one key, and ask the KMS once.
        async with self._making:
            known = await self._look(organization_id, anew=True)
            if known.newest is None:
                await self.make(organization_id, 1)
                known = await self._look(organization_id, anew=True)
        return known

    async def _look(self, organization_id: UUID, *, anew: bool = False) -> _Known:
        known = self._known.get(organization_id)
        if known and not anew and abs(clock.now() - known.read_at) < FRESH:
            return known
        while anew and organization_id in self._under_way:
            # It may have looked before what we want to see.
            await asyncio.wait([self._under_way[organization_id]])
        task = self._under_way.get(organization_id)
        if task is None:
            task = asyncio.create_task(self._read(organization_id, known))
            self._under_way[organization_id] = task
            task.add_done_callback(partial(self._looked, organization_id))
        return await asyncio.shield(task)

    def _looked(self, organization_id: UUID, task: asyncio.Task[_Known]) -> None:
        self._under_way.pop(organization_id, None)
        # Whoever waited has been told; where nobody waits any more, nobody misses it.
        _ = task.cancelled() or task.exception()

    async def _read(self, organization_id: UUID, before: _Known | None) -> _Known:
        now = clock.now()
        async with self._database.reading(organization_id) as tx:
            rows = await key_rows(tx)
            # One that is being made right now, in a transaction of somebody else, begins with everything sealed.
            all_sealed = await tx.value("select all_sealed from organizations where id = current_organization()")
        kept = {
            version: opened
            for version, opened in (before.opened if before else {}).items()
            if now - opened[0] < _KEPT_OPEN and before and _same(before.rows.get(version), rows.get(version))
        }
        known = _Known(now, rows, all_sealed is not False, kept)
        self._known[organization_id] = known
        self._known.move_to_end(organization_id)
        while len(self._known) > _MOST or now - next(iter(self._known.values())).read_at > _KEPT_OPEN:
            self._known.popitem(last=False)
        return known

    async def _opened(self, organization_id: UUID, known: _Known, row: KeyRow) -> DataKey:
        if row.destroyed_at or row.wrapped is None:
            raise KeyDestroyed()
        if row.version not in known.opened:
            belonging = Belonging(organization_id, row.version)
            half = await self.halves.find(organization_id)
            inner = await self.masters.unwrap(Wrapped(row.master, row.wrapped), belonging)
            key = ciphers.opened(half, belonging.bond, inner)
            made = DataKey(row.version, ciphers.derived(key, _VALUES), ciphers.derived(key, _BLOBS))
            known.opened[row.version] = (clock.now(), made)
        return known.opened[row.version][1]


async def key_rows(tx: Transaction) -> dict[int, KeyRow]:
    """All versions of the organization, the oldest first."""
    rows = await tx.all(
        KeyRow,
        "select version, master, wrapped, created_at, retired_at, destroyed_at from data_keys order by version",
    )
    return {row.version: row for row in rows}


def _same(before: KeyRow | None, after: KeyRow | None) -> bool:
    return before is not None and after is not None and before.wrapped == after.wrapped and after.wrapped is not None
