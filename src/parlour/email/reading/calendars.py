"""An invitation (RFC 5545) in words."""

import re
from datetime import datetime
from typing import Final

_LIMIT: Final = 100_000
_LINES: Final = 2000
_LABELS: Final = {
    "SUMMARY": "Event",
    "DTSTART": "Begins",
    "DTEND": "Ends",
    "LOCATION": "Where",
    "ORGANIZER": "Organizer",
    "DESCRIPTION": "About",
}
_METHODS: Final = {"REQUEST": "Invitation", "CANCEL": "Cancelled", "REPLY": "Answer to an invitation"}
_ESCAPED: Final = re.compile(r"\\([\\;,nN])")


def in_words(calendar: str) -> str:
    """The first event of it: what, when, where, by whom. Empty where there is none."""
    lines = re.sub(r"\r?\n[ \t]", "", calendar[:_LIMIT]).splitlines()[:_LINES]
    method, found, inside = "", dict[str, str](), False
    for line in lines:
        field, _, value = line.partition(":")
        name, _, parameters = field.upper().partition(";")
        if name == "METHOD":
            method = _METHODS.get(value.strip().upper(), "")
        elif name == "BEGIN":
            inside = value.strip().upper() == "VEVENT"
        elif name == "END" and value.strip().upper() == "VEVENT":
            break
        elif inside and name in _LABELS:
            found.setdefault(name, _value(name, value, parameters))
    if not found:
        return ""
    said = [f"{label}: {found[name]}" for name, label in _LABELS.items() if found.get(name)]
    return "\n".join([*([method] if method else []), *said])


def _value(name: str, value: str, parameters: str) -> str:
    if name in ("DTSTART", "DTEND"):
        return _moment(value.strip(), parameters)
    if name == "ORGANIZER":
        return re.sub(r"^mailto:", "", value.strip(), flags=re.IGNORECASE)
    return _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], value).strip()[:2000]


def _moment(value: str, parameters: str) -> str:
    zone = re.search(r"TZID=\"?([^;\":]+)", parameters, re.IGNORECASE)
    try:
        at = datetime.strptime(value[:15], "%Y%m%dT%H%M%S" if "T" in value else "%Y%m%d")  # noqa: DTZ007
    except ValueError:
        return value[:40]
    written = f"{at:%-d %B %Y, %H:%M}" if "T" in value else f"{at:%-d %B %Y}"
    where = " UTC" if value.endswith("Z") else f" ({zone[1].title()})" if zone else ""
    return f"{written}{where}"
