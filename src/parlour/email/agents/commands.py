"""What an agent orders in the first lines of a mail: `#note`, `#assign bob`, `#close`, `#priority high`, `#tag x`."""

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from parlour import people, tickets
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Problem
from parlour.people import Actor, Permission
from parlour.tickets import Changes, Priority, Status, Ticket

_LINE: Final = re.compile(r"#([a-z]{2,12})\b[ \t:]*(.{0,200})$", re.IGNORECASE)
_STATUSES: Final = {
    **dict.fromkeys(("open", "reopen"), Status.OPEN),
    "pending": Status.PENDING,
    **dict.fromkeys(("resolve", "resolved", "solve"), Status.RESOLVED),
    **dict.fromkeys(("close", "closed"), Status.CLOSED),
}
_WITH_WORDS: Final = ("assign", "priority", "tag", "tags")
_MOST: Final = 20


class Command(msgspec.Struct, frozen=True):
    """One line, as it was written and taken apart."""

    line: str
    name: str
    words: str


class Orders(msgspec.Struct, frozen=True):
    """The commands a mail begins with, and the words below them. `is_note` where those are meant for agents only."""

    commands: tuple[Command, ...]
    text: str
    is_note: bool


def read_orders(text: str) -> Orders:
    """The lines at the top that are commands; a line that is none ends them, whatever stands below it."""
    lines = text.split("\n")
    commands: list[Command] = []
    position = 0
    for line in lines[:_MOST]:
        command = _command(line)
        if line.strip() and command is None:
            break
        position += 1
        commands += [command] if command else []
    if not commands:
        return Orders((), text, is_note=False)
    # What is written behind `#note` is the note's first line.
    said = [command.words for command in commands if command.name == "note" and command.words]
    rest = "\n".join([*said, *lines[position:]]).strip()
    is_note = any(command.name == "note" for command in commands)
    return Orders(tuple(command for command in commands if command.name != "note"), rest, is_note)


async def carry_out(tx: Transaction, ticket: Ticket, commands: Sequence[Command], *, by: Actor) -> list[str]:
    """Do what was ordered on a held ticket. Gives a sentence for each command that could not be carried out."""
    complaints = []
    for command in commands:
        try:
            by.must(Permission.CHANGE_TICKETS)
            async with tx.savepoint():
                ticket = await tickets.change(tx, ticket, await _changes(tx, ticket, command, by), by=by)
        except Problem as refusal:
            reasons = " ".join(str(words) for words in (refusal.details or {}).values()) or refusal.message
            complaints.append(f"“{command.line}” was not carried out: {reasons}")
    return complaints


def _command(line: str) -> Command | None:
    found = _LINE.match(line.strip())
    if not found:
        return None
    name, words = found[1].lower(), found[2].strip()
    if name == "note" or (name in _STATUSES and not words) or (name in _WITH_WORDS and words):
        return Command(line.strip(), name, words)
    return None


async def _changes(tx: Transaction, ticket: Ticket, command: Command, by: Actor) -> Changes:
    match command.name:
        case "assign":
            return Changes(assignee_id=(await _agent(tx, command.words, by)).id)
        case "priority":
            return Changes(priority=_priority(command.words))
        case "tag" | "tags":
            wanted = [word.strip().removeprefix("#") for word in command.words.split(",")]
            return Changes(tags=[*(tag.name for tag in ticket.tags), *(word for word in wanted if word)])
        case _:
            return Changes(status=_STATUSES[command.name])


async def _agent(tx: Transaction, words: str, by: Actor) -> people.User:
    """By `me`, address, the beginning of the address, or name; one and no other."""
    wanted = " ".join(words.lower().removeprefix("@").split())
    everyone = await people.agents(tx)
    for fits in (
        [agent for agent in everyone if wanted == "me" and agent.id == by.user_id],
        [agent for agent in everyone if wanted in (agent.email, agent.name.lower())],
        [agent for agent in everyone if wanted in (agent.email.split("@")[0], agent.name.lower().split(" ")[0])],
    ):
        if len(fits) == 1:
            return fits[0]
        if fits:
            raise Problem(f"More than one agent is called {words}. Write the address.")
    raise Problem(f"There is no active agent called {words}.")


def _priority(words: str) -> Priority:
    try:
        return Priority(words.upper())
    except ValueError:
        raise Problem("A priority is low, medium, high or urgent.") from None
