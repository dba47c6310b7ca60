"""Jobs that ride in the caller's transaction: queued if and only if it commits."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
import procrastinate
from procrastinate.jobs import Job
from procrastinate.manager import JobManager
from psycopg import AsyncConnection

from parlour.foundation.facts import Fact

QUEUE: Final = "parlour"
OUTWARD: Final = "parlour-outward"
"""Jobs that wait for the servers of others: however long these take, the jobs of `QUEUE` have places of their own."""

Reaction = Callable[..., Awaitable[None]]
"""An ordinary async function of a room: `(installation, organization_id, *, fact)`; retried, so idempotent."""

Reactions = Mapping[type[Fact], Sequence[Reaction]]


class TryAgain(Exception):
    """Raised by a job that wants to run again later, without that being a failure worth a log line."""

    def __init__(self, after: timedelta) -> None:
        super().__init__(f"try again after {after}")
        self.after = after


def only_when(concerns: Callable[[Any], bool]) -> Callable[[Reaction], Reaction]:
    """Marks a reaction that most facts of its kind do not concern: for the others no job is queued at all."""

    def mark(reaction: Reaction) -> Reaction:
        _CONCERNS[reaction] = concerns
        return reaction

    return mark


_CONCERNS: Final[dict[Reaction, Callable[[Any], bool]]] = {}


def outward(function: Reaction) -> Reaction:
    """Marks a job that waits for the servers of others."""
    _OUTWARD.add(name_of(function))
    return function


def place_of(function: Reaction) -> str:
    """Which queue its jobs go into."""
    return OUTWARD if name_of(function) in _OUTWARD else QUEUE


_OUTWARD: Final[set[str]] = set()


def name_of(function: Reaction) -> str:
    """How the queue calls a function: its room and its name, `email.send_reply`; stable when files are split."""
    module = function.__module__.removeprefix("parlour.").split(".")[0]
    return f"{module}.{function.__name__}"


class Queue:
    """Puts jobs into procrastinate's tables over a connection that somebody else commits."""

    def __init__(self) -> None:
        self._manager = JobManager(procrastinate.PsycopgConnector())

    async def put(self, connection: AsyncConnection[Any], jobs: Sequence[Job]) -> None:
        await self._manager.batch_defer_jobs_async(jobs=list(jobs), connection=connection)


def job(
    function: Reaction,
    organization_id: UUID,
    *,
    lock: str | None = None,
    at: datetime | None = None,
    **arguments: object,
) -> Job:
    """A job for `function`, now or at a moment. Jobs that share a lock run one after the other, in the order queued."""
    return Job(
        id=None,
        queue=place_of(function),
        priority=0,
        lock=lock,
        queueing_lock=None,
        task_name=name_of(function),
        scheduled_at=at,
        task_kwargs={"organization_id": str(organization_id), **msgspec.to_builtins(arguments)},
    )


def jobs_for(reactions: Reactions, organization_id: UUID, facts: Sequence[Fact]) -> list[Job]:
    """The jobs that must follow these facts: one a (fact, reaction)."""
    return [
        job(reaction, organization_id, fact={"name": fact.name, **msgspec.to_builtins(fact)})
        for fact in facts
        for reaction in reactions.get(type(fact), ())
        if reaction not in _CONCERNS or _CONCERNS[reaction](fact)
    ]
