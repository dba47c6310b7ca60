"""The demo's content: who is there and what they wrote, read from the files under `content/`."""

import mimetypes
import re
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import msgspec

CONTENT: Final = Path(__file__).parent / "content"

_UNITS: Final = {"d": "days", "h": "hours", "m": "minutes"}


class Company(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The organization itself."""

    slug: str
    name: str
    colour: str
    mailbox: str


class Person(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody in the story; the tickets call them by `key`."""

    key: str
    name: str
    email: str
    role: str


class Team(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A department and the keys of its members."""

    name: str
    description: str
    members: list[str]


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One moment of a ticket: words, a change of its properties, or both. `after` counts from the entry before."""

    text: str = ""
    by: str = ""
    after: str = "0m"
    kind: str = "PUBLIC"
    files: list[str] = []
    status: str | None = None
    priority: str | None = None
    assignee: str | None = None
    department: str | None = None
    tags: list[str] | None = None


class Story(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"requester": "from"}):
    """One ticket: the first entry of its log opens it, `age` ago."""

    subject: str
    requester: str
    age: str
    source: str
    log: list[Entry]
    priority: str = "MEDIUM"
    tags: list[str] = []
    participants: list[str] = []


class Cast(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everyone of one organization."""

    organization: Company
    department: list[Team]
    person: list[Person]


class Moment(msgspec.Struct, frozen=True):
    """An entry of a story, and how long before now it happened."""

    ago: timedelta
    story: int
    position: int
    entry: Entry


class _Chapter(msgspec.Struct, forbid_unknown_fields=True):
    ticket: list[Story]


def cast(slug: str) -> Cast:
    """The people of one organization."""
    return msgspec.toml.decode((CONTENT / slug / "people.toml").read_bytes(), type=Cast)


def stories(slug: str) -> list[Story]:
    """Its tickets, in no particular order."""
    found: list[Story] = []
    for file in sorted((CONTENT / slug).glob("[0-9]*.toml")):
        found += msgspec.toml.decode(file.read_bytes(), type=_Chapter).ticket
    return found


def moments(told: list[Story]) -> list[Moment]:
    """Everything that happens in all of them, oldest first."""
    found = []
    for number, story in enumerate(told):
        ago = span(story.age)
        for position, entry in enumerate(story.log):
            ago -= span(entry.after)
            found.append(Moment(ago, number, position, entry))
    return sorted(found, key=lambda moment: moment.ago, reverse=True)


def file(name: str) -> tuple[str, bytes]:
    """A file that somebody attached: its content type and its bytes."""
    return mimetypes.guess_type(name)[0] or "application/octet-stream", (CONTENT / "files" / name).read_bytes()


def words() -> dict[str, Any]:
    """The word lists for tickets made in bulk."""
    return msgspec.toml.decode((CONTENT / "words.toml").read_bytes(), type=dict[str, Any])


def span(written: str) -> timedelta:
    """`2d 5h 10m` as a length of time."""
    parts = re.findall(r"(\d+)([dhm])", written)
    return timedelta(**{_UNITS[unit]: int(count) for count, unit in parts})
