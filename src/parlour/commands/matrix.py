"""`parlour matrix`: who may do what at every route and every event of the socket, as a table made from the code."""

import argparse
import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from parlour import app, entrance, live
from parlour.foundation import settings
from parlour.people import ALLOWED, Role

BEGIN: Final = "<!-- parlour matrix -->"
END: Final = "<!-- end of parlour matrix -->"
_ROLES: Final = (Role.ADMIN, Role.MANAGER, Role.AGENT, Role.CUSTOMER)
_HEAD: Final = """\
| | needs | Admin | Manager | Agent | Customer | signed out |
| --- | --- | :-: | :-: | :-: | :-: | :-: |"""
_NOWHERE: Final = "postgresql://localhost/none"


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="parlour matrix", description="Say who may do what, route by route.")
    parser.add_argument("--write", metavar="PAGE", help="put the table into this page, between its two marks")
    asked = parser.parse_args(words)
    if not asked.write:
        print(table())
        return 0
    page = Path(asked.write)
    page.write_text(written_into(page.read_text(), table()))
    return 0


def table() -> str:
    """Markdown, the same for the same code. Nothing is connected to for it."""
    with tempfile.TemporaryDirectory() as nowhere:
        # The doors are only built, not opened: the addresses are never called.
        known = settings.Settings(
            data=Path(nowhere),
            database_url=_NOWHERE,
            owner_database_url=_NOWHERE,
            redis_url="redis://localhost:1/0",
        )
        doors = app.build(known).other_asgi_app.app
    routes = sorted(_routes(doors), key=lambda route: (_door(route[0]), route[0], route[1]))
    lines = [_line(f"`{method} {path}`", permission) for path, method, permission in routes]
    said = [_line(f"says `{name}`", permission) for name, permission in live.SAID.items()]
    told = [_line(f"is told `{name}`", permission) for name, permission in live.TOLD.items()]
    return "\n".join([_HEAD, *lines, *said, *told])


def written_into(page: str, found: str) -> str:
    """The page, with the table in its place. Raises `ValueError` where the page has none."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"The page has no place for the table: {BEGIN} … {END}")
    return f"{before}{BEGIN}\n{found}\n{END}{after}"


def _routes(doors: Any) -> Iterator[tuple[str, str, str]]:
    for route in doors.routes:
        for handler in getattr(route, "route_handlers", ()):
            path = re.sub(r":\w+}", "}", route.path)
            for method in sorted(handler.http_methods - {"OPTIONS"}):
                yield path, method, handler.opt["permission"]


def _door(path: str) -> int:
    doors = ("/api", "/dashboard", "/portal")
    return next((place for place, door in enumerate(doors) if path.startswith(door)), len(doors))


def _line(name: str, permission: str) -> str:
    if permission == entrance.PUBLIC:
        return f"| {name} | nothing | {' | '.join(['✓'] * (len(_ROLES) + 1))} |"
    marks = ["✓" if permission in ALLOWED[role] else "" for role in _ROLES]
    return f"| {name} | {permission} | {' | '.join(marks)} | |"
