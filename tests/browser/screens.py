"""Which browser the tests drive, and how large its windows are."""

import os
from pathlib import Path

FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
DESKTOP = (1440, 900)
PHONE = (390, 844)


def chromium() -> str:
    """The one `bin/browser` prepared, or the system's."""
    found = os.environ.get("E2E_CHROMIUM", "/usr/bin/chromium")
    prepared = Path(__file__).parents[2] / ".cache" / "chromium" / "launch"
    return found if Path(found).exists() or not prepared.exists() else str(prepared)
