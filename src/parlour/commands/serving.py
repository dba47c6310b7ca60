"""One web process: uvicorn over a socket that is open already."""

import signal
import socket
from typing import Any

import uvicorn

from parlour import app
from parlour.commands.protocol import ImpatientProtocol
from parlour.foundation import settings

# A client that holds a connection open must not hold up a restart.
SECONDS_TO_SAY_GOODBYE = 5


def serve(listener: socket.socket, **named: Any) -> int:
    """Until SIGTERM or SIGINT; then what was begun is finished."""
    known = settings.load(**named)
    config = uvicorn.Config(
        app.build(known),
        loop="uvloop",
        http=ImpatientProtocol,
        ws="websockets-sansio",
        lifespan="on",
        access_log=False,
        log_config=None,
        # Who is trusted to name the client is the app's own affair.
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=SECONDS_TO_SAY_GOODBYE,
    )
    server = uvicorn.Server(config)
    # Uvicorn raises the signal again after its shutdown; we end with 0 instead.
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, lambda *_: None)
    server.run(sockets=[listener])
    return 0 if server.started else 1
