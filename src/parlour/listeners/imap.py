"""Fetches mail from mailboxes on other servers, each by one worker at a time, told of new mail at once (IDLE)."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Final
from uuid import UUID

import psycopg
import structlog

from parlour import email
from parlour.email import sources
from parlour.foundation import clock, ids
from parlour.foundation.doorways import Whereabouts
from parlour.foundation.errors import NotFound, Unavailable
from parlour.foundation.installation import Installation
from parlour.foundation.tasks import end

_LOOK_SECONDS: Final = 1.0
_TAKEN_AT_ONCE: Final = 10
_MOST_MAILBOXES: Final = 300
# Mailboxes whose backlog is brought in at once: each has a few megabytes in hand.
_CATCHING_UP_AT_ONCE: Final = 4
# Servers end an IDLE after half an hour, routers forget a quiet connection earlier.
_IDLE_SECONDS: Final = 110.0
_STEADY_SECONDS: Final = 30.0
_LONGEST_WAIT: Final = 30

log = structlog.get_logger()


@asynccontextmanager
async def fetching(installation: Installation) -> AsyncIterator["Fetchers"]:
    """Mailboxes are read inside; afterwards others may read them at once."""
    fetchers = Fetchers(installation)
    looking = asyncio.create_task(fetchers.run())
    try:
        yield fetchers
    finally:
        await end([looking])
        await fetchers.close()


class Fetchers:
    """The mailboxes that this process reads."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._holder = ids.new()
        self._gate = asyncio.Semaphore(_CATCHING_UP_AT_ONCE)
        self._tasks: dict[Whereabouts, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Take what nobody reads: new mailboxes, changed ones, those of a worker that died."""
        while True:
            with suppress(Unavailable, psycopg.Error):
                await self._look()
            await asyncio.sleep(_LOOK_SECONDS * random.uniform(0.7, 1.3))  # noqa: S311

    async def close(self) -> None:
        await end(list(self._tasks.values()))

    async def _look(self) -> None:
        room = min(_TAKEN_AT_ONCE, _MOST_MAILBOXES - len(self._tasks))
        if room <= 0:
            return
        seconds = self._installation.settings.worker_stalled_after
        for place in await self._installation.database.doorways.mailboxes_to_fetch(room):
            if place in self._tasks:
                continue
            async with self._installation.database.transaction(place.organization_id) as tx:
                taken = await sources.take_lease(tx, place.id, self._holder, seconds)
            if taken:
                task = asyncio.create_task(self._keep(place))
                self._tasks[place] = task

    async def _keep(self, place: Whereabouts) -> None:
        with structlog.contextvars.bound_contextvars(organization_id=str(place.organization_id)):
            try:
                await _Fetcher(self._installation, place, self._holder, self._gate).run()
            except (sources.LeaseLost, NotFound):
                pass
            except Exception:
                log.exception("mailbox dropped", mailbox_id=str(place.id))
            finally:
                self._tasks.pop(place, None)
                with suppress(Unavailable, psycopg.Error):
                    async with self._installation.database.transaction(place.organization_id) as tx:
                        await sources.end_lease(tx, place.id, self._holder)


class _Fetcher:
    """One mailbox, for as long as the lease is ours."""

    def __init__(self, installation: Installation, place: Whereabouts, holder: UUID, gate: asyncio.Semaphore) -> None:
        self._installation = installation
        self._place = place
        self._holder = holder
        self._gate = gate
        self._broke_at: Counter[int] = Counter()
        self._failures = 0
        self._heard_at: datetime | None = None
        self._lease_ends = 0.0
        self._hold: sources.Hold | None = None

    async def run(self) -> None:
        """Renew the lease, and begin anew whenever the settings were changed. Raises `LeaseLost`."""
        session: asyncio.Task[None] | None = None
        revision = -1
        try:
            while (hold := await self._renew()).is_active:
                if session is None or hold.revision != revision:
                    await end([session] if session else [])
                    revision, self._failures = hold.revision, 0
                    session = asyncio.create_task(self._read())
                elif session.done():
                    session.result()
                await asyncio.sleep(self._installation.settings.worker_heartbeat)
        finally:
            await end([session] if session else [])

    async def _renew(self) -> sources.Hold:
        seconds = self._installation.settings.worker_stalled_after
        asked_at = time.monotonic()
        try:
            async with self._installation.database.transaction(self._place.organization_id) as tx:
                self._hold = await sources.renew_lease(tx, self._place.id, self._holder, seconds, self._heard_at)
            self._lease_ends = asked_at + seconds
        except (Unavailable, psycopg.Error) as away:
            # While the database is away nobody else can take it either; a lease that has run out is given up.
            if self._hold is None or time.monotonic() > self._lease_ends:
                raise sources.LeaseLost() from away
            return self._hold
        return self._hold

    async def _read(self) -> None:
        while True:
            began_at = time.monotonic()
            try:
                await self._converse()
            except sources.Trouble as trouble:
                await self._wait(trouble, time.monotonic() - began_at)
            except sources.Refused as refused:
                words = f"The mail server refuses to go on: {refused.words}"
                await self._wait(sources.Trouble(sources.Step.CONNECTION, words), time.monotonic() - began_at)
            except (Unavailable, psycopg.Error, OSError) as away:
                log.warning("mailbox waits for our own side", mailbox_id=str(self._place.id), error=str(away))
                await self._wait(None, time.monotonic() - began_at)

    async def _converse(self) -> None:
        organization_id, mailbox_id = self._place.organization_id, self._place.id
        async with self._installation.database.reading(organization_id) as tx:
            mailbox = await sources.find_mailbox(tx, mailbox_id)
        if mailbox.imap is None:
            raise sources.LeaseLost()
        reading = sources.Reading(
            self._installation, organization_id, mailbox, self._holder, email.take_in, self._broke_at
        )
        async with sources.opened(self._installation, organization_id, mailbox_id, mailbox.imap) as (
            connection,
            folder,
        ):
            async with self._installation.database.transaction(organization_id) as tx:
                await sources.note_success(tx, mailbox_id)
            await self._follow(reading, connection, folder)

    async def _follow(self, reading: sources.Reading, connection: sources.Connection, folder: sources.Folder) -> None:
        """Bring what is there, then wait to be told of more; where the server can't tell, look again and again."""
        can_idle = "IDLE" in connection.capabilities
        while True:
            async with self._gate:
                await sources.catch_up(reading, connection, folder)
            self._heard_at = clock.now()
            if can_idle:
                try:
                    told = await connection.idle(_IDLE_SECONDS)
                except sources.Refused:
                    can_idle, told = False, True
            else:
                await asyncio.sleep(self._installation.settings.imap_poll_seconds)
                told = False
            self._heard_at = clock.now()
            if not told and reading.mailbox.imap:
                # A sign of life, and whether messages still have the numbers that we know.
                folder = await connection.open(reading.mailbox.imap.folder)

    async def _wait(self, trouble: sources.Trouble | None, lasted: float) -> None:
        self._failures = 1 if lasted > _STEADY_SECONDS else self._failures + 1
        if trouble:
            log.info("mailbox not read", mailbox_id=str(self._place.id), step=trouble.step, words=trouble.words)
            with suppress(Unavailable, psycopg.Error):
                async with self._installation.database.transaction(self._place.organization_id) as tx:
                    await sources.note_trouble(tx, self._place.id, trouble)
        times = _LONGEST_WAIT if trouble and trouble.needs_somebody else min(2 ** (self._failures - 1), _LONGEST_WAIT)
        await asyncio.sleep(self._installation.settings.imap_retry_seconds * times * random.uniform(0.8, 1.2))  # noqa: S311
