"""`python -m benchmarks.sign_in`: what many sign-ins at once do to everybody else, idle and busy side by side.

Other people's requests come at a steady pace, as they do, and are timed one by one: first while nothing else happens,
then while fifty sign-ins are always under way. In turns, so that whatever else the machine does weighs on both.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from pathlib import Path

import aiohttp

from benchmarks.installation import Installation, running

_PAUSE = 0.02
_PATH = "/api/tickets?limit=25"


async def _steady(client: aiohttp.ClientSession, seconds: float, times: list[float]) -> None:
    until = time.perf_counter() + seconds
    due = time.perf_counter()
    while (begun := time.perf_counter()) < until:
        async with client.get(_PATH) as answer:
            await answer.read()
            answer.raise_for_status()
        # From when it was due: what had to wait for the one before waited all the same.
        times.append((time.perf_counter() - min(begun, due)) * 1000)
        due += _PAUSE
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        due = max(due, time.perf_counter() - 1)


async def _sign_in(client: aiohttp.ClientSession, number: int, done: list[float], stop: asyncio.Event) -> None:
    while not stop.is_set():
        begun = time.perf_counter()
        both = {"email": "bob@acme.test", "password": "parlour-demo" if number % 2 else "a guess"}
        async with client.post("/api/auth/sign-in", json=both) as answer:
            await answer.read()
        # A pause after too many guesses would cost nothing, and show nothing.
        if answer.status != (200 if number % 2 else 401):
            raise RuntimeError(f"A sign-in was answered with {answer.status}.")
        done.append((time.perf_counter() - begun) * 1000)


async def _busy(client: aiohttp.ClientSession, seconds: float, times: list[float], many: int) -> list[float]:
    done: list[float] = []
    stop = asyncio.Event()
    connector = aiohttp.TCPConnector(limit=many)
    async with aiohttp.ClientSession(client._base_url, connector=connector) as strangers:
        signing_in = [asyncio.create_task(_sign_in(strangers, number, done, stop)) for number in range(many)]
        await asyncio.sleep(0.5)
        done.clear()
        begun = time.perf_counter()
        await _steady(client, seconds, times)
        done_by_then = list(done)
        print(f"  {len(done_by_then) / (time.perf_counter() - begun):.0f} sign-ins a second")
        stop.set()
        await asyncio.gather(*signing_in)
    return done_by_then


async def _measure(here: Installation, asked: argparse.Namespace) -> None:
    idle: list[float] = []
    busy: list[float] = []
    signing: list[float] = []
    headers = here.token("bob@acme.test")
    async with aiohttp.ClientSession(f"http://127.0.0.1:{here.port}", headers=headers) as client:
        await _steady(client, 2, [])
        for _ in range(asked.rounds):
            await _steady(client, asked.seconds, idle)
            signing += await _busy(client, asked.seconds, busy, asked.many)
    print(f"{'':28}{'p50 ms':>10}{'p99 ms':>10}{'requests':>10}")
    for name, times in (("others, idle", idle), (f"others, {asked.many} signing in", busy), ("a sign-in", signing)):
        cuts = statistics.quantiles(times, n=100)
        print(f"{name:28}{cuts[49]:10.1f}{cuts[98]:10.1f}{len(times):10}")
    print(f"p99 of others is {statistics.quantiles(busy, n=100)[98] / statistics.quantiles(idle, n=100)[98]:.2f} times")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sign_in")
    parser.add_argument("--seconds", type=float, default=5, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--many", type=int, default=50, help="sign-ins under way at once")
    parser.add_argument("--workers", type=int, default=1, help="web processes")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "data", asked.workers) as here:
        asyncio.run(_measure(here, asked))


if __name__ == "__main__":
    main()
