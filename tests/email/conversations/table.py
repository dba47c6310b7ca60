"""The score of all conversations as a page. `python -m tests.email.conversations.table` plays them and writes it."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path

from tests.email.conversations.script import Conversation
from tests.email.conversations.stage import Result

PAGE = Path(__file__).parents[3] / "docs" / "threading.md"
WRITE = "PARLOUR_WRITE_TABLE"

_HEAD = """\
# How mail finds its ticket, and how often it is right

In this order: the signed reply address, what the mail answers (In-Reply-To, then References from the newest on), the
number in its subject. Whoever holds a reply address may write there. By the other two a mail joins only a ticket that
its sender has a part in, or may see as an agent whose domain vouches for the mail (DMARC). Any other opens a ticket of
its own that points at the old one. A Message-ID that is empty, or that two different mails have used, leads nowhere.
A ticket that was closed long ago is followed up by a new one. An agent joins only what they could write on in the
dashboard (`src/parlour/email/agents/`); `src/parlour/email/threading.py` is the rest of it.

The conversations below are ours, written from the headers that mail programs, servers and lists really produce; their
texts are in `tests/email/conversations/`. Each is played through the real intake, in an organization of its own beside
a neighbour with the same people and ticket numbers. This page is written by
`python -m tests.email.conversations.table`; a test checks that it still says the truth.

"""


def rendered(results: Mapping[str, Sequence[Result]], scripts: Sequence[Conversation]) -> str:
    """The whole page."""
    every = [result for one in results.values() for result in one]
    right = sum(result.is_right for result in every)
    lines = [
        f"**{len(scripts)} conversations, {len(every)} mails: {right} right ({right / len(every):.1%}).**",
        f"Joins across customers: {sum(result.crossed_customers for result in every)}. "
        f"Joins across organizations: {sum(result.crossed_organizations for result in every)}.",
        "",
        "| family | conversations | mails | right |",
        "| --- | ---: | ---: | ---: |",
    ]
    families = [(family, list(members)) for family, members in groupby(scripts, key=lambda one: one.family)]
    for family, members in families:
        played = [result for one in members for result in results[one.name]]
        good = sum(result.is_right for result in played)
        lines.append(f"| {family} | {len(members)} | {len(played)} | {good} |")
    for family, members in families:
        lines += [
            "",
            f"## {family[0].upper()}{family[1:]}",
            "",
            "| conversation | what it does | right |",
            "| --- | --- | --- |",
        ]
        for one in members:
            played = results[one.name]
            score = f"{sum(result.is_right for result in played)} of {len(played)}"
            lines.append(f"| {one.title} | {one.sentence} | {score} |")
    return _HEAD + "\n".join(lines) + "\n"


def main() -> int:
    # In a process of its own: this one has imported what pytest wants to import itself.
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", str(Path(__file__).parent)]
    return subprocess.run(command, env={**os.environ, WRITE: "yes"}).returncode


if __name__ == "__main__":
    sys.exit(main())
