"""A whole `parlour up` in a folder of its own, and a look at all its processes."""

import http.client
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from parlour.children import until

# Generous: the machine may be busy with the other tests.
PATIENCE = 60


@dataclass
class Household:
    """One installation; it may be started and ended many times."""

    data: Path
    port: int = field(default_factory=lambda: free_port())
    smtp_port: int = field(default_factory=lambda: free_port())
    parent: "subprocess.Popen[str] | None" = None

    def start(self, *words: str) -> None:
        command = [sys.executable, "-m", "parlour", "up", "--data", str(self.data), *words]
        command += ["--port", str(self.port), "--smtp-port", str(self.smtp_port)]
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("PARLOUR_", "DATABASE_"))}
        with open(self.data.parent / "messages", "w") as messages:
            self.parent = subprocess.Popen(command, env=clean, stdout=messages, stderr=subprocess.STDOUT, text=True)

    def start_and_wait(self, *words: str) -> None:
        self.start(*words)
        assert until(lambda: self.healthy or not self.running, PATIENCE), self.messages
        assert self.healthy, self.messages

    @property
    def messages(self) -> str:
        return (self.data.parent / "messages").read_text()

    @property
    def running(self) -> bool:
        return self.parent is not None and self.parent.poll() is None

    @property
    def healthy(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/api/health")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    @property
    def family(self) -> set[int]:
        """The parent and all who descend from it."""
        assert self.parent is not None
        found, new = set[int](), {self.parent.pid}
        while new:
            found |= new
            new = {pid for pid, parent in everybody().items() if parent in new} - found
        return found

    def child(self, *words: str) -> int:
        """The process whose command holds these words."""
        assert self.parent is not None
        return next(
            pid
            for pid, parent in everybody().items()
            if parent == self.parent.pid and all(word in command_of(pid) for word in words)
        )

    def end(self, ending: signal.Signals = signal.SIGTERM) -> int:
        assert self.parent is not None
        self.parent.send_signal(ending)
        return self.parent.wait(PATIENCE)


@contextmanager
def household(folder: Path) -> Iterator[Household]:
    """Whatever a test did: nothing of it runs on."""
    home = Household(folder / "data")
    try:
        yield home
    finally:
        if home.running:
            home.end()


def everybody() -> dict[int, int]:
    """Every process that is not a zombie, and its parent."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, parent, *_ = (entry / "stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if state != "Z":
                found[int(entry.name)] = int(parent)
    return found


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
