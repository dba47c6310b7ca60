"""The real worker, as a process of its own that a test may kill."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from parlour.foundation import clock
from parlour.foundation.installation import Installation
from tests.access.outbox import AS_THE_WORKER

_NOWHERE = UUID(int=0)


class Background:
    """Starts, kills and starts again one worker with the same port and data."""

    def __init__(self, installation: Installation, smtp_url: str, log: Path, environment: Mapping[str, str]) -> None:
        settings = installation.settings
        self.port = _free_port()
        self._log = log
        self._process: asyncio.subprocess.Process | None = None
        self._environment = {
            **os.environ,
            "DATABASE_URL": settings.database_url,
            "REDIS_URL": settings.redis_url,
            "PARLOUR_DATA": str(settings.data),
            "PARLOUR_SECRET_KEY": settings.secret_key,
            "PARLOUR_SMTP_URL": smtp_url,
            "PARLOUR_SMTP_PORT": str(self.port),
            "PARLOUR_WORKER_HEARTBEAT": "0.2",
            "PARLOUR_WORKER_STALLED_AFTER": "1",
            # One customer writes more in a minute here than a person does in a day.
            "PARLOUR_MAIL_SENDER_LIMIT": "off",
            "PARLOUR_MAIL_DNS": "off",
            **environment,
        }

    async def start(self) -> None:
        """Returns once mail is taken."""
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "parlour", "worker", env=self._environment, stdout=log, stderr=log
            )
        async with asyncio.timeout(30):
            while not await self._is_taking():
                assert self._process.returncode is None, self._log.read_text()
                await asyncio.sleep(0.02)

    async def kill(self) -> None:
        """As a power cut would: no signal handler, no clean-up."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        await self._process.wait()

    async def stop(self) -> None:
        """As a new release would. Gives up waiting after half a minute."""
        if self._process is None or self._process.returncode is not None:
            return
        self._process.terminate()
        async with asyncio.timeout(30):
            await self._process.wait()
        assert self._process.returncode == 0, self._log.read_text()

    def peak_memory(self) -> int:
        """The most bytes that it has held at once."""
        assert self._process is not None
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        [line] = [line for line in status.splitlines() if line.startswith("VmHWM")]
        return int(line.split()[1]) * 1024

    def forget_peak_memory(self) -> None:
        """It is measured anew from now on."""
        assert self._process is not None
        Path(f"/proc/{self._process.pid}/clear_refs").write_text("5")

    async def _is_taking(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        writer.close()
        return True


@asynccontextmanager
async def background(
    installation: Installation, smtp_url: str, log: Path, **environment: str
) -> AsyncIterator[Background]:
    """A worker that runs inside, over a queue without what earlier tests left in it."""
    async with installation.database.transaction(_NOWHERE) as tx:
        await tx.run(AS_THE_WORKER)
        await tx.run("delete from procrastinate_jobs where status <> 'doing'")
    await _call_off_mail(installation)
    worker = Background(installation, smtp_url, log, environment)
    try:
        await worker.start()
        yield worker
    finally:
        await worker.stop()


async def _call_off_mail(installation: Installation) -> None:
    # What other tests left waiting is not to go out through the mail server of this one.
    far = clock.now() + timedelta(days=1000)
    doorways = installation.database.doorways
    theirs = {
        *await doorways.organizations_with_held_replies_due(far),
        *await doorways.organizations_with_mail_due(far),
    }
    for organization_id in theirs:
        async with installation.database.transaction(organization_id) as tx:
            await tx.run("update held_replies set cancelled_at = %(now)s", now=clock.now())
            await tx.run("update outbound_messages set state = 'CANCELLED' where state = 'QUEUED'")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
