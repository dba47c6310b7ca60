"""The real web process, as a child that a test may stop and start again."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from parlour.foundation.settings import Settings
from tests.waiting import until


class Web:
    """One process on one port."""

    def __init__(self, settings: Settings, log: Path) -> None:
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = log
        self._process: asyncio.subprocess.Process | None = None
        self._environment = {
            **os.environ,
            "DATABASE_URL": settings.database_url,
            "REDIS_URL": settings.redis_url,
            "PARLOUR_DATA": str(settings.data),
            "PARLOUR_SECRET_KEY": settings.secret_key,
            "PARLOUR_PORT": str(self.port),
            "PARLOUR_RATE_LIMITS": "off",
            "PARLOUR_DEVELOPMENT": "true",
        }

    async def start(self) -> None:
        """Returns once it answers."""
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "parlour", "web", env=self._environment, stdout=log, stderr=log
            )
        await until(self._answers, within=30)

    async def stop(self) -> None:
        if self._process is None or self._process.returncode is not None:
            return
        self._process.terminate()
        async with asyncio.timeout(30):
            await self._process.wait()

    async def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.returncode is None, self._log.read_text()
        async with httpx.AsyncClient() as client:
            try:
                return (await client.get(f"{self.url}/sign-in")).status_code == 200
            except httpx.TransportError:
                return False


@asynccontextmanager
async def web(settings: Settings, log: Path) -> AsyncIterator[Web]:
    """A web process that answers inside."""
    process = Web(settings, log)
    try:
        await process.start()
        yield process
    finally:
        await process.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
