"""How values are written on a page: times, sizes, counts, names. Each is a template filter."""

import enum
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from parlour.foundation import clock

HUES = 12
STEPS = ((60, 1, "s"), (3600, 60, "min"), (86400, 3600, "h"), (7 * 86400, 86400, "d"))


def relative(at: datetime) -> str:
    """Short enough for a list: `now`, `4 min`, `3 h`, `2 d`, then the day."""
    seconds = (clock.now() - at).total_seconds()
    if seconds < 60:
        return "now"
    for limit, unit, letters in STEPS:
        if seconds < limit:
            return f"{int(seconds // unit)} {letters}"
    return day(at)


def day(at: datetime) -> str:
    """The day, with the year when it is not this one."""
    year = "" if at.year == clock.now().year else f" {at.year}"
    return f"{at.day} {at:%b}{year}"


def full_time(at: datetime) -> str:
    return f"{at.day} {at:%B %Y, %H:%M} UTC"


def exact_time(at: datetime) -> str:
    """To the second, in UTC: for records that are compared with others."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def lower_first(text: str) -> str:
    """`Signed in` in the middle of a sentence."""
    return text[:1].lower() + text[1:]


def filesize(octets: int) -> str:
    """In the decimal units that file managers show."""
    size = float(octets)
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" or size >= 10 else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def plural(count: int, one: str, many: str | None = None) -> str:
    """`1 ticket`, `2 tickets`, `1,204 tickets`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def initials(name: str) -> str:
    """One or two letters: the first of the first and of the last word."""
    parts = [part for part in name.replace("@", " ").replace(".", " ").split() if part[0].isalnum()] or ["?"]
    # A Chinese, Japanese or Korean character is as wide as two letters.
    is_alone = len(parts) == 1 or parts[0][0] > "\u2e7f"
    letters = parts[0][0] if is_alone else parts[0][0] + parts[-1][0]
    return letters.upper()


def hue(name: str) -> int:
    """The same person or tag has the same hue on every page and machine."""
    return hashlib.blake2b(name.casefold().encode(), digest_size=2).digest()[0] % HUES


def enum_name(value: enum.Enum | str) -> str:
    return value.name if isinstance(value, enum.Enum) else str(value)


def as_words(value: enum.Enum | str) -> str:
    """`IN_PROGRESS` as `In progress`."""
    return enum_name(value).replace("_", " ").capitalize()


def dashed(value: enum.Enum | str) -> str:
    """`IN_PROGRESS` as `in-progress`."""
    return enum_name(value).replace("_", "-").lower()


def as_option(value: enum.Enum) -> tuple[str, str]:
    """An enum's value and words, for a select."""
    return str(value.value), as_words(value)


def named_option(thing: Any) -> tuple[str, str]:
    """The id and name of anything that has both, for a select."""
    return str(thing.id), thing.name


def frame_id(text: str) -> str:
    """What may stand in an id: a short mark made of the text."""
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


FILTERS: dict[str, Callable[..., Any]] = {
    "relative": relative,
    "day": day,
    "full_time": full_time,
    "exact_time": exact_time,
    "lower_first": lower_first,
    "filesize": filesize,
    "plural": plural,
    "initials": initials,
    "hue": hue,
    "frame_id": frame_id,
    "as_option": as_option,
    "named_option": named_option,
    "enum_name": enum_name,
    "words": as_words,
    "dashed": dashed,
}
