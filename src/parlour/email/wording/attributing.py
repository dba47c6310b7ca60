"""The line above what is quoted: who wrote it and when, in the language of the mail."""

from datetime import datetime
from typing import Final

from parlour.email.wording.languages import ENGLISH

# Dates in figures, in the order of each language; every one of these lines is known to `reading/quoting.py`.
_LINES: Final = {
    "en": "On {at:%-d %B %Y} at {at:%H:%M} UTC, {author} wrote:",
    "cs": "Dne {at:%-d. %-m. %Y} v {at:%H:%M} UTC {author} napsal(a):",
    "da": "Den {at:%d.%m.%Y} kl. {at:%H:%M} UTC skrev {author}:",
    "de": "Am {at:%d.%m.%Y} um {at:%H:%M} UTC schrieb {author}:",
    "es": "El {at:%d/%m/%Y} a las {at:%H:%M} UTC, {author} escribió:",
    "fr": "Le {at:%d/%m/%Y} à {at:%H:%M} UTC, {author} a écrit :",
    "it": "Il {at:%d/%m/%Y} alle {at:%H:%M} UTC {author} ha scritto:",
    "nl": "Op {at:%d-%m-%Y} om {at:%H:%M} UTC schreef {author}:",
    "no": "Den {at:%d.%m.%Y} kl. {at:%H:%M} UTC skrev {author}:",
    "pl": "W dniu {at:%d.%m.%Y} o {at:%H:%M} UTC {author} napisał(a):",
    "pt": "Em {at:%d/%m/%Y} às {at:%H:%M} UTC, {author} escreveu:",
    "sv": "Den {at:%Y-%m-%d} kl. {at:%H:%M} UTC skrev {author}:",
}
ATTRIBUTED: Final = tuple(_LINES)
"""The languages this is said in; English in any other."""


def attribution(author: str, at: datetime, language: str) -> str:
    """`author` is one line."""
    line = _LINES.get(language.partition("-")[0], _LINES[ENGLISH])
    return line.format(at=at, author=author)
