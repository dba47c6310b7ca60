"""The only way to the database: one transaction, inside which the database itself walls off one organization."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final, LiteralString, TypeVar
from uuid import UUID

import msgspec
import structlog
from psycopg import OperationalError
from psycopg.types.json import Jsonb, set_json_loads
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from parlour.foundation import ids
from parlour.foundation.crypto import Signer
from parlour.foundation.doorways import Doorways
from parlour.foundation.errors import Unavailable
from parlour.foundation.facts import Fact
from parlour.foundation.jobs import Queue, Reactions, jobs_for
from parlour.foundation.line import Asked, Line, Outcome
from parlour.foundation.once import Once, claim
from parlour.foundation.transactions import Reading, Turns
from parlour.foundation.transactions import Transaction as Transaction

Done = TypeVar("Done")
Announce = Callable[[UUID, Sequence[Fact]], Awaitable[None]]
"""Tells the screens what was committed. Best effort: it may fail without harm, a screen heals by the version."""

log = structlog.get_logger()

# Parallel workers are for reports: an interactive question is over before they have started.
_SESSION = "-c timezone=UTC -c max_parallel_workers_per_gather=0"


class Database:
    """The pool of one process, as the role that owns nothing and can't bypass a wall."""

    def __init__(
        self,
        url: str,
        *,
        signer: Signer,
        pool_size: int = 16,
        kept_open: int = 1,
        reactions: Reactions | None = None,
        announce: Announce | None = None,
    ) -> None:
        self._signer = signer
        self._pool = AsyncConnectionPool[Line](
            url,
            connection_class=Line,
            min_size=kept_open,
            max_size=pool_size,
            open=False,
            timeout=10,
            configure=_configure,
            kwargs=_as(_SESSION),
        )
        # Those who write may wait for each other; however many do, half of the connections are left to those who read.
        self._writing = asyncio.Semaphore(max(pool_size // 2, min(pool_size, 4)))
        self._turns = Turns()
        self._reactions: Reactions = reactions or {}
        self._announce = announce
        self._queue = Queue()
        self.doorways = Doorways(self._ask_once)

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
        async with self._writing, self._begun(organization_id, "begin") as line:
            tx = Transaction(line, organization_id, self._signer, self._turns)
            try:
                if once:
                    await claim(line, organization_id, once)
                yield tx
                await self._write_down(line, tx)
            except BaseException:
                await _undo(line)
                raise
            finally:
                tx.end_turns()
        if tx.facts and self._announce:
            await self._announce(organization_id, tx.facts)

    @asynccontextmanager
    async def reading(self, organization_id: UUID) -> AsyncIterator[Transaction]:
        """Read inside one organization; writing is refused by the database.

        Each question sees what was committed when it was asked.
        """
        line: Line | None = None

        async def take(asked: Sequence[Asked]) -> list[Outcome]:
            nonlocal line
            if line:
                return await line.ask(asked)
            line, outcomes = await self._first_done(lambda line: line.ask(asked))
            return outcomes

        try:
            yield Reading(take, organization_id, self._signer)
        except OperationalError as broken:
            if line and line.closed:
                raise Unavailable() from broken
            raise
        finally:
            if line:
                await self._pool.putconn(line)

    @asynccontextmanager
    async def snapshot(self, organization_id: UUID) -> AsyncIterator[Transaction]:
        """Read inside one organization as it was at one moment, whatever is written meanwhile."""
        async with self._begun(organization_id, "begin isolation level repeatable read read only") as line:
            tx = Transaction(line, organization_id, self._signer, self._turns)
            tx.is_reading = True
            try:
                yield tx
            finally:
                await _undo(line)

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
    async def _begun(self, organization_id: UUID, begin: str) -> AsyncIterator[Line]:
        # One round trip for both: words without parameters may be several statements. A UUID holds nothing to escape.
        both = f"{begin}; set local parlour.organization_id = '{organization_id}'"
        line, _ = await self._first_done(lambda line: line.say(both))
        try:
            yield line
        except OperationalError as broken:
            if line.closed:
                raise Unavailable() from broken
            raise
        finally:
            await self._pool.putconn(line)

    async def _ask_once(self, asked: Sequence[Asked]) -> list[Outcome]:
        line, outcomes = await self._first_done(lambda line: line.ask(asked))
        await self._pool.putconn(line)
        return outcomes

    async def _first_done(self, ask: Callable[[Line], Awaitable[Done]]) -> tuple[Line, Done]:
        # After a restart of the database the pool still has connections that are dead, as their first word shows:
        # nothing was begun on them, so another one is taken, and nobody is told of it.
        for _ in range(self._pool.max_size + 1):
            try:
                line = await self._pool.getconn()
            except PoolTimeout as timeout:
                raise Unavailable() from timeout
            try:
                return line, await ask(line)
            except BaseException as failure:
                await self._pool.putconn(line)
                if not (isinstance(failure, OperationalError) and line.closed):
                    raise
        raise Unavailable()

    async def _write_down(self, line: Line, tx: Transaction) -> None:
        last = [
            Asked(_INSERT_ACTIVITY, _activity(tx, fact, at))
            for fact, at in zip(tx.facts, tx.moments, strict=True)
            if fact.is_kept
        ]
        jobs = jobs_for(self._reactions, tx.organization_id, tx.facts) + tx.queued
        if jobs:
            await self._queue.put(line, jobs)
        if tx.endings and last:
            await line.ask(last)
            last = []
        for ending in tx.endings:
            await ending(tx)
        # In one piece: what is locked stays so until then.
        await line.ask([*last, _COMMIT])


def _as(options: str) -> dict[str, Any]:
    # A line prepares by itself; psycopg beside it would, now and then, forget what both have prepared.
    return {"autocommit": True, "prepare_threshold": None, "application_name": "parlour", "options": options}


async def _configure(connection: Line) -> None:
    set_json_loads(msgspec.json.decode, connection)


async def _undo(line: Line) -> None:
    if line.closed:
        return
    try:
        await line.say("rollback")
    except OperationalError:
        # The connection is gone and the server has rolled back by itself; what is under way says why.
        await line.close()


_COMMIT: Final = Asked("commit")
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
