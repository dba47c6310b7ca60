"""Fills an installation: `parlour seed` with the demo, `parlour seed --tickets N` with many more tickets."""

import argparse
import asyncio
import time
from collections.abc import Sequence

from parlour.foundation import installation, settings
from parlour.foundation.settings import Settings
from parlour.seed import bulk, fortnight


def main(arguments: Sequence[str] | None = None) -> None:
    """`parlour seed [--data DIR] [--tickets N [--organization SLUG]]`."""
    parser = argparse.ArgumentParser(prog="parlour seed", description="Fill an installation with demo content.")
    parser.add_argument("--data", help="the data folder of `parlour up`")
    parser.add_argument("--tickets", type=int, default=0, metavar="N", help="make N more tickets, for measuring")
    parser.add_argument("--organization", default="acme", metavar="SLUG", help="whose tickets (default: acme)")
    asked = parser.parse_args(arguments)
    loaded = settings.load(**({"data": asked.data} if asked.data else {}))
    demo(loaded)
    if asked.tickets > 0:
        begun = time.monotonic()
        with bulk.in_bulk(loaded.owner_database_url):
            bulk.seed(loaded.database_url, asked.organization, asked.tickets)
        print(f"{asked.tickets:,} more tickets for {asked.organization} in {time.monotonic() - begun:.1f} s.")


def demo(loaded: Settings) -> None:
    """Acme and Globex; nothing where they are there already."""
    asyncio.run(_demo(loaded))


async def _demo(loaded: Settings) -> None:
    # Without reactions: nobody gets a mail about what the demo says has happened.
    async with installation.running(installation.build(loaded, reactions={})) as here:
        if not await fortnight.is_there(here.database):
            await fortnight.seed(here.database, here.blobs)
