"""How long a request may take: one that trickles in, one that works on and on, one whose answer nobody reads."""

import asyncio
from typing import Any, Final

# A body may take as long as it keeps coming at this pace, once the first seconds are over: a large file over a poor
# line gets through, a byte now and then does not.
_SLOWEST_BYTES_A_SECOND: Final = 1024


class Patience:
    """Around one request. After `seconds` without its answer having begun it raises `TimeoutError`.

    A body that keeps coming puts that off; an answer that has begun may take its time, if it is read.
    """

    def __init__(self, receive: Any, send: Any, seconds: float) -> None:
        self.is_whole = False
        """Whether everything that was to come has come."""
        self._receive = receive
        self._send = send
        self._seconds = seconds
        self._received = 0
        self._is_over = False
        self._timeout = asyncio.timeout(seconds)
        self._loop = asyncio.get_running_loop()
        self._began_at = self._loop.time()

    async def __aenter__(self) -> "Patience":
        await self._timeout.__aenter__()
        return self

    async def __aexit__(self, *failure: Any) -> None:
        self._is_over = True
        await self._timeout.__aexit__(*failure)

    async def receive(self) -> Any:
        event = await self._receive()
        self._received += len(event.get("body", b""))
        self.is_whole = not event.get("more_body", False)
        now = self._loop.time()
        latest = self._began_at + self._seconds + self._received / _SLOWEST_BYTES_A_SECOND
        if self._timeout.when() is not None:
            self._set(min(now + self._seconds, latest))
        return event

    async def send(self, event: Any) -> None:
        # To set the clock costs as much as sending a little: what is left of its time is mostly enough.
        latest = self._timeout.when()
        if latest is None or latest - self._loop.time() < self._seconds / 2:
            self._set(self._loop.time() + self._seconds)
        await self._send(event)
        if event.get("more_body"):
            self._set(None)

    def _set(self, latest: float | None) -> None:
        # What is answered to a failure is sent after the end.
        if not (self._is_over or self._timeout.expired()):
            self._timeout.reschedule(latest)
