"""All figures on one page."""

import statistics
from typing import Any


def of(figures: dict[str, Any]) -> str:
    """For a person to read; the share is of what the database alone does with the same statements."""
    head = ["", "1 process/s", "p50 ms", "p99 ms", "2 processes/s", "database/s", "share 1", "share 2"]
    rows = [_row(name, figures) for name in figures["one process"]]
    machine = figures["machine"]
    lines = [
        f"{figures['tickets']:,} tickets, {figures['connections']} connections, {machine['cores']} cores"
        f" (load before: {machine['load before']}), {machine['generator']}, Python {machine['python']}",
        "",
        *_aligned([head, *rows]),
        "",
        *(_growth(name, figures) for name in figures["small, one process"]),
        f"mail to screen       p50 {figures['mail to screen, ms']['p50']:.0f} ms,"
        f" p95 {figures['mail to screen, ms']['p95']:.0f} ms",
        f"start to healthy     {figures['first start, seconds']:.1f} s from nothing,"
        f" {statistics.median(figures['restart, seconds']):.1f} s on existing data",
        f"memory idle          {_memory(figures['memory idle, MB'])}",
        f"memory loaded        {_memory(figures['memory loaded, MB'])}",
    ]
    return "\n".join(lines)


def _row(name: str, figures: dict[str, Any]) -> list[str]:
    one, two, alone = figures["one process"][name], figures["two processes"][name], figures["database"][name]
    return [
        name,
        f"{one['rate']:,.0f}",
        f"{one['p50']:.1f}",
        f"{one['p99']:.1f}",
        f"{two['rate']:,.0f}",
        f"{alone:,.0f}",
        f"{one['rate'] / alone:.0%}",
        f"{two['rate'] / alone:.0%}",
    ]


def _growth(name: str, figures: dict[str, Any]) -> str:
    over_http = figures["small, one process"][name]["rate"] / figures["one process"][name]["rate"]
    alone = figures["small, database"][name] / figures["database"][name]
    return (
        f"{name + ' as it grows':<20} from 1,000 to {figures['tickets']:,} tickets: {over_http:.2f} times over HTTP,"
        f" {alone:.2f} times in the database"
    )


def _memory(kinds: dict[str, float]) -> str:
    parts = ", ".join(f"{kind} {size:.0f}" for kind, size in kinds.items() if kind != "all")
    return f"{kinds['all']:.0f} MB ({parts})"


def _aligned(rows: list[list[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        row[0].ljust(widths[0])
        + "".join("  " + cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
        for row in rows
    ]
