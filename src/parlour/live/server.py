"""The Socket.IO server: who comes in, which rooms they are in, what they may say."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final
from uuid import UUID

import msgspec
import socketio
import structlog
from redis.exceptions import RedisError

from parlour import tickets
from parlour.access import CHANGES_CHANNEL, Changed
from parlour.entrance import Identities, Limit, Limits
from parlour.foundation.errors import Problem, Unauthenticated
from parlour.foundation.installation import Installation
from parlour.foundation.tasks import end
from parlour.live import presence, rooms
from parlour.live.announcing import CHANNEL, PASSED_ON, STANDINGS, Announcer, PassedOn, Standings
from parlour.live.endings import listen
from parlour.live.needs import SAID
from parlour.live.screens import Screen, credentials, visitor_of
from parlour.people import Actor, Permission

log = structlog.get_logger()

PATH: Final = "api/socket"
_LOOK_ROUND_EVERY: Final = 2.0
_REFRESH_EVERY: Final = 10.0
_LARGEST_MESSAGE: Final = 10_000
_TOO_MUCH: Final = "Too many events."

Reply = dict[str, Any]


class Live:
    """The server of one process; the manager in Valkey joins them all."""

    def __init__(
        self, installation: Installation, identities: Identities, limits: Limits, announcer: Announcer
    ) -> None:
        self._installation = installation
        self._limits = limits
        self._identities = identities
        self._announcer = announcer
        self._cache = installation.cache
        self._screens: dict[str, Screen] = {}
        self.server = socketio.AsyncServer(
            async_mode="asgi",
            client_manager=socketio.AsyncRedisManager(installation.settings.redis_url, channel=CHANNEL),
            # Our own rule decides in `connect`: a bearer token may come from anywhere, a cookie only from our pages.
            cors_allowed_origins=[],
            max_http_buffer_size=_LARGEST_MESSAGE,
            http_compression=False,
        )
        self.server.on("connect", self._connect)
        self.server.on("disconnect", self._disconnect)
        acts = {"ticket:join": self._join, "ticket:leave": self._leave, "ticket:typing": self._typing}
        for name, permission in SAID.items():
            self.server.on(name, self._on(acts[name], permission))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Looks round every two seconds: who may no longer be here, who has gone without a word."""
        heard = {CHANGES_CHANNEL: self._changed, PASSED_ON: self._passed_on, STANDINGS: self._standings}
        tasks = [asyncio.create_task(self._look_round()), asyncio.create_task(listen(self._cache, heard))]
        try:
            yield
        finally:
            await end(tasks)
            for screen in list(self._screens.values()):
                await self._disconnect(screen.sid)
            await self._close()

    async def _close(self) -> None:
        await self._announcer.aclose()
        manager = self.server.manager
        if listening := getattr(manager, "thread", None):
            await end([listening])
        if manager.pubsub:
            await manager.pubsub.aclose()
        if manager.redis:
            await manager.redis.aclose()

    async def _connect(self, sid: str, environ: dict[str, Any], auth: Any = None) -> None:
        session, token = credentials(environ, auth, self._installation.settings)
        actor = await visitor_of(self._identities, session, token)
        if actor is None:
            raise socketio.exceptions.ConnectionRefusedError(Unauthenticated().message)
        if await self._says_too_much(actor):
            raise socketio.exceptions.ConnectionRefusedError(_TOO_MUCH)
        screen = self._screens[sid] = Screen(sid, actor, session, token)
        for room in screen.rooms:
            await self.server.enter_room(sid, room)

    async def _disconnect(self, sid: str, reason: Any = None) -> None:
        screen = self._screens.pop(sid, None)
        if screen is None:
            return
        for ticket_id in screen.tickets:
            with contextlib.suppress(RedisError, OSError):
                await presence.leave(self._cache, ticket_id, presence.somebody(sid, screen.actor))
                await self._tell_viewers(ticket_id)

    def _on(
        self, act: Callable[[Screen, Any], Awaitable[Reply]], permission: Permission
    ) -> Callable[..., Awaitable[Reply]]:
        async def heard(sid: str, message: Any = None, *_: Any) -> Reply:
            screen = self._screens.get(sid)
            if screen is None:
                return {"error": Unauthenticated().message}
            if await self._says_too_much(screen.actor):
                await self.server.disconnect(sid)
                return {"error": _TOO_MUCH}
            try:
                screen.actor.must(permission)
                return await act(screen, message)
            except Problem as problem:
                return {"error": problem.message}
            except (RedisError, OSError):
                return {"error": "This is not available right now."}

        return heard

    async def _says_too_much(self, actor: Actor) -> bool:
        # Of one person all screens together, whichever process they are connected to; and each new one is an event.
        left = await self._limits.take(Limit.SOCKET, str(actor.user_id), actor.organization_id)
        return left is not None and left.is_over

    async def _join(self, screen: Screen, message: Any) -> Reply:
        ticket_id = _ticket_id(message)
        if ticket_id is None or not screen.has_room_for_a_ticket:
            return {"error": "Name one ticket as {id}, twenty at once at most."}
        async with self._installation.database.reading(screen.actor.organization_id) as tx:
            ticket = await tickets.find(tx, ticket_id, seen_by=screen.actor)
        if not screen.is_among_colleagues:
            screen.followed.add(ticket_id)
            await self.server.enter_room(screen.sid, rooms.customers_of(ticket_id))
            return {"version": ticket.version}
        screen.tickets.add(ticket_id)
        await self.server.enter_room(screen.sid, rooms.ticket(ticket_id))
        await presence.enter(self._cache, ticket_id, presence.somebody(screen.sid, screen.actor))
        return {"version": ticket.version, **await self._tell_viewers(ticket_id)}

    async def _leave(self, screen: Screen, message: Any) -> Reply:
        ticket_id = _ticket_id(message)
        if ticket_id is None:
            return {"error": "Name one ticket as {id}."}
        await self._close_ticket(screen, ticket_id)
        return {}

    async def _close_ticket(self, screen: Screen, ticket_id: UUID) -> None:
        screen.followed.discard(ticket_id)
        await self.server.leave_room(screen.sid, rooms.customers_of(ticket_id))
        if ticket_id in screen.tickets:
            screen.tickets.discard(ticket_id)
            await self.server.leave_room(screen.sid, rooms.ticket(ticket_id))
            await presence.leave(self._cache, ticket_id, presence.somebody(screen.sid, screen.actor))
            await self._tell_viewers(ticket_id)

    async def _typing(self, screen: Screen, message: Any) -> Reply:
        ticket_id = _ticket_id(message)
        if ticket_id not in screen.tickets or ticket_id is None:
            return {"error": "Join the ticket first."}
        who = presence.somebody(screen.sid, screen.actor)
        if await presence.type_(self._cache, ticket_id, who, typing=bool(message.get("typing"))):
            await self._tell_viewers(ticket_id)
        return {}

    async def _tell_viewers(self, ticket_id: UUID) -> dict[str, Any]:
        present = await presence.present(self._cache, ticket_id)
        await self.server.emit("ticket:viewers", present, room=rooms.ticket(ticket_id))
        return present

    async def _look_round(self) -> None:
        refreshed_ago = 0.0
        while True:
            await asyncio.sleep(_LOOK_ROUND_EVERY)
            refreshed_ago += _LOOK_ROUND_EVERY
            try:
                for screen in list(self._screens.values()):
                    await self._check(screen)
                if refreshed_ago >= _REFRESH_EVERY:
                    refreshed_ago = 0.0
                    await self._refresh()
                for ticket_id in {each for screen in self._screens.values() for each in screen.tickets}:
                    if await presence.forget_the_gone(self._cache, ticket_id):
                        await self._tell_viewers(ticket_id)
            except Exception:
                # Valkey or the database is away: the next round is soon, and nobody is thrown out meanwhile.
                log.warning("live.round_failed", exc_info=True)

    async def _check(self, screen: Screen) -> None:
        before, was = screen.rooms, screen.actor
        if not await screen.is_welcome(self._identities):
            await self.server.disconnect(screen.sid)
            return
        for room in screen.rooms - before:
            await self.server.enter_room(screen.sid, room)
        for room in before - screen.rooms:
            await self.server.leave_room(screen.sid, room)
        if was != screen.actor:
            await self._close_unseen(screen, screen.tickets | screen.followed)

    async def _close_unseen(self, screen: Screen, ticket_ids: set[UUID]) -> None:
        """Of these, close on the screen what is not theirs to see any more."""
        if ticket_ids:
            async with self._installation.database.reading(screen.actor.organization_id) as tx:
                seen = await tickets.seen_among(tx, ticket_ids, seen_by=screen.actor)
            # Who was an agent may see a ticket still, but as its customer: not who looks at it.
            open_to_colleagues = set[UUID]() if screen.is_among_colleagues else screen.tickets & ticket_ids
            for ticket_id in ticket_ids - seen | open_to_colleagues:
                await self._close_ticket(screen, ticket_id)

    async def _passed_on(self, said: str) -> None:
        """A ticket went to another department, agent or customer: who has it open may have lost sight of it."""
        ticket = msgspec.json.decode(said, type=PassedOn)
        for screen in list(self._screens.values()):
            if ticket.ticket_id in screen.tickets | screen.followed:
                await self._close_unseen(screen, {ticket.ticket_id})

    async def _changed(self, said: str) -> None:
        """Somebody's sessions were ended, or what they may do has changed: their screens are looked at now."""
        changed = msgspec.json.decode(said, type=Changed)
        if changed.user_id:
            self._identities.forget_user(changed.organization_id, changed.user_id)
        else:
            self._identities.forget()
        for screen in list(self._screens.values()):
            is_theirs = changed.user_id in (None, screen.actor.user_id)
            if is_theirs and screen.actor.organization_id == changed.organization_id:
                screen.look_again_at_once()
                await self._check(screen)

    async def _standings(self, said: str) -> None:
        """What some may do or see has changed: their role, a department, a company, a policy."""
        changed = msgspec.json.decode(said, type=Standings)
        named = set(changed.user_ids)
        self._identities.forget()
        for screen in list(self._screens.values()):
            actor = screen.actor
            if actor.organization_id == changed.organization_id and (not named or actor.user_id in named):
                screen.look_again_at_once()
                await self._check(screen)

    async def _refresh(self) -> None:
        for screen in list(self._screens.values()):
            for ticket_id in screen.tickets:
                await presence.enter(self._cache, ticket_id, presence.somebody(screen.sid, screen.actor))


def _ticket_id(message: Any) -> UUID | None:
    try:
        return UUID(message["id"])
    except (TypeError, KeyError, ValueError, AttributeError):
        return None
