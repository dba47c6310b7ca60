"""Where blobs lie, as a process sees it that comes and goes."""

import subprocess
import sys
from pathlib import Path

_BUSY_TO_THE_END = """
import asyncio, sys
from parlour.foundation.disks import Disk

async def main() -> None:
    disk = Disk(sys.argv[1])
    await disk.put("one", b"the numbat sleeps")
    reading = [asyncio.ensure_future(disk.get("one")) for _ in range(500)]
    done, _ = await asyncio.wait(reading, return_when=asyncio.FIRST_COMPLETED)
    print(done.pop().result()[2].decode())

asyncio.run(main())
"""


def test_a_process_may_end_while_it_reads(tmp_path: Path) -> None:
    for _ in range(3):
        command = [sys.executable, "-c", _BUSY_TO_THE_END, str(tmp_path / "blobs")]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert (ended.returncode, ended.stdout, ended.stderr) == (0, "the numbat sleeps\n", "")
