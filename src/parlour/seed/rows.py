"""One made-up ticket as lines of PostgreSQL's COPY text format, with the columns as the verbs would have left them."""

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec

from parlour import tickets
from parlour.foundation.facts import TicketFact
from parlour.seed.invention import Invented
from parlour.tickets import Status

_NOTHING: Final = r"\N"
_SEEN_BEFORE: Final = timedelta(minutes=1)
_ENDED_AFTER: Final = 0.95

Person = tuple[str, str, str]
"""Id, name and address."""


class Place(NamedTuple):
    """What tickets of an organization may point to."""

    organization_id: str
    customers: Sequence[Person]
    agents: Sequence[Person]
    departments: Sequence[str]
    tags: Sequence[str]


class Lines(NamedTuple):
    """The lines of each table, by its name."""

    tickets: list[str]
    comments: list[str]
    participants: list[str]
    ticket_tags: list[str]
    ticket_search: list[str]
    activities: list[str]


class Told(NamedTuple):
    """A ticket on its way into rows: its ids, its people, and what happened when."""

    id: str
    number: int
    requester: Person
    agent: Person
    is_assigned: bool
    department_id: str | None
    comment_ids: tuple[str, str, str]
    facts: list[tuple[datetime, TicketFact]]


class Writer:
    """Turns invented tickets into lines. The same seed gives the same lines, but for the moment they are made at."""

    def __init__(self, place: Place, seed: int, now: datetime) -> None:
        self._place = place
        self._random = random.Random(seed)
        self._now = now

    def write(self, invented: list[tuple[int, Invented]]) -> Lines:
        """The lines of tickets, each with the number it gets."""
        lines = Lines([], [], [], [], [], [])
        for number, ticket in invented:
            told = self._tell(number, ticket)
            self._add_ticket(lines, told, ticket)
            self._add_comments(lines, told, ticket)
            self._add_surroundings(lines, told, ticket)
        return lines

    def _tell(self, number: int, ticket: Invented) -> Told:
        pick, place = self._random, self._place
        # A few customers write much, most write little.
        requester = place.customers[int(len(place.customers) * pick.random() ** 2)]
        told = Told(
            id=self._id(ticket.opened_at),
            number=number,
            requester=requester,
            agent=pick.choice(place.agents),
            is_assigned=ticket.status != "OPEN" or pick.random() < 0.7,
            department_id=pick.choice(place.departments) if place.departments and pick.random() < 0.9 else None,
            comment_ids=(
                self._id(ticket.opened_at),
                self._id(ticket.opened_at + ticket.answered_after),
                self._id(ticket.opened_at + ticket.closed_after),
            ),
            facts=[],
        )
        for version, (at, kind, actor_id, more) in enumerate(_happenings(told, ticket, self._now), 1):
            told.facts.append((at, kind(**_about(told, version, actor_id), **more)))
        return told

    def _add_ticket(self, lines: Lines, told: Told, ticket: Invented) -> None:
        ended = {fact.after: at for at, fact in told.facts if isinstance(fact, tickets.StatusChanged)}
        last_public = ticket.answer if ticket.closes_with_note else ticket.closing
        values = (
            self._place.organization_id,
            told.id,
            told.number,
            ticket.subject.text,
            ticket.status,
            ticket.priority,
            ticket.source,
            told.requester[0],
            told.agent[0] if told.is_assigned else None,
            told.department_id,
            told.facts[-1][1].version,
            tickets.preview_of(last_public.text),
            2 if ticket.closes_with_note else 3,
            ticket.opened_at,
            told.facts[-1][0],
            ticket.opened_at + ticket.answered_after,
            ended.get(Status.RESOLVED),
            ended.get(Status.CLOSED),
        )
        lines.tickets.append(_line(values))

    def _add_comments(self, lines: Lines, told: Told, ticket: Invented) -> None:
        by_agent = ticket.closes_with_note
        said = (
            (told.requester, "PUBLIC", ticket.source, ticket.question, timedelta()),
            (told.agent, "PUBLIC", "WEB_FORM", ticket.answer, ticket.answered_after),
            (
                told.agent if by_agent else told.requester,
                "INTERNAL" if by_agent else "PUBLIC",
                "WEB_FORM" if by_agent else ticket.source,
                ticket.closing,
                ticket.closed_after,
            ),
        )
        organization_id = self._place.organization_id
        for comment_id, (author, visibility, source, saying, after) in zip(told.comment_ids, said, strict=True):
            at = ticket.opened_at + after
            lines.comments.append(
                _line((organization_id, comment_id, told.id, author[0], visibility, source, _escaped(saying.text), at))
            )

    def _add_surroundings(self, lines: Lines, told: Told, ticket: Invented) -> None:
        organization_id = self._place.organization_id
        lines.participants.append(_line((organization_id, told.id, told.requester[0], ticket.opened_at)))
        for tag in ticket.tags:
            lines.ticket_tags.append(_line((organization_id, told.id, self._place.tags[tag])))
        everything, public = _findable(UUID(organization_id), told, ticket)
        lines.ticket_search.append(_line((organization_id, told.id, everything, public)))
        for at, fact in told.facts:
            details = msgspec.json.encode(fact).decode()
            values = (organization_id, self._id(at), told.id, fact.name, fact.actor_id, at, details)
            lines.activities.append(_line(values))

    def _id(self, at: datetime) -> str:
        # A UUIDv7 of a past moment: what ids.new() would have made then.
        milliseconds, bits = int(at.timestamp() * 1000), self._random.getrandbits
        return f"{milliseconds:012x}7{bits(12):03x}{8 + bits(2):x}{bits(60):015x}"


