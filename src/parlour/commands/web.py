"""`parlour web`: serve pages, the API and live events; one process, or several on one port."""

import argparse
import os
import socket
import sys
from collections.abc import Sequence

from parlour import connections
from parlour.children import Child
from parlour.loading import load
from parlour.supervisor import Failed, Stopped, Supervisor, say


def main(words: Sequence[str]) -> int:
    asked = _asked(words)
    if asked.socket is not None:
        return _serve(asked, socket.socket(fileno=asked.socket))
    trouble = connections.port_trouble(asked.host, asked.port)
    if trouble:
        say(f"Port {asked.port} on {asked.host} {trouble}. Choose another with --port.")
        return 1
    listeners = connections.listeners(asked.host, asked.port, asked.workers)
    return _serve(asked, listeners[0]) if asked.workers == 1 else _serve_together(asked, listeners)


def _asked(words: Sequence[str]) -> argparse.Namespace:
    def known(name: str, otherwise: str) -> str:
        return os.environ.get(f"PARLOUR_{name}", otherwise)

    parser = argparse.ArgumentParser(prog="parlour web", description="Serve pages, the API and live events.")
    parser.add_argument("--data", default=known("DATA", ".parlour"), help="the data folder of `parlour up`")
    parser.add_argument("--host", default=known("HOST", "127.0.0.1"))
    parser.add_argument("--port", type=int, default=int(known("PORT", "8000")))
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="processes on the port (default: 1)")
    parser.add_argument("--socket", type=int, help=argparse.SUPPRESS)
    return parser.parse_args(words)


def _serve(asked: argparse.Namespace, listener: socket.socket) -> int:
    # Loaded only in a process that serves: the parent of several stays small.
    serving = load("parlour.commands.serving")
    return int(serving.serve(listener, data=asked.data, host=asked.host, port=asked.port))


def _serve_together(asked: argparse.Namespace, listeners: list[socket.socket]) -> int:
    try:
        with Supervisor() as supervisor:
            for number, listener in enumerate(listeners, 1):
                supervisor.start(_sibling(asked, number, listener))
            supervisor.keep()
    except Stopped:
        return 0
    except Failed as trouble:
        say(str(trouble))
    return 1


def _sibling(asked: argparse.Namespace, number: int, listener: socket.socket) -> Child:
    place = ["--data", asked.data, "--host", asked.host, "--port", str(asked.port)]
    return Child(
        name=f"Web process {number}",
        command=[sys.executable, "-m", "parlour", "web", *place, "--socket", str(listener.fileno())],
        held=(listener.fileno(),),
    )
