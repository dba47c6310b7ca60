"""The mail servers we hand mail to: their open lines, how many at once, and when to leave one in peace.

A server that is down costs a few attempts, not the queue: nobody waits for it, and no other server's mail does.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

import msgspec
from aiosmtplib import SMTP
from aiosmtplib.errors import SMTPException, SMTPResponseException, SMTPServerDisconnected

from parlour.email.servers import Security, Server, dialled
from parlour.foundation import clock

_LINES: Final = 3
"""Connections to one server at once, of one process."""
_MAILS_A_LINE: Final = 100
_IDLE: Final = 5.0
_PATIENCE: Final = 1.0
_FAILURES: Final = 3
"""In a row, until a server is left in peace."""
_PEACE: Final = tuple(timedelta(seconds=seconds) for seconds in (10, 20, 40, 80, 160, 300))
_SERVICE_NOT_AVAILABLE: Final = 421


class Busy(Exception):
    """Every line is taken, or the server is left in peace for a while: come back after `wait`."""

    def __init__(self, wait: timedelta, words: str | None = None) -> None:
        super().__init__(words or "busy")
        self.wait = wait
        self.words = words


class Line:
    """A connection to a server, signed in."""

    def __init__(self, client: SMTP) -> None:
        self.client = client
        self.mails = 0
        self.is_proven = False
        """Whether the server has answered since the line was taken up."""
        self.is_broken = False
        self._ending: asyncio.TimerHandle | None = None

    @property
    def is_usable(self) -> bool:
        return self.client.is_connected and not self.is_broken and self.mails < _MAILS_A_LINE

    async def reset(self) -> None:
        """Forget the mail that was begun."""
        try:
            await self.client.rset()
        except (SMTPException, OSError):
            self.is_broken = True

    def rest(self) -> None:
        """Wait for another mail, for a few seconds."""
        self._ending = asyncio.get_running_loop().call_later(_IDLE, self.close)

    def take_up(self) -> None:
        if self._ending:
            self._ending.cancel()
        self.is_proven = False

    def close(self) -> None:
        if self._ending:
            self._ending.cancel()
        self.client.close()


class Relay:
    """One server."""

    def __init__(self, server: Server, everybody: asyncio.Semaphore) -> None:
        self._server = server
        self._everybody = everybody
        self._turns = asyncio.Semaphore(_LINES)
        self._running = 0
        self._resting: list[Line] = []
        self._failures = 0
        self._words = ""
        self._peace_until: datetime | None = None

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """The right to send one mail. Raises `Busy` instead of waiting long."""
        self._check_peace()
        await self._wait_for(self._turns)
        try:
            await self._wait_for(self._everybody)
        except Busy:
            self._turns.release()
            raise
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1
            self._everybody.release()
            self._turns.release()

    @asynccontextmanager
    async def line(self, seconds: float) -> AsyncIterator[Line]:
        """A line: one that rests, or a new one. After anything but an answer in order it is hung up."""
        line = self._rested() or await self._connected(seconds)
        line.mails += 1
        try:
            yield line
        except SMTPResponseException as answer:
            line.is_broken |= answer.code == _SERVICE_NOT_AVAILABLE
            self._leave(line)
            raise
        except BaseException:
            line.close()
            raise
        self._leave(line)

    def worked(self) -> None:
        self._failures, self._peace_until = 0, None

    def failed(self, words: str) -> None:
        """It was not reached, or does not let us in. After a few times in a row nobody tries for a while."""
        self._failures += 1
        self._words = words
        over = self._failures - _FAILURES
        if over >= 0:
            self._peace_until = clock.now() + _PEACE[min(over, len(_PEACE) - 1)]

    def is_now(self, server: Server) -> None:
        """With the newest secrets. Others may let us in where the old ones did not."""
        before, self._server = self._server, server
        # A name that leads to several addresses tells them in another order each time: that is no news.
        if msgspec.structs.replace(server, addresses=before.addresses) != before:
            self.worked()
            self.hang_up()

    def hang_up(self) -> None:
        """Close what rests."""
        while self._resting:
            self._resting.pop().close()

    def _check_peace(self) -> None:
        left = self._peace_until - clock.now() if self._peace_until else timedelta()
        if left > timedelta():
            raise Busy(left, self._words)
        if self._failures >= _FAILURES and self._running:
            # One of us looks whether it is back.
            raise Busy(timedelta(seconds=_IDLE), self._words)

    async def _wait_for(self, turns: asyncio.Semaphore) -> None:
        if turns.locked() and self._failures:
            raise Busy(timedelta(seconds=1), self._words)
        try:
            async with asyncio.timeout(_PATIENCE):
                await turns.acquire()
        except TimeoutError as full:
            raise Busy(timedelta(seconds=1)) from full

    def _rested(self) -> Line | None:
        while self._resting:
            line = self._resting.pop()
            if line.is_usable:
                line.take_up()
                return line
            line.close()
        return None

    def _leave(self, line: Line) -> None:
        if line.is_usable:
            self._resting.append(line)
            line.rest()
        else:
            line.close()

    async def _connected(self, seconds: float) -> Line:
        server = self._server
        client = _client(server, seconds)
        client.sock = await dialled(server, seconds)
        if client.sock is None:
            client.port = server.port
        await client.connect()
        return Line(client)


class Relays:
    """All servers of one process. Together they leave half of the worker's places to other jobs."""

    def __init__(self) -> None:
        self._relays: dict[str, Relay] = {}
        self._everybody: asyncio.Semaphore | None = None

    def of(self, server: Server, concurrency: int) -> Relay:
        if self._everybody is None:
            self._everybody = asyncio.Semaphore(max(1, concurrency // 2))
        relay = self._relays.setdefault(server.key, Relay(server, self._everybody))
        relay.is_now(server)
        return relay

    def hang_up(self) -> None:
        """Close what rests."""
        for relay in self._relays.values():
            relay.hang_up()


RELAYS: Final = Relays()
"""Open connections belong to a process, not to an installation."""


def _client(server: Server, seconds: float) -> SMTP:
    is_tls = server.security is Security.TLS
    token = server.access_token

    async def access_token() -> str:
        return token or ""

    return SMTP(
        hostname=server.host,
        username=server.username,
        password=None if token else server.password,
        oauth_token_generator=access_token if token else None,
        use_tls=is_tls,
        start_tls={Security.OFFERED: None, Security.STARTTLS: True}.get(server.security, False),
        tls_context=_context(server.security is Security.OFFERED or not server.verified, server.authority_file),
        timeout=seconds,
    )


@lru_cache(maxsize=64)
def _context(takes_anybody: bool, authority_file: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=authority_file)
    if takes_anybody:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def is_stale(line: Line, trouble: BaseException) -> bool:
    """Whether a line that had rested was hung up meanwhile: then a new one tells more."""
    hung_up = isinstance(trouble, SMTPServerDisconnected | ConnectionError) or (
        isinstance(trouble, SMTPResponseException) and trouble.code == _SERVICE_NOT_AVAILABLE
    )
    return hung_up and line.mails > 1 and not line.is_proven


def hang_up() -> None:
    """Close the lines that rest, before the process ends."""
    with suppress(RuntimeError):
        RELAYS.hang_up()
