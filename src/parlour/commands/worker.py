"""`parlour worker`: jobs, the clock, and the mail coming in."""

import argparse
from collections.abc import Sequence

import uvloop

from parlour import worker
from parlour.foundation import settings


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="parlour worker", description="Work off jobs; any number may run at once.")
    parser.add_argument("--data", help="the data folder of `parlour up`")
    asked = parser.parse_args(words)
    uvloop.run(worker.run(settings.load(**({"data": asked.data} if asked.data else {}))))
    return 0
