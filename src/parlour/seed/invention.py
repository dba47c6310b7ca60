"""Makes up tickets in bulk: what people ask, what they are answered, and which words that is found by."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final, NamedTuple

from parlour import tickets
from parlour.seed import stories

_SPAN: Final = timedelta(days=730)
_FRESH: Final = timedelta(days=14)
_STATUSES: Final = ("CLOSED", "RESOLVED", "OPEN", "IN_PROGRESS", "PENDING")
_OLD_WEIGHTS: Final = (86, 10, 2, 1, 1)
_FRESH_WEIGHTS: Final = (10, 30, 30, 14, 16)
_PRIORITIES: Final = ("LOW", "MEDIUM", "HIGH", "URGENT")
_SOURCES: Final = ("EMAIL", "WEB_FORM", "CHAT", "PHONE", "SOCIAL", "API")


class Saying(NamedTuple):
    """A comment's text, and the words it is found by."""

    text: str
    words: frozenset[str]


class Invented(NamedTuple):
    """A ticket with three comments. `closing` is an agent's note or the customer's answer."""

    opened_at: datetime
    subject: Saying
    status: str
    priority: str
    source: str
    question: Saying
    answer: Saying
    closing: Saying
    closes_with_note: bool
    answered_after: timedelta
    closed_after: timedelta
    tags: tuple[int, ...]


class Inventor:
    """The same seed makes up the same tickets."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._lists: dict[str, Any] = stories.words()
        self.tags: list[str] = self._lists["tags"]

    def customers(self, count: int) -> Iterator[tuple[str, str]]:
        """Names and addresses, each address once, and the same ones whatever the seed."""
        pick = random.Random(count)
        for number in range(count):
            given, family = pick.choice(self._lists["given"]), pick.choice(self._lists["family"])
            yield f"{given} {family}", f"{given}.{family}.{number}@seeded.test".lower()

    def opening_times(self, count: int, until: datetime) -> list[datetime]:
        """Oldest first, over two years, a little denser towards the present."""
        length = (_SPAN - timedelta(minutes=30)).total_seconds()
        ages = sorted((length * self._random.random() ** 1.3 for _ in range(count)), reverse=True)
        return [until - timedelta(minutes=30) - timedelta(seconds=age) for age in ages]

    def ticket(self, opened_at: datetime, now: datetime) -> Invented:
        """A ticket opened then, with what became of it until now."""
        pick = self._random
        topic = pick.choice(self._lists["topic"])
        filling = {"thing": self._one("thing"), "place": self._one("place"), "day": self._one("day")}
        filling["order"] = f"AC-{pick.randrange(10000, 99999)}"
        age = now - opened_at
        weights = _FRESH_WEIGHTS if age < _FRESH else _OLD_WEIGHTS
        note = pick.random() < 0.25
        closing = pick.sample(self._lists["notes"] if note else topic["returns"], 2)
        answered_after, closed_after = self._delays(age)
        return Invented(
            opened_at=opened_at,
            subject=_filled(pick.choice(topic["subjects"]), filling),
            status=pick.choices(_STATUSES, weights)[0],
            priority=pick.choices(_PRIORITIES, (30, 50, 16, 4))[0],
            source=pick.choices(_SOURCES, (60, 18, 10, 6, 2, 4))[0],
            question=self._letter([*pick.sample(topic["problems"], 2), *pick.sample(topic["returns"], 1)], filling),
            answer=self._letter(pick.sample(topic["answers"], 3), filling),
            closing=_joined([_filled(line, filling) for line in closing]),
            closes_with_note=note,
            answered_after=answered_after,
            closed_after=closed_after,
            tags=tuple(pick.sample(range(len(self.tags)), pick.choice((0, 1, 1, 2)))),
        )

    def _delays(self, age: timedelta) -> tuple[timedelta, timedelta]:
        early, late = self._random.random(), self._random.random()
        if age < _FRESH:
            return age * (0.1 + 0.2 * early), age * (0.4 + 0.3 * late)
        return timedelta(hours=1 + 40 * early), timedelta(hours=48 + 60 * late)

    def _letter(self, lines: list[str], filling: dict[str, str]) -> Saying:
        framed = [self._one("greeting"), *lines, self._one("closing")]
        return _joined([_filled(line, filling) for line in framed])

    def _one(self, name: str) -> str:
        return self._random.choice(self._lists[name])  # type: ignore[no-any-return]


def _joined(sayings: list[Saying]) -> Saying:
    return Saying("\n\n".join(saying.text for saying in sayings), frozenset().union(*(s.words for s in sayings)))


def _filled(line: str, filling: dict[str, str]) -> Saying:
    if "{order}" not in line:
        return _known(line.format(**filling))
    # Each order number occurs once, so it is kept out of what is remembered.
    around = _known(line.format(**filling | {"order": " "}))
    return Saying(line.format(**filling), around.words | set(tickets.words_of(filling["order"])))


@cache
def _known(text: str) -> Saying:
    # A few thousand different sentences make up any number of tickets: each is taken apart once.
    return Saying(text, frozenset(tickets.words_of(text)))
