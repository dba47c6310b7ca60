"""The background process: jobs, the clock, and the mail coming in."""

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final, get_type_hints
from uuid import UUID

import msgspec
import procrastinate
import structlog
from procrastinate.jobs import Job
from procrastinate.retry import BaseRetryStrategy, RetryDecision

from parlour import access, audit, email, erasure, live
from parlour.foundation import installation as installations
from parlour.foundation import jobs, logs
from parlour.foundation.installation import Installation
from parlour.foundation.jobs import Reaction, TryAgain, name_of
from parlour.foundation.settings import Settings
from parlour.listeners import imap, smtp
from parlour.reactions import REACTIONS
from parlour.schedule import SCHEDULE, Appointment

log = structlog.get_logger()

_MOST_ATTEMPTS: Final = 40
_LONGEST_WAIT: Final = timedelta(minutes=10)
_FACTS: Final = {fact.__name__: fact for fact in REACTIONS}


class Retry(BaseRetryStrategy):
    """After 1 s, 2 s, 4 s … up to 10 minutes apart, some six hours in all; or when the job itself says."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if isinstance(exception, TryAgain):
            return RetryDecision(retry_at=datetime.now(UTC) + exception.after)
        if job.attempts >= _MOST_ATTEMPTS:
            return None
        wait = min(timedelta(seconds=2 ** min(job.attempts, 10)), _LONGEST_WAIT)
        return RetryDecision(retry_at=datetime.now(UTC) + wait)


async def run(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT: then finish what was begun, and end."""
    logs.configure(settings.log_format, settings.log_level)
    async with (
        contextlib.aclosing(live.announcer(settings.redis_url)) as announce,
        installations.running(installations.build(settings, REACTIONS, announce)) as installation,
    ):
        queue = queue_of(installation)
        async with queue.open_async(), smtp.listening(installation), imap.fetching(installation):
            stopping = asyncio.Event()
            for ending in (signal.SIGTERM, signal.SIGINT):
                asyncio.get_running_loop().add_signal_handler(ending, stopping.set)
            await _work(queue, settings, stopping)


def queue_of(installation: Installation) -> procrastinate.App:
    """The job queue, with every job and appointment known to it by name."""
    connector = procrastinate.PsycopgConnector(
        conninfo=installation.settings.database_url,
        min_size=1,
        max_size=5,
        # The wall of the queue's table lets this name see every organization's jobs.
        kwargs={"application_name": "parlour worker"},
    )
    queue = procrastinate.App(connector=connector)
    functions: set[Reaction] = {reaction for reactions in REACTIONS.values() for reaction in reactions}
    functions |= {*access.JOBS, *audit.JOBS, *email.JOBS, *erasure.JOBS}
    for function in functions:
        queue.task(name=name_of(function), queue=jobs.place_of(function), retry=Retry())(
            _job_of(installation, function)
        )
    for appointment in SCHEDULE:
        _keep(queue, installation, appointment)
    return queue


def _job_of(installation: Installation, function: Reaction) -> Callable[..., Awaitable[None]]:
    kinds = get_type_hints(function)

    async def job(organization_id: str, fact: dict[str, Any] | None = None, **arguments: Any) -> None:
        typed = {name: msgspec.convert(value, kinds[name], strict=False) for name, value in arguments.items()}
        if fact:
            typed["fact"] = msgspec.convert(fact, _FACTS[fact["name"]], strict=False)
        with structlog.contextvars.bound_contextvars(organization_id=organization_id):
            await function(installation, UUID(organization_id), **typed)

    return job


def _keep(queue: procrastinate.App, installation: Installation, appointment: Appointment) -> None:
    look = partial(_look, installation, appointment)
    task = queue.task(
        name=f"schedule.{appointment.look.__name__}", queue=jobs.QUEUE, queueing_lock=appointment.look.__name__
    )
    queue.periodic(cron=appointment.cron)(task(look))


async def _look(installation: Installation, appointment: Appointment, timestamp: int) -> None:
    await appointment.look(installation)


async def _work(queue: procrastinate.App, settings: Settings, stopping: asyncio.Event) -> None:
    tasks = [
        asyncio.create_task(what)
        for what in (
            _rescue(queue, settings),
            stopping.wait(),
            _work_off(queue, jobs.QUEUE, settings.worker_concurrency, settings),
            _work_off(queue, jobs.OUTWARD, settings.sending_concurrency, settings),
        )
    ]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    for failure in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(failure, Exception):
            raise failure


async def _work_off(queue: procrastinate.App, name: str, at_once: int, settings: Settings) -> None:
    await queue.run_worker_async(
        queues=[name],
        name=name,
        concurrency=at_once,
        install_signal_handlers=False,
        delete_jobs="successful",
        fetch_job_polling_interval=2.0,
        update_heartbeat_interval=settings.worker_heartbeat,
        stalled_worker_timeout=settings.worker_stalled_after,
        shutdown_graceful_timeout=20,
    )


async def _rescue(queue: procrastinate.App, settings: Settings) -> None:
    """Give back the jobs of workers that died, so that another one takes them."""
    while True:
        stalled = await queue.job_manager.get_stalled_jobs(seconds_since_heartbeat=settings.worker_stalled_after)
        for job in stalled:
            # Another worker may have rescued it a moment ago.
            with contextlib.suppress(procrastinate.exceptions.ConnectorException):
                await queue.job_manager.retry_job(job, retry_at=datetime.now(UTC))
                log.warning("job rescued from a worker that died", job=job.task_name)
        await asyncio.sleep(settings.worker_heartbeat)
