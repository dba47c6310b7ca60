"""An installation with keys of its own: a database, a folder, and the command `parlour keys` as a process."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from parlour import embedded
from parlour.connections import Servers
from parlour.foundation import ids, installation
from parlour.foundation.installation import Installation
from parlour.foundation.settings import Settings
from parlour.reactions import REACTIONS


@dataclass(frozen=True)
class Safe:
    """Where it is."""

    settings: Settings

    @property
    def environment(self) -> dict[str, str]:
        """What a process is told of it."""
        return {
            "PARLOUR_DATA": str(self.settings.data),
            "PARLOUR_SECRET_KEY": self.settings.secret_key,
            "DATABASE_URL": self.settings.database_url,
            "REDIS_URL": self.settings.redis_url,
        }

    def command(self, *words: str, named: str = "keys") -> "subprocess.Popen[str]":
        """`parlour keys …` as a process, or another command."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("PARLOUR_", "DATABASE_"))}
        command = [sys.executable, "-m", "parlour", named, *words]
        pipe = subprocess.PIPE
        return subprocess.Popen(
            command, env=clean | self.environment, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT, text=True
        )

    def run(self, *words: str, named: str = "keys", says: str = "") -> tuple[int, str]:
        """How it ended, and what it printed."""
        process = self.command(*words, named=named)
        told, _ = process.communicate(says, timeout=120)
        return process.returncode, told

    @asynccontextmanager
    async def process(self) -> AsyncIterator[Installation]:
        async with installation.running(installation.build(self.settings, REACTIONS)) as built:
            yield built


def make_safe(servers: tuple[Path, Servers], settings: Settings, data: Path) -> Safe:
    """One with an empty database."""
    home, running = servers
    name = f"parlour_safe_{ids.new().hex[-12:]}"
    admin = running.url(home, "postgres", "postgres")
    embedded.sql(admin, f"create database {name} template parlour owner parlour_owner strategy file_copy")
    urls = {
        "database_url": running.url(home, "parlour_app", name),
        "owner_database_url": running.url(home, "parlour_owner", name),
    }
    return Safe(settings.model_copy(update={"data": data, **urls}))
