"""The only way to the database: one transaction, inside which the database itself walls off one organization."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, LiteralString, TypeVar
from uuid import UUID

import msgspec
import structlog
from procrastinate.jobs import Job
from psycopg import AsyncConnection, AsyncCursor, OperationalError
from psycopg.types.json import Jsonb, set_json_loads
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from parlour.foundation import clock, ids
from parlour.foundation.crypto import Signer
from parlour.foundation.doorways import Doorways
from parlour.foundation.errors import NotFound, Unavailable
from parlour.foundation.facts import Fact
from parlour.foundation.jobs import Queue, Reaction, Reactions, job, jobs_for
from parlour.foundation.once import Once, claim
from parlour.foundation.rows import row_of

Row = TypeVar("Row", bound=msgspec.Struct)
Announce = Callable[[UUID, Sequence[Fact]], Awaitable[None]]
"""Tells the screens what was committed. Best effort: it may fail without harm, a screen heals by the version."""

Ending = Callable[["Transaction"], Awaitable[None]]

log = structlog.get_logger()

# Parallel workers are for reports: an interactive question is over before they have started.
_SESSION = "-c timezone=UTC -c max_parallel_workers_per_gather=0"


class Transaction:
    """One unit of work of one organization. Nobody below a door commits it."""

    def __init__(self, connection: AsyncConnection[Any], organization_id: UUID, signer: Signer) -> None:
        self.organization_id = organization_id
        self.signer = signer
        self.facts: list[Fact] = []
        self.queued: list[Job] = []
        self.moments: list[datetime] = []
        self.endings: list[Ending] = []
        self.is_reading = False
        self._connection = connection

    async def one(self, struct: type[Row], sql: str, /, **parameters: Any) -> Row:
        """Exactly one row. Raises `NotFound` where there is none."""
        row = await self.maybe(struct, sql, **parameters)
        if row is None:
            raise NotFound()
        return row

    async def maybe(self, struct: type[Row], sql: str, /, **parameters: Any) -> Row | None:
        cursor = AsyncCursor(self._connection, row_factory=row_of(struct, sql))
        await cursor.execute(sql, parameters, binary=True)
        return await cursor.fetchone()

    async def all(self, struct: type[Row], sql: str, /, **parameters: Any) -> list[Row]:
        cursor = AsyncCursor(self._connection, row_factory=row_of(struct, sql))
        await cursor.execute(sql, parameters, binary=True)
        return await cursor.fetchall()

    async def all_planned_anew(self, struct: type[Row], sql: str, /, **parameters: Any) -> list[Row]:
        """The same, planned for these very values and this organization.

        A prepared statement keeps its plan: one made for a small organization can be a hundred times too slow for a
        large one. Planning costs a millisecond or two, so only for statements whose plan hangs on the values.
        """
        cursor = AsyncCursor(self._connection, row_factory=row_of(struct, sql))
        await cursor.execute(sql, parameters, binary=True, prepare=False)
        return await cursor.fetchall()

    async def value(self, sql: str, /, **parameters: Any) -> Any:
        """The first column of the first row, or None where there is no row."""
        cursor = await self._connection.execute(sql, parameters)
        row = await cursor.fetchone()
        return None if row is None else row[0]

    async def values(self, sql: str, /, **parameters: Any) -> list[Any]:
        """The first column of every row."""
        cursor = await self._connection.execute(sql, parameters)
        return [row[0] for row in await cursor.fetchall()]

    async def run(self, sql: str, /, **parameters: Any) -> int:
        """How many rows the statement touched."""
        cursor = await self._connection.execute(sql, parameters)
        return cursor.rowcount

    def record(self, fact: Fact) -> None:
        """Written with the commit: the activities row and the jobs of `reactions.py`; screens hear of it afterwards."""
        self.facts.append(fact)
        self.moments.append(clock.now())

    def queue(
        self, function: Reaction, /, *, lock: str | None = None, at: datetime | None = None, **arguments: object
    ) -> None:
        """Queue one job of this organization, with the commit. Prefer a fact and a reaction."""
        self.queued.append(job(function, self.organization_id, lock=lock, at=at, **arguments))

    def at_the_end(self, ending: Ending) -> None:
        """Done as the last thing before the commit: for what takes a lock that everybody else waits for.

        Raises `RuntimeError` where nothing is written.
        """
        if self.is_reading:
            raise RuntimeError("Nothing is written here. Open a transaction.")
        self.endings.append(ending)

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """Undo only what happens inside when it raises."""
        async with self._connection.transaction():
            yield


class Database:
    """The pool of one process, as the role that owns nothing and can't bypass a wall."""

    def __init__(
        self,
        url: str,
        *,
        signer: Signer,
        pool_size: int = 8,
        kept_open: int = 1,
        reactions: Reactions | None = None,
        announce: Announce | None = None,
    ) -> None:
        self._signer = signer
        self._pool = AsyncConnectionPool[AsyncConnection[Any]](
            url,
            min_size=kept_open,
            max_size=pool_size,
            open=False,
            timeout=10,
            configure=_configure,
            kwargs=_as(_SESSION),
        )
        self._reactions: Reactions = reactions or {}
        self._announce = announce
        self._queue = Queue()
        self.doorways = Doorways(self._pool)

    def limit_statements(self, seconds: float) -> None:
        """For connections that are yet to be made: none may ask or idle longer. People wait, jobs don't."""
        milliseconds = int(seconds * 1000)
        limits = f"-c statement_timeout={milliseconds} -c idle_in_transaction_session_timeout={milliseconds * 2}"
        self._pool.kwargs = _as(f"{_SESSION} {limits}")

    async def open(self) -> None:
        await self._pool.open(wait=True)

    async def close(self) -> None:
        await self._pool.close()

    @asynccontextmanager
    async def transaction(self, organization_id: UUID, *, once: Once | None = None) -> AsyncIterator[Transaction]:
        """Read and write inside one organization: committed at the end, undone by any exception.

        Raises `Unavailable` where the database can't be reached, `AlreadyDone` where `once` was committed before.
        """
        async with self._begun(organization_id, "begin") as connection:
            tx = Transaction(connection, organization_id, self._signer)
            try:
                if once:
                    await claim(connection, organization_id, once)
                yield tx
                await self._write_down(connection, tx)
            except BaseException:
                await _undo(connection)
                raise
            await connection.execute("commit", prepare=False)
        if tx.facts and self._announce:
            await self._announce(organization_id, tx.facts)

    @asynccontextmanager
    async def reading(self, organization_id: UUID) -> AsyncIterator[Transaction]:
        """Read inside one organization; writing is refused by the database."""
        async with self._begun(organization_id, "begin read only") as connection:
            try:
                tx = Transaction(connection, organization_id, self._signer)
                tx.is_reading = True
                yield tx
            except BaseException:
                await _undo(connection)
                raise
            await connection.execute("commit", prepare=False)

    async def is_reachable(self) -> bool:
        try:
            async with self._pool.connection(timeout=2) as connection:
                await connection.execute("select 1")
        except (OperationalError, PoolTimeout):
            return False
        return True

    def pool_figures(self) -> dict[str, int]:
        """Connections open and free, and who waits for one."""
        return self._pool.get_stats()

    @asynccontextmanager
    async def _begun(self, organization_id: UUID, begin: str) -> AsyncIterator[AsyncConnection[Any]]:
        connection = await self._living(organization_id, begin)
        try:
            yield connection
        except OperationalError as broken:
            if connection.closed:
                raise Unavailable() from broken
            raise
        finally:
            await self._pool.putconn(connection)

    async def _living(self, organization_id: UUID, begin: str) -> AsyncConnection[Any]:
        # After a restart of the database the pool still has connections that are dead, as their first word shows:
        # nothing was begun on them, so another one is taken, and nobody is told of it.
        for _ in range(self._pool.max_size + 1):
            try:
                connection = await self._pool.getconn()
            except PoolTimeout as timeout:
                raise Unavailable() from timeout
            try:
                await _begin(connection, organization_id, begin)
                return connection
            except BaseException as failure:
                await self._pool.putconn(connection)
                if not (isinstance(failure, OperationalError) and connection.closed):
                    raise
        raise Unavailable()

    async def _write_down(self, connection: AsyncConnection[Any], tx: Transaction) -> None:
        for fact, at in zip(tx.facts, tx.moments, strict=True):
            if fact.is_kept:
                await connection.execute(_INSERT_ACTIVITY, _activity(tx, fact, at))
        jobs = jobs_for(self._reactions, tx.organization_id, tx.facts) + tx.queued
        if jobs:
            await self._queue.put(connection, jobs)
        for ending in tx.endings:
            await ending(tx)


