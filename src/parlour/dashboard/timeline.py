"""The history of a ticket, told in sentences."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from parlour.people import Department, User
from parlour.tickets import Activity, Tag


class Line(msgspec.Struct, frozen=True):
    """One line: who did what, and when."""

    icon: str
    who: str
    did: str
    at: datetime


class Names(msgspec.Struct, frozen=True):
    """What the ids in facts are called today."""

    agents: dict[str, str]
    departments: dict[str, str]
    tags: dict[str, str]


def lines(activities: list[Activity], agents: list[User], departments: list[Department], tags: list[Tag]) -> list[Line]:
    """Newest first. What has no sentence here is not shown."""
    names = Names(_by_id(agents), _by_id(departments), _by_id(tags))
    told = [_line(activity, names) for activity in reversed(activities)]
    return [line for line in told if line]


def _line(activity: Activity, names: Names) -> Line | None:
    tell = _SENTENCES.get(activity.name)
    if tell is None:
        return None
    icon, sentence = tell
    return Line(icon, activity.actor_name or "Parlour", sentence(activity.details, names), activity.at)


def _by_id(things: list[Any]) -> dict[str, str]:
    return {str(thing.id): thing.name for thing in things}


def _words(value: str) -> str:
    return value.replace("_", " ").lower()


def _assigned(details: dict[str, Any], names: Names) -> str:
    if details["after"] is None:
        return "unassigned it"
    if details["after"] == details["actor_id"]:
        return "took it"
    return f"assigned it to {names.agents.get(details['after'], 'a former agent')}"


def _moved(details: dict[str, Any], names: Names) -> str:
    if details["after"] is None:
        return "took it out of its department"
    return f"moved it to {names.departments.get(details['after'], 'a former department')}"


def _tagged(details: dict[str, Any], names: Names) -> str:
    told = [
        f"{verb} {', '.join(names.tags.get(tag, 'a former tag') for tag in details[side])}"
        for side, verb in (("added", "added"), ("removed", "removed"))
        if details[side]
    ]
    return " and ".join(told) or "changed the tags"


def _always(sentence: str) -> Callable[[dict[str, Any], Names], str]:
    return lambda details, names: sentence


def _became(verb: str) -> Callable[[dict[str, Any], Names], str]:
    return lambda details, names: f"{verb} {_words(details['after'])}"


_SENTENCES: dict[str, tuple[str, Callable[[dict[str, Any], Names], str]]] = {
    "TicketOpened": ("plus", _always("opened it")),
    "CustomerReplied": ("mail", _always("wrote")),
    "AgentReplied": ("reply", _always("replied")),
    "ReplyNotSent": ("alert", _always("could not send the reply by mail")),
    "ReplyBounced": ("alert", _always("could not deliver the reply: it came back")),
    "ReplyCancelled": ("alert", _always("held back the reply that was to be sent later")),
    "NoteAdded": ("note", _always("added a note")),
    "TicketReopened": ("rotate", _always("reopened it by writing")),
    "StatusChanged": ("status-in-progress", _became("set it to")),
    "PriorityChanged": ("priority-high", _became("set its priority to")),
    "TicketAssigned": ("user", _assigned),
    "DepartmentChanged": ("building", _moved),
    "RequesterChanged": ("users", _always("changed the requester")),
    "SubjectChanged": ("pencil", _always("renamed it")),
    "TagsChanged": ("tag", _tagged),
    "TicketDeleted": ("trash", _always("moved it to the bin")),
    "TicketRestored": ("undo", _always("restored it")),
}