def _happenings(told: Told, ticket: Invented, now: datetime) -> Iterator[tuple[datetime, Any, str, dict[str, Any]]]:
    opened, agent_id, requester_id = ticket.opened_at, told.agent[0], told.requester[0]
    first, answer, closing = told.comment_ids
    answered, closed = opened + ticket.answered_after, opened + ticket.closed_after
    yield opened, tickets.TicketOpened, requester_id, {"comment_id": first}
    if told.is_assigned:
        yield answered - _SEEN_BEFORE, tickets.TicketAssigned, agent_id, {"before": None, "after": agent_id}
    yield answered, tickets.AgentReplied, agent_id, {"comment_id": answer}
    if ticket.closes_with_note:
        yield closed, tickets.NoteAdded, agent_id, {"comment_id": closing}
    else:
        yield closed, tickets.CustomerReplied, requester_id, {"comment_id": closing}
    step = (min(now, opened + timedelta(days=13)) - closed) * _ENDED_AFTER / 2
    before = Status.OPEN
    for number, after in enumerate(_path(ticket.status), 1):
        yield closed + step * number, tickets.StatusChanged, agent_id, {"before": before, "after": after}
        before = after


def _path(status: str) -> Sequence[Status]:
    if status == "OPEN":
        return ()
    return (Status.RESOLVED, Status.CLOSED) if status == "CLOSED" else (Status(status),)


def _about(told: Told, version: int, actor_id: str) -> dict[str, Any]:
    return {
        "actor_id": actor_id,
        "ticket_id": told.id,
        "number": told.number,
        "version": version,
        "department_id": told.department_id,
        "assignee_id": told.agent[0] if told.is_assigned and version > 1 else None,
        "requester_id": told.requester[0],
    }


def _findable(organization_id: UUID, told: Told, ticket: Invented) -> tuple[str, str | None]:
    """What agents find it by, and what customers do where that is less."""
    people = _words_of_people(told.requester) | _words_of_people(told.agent)
    public = {f"#{told.number}"} | ticket.subject.words | ticket.question.words | ticket.answer.words | people
    everything = " ".join(tickets.marked_words(organization_id, public | ticket.closing.words))
    if not ticket.closes_with_note:
        return everything, None
    return everything, " ".join(tickets.marked_words(organization_id, public))


def _words_of_people(person: Person) -> frozenset[str]:
    known = _people.get(person[0])
    if known is None:
        known = _people[person[0]] = frozenset(tickets.words_of(person[1], person[2]))
    return known


_people: dict[str, frozenset[str]] = {}


def _line(values: Sequence[object]) -> str:
    return "\t".join([_NOTHING if value is None else str(value) for value in values])


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n").replace("\t", r"\t")
