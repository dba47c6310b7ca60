"""The files of a mail: which are dangerous to open, and which the organization doesn't take."""

from collections.abc import Sequence

import msgspec
import structlog

from parlour import tickets
from parlour.email.reading import MailAttachment
from parlour.email.safety.rules import MailRules
from parlour.email.safety.scanners import NotScanned, viruses_in

log = structlog.get_logger()


class Screened(msgspec.Struct, frozen=True):
    """For each file a warning or None; the places of those left out, and why; and what a scanner found."""

    warnings: tuple[str | None, ...]
    dropped: frozenset[int]
    left_out: str | None
    virus: str | None


async def screened(files: Sequence[MailAttachment], rules: MailRules, scanner_url: str) -> Screened:
    """Never raises. A scanner that does not answer finds nothing."""
    warnings = [tickets.danger_of(file.name, file.content) for file in files]
    found: dict[int, str] = {}
    if scanner_url and files:
        try:
            found = await viruses_in(scanner_url, [file.content for file in files])
        except NotScanned as failure:
            log.warning("files not scanned for viruses", error=str(failure))
    for number, name in found.items():
        warnings[number] = f"It holds a virus: {name}."[:500]
    reasons = _kept_out(files, rules)
    virus = next((f"{files[number].name}: {name}" for number, name in found.items()), None)
    return Screened(
        warnings=tuple(warnings),
        dropped=frozenset(reasons),
        left_out="; ".join(f"{files[number].name} ({why})" for number, why in reasons.items())[:2000] or None,
        virus=virus,
    )


def _kept_out(files: Sequence[MailAttachment], rules: MailRules) -> dict[int, str]:
    reasons: dict[int, str] = {}
    together = 0
    for number, file in enumerate(files):
        size = len(file.content)
        ending = tickets.ending_of(file.name)
        if ending in rules.refused_endings:
            reasons[number] = f".{ending} files are not taken"
        elif size > rules.attachment_limit:
            reasons[number] = f"{_megabytes(size)}, more than {_megabytes(rules.attachment_limit)}"
        elif together + size > rules.attachments_limit:
            reasons[number] = f"all files together have more than {_megabytes(rules.attachments_limit)}"
        else:
            together += size
    return reasons


def _megabytes(size: int) -> str:
    return f"{size / (1024 * 1024):.1f} MB"
