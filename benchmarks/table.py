"""All figures on one page."""

import statistics
from typing import Any


def of(figures: dict[str, Any]) -> str:
    """For a person to read; the share is of what the database alone does with the same statements."""
    head = ["", "1 process/s", "p50 ms", "p99 ms", "2 processes/s", "database/s", "share 1", "share 2"]
    rows = [_row(name, figures) for name in figures["one process"]]
    machine = figures["machine"]
    growth = [["", "over HTTP", "in the database", "rows of the page"]]
    growth += [_grown(name, times) for name, times in figures["growth"].items()]
    lines = [
        f"{figures['tickets']:,} tickets, {figures['connections']} connections, {machine['cores']} cores"
        f" (load before {machine['load before']}, after {machine['load after']}), {machine['generator']},"
        f" Python {machine['python']}",
        "",
        *_aligned([head, *rows]),
        "",
        f"Slower by, from 1,000 to {figures['tickets']:,} tickets",
        *_aligned(growth),
        "",
        f"mail to screen       {_spread(figures['mail to screen, ms'])}",
        f"start to healthy     {figures['first start, seconds']:.1f} s from nothing,"
        f" {statistics.median(figures['restart, seconds']):.1f} s on existing data",
        f"memory idle          {_memory(figures['memory idle, MB'])}",
        f"memory loaded        {_memory(figures['memory loaded, MB'])}",
        "",
        *_mail(figures["mail"]),
    ]
    return "\n".join(lines)


def _grown(name: str, times: dict[str, Any]) -> list[str]:
    small, large = times["rows of the page"]
    return [name, f"{times['over HTTP']:.2f}", f"{times['database']:.2f}", f"{small} and {large}"]


def _mail(found: dict[str, Any]) -> list[str]:
    lines = [f"reading a mail       {_spread(found['reading a mail, ms'])}"]
    lines += [f"IDLE to screen       {_spread(found['IDLE to screen, ms'])}"]
    lines += [f"list while idle      {_spread(found['list while idle, ms'])}"]
    for workers in (1, 2):
        drain = found[f"{workers} working"]
        lines.append(
            f"backlog, {workers} working   {drain['mails a second']:.0f} mails/s; list meanwhile"
            f" {_spread(drain['list meanwhile, ms'])}; worker memory {drain['memory before, MB']:.0f} MB before,"
            f" {drain['memory after, MB']:.0f} MB after"
        )
    return lines


def _spread(found: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.1f} ms" for name, value in found.items())


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
