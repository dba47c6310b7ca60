"""What the database alone does: pgbench with the statements that the same requests cause."""

import os
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.installation import Installation
from benchmarks.load import CONNECTIONS, Requests
from benchmarks.statements import Statement, capture, script
from parlour import connections, embedded


def rate(here: Installation, requests: Requests, seconds: float) -> float:
    """Transactions a second, over as many connections as the requests come by, as the application's role."""
    since = datetime.now(UTC)
    with tempfile.TemporaryDirectory() as folder:
        # A search is planned anew each time, by the application too.
        protocol = "extended" if any("q=" in path for path in requests.paths) else "prepared"
        command = [str(embedded.postgres_bin() / "pgbench"), "-n", "-M", protocol, "-j", "1"]
        command += ["-c", str(CONNECTIONS), "-T", f"{seconds:.0f}"]
        with _held_still(here):
            captured = [_captured(here, requests, path) for path in requests.paths]
        for number, statements in enumerate(captured):
            text, variables = script(statements, since, f"v{number}")
            file = Path(folder, f"{number}.sql")
            file.write_text(text)
            command += ["-f", str(file)]
            command += [word for name, value in variables.items() for word in ("-D", f"{name}={value}")]
        url = connections.Servers(**here.servers).url(here.data, "parlour_app")  # type: ignore[arg-type]
        done = subprocess.run([*command, url], capture_output=True, text=True)
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    if done.returncode != 0 or found is None or "ERROR" in done.stderr:
        raise RuntimeError(f"pgbench failed:\n{done.stdout}\n{done.stderr[:3000]}")
    return float(found[1])


@contextmanager
def without_the_worker(here: Installation) -> Iterator[None]:
    """The worker held still, and what was queued meanwhile thrown away: its jobs would take part of the machine."""
    with _held_still(here):
        yield
        _ask(here, "delete from procrastinate_jobs where status = 'todo'")
    time.sleep(3)


def settle(here: Installation) -> None:
    """Nothing left to do: no jobs of earlier runs, statistics and free space in order, the journal written."""
    _ask(here, "delete from procrastinate_jobs where status = 'todo'")
    # Or the answers of an earlier measurement are tried again and again, to servers that don't exist.
    _ask(here, "delete from outbound_messages where state in ('QUEUED', 'SENDING')")
    _ask(here, "vacuum (analyze)")
    _ask(here, "checkpoint")


@contextmanager
def _held_still(here: Installation) -> Iterator[None]:
    # Whoever held one first lets it go.
    working = [pid for pid in here.workers() if _state(pid) != "T"]
    for pid in working:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in working:
            os.kill(pid, signal.SIGCONT)


def _state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def _captured(here: Installation, requests: Requests, path: str) -> list[Statement]:
    body = requests.body.encode() or None
    admin = connections.Servers(**here.servers).url(here.data, "postgres")  # type: ignore[arg-type]
    log = here.data / "postgres" / "log"
    return capture(admin, log, lambda: here.ask(requests.method, path, requests.headers, body))


def _ask(here: Installation, statement: str) -> None:
    embedded.sql(connections.Servers(**here.servers).url(here.data, "postgres"), statement)  # type: ignore[arg-type]
