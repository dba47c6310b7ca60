"""Temporary folders and free ports for servers that run as somebody else."""

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

NOBODY = 65534


@contextmanager
def own_folder(name: str) -> Iterator[Path]:
    """Others may pass through it, which pytest's own folders forbid; and its path is short enough for sockets."""
    where = Path(tempfile.gettempdir())
    for left in where.glob(f"parlour-{name}-*"):
        owner = left.name.split("-")[-2]
        if owner.isdigit() and not Path("/proc", owner).exists():
            shutil.rmtree(left, ignore_errors=True)
    home = Path(tempfile.mkdtemp(prefix=f"parlour-{name}-{os.getpid()}-", dir=where))
    home.chmod(0o755)
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


def free_ports(count: int) -> list[int]:
    """All different: they are held together before they are let go."""
    with ExitStack() as held:
        probes = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [probe.getsockname()[1] for probe in probes]