def _as(options: str) -> dict[str, Any]:
    return {"autocommit": True, "application_name": "parlour", "options": options}


async def _configure(connection: AsyncConnection[Any]) -> None:
    set_json_loads(msgspec.json.decode, connection)


async def _begin(connection: AsyncConnection[Any], organization_id: UUID, begin: str) -> None:
    # One round trip for both: a statement without parameters may hold several. The id is a UUID, so nothing to escape.
    both = f"{begin}; set local parlour.organization_id = '{organization_id}'"
    await connection.execute(both, prepare=False)


async def _undo(connection: AsyncConnection[Any]) -> None:
    try:
        await connection.execute("rollback", prepare=False)
    except OperationalError:
        # The connection is gone and the server has rolled back by itself; what is under way says why.
        await connection.close()


_INSERT_ACTIVITY: LiteralString = """
    insert into activities (organization_id, id, ticket_id, name, actor_id, at, details)
    values (%(organization_id)s, %(id)s, %(ticket_id)s, %(name)s, %(actor_id)s, %(at)s, %(details)s)
"""


def _activity(tx: Transaction, fact: Fact, at: datetime) -> dict[str, Any]:
    return {
        "organization_id": tx.organization_id,
        "id": ids.new(),
        "ticket_id": getattr(fact, "ticket_id", None),
        "name": fact.name,
        "actor_id": fact.actor_id,
        "at": at,
        "details": Jsonb(msgspec.to_builtins(fact)),
    }
