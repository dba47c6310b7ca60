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

from benchmarks import database, load, mail, table, throughput
from benchmarks.installation import PARLOUR, ROOT, Installation, running
from benchmarks.load import Requests, Result

SMALL = 1_000
IN_TURN = 16
ROUNDS = 3
WRITES = {"create a ticket", "reply"}
AGENTS = {"acme": "bob@acme.test", "globex": "gina@globex.test"}
GROWING = {
    "list": "/api/tickets?limit=25",
    "list of two statuses": "/api/tickets?status=RESOLVED&status=CLOSED&limit=25",
    # Words of what is seeded, each in about the same share of either organization; every one fills the page in both.
    "search, in 56 %": "/api/tickets?q=hi&limit=25",
    "search, in 14 %": "/api/tickets?q=refund&limit=25",
    "search, in 8 %": "/api/tickets?q=grinder&limit=25",
    "search, in 3 %": "/api/tickets?q=milan&limit=25",
    # These are in so few that the page of the small one can't be full.
    "search, in 0.5 %": "/api/tickets?q=oona.abbott.47@seeded.test&limit=25",
    "search, in none": "/api/tickets?q=qqqq&limit=25",
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks/run")
    parser.add_argument("--tickets", type=int, default=100_000, help="in the large organization")
    parser.add_argument("--seconds", type=float, default=8, help="of each measurement")
    parser.add_argument("--mails", type=int, default=200)
    parser.add_argument("--backlog", type=int, default=2_000, help="mails that wait for the workers")
    parser.add_argument("--data", type=Path, default=ROOT / ".cache" / "benchmarks", help="kept from run to run")
    parser.add_argument("--output", type=Path, default=ROOT / ".cache" / "benchmarks.json")
    asked = parser.parse_args()
    figures: dict[str, Any] = {"machine": _machine(), "tickets": asked.tickets, "connections": load.CONNECTIONS}
    figures["first start, seconds"] = _first_start()
    data = _filled(asked.data, asked.tickets)
    figures["restart, seconds"] = [_restart(data) for _ in range(ROUNDS)]
    with running(data, 1) as here:
        _one_process(here, asked, figures)
    _keep(asked.output, figures)
    with running(data, 2) as here:
        figures["two processes"] = {
            name: asdict(_over_http(here, requests, asked.seconds)) for name, requests in _kinds(here).items()
        }
    _keep(asked.output, figures)
    with running(data, 1) as here:
        _say("mail")
        figures["mail"] = throughput.measure(here, asked.backlog, asked.mails)
    figures["machine"]["load after"] = round(os.getloadavg()[0], 2)
    _keep(asked.output, figures)
    print(table.of(figures))


def _keep(output: Path, figures: dict[str, Any]) -> None:
    # After each part: what follows may fail, and took long to come to.
    output.write_text(json.dumps(figures, indent=2) + "\n")


def _one_process(here: Installation, asked: argparse.Namespace, figures: dict[str, Any]) -> None:
    database.settle(here)
    time.sleep(5)
    figures["memory idle, MB"] = here.memory()
    # Before anything is written: both organizations are as they were filled.
    figures["growth"] = _growth(here, asked.seconds / 2)
    for group in ("one process", "database"):
        figures[group] = {}
    for name, requests in _kinds(here).items():
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
    database.settle(here)
    found = asyncio.run(mail.latencies(here, here.token(AGENTS["acme"]), asked.mails))
    figures["mail to screen, ms"] = {"p50": statistics.median(found), "p95": found[len(found) * 95 // 100]}


def _growth(here: Installation, seconds: float) -> dict[str, dict[str, Any]]:
    """How many times the rate falls from the small organization to the large one: the median of rounds in turn."""
    tokens = {organization: here.token(agent) for organization, agent in AGENTS.items()}
    found: dict[str, dict[str, Any]] = {}
    for name, path in GROWING.items():
        _say(name)
        rates: dict[str, list[float]] = {}
        for _ in range(ROUNDS):
            for organization, token in tokens.items():
                requests = Requests([path], token)
                over_http = load.measure(here.port, requests, seconds, warm_up=1).rate
                rates.setdefault(f"{organization} over HTTP", []).append(over_http)
                rates.setdefault(f"{organization} database", []).append(database.rate(here, requests, seconds))
        rows = [len(json.loads(here.get(path, token))["items"]) for token in tokens.values()]
        found[name] = {
            "rows of the page": rows,
            "rates": rates,
            "over HTTP": _times(rates["globex over HTTP"], rates["acme over HTTP"]),
            "database": _times(rates["globex database"], rates["acme database"]),
        }
    return found


def _times(small: list[float], large: list[float]) -> float:
    # Pair by pair: what else the machine does meanwhile slows both.
    return statistics.median(one / other for one, other in zip(small, large, strict=True))


def _kinds(here: Installation) -> dict[str, Requests]:
    agent = AGENTS["acme"]
    token, session = here.token(agent), here.session(agent)
    writing = {**token, "Content-Type": "application/json"}
    numbers = range(100, 100 + IN_TURN)
    opening = json.dumps({"subject": "The grinder hums", "body": "It hums, but nothing comes out."})
    answer = json.dumps({"body": "Please clean the burrs; the brush is in the lid."})
    return {
        "list": Requests(["/api/tickets?status=OPEN&priority=HIGH&limit=25"], token),
        "detail with comments": Requests([f"/api/tickets/{number}?comments=true" for number in numbers], token),
        "detail alone": Requests([f"/api/tickets/{number}" for number in numbers], token),
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


def _filled(data: Path, tickets: int) -> Path:
    """A fresh copy of the two organizations: what one run writes, the next doesn't find."""
    original, copy = data / f"filled-{tickets}", data / "run"
    if not (original / "done").exists():
        shutil.rmtree(data, ignore_errors=True)
        _fill(original, tickets)
    shutil.rmtree(copy, ignore_errors=True)
    subprocess.run(["cp", "-a", str(original), str(copy)], check=True)
    return copy


def _fill(data: Path, tickets: int) -> None:
    with running(data, 1):
        for organization, count in (("acme", tickets), ("globex", SMALL)):
            _say(f"{count:,} tickets for {organization}")
            command = [*PARLOUR, "seed", "--data", str(data), "--tickets", str(count), "--organization", organization]
            subprocess.run(command, check=True, cwd=ROOT)
    (data / "done").touch()


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
