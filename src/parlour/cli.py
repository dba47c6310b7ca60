"""The command `parlour`: a table from words to functions, each loaded only when called."""

import sys
from collections.abc import Sequence

from parlour.loading import load

COMMANDS = {
    "up": ("parlour.commands.up:main", "PostgreSQL, Valkey, web and worker, all in one: to try it, or for one machine"),
    "web": ("parlour.commands.web:main", "the web process: pages, the API, live events"),
    "worker": ("parlour.commands.worker:main", "the background process: jobs, the clock, mail coming in"),
    "migrate": ("parlour.commands.migrate:main", "bring the database to the newest revision"),
    "seed": ("parlour.seed:main", "fill in the demo, or many tickets for measuring"),
    "token": ("parlour.commands.token:main", "make an API token"),
    "audit": ("parlour.commands.audit:main", "look whether the audit trail is whole"),
    "limits": ("parlour.commands.limits:main", "how much an organization may ask, where its plan says so"),
    "organization": ("parlour.commands.organization:main", "organizations, and what their plans let them use"),
    "organizations": ("parlour.commands.organization:main", "the same"),
    "keys": ("parlour.commands.keys:main", "keys of what is encrypted: how they stand, new ones, their end"),
    "matrix": ("parlour.commands.matrix:main", "say who may do what, route by route"),
    "doctor": ("parlour.commands.doctor:main", "say what is wrong with this installation, and what to do"),
}


def main(words: Sequence[str] | None = None) -> int:
    """Ends with 0 when all went well, 1 when something failed, 2 when the words made no sense."""
    words = list(sys.argv[1:] if words is None else words)
    if not words or words[0] in ("-h", "--help", "help"):
        print(_usage())
        return 0
    if words[0] not in COMMANDS:
        print(f"There is no command {words[0]!r}.\n\n{_usage()}", file=sys.stderr)
        return 2
    module, function = COMMANDS[words[0]][0].split(":")
    return getattr(load(module), function)(words[1:]) or 0


def _usage() -> str:
    lines = [f"  {name:<13}{meaning}" for name, (_, meaning) in COMMANDS.items()]
    return "\n".join(["usage: parlour COMMAND [OPTION...]", "", *lines, "", "Each explains itself with --help."])
