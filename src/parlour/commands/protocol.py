"""HTTP as uvicorn speaks it, with an end to the patience for what comes before a request is one."""

from asyncio import TimerHandle
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS: Final = 15.0
"""Between the connection, or the first byte of a further request, and the end of its headers."""

LARGEST_HEAD: Final = 64 * 1024
MOST_HEADERS: Final = 100


class ImpatientProtocol(HttpToolsProtocol):
    """Uvicorn itself would wait for ever, and keep whatever came meanwhile."""

    _timer: TimerHandle | None = None
    _size = 0
    _is_in_head = True

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._begin_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_head()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._is_in_head:
            self._size += len(data)
        super().data_received(data)
        # What ended its head with these bytes may have brought a part of its body along.
        if self._is_in_head and self._size > LARGEST_HEAD:
            self._refuse(b"431 Request Header Fields Too Large")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if not self._is_in_head:
            self._begin_head()

    def on_headers_complete(self) -> None:
        self._end_head()
        if (
            len(self.headers) > MOST_HEADERS
            or sum(len(name) + len(value) for name, value in self.headers) > LARGEST_HEAD
        ):
            self._refuse(b"431 Request Header Fields Too Large")
            return
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if not self.transport.is_closing():
            super().on_body(body)

    def on_message_complete(self) -> None:
        if not self.transport.is_closing():
            super().on_message_complete()

    def _begin_head(self) -> None:
        self._is_in_head, self._size = True, 0
        if self._timer is None:
            self._timer = self.loop.call_later(HEAD_SECONDS, self._refuse, b"408 Request Timeout")

    def _end_head(self) -> None:
        self._is_in_head = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _refuse(self, status: bytes) -> None:
        self._end_head()
        if not self.transport.is_closing():
            self.transport.write(b"HTTP/1.1 " + status + b"\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            self.transport.close()
