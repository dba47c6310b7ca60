"""`benchmarks/run`: load two organizations, measure everything, print one table, write JSON."""

import argparse
import asyncio
import json
import os
import platform
import shutil
import statistics
import subprocess
import tempfile
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks import database, load, mail, table
from benchmarks.installation import PARLOUR, ROOT, Installation, running
from benchmarks.load import Requests, Result

SMALL = 1_000
IN_TURN = 16
WRITES = {"create a ticket", "reply"}


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks/run")
    parser.add_argument("--tickets", type=int, default=100_000, help="in the large organization")
    parser.add_argument("--seconds", type=float, default=8, help="of each measurement")
    parser.add_argument("--mails", type=int, default=200)
    parser.add_argument("--data", type=Path, default=ROOT / ".cache" / "benchmarks", help="kept from run to run")
    parser.add_argument("--output", type=Path, default=ROOT / ".cache" / "benchmarks.json")
    asked = parser.parse_args()
    figures: dict[str, Any] = {"machine": _machine(), "tickets": asked.tickets, "connections": load.CONNECTIONS}
    figures["first start, seconds"] = _first_start()
    _fill(asked.data, asked.tickets)
    figures["restart, seconds"] = [_restart(asked.data) for _ in range(3)]
    with running(asked.data, 1) as here:
        _one_process(here, asked, figures)
    with running(asked.data, 2) as here:
        figures["two processes"] = {
            name: asdict(_over_http(here, requests, asked.seconds)) for name, requests in _kinds(here, "acme").items()
        }
    asked.output.write_text(json.dumps(figures, indent=2) + "\n")
    print(table.of(figures))


def _one_process(here: Installation, asked: argparse.Namespace, figures: dict[str, Any]) -> None:
    database.settle(here)
    time.sleep(5)
    figures["memory idle, MB"] = here.memory()
    found = asyncio.run(mail.latencies(here, here.token("bob@acme.test"), asked.mails))
    figures["mail to screen, ms"] = {"p50": statistics.median(found), "p95": found[len(found) * 95 // 100]}
    for group in ("one process", "database", "small, one process", "small, database"):
        figures[group] = {}
    for name, requests in _kinds(here, "globex").items():
        if name in ("list", "search"):
            figures["small, one process"][name] = asdict(_over_http(here, requests, asked.seconds))
            figures["small, database"][name] = database.rate(here, requests, asked.seconds)
    for name, requests in _kinds(here, "acme").items():
        _say(name)
        if name in WRITES:
            database.settle(here)
            with database.without_the_worker(here):
                figures["one process"][name] = asdict(load.measure(here.port, requests, asked.seconds))
                figures["database"][name] = database.rate(here, requests, asked.seconds)
        else:
            with _memory_sampled(here, figures, load.WARM_UP_SECONDS + asked.seconds / 2):
                figures["one process"][name] = asdict(load.measure(here.port, requests, asked.seconds))
            figures["database"][name] = database.rate(here, requests, asked.seconds)


def _kinds(here: Installation, organization: str) -> dict[str, Requests]:
    """The same kinds for either organization."""
    agent = "bob@acme.test" if organization == "acme" else "gina@globex.test"
    token, session = here.token(agent), here.session(agent)
    writing = {**token, "Content-Type": "application/json"}
    numbers = range(100, 100 + IN_TURN)
    opening = json.dumps({"subject": "The grinder hums", "body": "It hums, but nothing comes out."})
    answer = json.dumps({"body": "Please clean the burrs; the brush is in the lid."})
    return {
        "list": Requests(["/api/tickets?status=OPEN&priority=HIGH&limit=25"], token),
        "detail": Requests([f"/api/tickets/{number}" for number in numbers], token),
        "comments": Requests([f"/api/tickets/{number}/comments" for number in numbers], token),
        "search": Requests([f"/api/tickets?q={word}&limit=25" for word in ("grinder", "invoice", "refund")], token),
        "dashboard list page": Requests(["/dashboard/views/unresolved"], session),
        "create a ticket": Requests(["/api/tickets"], writing, "POST", opening),
        "reply": Requests([f"/api/tickets/{number}/reply" for number in numbers], writing, "POST", answer),
    }


def _over_http(here: Installation, requests: Requests, seconds: float) -> Result:
    if requests.method == "GET":
        return load.measure(here.port, requests, seconds)
    database.settle(here)
    with database.without_the_worker(here):
        return load.measure(here.port, requests, seconds)


class _memory_sampled:  # noqa: N801 - reads as a sentence where it is used
    """The most memory in use in the midst of each measurement."""

    def __init__(self, here: Installation, figures: dict[str, Any], after: float) -> None:
        self._here, self._figures = here, figures
        self._timer = threading.Timer(after, self._sample)

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.join()

    def _sample(self) -> None:
        now = self._here.memory()
        before = self._figures.get("memory loaded, MB", {"all": 0})
        self._figures["memory loaded, MB"] = max(now, before, key=lambda memory: memory["all"])


def _first_start() -> float:
    with tempfile.TemporaryDirectory() as folder, running(Path(folder, "data"), 1, demo=False) as here:
        return here.seconds_to_healthy


def _restart(data: Path) -> float:
    with running(data, 1) as here:
        return here.seconds_to_healthy


def _fill(data: Path, tickets: int) -> None:
    done = data / f"filled-{tickets}"
    if done.exists():
        return
    shutil.rmtree(data, ignore_errors=True)
    with running(data, 1):
        for organization, count in (("acme", tickets), ("globex", SMALL)):
            _say(f"{count:,} tickets for {organization}")
            command = [*PARLOUR, "seed", "--data", str(data), "--tickets", str(count), "--organization", organization]
            subprocess.run(command, check=True, cwd=ROOT)
    done.touch()


def _machine() -> dict[str, Any]:
    return {
        "cores": os.cpu_count(),
        "load before": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "generator": "wrk" if shutil.which("wrk") else "our own",
    }


def _say(line: str) -> None:
    print(f"... {line}", flush=True)


if __name__ == "__main__":
    main()
