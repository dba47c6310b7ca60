"""A committed fact, told to the screens it concerns: ids and the version, never words."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec
import structlog
from socketio import AsyncRedisManager

from parlour.foundation import cache
from parlour.foundation.facts import Fact, TicketFact
from parlour.live import rooms
from parlour.notifications import NotificationRaised
from parlour.people import StandingsChanged
from parlour.tickets import DepartmentChanged, RequesterChanged, TicketAssigned, TicketDeleted

log = structlog.get_logger()

CHANNEL: Final = "parlour:live"
PASSED_ON: Final = "parlour:passed-on"
"""On which every web process hears of a ticket that somebody may have lost sight of."""
STANDINGS: Final = "parlour:standings"
"""On which every web process hears whose standing has changed."""
_PATIENCE: Final = 2.0


class Event(msgspec.Struct, frozen=True):
    """What is emitted, and into which rooms."""

    name: str
    rooms: list[str]
    about: dict[str, Any]


class PassedOn(msgspec.Struct, frozen=True):
    """Look anew whether those who have it open still may."""

    organization_id: UUID
    ticket_id: UUID


class Standings(msgspec.Struct, frozen=True):
    """Look anew at the screens of these; where nobody is named, of everybody in the organization."""

    organization_id: UUID
    user_ids: list[UUID]


Note = PassedOn | Standings


class Announcer:
    """Tells every web process. It never holds up the caller, and what fails is only logged: a screen heals itself."""

    def __init__(self, redis_url: str) -> None:
        self._manager = AsyncRedisManager(redis_url, channel=CHANNEL, write_only=True)
        self._cache = cache.connect(redis_url)
        self._running: set[asyncio.Task[None]] = set()

    async def __call__(self, organization_id: UUID, facts: Sequence[Fact]) -> None:
        events, notes = list(events_of(organization_id, facts)), list(notes_of(organization_id, facts))
        if events or notes:
            task = asyncio.create_task(self._publish(events, notes))
            # The loop keeps only a weak reference.
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def aclose(self) -> None:
        """Say what is still to be said, then disconnect."""
        await asyncio.gather(*self._running)
        await self._cache.aclose()
        if self._manager.redis:
            await self._manager.redis.aclose()

    async def _publish(self, events: list[Event], notes: list[tuple[str, Note]]) -> None:
        try:
            async with asyncio.timeout(_PATIENCE):
                for event in events:
                    await self._manager.emit(event.name, event.about, room=event.rooms)
                for channel, note in notes:
                    await self._cache.publish(channel, msgspec.json.encode(note))
        except Exception:
            log.warning("live.not_announced", events=[event.name for event in events], exc_info=True)


def announcer(redis_url: str) -> Announcer:
    """What a `Database` calls after each commit; close it at the end."""
    return Announcer(redis_url)


def events_of(organization_id: UUID, facts: Sequence[Fact]) -> Iterator[Event]:
    """One event a changed ticket, however many facts the change had."""
    changes: dict[UUID, list[TicketFact]] = {}
    for fact in facts:
        if isinstance(fact, TicketFact):
            changes.setdefault(fact.ticket_id, []).append(fact)
        elif isinstance(fact, NotificationRaised):
            yield Event("notification:new", [rooms.bell(fact.user_id)], {"id": str(fact.notification_id)})
    for of_one_ticket in changes.values():
        yield _ticket_event(organization_id, of_one_ticket)


def notes_of(organization_id: UUID, facts: Sequence[Fact]) -> Iterator[tuple[str, Note]]:
    """What web processes tell no screen, but look at themselves: channel and note."""
    for ticket_id in {fact.ticket_id for fact in facts if isinstance(fact, _OUT_OF_SIGHT)}:
        yield PASSED_ON, PassedOn(organization_id, ticket_id)
    changed = [fact for fact in facts if isinstance(fact, StandingsChanged)]
    if changed:
        of_all = any(not fact.user_ids for fact in changed)
        user_ids = set() if of_all else {each for fact in changed for each in fact.user_ids}
        yield STANDINGS, Standings(organization_id, sorted(user_ids))


_OUT_OF_SIGHT: Final = (DepartmentChanged, TicketAssigned, RequesterChanged, TicketDeleted)


def _ticket_event(organization_id: UUID, facts: list[TicketFact]) -> Event:
    last = facts[-1]
    # Not who has it open: by who they are they hear of what they see, and of nothing that was passed on.
    listening = {rooms.organization(organization_id)}
    for fact in facts:
        # Whoever had it before a change must hear that it is gone.
        moved = {getattr(fact, "before", None), getattr(fact, "after", None)}
        listening |= {rooms.department(each) for each in {fact.department_id, *moved} if isinstance(each, UUID)}
        listening |= {rooms.user(each) for each in {fact.assignee_id, *moved} if isinstance(each, UUID)}
    shown = any(fact.shown_to_customers for fact in facts)
    if shown and last.requester_id:
        listening |= {rooms.user(last.requester_id), rooms.customers_of(last.ticket_id)}
    if shown and last.company_id:
        listening |= {rooms.company(last.company_id)}
    name = "ticket:created" if any(fact.name == "TicketOpened" for fact in facts) else "ticket:updated"
    about = {"id": str(last.ticket_id), "number": last.number, "version": last.version}
    return Event(name, sorted(listening), about)
