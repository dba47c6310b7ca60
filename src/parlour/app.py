"""The web process: every door, in the order a request meets them."""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import socketio
from litestar import Litestar
from litestar.datastructures import State

from parlour import api, dashboard, entrance, live, portal, site
from parlour.foundation import installation as installations
from parlour.foundation import logs, settings
from parlour.foundation.installation import Installation
from parlour.foundation.settings import Settings
from parlour.listeners import push
from parlour.reactions import REACTIONS


def build(known: Settings | None = None) -> Any:
    """The ASGI application of one process: Socket.IO in front, then the porch, then the doors."""
    known = known or settings.load()
    logs.configure(known.log_format, known.log_level)
    announcer = live.announcer(known.redis_url)
    installation = installations.build(known, REACTIONS, announcer)
    installation.database.limit_statements(known.statement_seconds)
    identities = entrance.Identities(installation)
    limits = entrance.Limits(installation)
    sockets = live.Live(installation, identities, limits, announcer)
    hosts = entrance.Hosts(installation)
    doors = _doors(installation, {"identities": identities, "limits": limits, "hosts": hosts}, sockets)
    files = entrance.FilesHost(installation)
    porch = entrance.Porch(doors, known, hosts=hosts, files=files, watch=api.watch)
    return _Front(sockets, porch, files)


class _Front:
    """Socket.IO before the porch, but by the name of the files' own host: there nobody is signed in to anything."""

    def __init__(self, sockets: live.Live, porch: entrance.Porch, files: entrance.FilesHost) -> None:
        self.other_asgi_app = porch
        self._files = files
        self._sockets = socketio.ASGIApp(sockets.server, porch, socketio_path=live.PATH)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan" or not self._files.is_asked(scope):
            await self._sockets(scope, receive, send)
        elif scope["type"] == "http":
            await self.other_asgi_app(scope, receive, send)
        else:
            await receive()
            await send({"type": "websocket.close", "code": 1008})


def _doors(installation: Installation, known: dict[str, Any], sockets: live.Live) -> Litestar:
    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        async with installations.running(installation), sockets.running():
            # What lives as long as the process is not garbage: looking through it again and again shows in the p99.
            gc.collect()
            gc.freeze()
            gc.set_threshold(20_000, 50, 50)
            yield

    state = {"installation": installation, "operations": api.OPERATIONS, **known}
    doors = Litestar(
        [api.router(), api.METRICS, *site.ROUTES, *portal.ROUTES, *dashboard.ROUTES, *push.ROUTES],
        state=State(state),
        lifespan=[lifespan],
        request_class=entrance.Request,
        before_request=cast(Any, entrance.admit),
        exception_handlers={Exception: entrance.answer_failure},
        # The document is made of the API's own declarations; the limits of bodies are the request's.
        openapi_config=None,
        request_max_body_size=None,
        multipart_form_part_limit=entrance.MOST_FIELDS,
        logging_config=None,
    )
    if found := entrance.unguarded(doors):
        raise RuntimeError(f"These routes name no permission: {', '.join(found)}")
    return doors
