"""The line above what is quoted: who wrote it and when, in the language of the mail."""

from datetime import datetime
from typing import Final

from parlour.email.wording.languages import ENGLISH

# Dates in figures, in the order of each language; every one of these lines is known to `reading/quoting.py`.
_LINES: Final = {
    "en": "On {at:%-d %B %Y} at {at:%H:%M} {at:%Z}, {author} wrote:",
    "cs": "Dne {at:%-d. %-m. %Y} v {at:%H:%M} {at:%Z} {author} napsal(a):",
    "da": "Den {at:%d.%m.%Y} kl. {at:%H:%M} {at:%Z} skrev {author}:",
    "de": "Am {at:%d.%m.%Y} um {at:%H:%M} {at:%Z} schrieb {author}:",
    "es": "El {at:%d/%m/%Y} a las {at:%H:%M} {at:%Z}, {author} escribió:",
    "fr": "Le {at:%d/%m/%Y} à {at:%H:%M} {at:%Z}, {author} a écrit :",
    "it": "Il {at:%d/%m/%Y} alle {at:%H:%M} {at:%Z} {author} ha scritto:",
    "nl": "Op {at:%d-%m-%Y} om {at:%H:%M} {at:%Z} schreef {author}:",
    "no": "Den {at:%d.%m.%Y} kl. {at:%H:%M} {at:%Z} skrev {author}:",
    "pl": "W dniu {at:%d.%m.%Y} o {at:%H:%M} {at:%Z} {author} napisał(a):",
    "pt": "Em {at:%d/%m/%Y} às {at:%H:%M} {at:%Z}, {author} escreveu:",
    "sv": "Den {at:%Y-%m-%d} kl. {at:%H:%M} {at:%Z} skrev {author}:",
}
ATTRIBUTED: Final = tuple(_LINES)
"""The languages this is said in; English in any other."""


def attribution(author: str, at: datetime, language: str) -> str:
    """`author` is one line; the time is said in the zone of `at`."""
    line = _LINES.get(language.partition("-")[0], _LINES[ENGLISH])
    return line.format(at=at, author=author)
