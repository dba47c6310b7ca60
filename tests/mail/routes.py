"""Where a Postfix carries whose mail, told to it while it runs.

By its socketmap protocol, so that it need not be told to read its files again: while it starts anew its log has no
reader, and at the tenth line it waits for one that only it could start.
"""

import socketserver
import threading
from typing import BinaryIO


class Routes:
    """Domains and the transports of their mail, `smtp:[127.0.0.1]:2525`; asked for from `start` to `stop`."""

    def __init__(self) -> None:
        self.known: dict[str, str] = {}
        self._server = _Server(("127.0.0.1", 0), _Asking)
        self._server.routes = self

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def start(self) -> None:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, question: str) -> str:
        """To `domains taken.test` and `transports carol@taken.test`, which is asked whole only."""
        table, _, key = question.partition(" ")
        transport = self.known.get(key.lower().rpartition("@")[2])
        if transport is None:
            return "NOTFOUND "
        return f"OK {transport if table == 'transports' else key}"


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    routes: Routes


class _Asking(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        while (question := _netstring(self.rfile)) is not None:
            answer = self.server.routes.answer(question.decode()).encode()
            self.wfile.write(b"%d:%s," % (len(answer), answer))


def _netstring(stream: BinaryIO) -> bytes | None:
    length = b""
    while (byte := stream.read(1)) not in (b":", b""):
        length += byte
    return stream.read(int(length) + 1)[:-1] if byte else None
