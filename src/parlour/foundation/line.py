"""A connection to the database that takes several statements in one go, and says nothing twice."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from itertools import count
from typing import Any, Final, NamedTuple

from psycopg import AsyncConnection, generators
from psycopg._queries import PostgresQuery
from psycopg.abc import Params, PQGen, Transformer
from psycopg.adapt import Transformer as MakeTransformer
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus, Format, PipelineStatus
from psycopg.pq.abc import PGresult
from psycopg.rows import RowMaker

_PREPARED_FROM: Final = 2
"""The time a statement is said that has it prepared: many are said once only."""
_MOST_PREPARED: Final = 200
_FAILURES: Final = (ExecStatus.FATAL_ERROR, ExecStatus.BAD_RESPONSE)


class Asked(NamedTuple):
    """A statement with its parameters; `binary` asks for values in their binary form."""

    sql: str
    parameters: Params | None = None
    binary: bool = False
    prepare: bool = True


class Outcome:
    """What the database said to one statement."""

    __slots__ = ("_result", "_transformer")

    def __init__(self, transformer: Transformer, result: PGresult) -> None:
        self._transformer = transformer
        self._result = result

    @property
    def count(self) -> int:
        """How many rows were found or touched."""
        return self._result.command_tuples or 0

    @property
    def columns(self) -> tuple[str, ...]:
        encoding = self._transformer.encoding
        names = (self._result.fname(position) for position in range(self._result.nfields))
        return tuple(name.decode(encoding) for name in names if name is not None)

    def rows(self, make: RowMaker[Any] = tuple) -> list[Any]:
        self._transformer.set_pgresult(self._result)
        found: list[Any] = self._transformer.load_rows(0, self._result.ntuples, make)
        return found


Take = Callable[[Sequence[Asked]], Awaitable[list[Outcome]]]
"""Asks over some connection that lives."""


class Line(AsyncConnection[Any]):
    """One connection of the pool. What psycopg's cursors do beside this goes on as ever.

    A cursor costs more than what it carries: its own way of waiting, preparing and pipelining is made for any use. Here
    statements that go together travel together (PostgreSQL, "Pipeline Mode") and come back as one answer.
    """

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._said: OrderedDict[tuple[bytes, tuple[int, ...]], int] = OrderedDict()
        self._names: OrderedDict[tuple[bytes, tuple[int, ...]], bytes] = OrderedDict()
        self._numbers = count()

    async def say(self, words: str) -> None:
        """Words of ours without parameters and results; several statements, if need be."""
        async with self.lock:
            results = await self.wait(_said(self, words.encode()))
        for result in results:
            if result.status in _FAILURES:
                raise error_from_result(result, encoding=self.info.encoding)

    async def ask(self, asked: Sequence[Asked]) -> list[Outcome]:
        """One answer to all of them. Outside of a transaction they are one by themselves.

        Raises what the first one that fails raises; none after it is done.
        """
        async with self.lock:
            sent = _Sent(self, asked)
            try:
                results = await self.wait(sent.travel())
            except BaseException:
                if self.pgconn.pipeline_status != PipelineStatus.OFF:
                    # Broken off in the midst: nobody can tell what would come next on it.
                    await self.close()
                raise
        return sent.understood(results)


class _Sent:
    """Statements on their way: each is prepared, once it has been said before."""

    def __init__(self, line: Line, asked: Sequence[Asked]) -> None:
        self._line = line
        self._calls: list[Callable[[], None]] = []
        self._prepares: dict[int, tuple[tuple[bytes, tuple[int, ...]], bytes]] = {}
        self._outcomes: list[tuple[int, Transformer]] = []
        for one in asked:
            self._add(one)

    def travel(self) -> PQGen[list[PGresult]]:
        pgconn = self._line.pgconn
        if len(self._calls) == 1:
            self._calls[0]()
            found: list[PGresult] = yield from generators.execute(pgconn)
            return found
        pgconn.enter_pipeline_mode()
        for call in self._calls:
            call()
        pgconn.pipeline_sync()
        yield from generators.send(pgconn)
        results: list[PGresult] = []
        while True:
            result = yield from generators.fetch(pgconn)
            if result is None:
                continue
            if result.status == ExecStatus.PIPELINE_SYNC:
                break
            results.append(result)
        pgconn.exit_pipeline_mode()
        return results

    def understood(self, results: list[PGresult]) -> list[Outcome]:
        """Raises what the database refused."""
        line = self._line
        for position, (key, name) in self._prepares.items():
            if position < len(results) and results[position].status == ExecStatus.COMMAND_OK:
                line._names[key] = name
        for result in results:
            if result.status in _FAILURES:
                raise error_from_result(result, encoding=line.info.encoding)
        return [Outcome(transformer, results[position]) for position, transformer in self._outcomes]

    def _add(self, asked: Asked) -> None:
        line, pgconn = self._line, self._line.pgconn
        transformer: Transformer = MakeTransformer(line)
        query = PostgresQuery(transformer)
        query.convert(asked.sql, asked.parameters)
        wanted = Format.BINARY if asked.binary else Format.TEXT
        name = self._name(query) if asked.prepare else None
        self._outcomes.append((len(self._calls), transformer))
        if name is None:
            said, params, types, formats = query.query, query.params, query.types, query.formats
            self._calls.append(lambda: pgconn.send_query_params(said, params, types, formats, wanted))
            return
        params, formats = query.params, query.formats
        self._calls.append(lambda: pgconn.send_query_prepared(name, params, formats, wanted))

    def _name(self, query: PostgresQuery) -> bytes | None:
        """The prepared statement of it; None for one that is not worth it."""
        line, key = self._line, (query.query, query.types)
        if name := line._names.get(key):
            line._names.move_to_end(key)
            return name
        for other, coming in self._prepares.values():
            if other == key:
                return coming
        line._said[key] = said = line._said.pop(key, 0) + 1
        if len(line._said) > _MOST_PREPARED:
            line._said.popitem(last=False)
        if said < _PREPARED_FROM:
            return None
        del line._said[key]
        self._forget_one()
        name = b"said_%d" % next(line._numbers)
        self._prepares[len(self._calls)] = (key, name)
        text, types, pgconn = query.query, query.types, line.pgconn
        self._calls.append(lambda: pgconn.send_prepare(name, text, types))
        return name

    def _forget_one(self) -> None:
        line = self._line
        if len(line._names) < _MOST_PREPARED:
            return
        _, name = line._names.popitem(last=False)
        pgconn = line.pgconn
        self._calls.append(lambda: pgconn.send_close_prepared(name))


def _said(line: Line, words: bytes) -> PQGen[list[PGresult]]:
    line.pgconn.send_query(words)
    found: list[PGresult] = yield from generators.execute(line.pgconn)
    return found
