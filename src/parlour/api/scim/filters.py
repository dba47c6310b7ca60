"""Filters of RFC 7644, 3.4.2.2, read into a question; and, for paths of PATCH, asked of a value at hand."""

import json
import re
from typing import Any, Final

from parlour.access import directory

_TOKEN: Final = re.compile(r"""\s*(?:([()\[\]])|("(?:[^"\\]|\\.)*")|([^\s()\[\]"]+))""")
_LONGEST: Final = 2000
_DEEPEST: Final = 20
_OPERATORS: Final = frozenset({"eq", "ne", "co", "sw", "ew", "pr", "gt", "ge", "lt", "le"})
_SCHEMA: Final = re.compile(r"urn:ietf:params:scim:schemas:core:2\.0:(?:User|Group):", re.IGNORECASE)


def read(text: str) -> directory.Question:
    """Raises `BadFilter`."""
    reader = _Reader(text)
    question = reader.either("", 0)
    if reader.rest:
        raise directory.BadFilter()
    return question


def holds(question: directory.Question, value: dict[str, Any]) -> bool:
    """Whether it is true of one value of several: an address, a member."""
    match question:
        case directory.Both(left, right):
            return holds(left, value) and holds(right, value)
        case directory.Either(left, right):
            return holds(left, value) or holds(right, value)
        case directory.Neither(one):
            return not holds(one, value)
        case directory.Compare(attribute, operator, wanted):
            found = value.get(attribute.rpartition(".")[2])
            return _compared(operator, found, wanted)


class _Reader:
    """By descent: `or` binds loosest, then `and`, then `not`."""

    def __init__(self, text: str) -> None:
        if len(text) > _LONGEST:
            raise directory.BadFilter()
        self.rest: list[str] = []
        place, text = 0, text.strip()
        while place < len(text):
            found = _TOKEN.match(text, place)
            if found is None:
                raise directory.BadFilter()
            self.rest.append(found[0].strip())
            place = found.end()

    def either(self, within: str, depth: int) -> directory.Question:
        left = self._both(within, depth)
        while self._is_next("or"):
            left = directory.Either(left, self._both(within, depth))
        return left

    def _both(self, within: str, depth: int) -> directory.Question:
        left = self._one(within, depth)
        while self._is_next("and"):
            left = directory.Both(left, self._one(within, depth))
        return left

    def _one(self, within: str, depth: int) -> directory.Question:
        if depth > _DEEPEST:
            raise directory.BadFilter()
        if self._is_next("not"):
            self._must("(")
            return directory.Neither(self._closed(")", within, depth))
        if self._is_next("("):
            return self._closed(")", within, depth)
        attribute = within + _SCHEMA.sub("", self._take())
        if self._is_next("["):
            question = self._closed("]", f"{attribute}.", depth)
            # emails[type eq "work"].value eq "x"
            if self.rest and self.rest[0].startswith("."):
                return directory.Both(question, self._comparison(attribute + self._take()))
            return question
        return self._comparison(attribute)

    def _comparison(self, attribute: str) -> directory.Question:
        operator = self._take().lower()
        if operator not in _OPERATORS:
            raise directory.BadFilter()
        if operator == "pr":
            return directory.Compare(attribute, operator)
        try:
            value = json.loads(self._take())
        except ValueError as strange:
            raise directory.BadFilter() from strange
        return directory.Compare(attribute, operator, value)

    def _closed(self, by: str, within: str, depth: int) -> directory.Question:
        question = self.either(within, depth + 1)
        self._must(by)
        return question

    def _is_next(self, word: str) -> bool:
        if self.rest and self.rest[0].lower() == word:
            del self.rest[0]
            return True
        return False

    def _must(self, word: str) -> None:
        if not self._is_next(word):
            raise directory.BadFilter()

    def _take(self) -> str:
        if not self.rest:
            raise directory.BadFilter()
        return self.rest.pop(0)


def _compared(operator: str, found: Any, wanted: Any) -> bool:
    if operator == "pr":
        return found not in (None, "")
    if operator in ("eq", "ne"):
        is_same = _plain(found) == _plain(wanted)
        return is_same if operator == "eq" else not is_same
    one, other = str(_plain(found)), str(_plain(wanted))
    match operator:
        case "co":
            return other in one
        case "sw":
            return one.startswith(other)
        case "ew":
            return one.endswith(other)
    raise directory.BadFilter()


def _plain(value: Any) -> Any:
    # True and "true" are the same: directories write both.
    return str(value).lower() if isinstance(value, (str, bool)) else value
