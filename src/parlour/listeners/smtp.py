"""Takes mail over SMTP (RFC 5321) for the mailboxes of every organization.

A sender reads "250" only after the bytes, the ledger's row and the job are committed.
"""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, cast
from urllib.parse import urlsplit
from uuid import UUID

import structlog
from aiosmtpd.smtp import SMTP, Envelope, Session

from parlour import email
from parlour.foundation.doorways import Whereabouts
from parlour.foundation.errors import Unavailable
from parlour.foundation.installation import Installation
from parlour.foundation.settings import Settings

_MOST_CONNECTIONS: Final = 200
_MOST_RECIPIENTS: Final = 100
_MOST_HOPS: Final = 50
_IDLE_SECONDS: Final = 120
_FAREWELL_SECONDS: Final = 10

_NOBODY: Final = "550 5.1.1 There is no mailbox of that name here."
_ENOUGH: Final = "452 4.5.3 That is enough recipients for one message; send the rest in another."
_LATER: Final = "451 4.3.0 This can't be taken right now. Please try again in a few minutes."
_LOOP: Final = "554 5.4.6 This message has been going around in a loop."

log = structlog.get_logger()


class Listener:
    """An open port, and the conversations on it."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._conversations: set[_Conversation] = set()
        self._servers: list[asyncio.Server] = []
        self.port = 0
        """The port that is really open, where the settings ask for any."""

    async def open(self) -> None:
        settings = self._installation.settings
        loop = asyncio.get_running_loop()
        server = await loop.create_server(self._welcome, settings.smtp_host, settings.smtp_port)
        self._servers.append(server)
        self.port = server.sockets[0].getsockname()[1]
        log.info("listening for mail", host=settings.smtp_host, port=self.port)

    async def close(self) -> None:
        """No new conversation; messages being taken are finished, within ten seconds."""
        for server in self._servers:
            server.close()
        for conversation in list(self._conversations):
            conversation.say_goodbye()
        while self._conversations:
            try:
                async with asyncio.timeout(_FAREWELL_SECONDS):
                    await asyncio.gather(*(conversation.ended.wait() for conversation in self._conversations))
            except TimeoutError:
                for conversation in list(self._conversations):
                    conversation.hang_up()
                return

    def _welcome(self) -> asyncio.Protocol:
        if len(self._conversations) >= _MOST_CONNECTIONS:
            return _Full()
        conversation = _Conversation(_Answers(self._installation), self._installation.settings)
        self._conversations.add(conversation)
        conversation.when_ended(self._conversations.discard)
        return conversation


@asynccontextmanager
async def listening(installation: Installation) -> AsyncIterator[Listener]:
    """Mail is taken inside."""
    listener = Listener(installation)
    await listener.open()
    try:
        yield listener
    finally:
        await listener.close()


class _Envelope(Envelope):
    """One message being handed over, and whose mailboxes it is for."""

    def __init__(self) -> None:
        super().__init__()
        self.mailboxes: list[tuple[Whereabouts, str]] = []


class _Answers:
    """What we say to the commands that concern us; the protocol itself is the library's."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: _Envelope, address: str, options: list[str]
    ) -> str:
        if len(envelope.rcpt_tos) >= _MOST_RECIPIENTS:
            return _ENOUGH
        mailbox = await self._installation.database.doorways.mailbox_by_address(_printable(address))
        if mailbox is None:
            return _NOBODY
        envelope.rcpt_tos.append(address)
        envelope.mailboxes.append((mailbox, _printable(address)))
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: _Envelope) -> str:  # noqa: N802
        raw = envelope.content if isinstance(envelope.content, bytes) else b""
        if _hops(raw) > _MOST_HOPS:
            return _LOOP
        for organization_id, mailboxes in _by_organization(envelope).items():
            delivery = email.Delivery(
                mailbox_id=mailboxes[0][0].id,
                envelope_sender=_sender(envelope),
                envelope_recipients=[address for _, address in mailboxes],
                raw=raw,
                client_address=str(session.peer[0]) if session.peer else None,
                client_name=_printable(session.host_name or "")[:255] or None,
            )
            await email.receive(self._installation, organization_id, delivery)
        return "250 2.0.0 Taken"

    async def handle_exception(self, error: Exception) -> str:
        # Whatever it was, the sender still has the message and will come again.
        if not isinstance(error, Unavailable):
            log.error("mail not taken", exc_info=error)
        return _LATER


class _Conversation(SMTP):
    """One sender's connection."""

    # Some senders write a whole page on one line; the RFC's 1,000 characters would refuse them.
    line_length_limit = 128 * 1024

    def __init__(self, answers: _Answers, settings: Settings) -> None:
        super().__init__(
            answers,
            data_size_limit=settings.mail_size_limit,
            enable_SMTPUTF8=True,
            hostname=urlsplit(settings.public_url).hostname or socket.gethostname(),
            ident="Parlour",
            timeout=_IDLE_SECONDS,
            loop=asyncio.get_running_loop(),
        )
        self.ended = asyncio.Event()
        self._is_taking = False
        self._is_leaving = False
        self._followers: list[Any] = []

    def when_ended(self, follower: Any) -> None:
        self._followers.append(follower)

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self.ended.set()
        for follower in self._followers:
            follower(self)

    def eof_received(self) -> bool:
        super().eof_received()
        # The library stops listening here, but leaves the socket open until its time is up.
        return False

    def say_goodbye(self) -> None:
        """End now, or after the message that is being taken."""
        self._is_leaving = True
        if not self._is_taking:
            self.hang_up()

    def hang_up(self) -> None:
        if self.transport is not None:
            _send_away(self.transport, b"421 4.3.2 Closing for now. Please come again.")

    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802
        self._is_taking = True
        try:
            await super().smtp_DATA(arg)
        finally:
            self._is_taking = False
            if self._is_leaving:
                self.hang_up()

    def _create_envelope(self) -> Envelope:
        return _Envelope()


class _Full(asyncio.Protocol):
    """Turns a sender away until others have left."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        _send_away(transport, b"421 4.3.2 Too many connections. Please come again in a minute.")


def _send_away(transport: asyncio.BaseTransport, words: bytes) -> None:
    # Not asked with isinstance: uvloop's transports are not asyncio's.
    writing = cast(asyncio.WriteTransport, transport)
    writing.write(words + b"\r\n")
    writing.close()


def _by_organization(envelope: _Envelope) -> dict[UUID, list[tuple[Whereabouts, str]]]:
    # A mail to two mailboxes of one organization is one mail to it.
    grouped: dict[UUID, list[tuple[Whereabouts, str]]] = {}
    for mailbox, address in envelope.mailboxes:
        grouped.setdefault(mailbox.organization_id, []).append((mailbox, address))
    return grouped


def _sender(envelope: _Envelope) -> str:
    # The library passes the null sender of a bounce on as `<>`.
    sender = _printable(envelope.mail_from or "")
    return "" if sender == "<>" else sender


def _hops(raw: bytes) -> int:
    block = raw[:100_000].split(b"\r\n\r\n", 1)[0]
    return block.lower().count(b"\r\nreceived:") + block.lower().startswith(b"received:")


def _printable(address: str) -> str:
    return address.encode("utf-8", "replace").decode("utf-8").replace("\0", "")[:1000]
