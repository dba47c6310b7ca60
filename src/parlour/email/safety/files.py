"""The files of a mail: which are dangerous to open, and which the organization doesn't take."""

from collections.abc import Mapping, Sequence

import msgspec

from parlour import tickets
from parlour.email.reading import MailAttachment
from parlour.email.safety.rules import MailRules
from parlour.email.safety.scanners import Scanned, viruses_in
from parlour.foundation.settings import Settings


class Screened(msgspec.Struct, frozen=True):
    """For each file a warning or None; the places of those left out, and why; what a scanner found, and left out."""

    warnings: tuple[str | None, ...]
    dropped: frozenset[int]
    left_out: str | None
    virus: str | None
    unchecked: str | None


async def screened(files: Sequence[MailAttachment], rules: MailRules, settings: Settings) -> Screened:
    """Never raises. A file that the scanner was not able to look at says so."""
    warnings = [tickets.danger_of(file.name, file.content) for file in files]
    scanned = Scanned()
    if settings.virus_scanner_url:
        contents = [file.content for file in files]
        scanned = await viruses_in(settings.virus_scanner_url, contents, settings.mail_scan_seconds)
    for number, name in scanned.found.items():
        warnings[number] = f"It holds a virus: {name}."[:500]
    for number, why in scanned.unchecked.items():
        warnings[number] = warnings[number] or f"It was not checked for viruses: {why}."[:500]
    reasons = _kept_out(files, rules)
    virus = next((f"{files[number].name}: {name}" for number, name in scanned.found.items()), None)
    return Screened(
        warnings=tuple(warnings),
        dropped=frozenset(reasons),
        left_out=_listed(files, reasons),
        virus=virus,
        unchecked=_listed(files, scanned.unchecked),
    )


def _listed(files: Sequence[MailAttachment], reasons: Mapping[int, str]) -> str | None:
    return "; ".join(f"{files[number].name} ({why})" for number, why in reasons.items())[:2000] or None


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
