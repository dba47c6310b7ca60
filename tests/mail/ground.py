"""An installation of one test's own: its PostgreSQL may be restarted or killed, its three workers killed one by one."""

import asyncio
import os
import random
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from parlour import embedded
from parlour.children import prepared
from parlour.connections import Servers
from parlour.foundation import installation as installations
from parlour.foundation.installation import Installation
from parlour.foundation.settings import Settings
from parlour.reactions import REACTIONS
from tests.mail.folders import free_ports, own_folder
from tests.servers import copy_of_migrated
from tests.waiting import until

# Processes are killed here, the machine is not: what was handed to the kernel stays, so nothing need wait for the disk.
# But a commit must reach the kernel before it is told, or killing PostgreSQL would take back what was acknowledged.
_KEPT_BY_THE_KERNEL = ["-c", "fsync=off", "-c", "synchronous_commit=on", "-c", "full_page_writes=off"]


@dataclass
class Ground:
    """The servers below, and how to shake them."""

    home: Path
    servers: Servers
    settings: Settings
    restarts: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        home, servers = self.home, self.servers
        self._postgres = embedded.postgres(home / "postgres", servers.postgres_port)
        self._postgres.command = [*self._postgres.command, "-c", "max_connections=120", *_KEPT_BY_THE_KERNEL]
        self._valkey = embedded.valkey(home / "valkey", servers.valkey_port, servers.valkey_password, forgetful=True)

    async def start(self) -> None:
        # On this thread: a child is told of the end of the thread that started it.
        self._valkey.start()
        await self._start_postgres()

    async def stop(self) -> None:
        for child in (self._postgres, self._valkey):
            await asyncio.to_thread(child.stop)

    async def restart_postgres(self, ending: signal.Signals, pause: float = 1.0) -> None:
        """SIGINT is an orderly restart that breaks every connection; SIGKILL leaves a recovery to be done."""
        self.restarts.append(time.monotonic())
        process = self._postgres.process
        assert process is not None
        process.send_signal(ending)
        await asyncio.to_thread(process.wait)
        await asyncio.sleep(pause)
        await self._start_postgres()
        self.restarts.append(time.monotonic())

    async def _start_postgres(self) -> None:
        async def is_ready() -> bool:
            # The children of one that was killed may hold its memory for a moment yet.
            if not self._postgres.running:
                self._postgres.start()
            return await asyncio.to_thread(embedded.postgres_ready, self.servers.postgres_port)

        await until(is_ready, within=60)


@asynccontextmanager
async def ground() -> AsyncIterator[tuple[Ground, Installation]]:
    """The servers, and an installation of the test's own process over them."""
    with own_folder("ground") as home:
        # The servers' copy makes its own folder.
        servers = await asyncio.to_thread(copy_of_migrated, home / "data")
        settings = Settings(
            data=home / "installation",
            database_url=servers.url(home / "data", "parlour_app"),
            owner_database_url=servers.url(home / "data", "parlour_owner"),
            redis_url=embedded.valkey_url(servers.valkey_port, servers.valkey_password),
            secret_key="a secret of the tests, long enough to sign with",
            smtp_port=0,
        )
        settings.data.mkdir()
        below = Ground(home / "data", servers, settings)
        await below.start()
        try:
            async with installations.running(installations.build(settings, REACTIONS)) as installation:
                yield below, installation
        finally:
            await below.stop()


@dataclass
class _Hand:
    port: int
    process: asyncio.subprocess.Process | None = None


class Crew:
    """Worker processes that are started again whenever they end, as a supervisor does."""

    def __init__(self, settings: Settings, count: int, log: Path, **environment: str) -> None:
        self._hands = [_Hand(port) for port in free_ports(count)]
        self._log = log
        self._environment = {
            **os.environ,
            "DATABASE_URL": settings.database_url,
            "REDIS_URL": settings.redis_url,
            "PARLOUR_DATA": str(settings.data),
            "PARLOUR_SECRET_KEY": settings.secret_key,
            **environment,
        }
        self._keeping: list[asyncio.Task[None]] = []
        self._is_ending = False
        self.kills: list[float] = []

    @property
    def ports(self) -> list[int]:
        return [hand.port for hand in self._hands]

    @property
    def log(self) -> str:
        return self._log.read_text() if self._log.exists() else ""

    @property
    def pids(self) -> list[int]:
        return [hand.process.pid for hand in self._hands if hand.process and hand.process.returncode is None]

    async def kill_one(self, dice: random.Random) -> None:
        """With SIGKILL, whatever it is doing, starting up included."""
        alive = [hand for hand in self._hands if hand.process and hand.process.returncode is None]
        if alive:
            victim = dice.choice(alive).process
            assert victim is not None
            with suppress(ProcessLookupError):
                victim.kill()
                self.kills.append(time.monotonic())
            await victim.wait()

    async def start(self) -> None:
        self._keeping = [asyncio.create_task(self._keep(hand)) for hand in self._hands]

    async def stop(self) -> None:
        self._is_ending = True
        for hand in self._hands:
            if hand.process and hand.process.returncode is None:
                hand.process.terminate()
        await asyncio.wait_for(asyncio.gather(*self._keeping), 60)

    async def _keep(self, hand: _Hand) -> None:
        while not self._is_ending:
            with self._log.open("ab") as log:
                hand.process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-m", "parlour", "worker"),
                    env={**self._environment, "PARLOUR_SMTP_PORT": str(hand.port)},
                    stdout=log,
                    stderr=log,
                    preexec_fn=prepared(signal.SIGKILL),
                )
            await hand.process.wait()
            await asyncio.sleep(0.1)


@asynccontextmanager
async def crew(settings: Settings, count: int, log: Path, **environment: str) -> AsyncIterator[Crew]:
    """So many workers, inside."""
    hands = Crew(settings, count, log, **environment)
    await hands.start()
    try:
        yield hands
    finally:
        await hands.stop()
