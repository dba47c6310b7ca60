"""What encryption at rest costs: `DATA=folder python -m benchmarks.encryption` beside a running `parlour up`.

Each figure stands beside the same work without encryption, done in turns in one run.
"""

import asyncio
import os
import statistics
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from parlour.foundation import installation, settings
from parlour.foundation.disks import Disk
from parlour.foundation.installation import Installation
from parlour.foundation.sealing import Place

MEGABYTES = 10
ROUNDS = 15
PIECE = 256 * 1024

Work = Callable[[], Awaitable[object]]


async def main() -> None:
    known = settings.load(data=Path(os.environ["DATA"]))
    async with installation.running(installation.build(known, reactions={})) as here:
        [organization_id, *_] = await here.database.doorways.organizations()
        place = Place("benchmarks", "sealed", organization_id, "row")
        sealed = await here.sealer.seal(place, b"a password of usual length")
        await _values(here, place, sealed)
        await _blobs(here, f"{organization_id}/benchmarks/one", known.data / "benchmark")


async def _values(here: Installation, place: Place, sealed: bytes) -> None:
    for name, work in (
        ("seal a password", lambda: here.sealer.seal(place, b"a password of usual length")),
        ("open a password", lambda: here.sealer.open(place, sealed)),
    ):
        began = time.perf_counter()
        for _ in range(5000):
            await work()
        print(f"{name:<34}{(time.perf_counter() - began) / 5000 * 1e6:8.1f} µs")


async def _blobs(here: Installation, name: str, folder: Path) -> None:
    content = os.urandom(MEGABYTES * 1024 * 1024)
    clear = Disk(str(folder))

    async def put_clear() -> None:
        await clear.put("one", content)

    async def read_clear() -> None:
        for start in range(0, len(content), PIECE):
            await clear.get("one", range=(start, start + PIECE))

    async def part_clear() -> None:
        await clear.get("one", range=(5_000_000, 5_000_100))

    async def read_sealed(start: int = 0, end: int = len(content)) -> None:
        async for _ in await here.blobs.stream(name, start, end):
            pass

    await _beside(f"store {MEGABYTES} MB", put_clear, lambda: here.blobs.put(name, content))
    await _beside(f"read {MEGABYTES} MB", read_clear, read_sealed)
    await _beside("read 100 bytes in the middle", part_clear, lambda: read_sealed(5_000_000, 5_000_100))
    await here.blobs.delete(name)
    await clear.delete("one")


async def _beside(name: str, clear: Work, sealed: Work) -> None:
    times: dict[str, list[float]] = {"clear": [], "sealed": []}
    longest = 0.0
    for _ in range(ROUNDS):
        for kind, work in (("clear", clear), ("sealed", sealed)):
            watching = asyncio.create_task(_longest_pause())
            await asyncio.sleep(0)
            began = time.perf_counter()
            await work()
            times[kind].append(time.perf_counter() - began)
            watching.cancel()
            pause = await watching
            longest = max(longest, pause) if kind == "sealed" else longest
    before, after = (statistics.median(times[kind]) * 1000 for kind in ("clear", "sealed"))
    print(
        f"{name:<34}{before:8.2f} ms clear {after:8.2f} ms sealed   longest pause of the loop {longest * 1000:.1f} ms"
    )


async def _longest_pause() -> float:
    longest, last = 0.0, time.perf_counter()
    try:
        while True:
            await asyncio.sleep(0.001)
            now = time.perf_counter()
            longest, last = max(longest, now - last - 0.001), now
    except asyncio.CancelledError:
        return max(longest, time.perf_counter() - last - 0.001)


if __name__ == "__main__":
    asyncio.run(main())
