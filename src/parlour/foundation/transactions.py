"""What one unit of work asks of the database, walled off in one organization."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Any, Final, LiteralString, NoReturn, TypeVar
from uuid import UUID
from weakref import WeakValueDictionary

import msgspec
from procrastinate.jobs import Job

from parlour.foundation import clock
from parlour.foundation.crypto import Signer
from parlour.foundation.errors import NotFound
from parlour.foundation.facts import Fact
from parlour.foundation.jobs import Reaction, job
from parlour.foundation.line import Asked, Line, Outcome, Take
from parlour.foundation.rows import row_of

_LONGEST_TURN: Final = 1.0

Row = TypeVar("Row", bound=msgspec.Struct)
Ending = Callable[["Transaction"], Awaitable[None]]


class Turns:
    """Who is next in this process, by what they wait for."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def of(self, what: str) -> asyncio.Lock:
        return self._locks.setdefault(what, asyncio.Lock())


class Transaction:
    """One unit of work of one organization. Nobody below a door commits it."""

    def __init__(self, line: Line, organization_id: UUID, signer: Signer, turns: Turns) -> None:
        self.organization_id = organization_id
        self.signer = signer
        self.facts: list[Fact] = []
        self.queued: list[Job] = []
        self.moments: list[datetime] = []
        self.endings: list[Ending] = []
        self.is_reading = False
        self._line = line
        self._together: list[Asked] | None = None
        self._turns = turns
        self._mine: list[asyncio.Lock] = []

    async def one(self, struct: type[Row], sql: str, /, **parameters: Any) -> Row:
        """Exactly one row. Raises `NotFound` where there is none."""
        row = await self.maybe(struct, sql, **parameters)
        if row is None:
            raise NotFound()
        return row

    async def maybe(self, struct: type[Row], sql: str, /, **parameters: Any) -> Row | None:
        found = await self._rows(struct, Asked(sql, parameters, binary=True))
        return found[0] if found else None

    async def all(self, struct: type[Row], sql: str, /, **parameters: Any) -> list[Row]:
        return await self._rows(struct, Asked(sql, parameters, binary=True))

    async def all_planned_anew(self, struct: type[Row], sql: str, /, **parameters: Any) -> list[Row]:
        """The same, planned for these very values and this organization.

        A prepared statement keeps its plan: one made for a small organization can be a hundred times too slow for a
        large one. Planning costs a millisecond or two, so only for statements whose plan hangs on the values.
        """
        return await self._rows(struct, Asked(sql, parameters, binary=True, prepare=False))

    async def value(self, sql: str, /, **parameters: Any) -> Any:
        """The first column of the first row, or None where there is no row."""
        rows = (await self._ask(Asked(sql, parameters))).rows()
        return rows[0][0] if rows else None

    async def values(self, sql: str, /, **parameters: Any) -> list[Any]:
        """The first column of every row."""
        return [row[0] for row in (await self._ask(Asked(sql, parameters))).rows()]

    async def run(self, sql: str, /, **parameters: Any) -> int:
        """How many rows the statement touched."""
        return (await self._ask(Asked(sql, parameters))).count

    async def tell(self, sql: str, /, **parameters: Any) -> None:
        """A statement whose outcome nobody looks at: within `together` it is not waited for."""
        if self._together is None:
            await self._ask(Asked(sql, parameters))
        else:
            self._together.append(Asked(sql, parameters))

    @asynccontextmanager
    async def together(self) -> AsyncIterator[None]:
        """What is told inside travels with the next question, or at the end.

        So does what comes of it: an error is raised there.
        """
        self._together = []
        try:
            yield
            if self._together:
                await self._line.ask(self._together)
        finally:
            self._together = None

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

    async def take_turn(self, what: str) -> None:
        """Before a row that each of its kind locks until the commit: in this process, first come, first served.

        The database itself serves those who wait in no order, the slower the more of them there are. A courtesy only:
        whoever has waited for a second goes on, and it is the row's lock that keeps them apart.
        """
        turn = self._turns.of(f"{self.organization_id}:{what}")
        if turn in self._mine:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(_LONGEST_TURN):
                await turn.acquire()
            self._mine.append(turn)

    def end_turns(self) -> None:
        """With the commit, or without."""
        while self._mine:
            self._mine.pop().release()

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """Undo only what happens inside when it raises."""
        async with self._line.transaction():
            yield

    async def _rows(self, struct: type[Row], asked: Asked) -> list[Row]:
        outcome = await self._ask(asked)
        return outcome.rows(row_of(struct, asked.sql).maker(lambda: outcome.columns))

    async def _ask(self, asked: Asked) -> Outcome:
        told, self._together = self._together, None if self._together is None else []
        return (await self._line.ask([*(told or ()), asked]))[-1]


class Reading(Transaction):
    """Reads without a transaction around: every question travels with its wall, in one round trip.

    The two are one implicit transaction, so nothing of it stays on the connection, and there is nothing to end.
    """

    def __init__(self, take: Take, organization_id: UUID, signer: Signer) -> None:
        super().__init__(None, organization_id, signer, _NOBODYS)  # type: ignore[arg-type]
        self.is_reading = True
        self._take = take
        self._wall = Asked(_WALL, [str(organization_id)])

    def take_turn(self, what: str) -> NoReturn:
        raise RuntimeError("Nothing is locked here. Open a transaction.")

    def savepoint(self) -> NoReturn:
        raise RuntimeError("There is nothing here to undo. Open a transaction.")

    def together(self) -> NoReturn:
        raise RuntimeError("Nothing is written here. Open a transaction.")

    async def _ask(self, asked: Asked) -> Outcome:
        return (await self._take([self._wall, asked]))[-1]


_NOBODYS: Final = Turns()
_WALL: Final[LiteralString] = """
    select set_config('parlour.organization_id', %s, true), set_config('transaction_read_only', 'on', true)
"""
