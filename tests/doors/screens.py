"""Screens: sockets of somebody's, at one of two web processes."""

from collections.abc import Callable
from typing import Any

import socketio

from parlour.people import Actor
from tests.waiting import until


class Client:
    """A screen: what it heard, and what it says."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, dict[str, Any]]] = []
        self.socket = socketio.AsyncClient(reconnection=False)
        for name in ("ticket:created", "ticket:updated", "ticket:viewers", "notification:new"):
            self.socket.on(name, self._hear(name))

    def names(self) -> list[tuple[str, int]]:
        return [(name, about["number"]) for name, about in self.heard if "number" in about]

    def _hear(self, name: str) -> Callable[[dict[str, Any]], None]:
        return lambda about: self.heard.append((name, about))

    async def hears(self, name: str, **about: object) -> dict[str, Any]:
        """Waits until it has."""

        async def look() -> dict[str, Any] | None:
            for heard, said in self.heard:
                if heard == name and about.items() <= said.items():
                    return said
            return None

        found = await until(look)
        assert found
        return found


async def connect_screen(client: Client, address: str, **how: Any) -> None:
    await client.socket.connect(address, transports=["websocket"], socketio_path="/api/socket", **how)


def named(*actors: Actor) -> list[dict[str, str]]:
    return [{"id": str(actor.user_id), "name": actor.name} for actor in actors]
