"""The very SQL of a request: read off the database's own log, and made into a script for pgbench."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from parlour import embedded

ENTRY = re.compile(
    r"^\S+ \S+ UTC \[(\d+)\] \S* ?\(([^)]*)\) (LOG|DETAIL|ERROR|STATEMENT|FATAL|WARNING):  ", re.MULTILINE
)
PARAMETER = re.compile(r"\$(\d+) = ('(?:[^']|'')*'|NULL)")
_WALL = "set_config('parlour.organization_id'"
UUID_TEXT = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Statement:
    """As it was executed: its text with $1, $2 …, and their values."""

    text: str
    values: tuple[str | None, ...]


def capture(admin_url: str, log: Path, request: Callable[[], object]) -> list[Statement]:
    """Everything that the web process executed while the request ran."""
    embedded.sql(admin_url, "alter system set log_statement = 'all'")
    embedded.sql(admin_url, "select pg_reload_conf()")
    time.sleep(0.5)
    request()
    before = log.stat().st_size
    request()
    time.sleep(0.2)
    with log.open("rb") as file:
        file.seek(before)
        written = file.read().decode()
    embedded.sql(admin_url, "alter system reset all")
    embedded.sql(admin_url, "select pg_reload_conf()")
    return _statements(written)


def script(statements: list[Statement], since: datetime, label: str) -> tuple[str, dict[str, str]]:
    """A pgbench script, and its variables. Ids that the request made up itself are made up anew each time."""
    made_up: dict[str, str] = {}
    lines, variables = ["\\set made :made + 1"], {"made": "0"}
    for place, statement in enumerate(statements):
        text = statement.text
        # From the last: $1 is also the beginning of $10.
        for index, value in reversed(list(enumerate(statement.values, 1))):
            if value is None:
                used = "null"
            elif _is_new(value, since):
                used = made_up.setdefault(value, _fresh_id(len(made_up)))
            elif found := _holds_new(value, since):
                identity = made_up.setdefault(str(UUID(found)), _fresh_id(len(made_up)))
                before, after = value.split(found, 1)
                shape = f"{identity}::text" if "-" in found else f"replace({identity}::text, '-', '')"
                name = f"{label}_{place}_{index}"
                around = [_variable(f"{name}_{side}", part, variables) for side, part in (("b", before), ("a", after))]
                used = f"({around[0]} || {shape} || {around[1]})"
            else:
                used = _variable(f"{label}_{place}_{index}", value, variables)
            text = text.replace(f"${index}", used)
        lines += _as_pgbench(text)
    return "\n".join(_together(lines)) + "\n", variables


def _together(lines: list[str]) -> list[str]:
    """A question travels with the statement that walls it off, or it would find nothing."""
    found: list[str] = []
    for line in lines:
        is_walled = bool(found) and _WALL in found[-1]
        found += [line, "\\endpipeline"] if is_walled else ["\\startpipeline", line] if _WALL in line else [line]
    return found


def _variable(name: str, value: str, variables: dict[str, str]) -> str:
    # pgbench takes no empty ones.
    if not value:
        return "''"
    variables[name] = value
    return f":{name}"


def _as_pgbench(text: str) -> list[str]:
    flat = " ".join(re.sub(r"--[^\n]*", " ", text).split())
    parts = [part.strip() for part in flat.split(";") if part.strip()] if flat.startswith("begin") else [flat]
    if len(parts) > 1:
        # One round trip, as the application sends it.
        return ["\\startpipeline", *(f"{part};" for part in parts), "\\endpipeline"]
    return [f"{parts[0]};"]


def _fresh_id(place: int) -> str:
    # Of this run, this client, this transaction; growing, as the application's are.
    run = f"{int(time.time()):08x}"
    digits = "lpad(to_hex(:client_id::int), 4, '0') || '-' || lpad(to_hex(:made::int), 12, '0')"
    return f"('{run}-{place:04x}-7000-' || {digits})::uuid"


def _is_new(value: str, since: datetime) -> bool:
    if not UUID_TEXT.fullmatch(value):
        return False
    made_at = (UUID(value).int >> 80) / 1000
    # Digits by chance, as in a token's digest, are seldom of this hour.
    return since.timestamp() <= made_at <= time.time() + 60


def _holds_new(value: str, since: datetime) -> str | None:
    """A new id within a longer text, such as a mail's Message-ID; not within lists and documents."""
    if value.startswith(("{", "[")):
        return None
    candidates = UUID_TEXT.findall(value) + re.findall(r"[0-9a-f]{12}7[0-9a-f]{19}", value)
    return next((found for found in candidates if _is_new(str(UUID(found)), since)), None)


def _statements(written: str) -> list[Statement]:
    found: list[Statement] = []
    entries = list(ENTRY.finditer(written))
    for entry, following in zip(entries, [*entries[1:], None], strict=False):
        content = written[entry.end() : following.start() if following else None].rstrip("\n").replace("\n\t", "\n")
        if entry[2] != "parlour":
            continue
        if entry[3] == "LOG" and content.startswith("statement: "):
            found.append(Statement(content.removeprefix("statement: "), ()))
        elif entry[3] == "LOG" and content.startswith("execute "):
            found.append(Statement(content.partition(": ")[2], ()))
        elif entry[3] == "DETAIL" and "arameters: " in content:
            found[-1] = Statement(found[-1].text, _values(content))
    return found


def _values(detail: str) -> tuple[str | None, ...]:
    quoted = [match[2] for match in PARAMETER.finditer(detail)]
    return tuple(None if value == "NULL" else value[1:-1].replace("''", "'") for value in quoted)
