"""A `parlour up` to measure: started, measured for memory, and ended."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from parlour.children import prepared

ROOT = Path(__file__).parents[1]
PARLOUR = [sys.executable, "-m", "parlour"]


@dataclass
class Installation:
    """Where it is, and who runs it."""

    data: Path
    port: int
    smtp_port: int
    parent: "subprocess.Popen[bytes]"
    seconds_to_healthy: float
    guests: list[int] = field(default_factory=list)
    """Processes started beside, which count among its own."""

    def get(self, path: str, headers: dict[str, str]) -> bytes:
        return self.ask("GET", path, headers)

    def ask(self, method: str, path: str, headers: dict[str, str], body: bytes | None = None) -> bytes:
        """One answer. Raises `RuntimeError` where it is a refusal."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {content[:300]!r}")
        return content

    def token(self, email: str) -> dict[str, str]:
        """The header of a program that acts for this person."""
        command = [*PARLOUR, "token", "create", "--data", str(self.data), "--email", email]
        token = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
        return {"Authorization": f"Bearer {token}"}

    def session(self, email: str) -> dict[str, str]:
        """The header of a browser that this person has signed in with."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        form = urlencode({"email": email, "password": "parlour-demo"})
        origin = f"http://127.0.0.1:{self.port}"
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": origin}
        connection.request("POST", "/sign-in", form, headers)
        answer = connection.getresponse()
        cookies = answer.msg.get_all("Set-Cookie") or []
        connection.close()
        return {"Cookie": "; ".join(cookie.partition(";")[0] for cookie in cookies)}

    @property
    def servers(self) -> dict[str, str]:
        found: dict[str, str] = json.loads((self.data / "servers.json").read_text())
        return found

    def memory(self) -> dict[str, float]:
        """Resident megabytes of each kind of process; what several share is counted once."""
        kinds: dict[str, float] = {}
        for pid in self.family():
            with suppress(OSError):
                kind = _kind(Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " "))
                kinds[kind] = kinds.get(kind, 0) + _proportional(pid) / 1024
        return kinds | {"all": sum(kinds.values())}

    def family(self) -> list[int]:
        found = [self.parent.pid, *self.guests]
        parents = _parents()
        for ancestor in found:
            found.extend(pid for pid, parent in parents.items() if parent == ancestor)
        return found

    def workers(self) -> list[int]:
        return [pid for pid in self.family() if "parlour worker" in _command(pid)]


@contextmanager
def running(data: Path, workers: int, *, demo: bool = True) -> Iterator[Installation]:
    """Healthy inside; ended after it, its data kept."""
    port, smtp_port = free_port(), free_port()
    command = [*PARLOUR, "up", "--data", str(data), "--workers", str(workers), *(["--demo"] if demo else [])]
    command += ["--port", str(port), "--smtp-port", str(smtp_port)]
    data.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    with open(data / "messages", "ab") as messages:
        environment = {**os.environ, "PARLOUR_RATE_LIMITS": "off", "PARLOUR_LOG_LEVEL": "warning"}
        # The mail server that stands in for a provider's is on this machine.
        environment["PARLOUR_PRIVATE_HOSTS"] = "allow"
        dying_with_us = prepared(signal.SIGTERM)
        parent = subprocess.Popen(
            command, env=environment, stdout=messages, stderr=messages, cwd=ROOT, preexec_fn=dying_with_us
        )
    try:
        _wait_until_healthy(parent, port, data)
        yield Installation(data, port, smtp_port, parent, time.monotonic() - begun)
    finally:
        parent.send_signal(signal.SIGTERM)
        parent.wait(60)


def _wait_until_healthy(parent: "subprocess.Popen[bytes]", port: int, data: Path) -> None:
    deadline = time.monotonic() + 120
    while parent.poll() is None and time.monotonic() < deadline:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        with suppress(OSError, http.client.HTTPException):
            connection.request("GET", "/api/health")
            if connection.getresponse().status == 200:
                return
        connection.close()
        time.sleep(0.01)
    raise SystemExit(f"Parlour did not become healthy:\n{(data / 'messages').read_text()[-2000:]}")


def _proportional(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def _kind(command: str) -> str:
    for words, kind in (
        ("parlour web", "web"),
        ("parlour worker", "worker"),
        ("parlour up", "supervisor"),
        ("valkey", "Valkey"),
    ):
        if words in command:
            return kind
    return "PostgreSQL"


def _parents() -> dict[int, int]:
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                found[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    return found


def _command(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    return ""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
