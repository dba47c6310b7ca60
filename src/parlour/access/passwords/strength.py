"""Whether a password is good enough, and in words what would make it so."""

import re
from typing import Any, Final

from parlour.access.passwords import hashing
from parlour.foundation.errors import Invalid
from parlour.foundation.library import library

MINIMUM_LENGTH: Final = 10
# Of 0 to 4; below 3 it falls to whoever has stolen the hashes and a rented machine.
_GOOD_ENOUGH: Final = 3
# What is longer is no easier to guess for its end, and the estimate grows with the square.
_LOOKED_AT: Final = 72

_LEAST_OF_ONES_OWN: Final = 4
_BETWEEN: Final = re.compile(r"[\s._@+-]+")
_KNOWN: Final = "Your name, your address and the name of this place are what is tried first."
_BETTER: Final = "Three or four words that have nothing to do with each other make a good one."


class WeakPassword(Invalid):
    """Choose a password of at least ten characters that nobody would guess."""


async def check(password: str, *known: str) -> None:
    """Raises `WeakPassword` with what to do about it. `known` is what a guesser would try first: names, addresses."""
    if len(password) < MINIMUM_LENGTH:
        _refuse(f"Use at least ten characters. {_BETTER}")
    if len(set(password)) < 4:
        _refuse(f"That is the same few characters again and again. {_BETTER}")
    if len(_beside(password, known)) < _LEAST_OF_ONES_OWN:
        _refuse(f"{_KNOWN} {_BETTER}")
    found = await hashing.beside(lambda: _estimate(password, known))
    if found["score"] < _GOOD_ENOUGH:
        _refuse(f"{_reason(found, known)} {_BETTER}")


def _estimate(password: str, known: tuple[str, ...]) -> dict[str, Any]:
    # With spaces and dots between them even "1 2 3 4 5" looks like chance; whoever guesses leaves them out.
    spellings = {password[:_LOOKED_AT], _BETWEEN.sub("", password)[:_LOOKED_AT]} - {""}
    names = sorted(_words(known))
    estimates: list[dict[str, Any]] = [library("zxcvbn").zxcvbn(each, user_inputs=names) for each in sorted(spellings)]
    return min(estimates, key=lambda estimate: (estimate["score"], estimate["guesses"]))


def _beside(password: str, known: tuple[str, ...]) -> str:
    """What is left of it without what is known of the person."""
    rest = password.lower()
    for word in sorted(_words(known), key=len, reverse=True):
        rest = rest.replace(word, "")
    return _BETWEEN.sub("", rest)


def _words(known: tuple[str, ...]) -> set[str]:
    parts = {part for text in known for part in re.split(r"[\s@.+_-]+", text.lower()) if len(part) > 2}
    return parts | {text.lower() for text in known if text} | {"parlour"}


def _reason(found: dict[str, Any], known: tuple[str, ...]) -> str:
    longest = max(found["sequence"], key=lambda match: len(match["token"]), default={"pattern": ""})
    pattern, source = longest["pattern"], longest.get("dictionary_name", "")
    if pattern == "dictionary" and source == "user_inputs":
        return _KNOWN
    if pattern == "dictionary" and source == "passwords":
        return "That is, or is nearly, one of the passwords that many people use."
    return {
        "dictionary": "A single word or name is soon found, also with digits at its end or in its middle.",
        "spatial": "Keys that lie next to each other are soon found.",
        "repeat": "The same again and again is soon found.",
        "sequence": "Letters or digits in their usual order are soon found.",
        "regex": "Years are soon found.",
        "date": "Dates are soon found.",
    }.get(pattern, "That would be guessed.")


def _refuse(words: str) -> None:
    raise WeakPassword(details={"password": words})
