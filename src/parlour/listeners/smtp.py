"""Takes mail over SMTP (RFC 5321) for the mailboxes of every organization.

A sender reads "250" only after the bytes, the ledger's row and the job are committed.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
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
from parlour.listeners.smtp_data import Heard, Room, Trouble, hearing

_MOST_CONNECTIONS: Final = 200
_MOST_RECIPIENTS: Final = 100
_MOST_HOPS: Final = 50
_IDLE_SECONDS: Final = 120
_FAREWELL_SECONDS: Final = 10

_NOBODY: Final = "550 5.1.1 There is no mailbox of that name here."
_CLOSED: Final = "550 5.2.1 This mailbox is closed and takes no mail."
_ENOUGH: Final = "452 4.5.3 That is enough recipients for one message; send the rest in another."
_LATER: Final = "451 4.3.0 This can't be taken right now. Please try again in a few minutes."
_LOOP: Final = "554 5.4.6 This message has been going around in a loop."
_NO_ROOM: Final = "452 4.3.1 Too many large messages are coming in at once. Please try again in a few minutes."
_TOO_LARGE: Final = "552 5.3.4 This message has {size:,} bytes, and at most {largest:,} are taken here."
# The slowest sender that is waited for: of the largest message, some ten kilobytes a second.
_LONGEST_MESSAGE_SECONDS: Final = 3600
_KEPT_OF_REFUSED: Final = 128 * 1024
# How much of a message is read at once.
_PIECE: Final = 128 * 1024

log = structlog.get_logger()


class Listener:
    """An open port, and the conversations on it."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._room = Room(installation.settings.mail_size_limit)
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
        conversation = _Conversation(_Answers(self._installation), self._installation.settings, self._room)
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
        if await self._installation.database.doorways.is_closed(mailbox.organization_id):
            # For good, and said to the sender: what is taken in now would be erased unread.
            return _CLOSED
        envelope.rcpt_tos.append(address)
        envelope.mailboxes.append((mailbox, _printable(address)))
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: _Envelope) -> str:  # noqa: N802
        raw = envelope.content if isinstance(envelope.content, bytes) else b""
        if _hops(raw) > _MOST_HOPS:
            words = f"It has gone from server to server more than {_MOST_HOPS} times, which is a loop."
            await self._note_refused(session, envelope, raw[:_KEPT_OF_REFUSED], words)
            return _LOOP
        for organization_id, mailboxes in _by_organization(envelope).items():
            delivery = _delivery(session, envelope, mailboxes, raw)
            await email.receive(self._installation, organization_id, delivery)
        return "250 2.0.0 Taken"

    async def too_large(self, session: Session, envelope: _Envelope, heard: Heard, largest: int) -> str:
        """What the sender reads; and whoever looks for the mail here reads why it is not."""
        words = f"It has {heard.size:,} bytes, and at most {largest:,} are taken. Only its beginning is kept here."
        await self._note_refused(session, envelope, heard.raw[:_KEPT_OF_REFUSED], words)
        return _TOO_LARGE.format(size=heard.size, largest=largest)

    async def _note_refused(self, session: Session, envelope: _Envelope, raw: bytes, words: str) -> None:
        for organization_id, mailboxes in _by_organization(envelope).items():
            delivery = _delivery(session, envelope, mailboxes, raw)
            await email.note_refused(self._installation, organization_id, delivery, words)

    async def handle_exception(self, error: Exception) -> str:
        # Whatever it was, the sender still has the message and will come again.
        if not isinstance(error, Unavailable):
            log.error("mail not taken", exc_info=error)
        return _LATER


class _Conversation(SMTP):
    """One sender's connection."""

    line_length_limit = _PIECE

    def __init__(self, answers: _Answers, settings: Settings, room: Room) -> None:
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
        self._answers = answers
        self._room = room
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
            if await self._may_begin(arg):
                await self.push("354 End data with <CR><LF>.<CR><LF>")
                await self.push(await self._take())
                self.envelope = self._create_envelope()
        finally:
            self._is_taking = False
            if self._is_leaving:
                self.hang_up()

    async def _may_begin(self, arg: str | None) -> bool:
        if await self.check_helo_needed():
            return False
        if not (self.envelope and self.envelope.rcpt_tos):
            await self.push("503 5.5.1 First say who it is for.")
            return False
        if arg:
            await self.push("501 5.5.4 Syntax: DATA")
            return False
        return True

    async def _take(self) -> str:
        # The library keeps each line as an object of its own, refuses long ones, and gives all of it two minutes.
        envelope, session = cast(_Envelope, self.envelope), cast(Session, self.session)
        reader = cast(Any, self)._reader
        async with asyncio.timeout(_LONGEST_MESSAGE_SECONDS), hearing(reader, self._room, self._reset_timeout) as heard:
            match heard.trouble:
                case Trouble.TOO_LARGE:
                    return await self._answers.too_large(session, envelope, heard, self._room.largest)
                case Trouble.TOO_BUSY:
                    return _NO_ROOM
            envelope.content = heard.raw
            return await self._answers.handle_DATA(self, session, envelope)

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


def _delivery(
    session: Session, envelope: _Envelope, mailboxes: Sequence[tuple[Whereabouts, str]], raw: bytes
) -> email.Delivery:
    return email.Delivery(
        mailbox_id=mailboxes[0][0].id,
        envelope_sender=_sender(envelope),
        envelope_recipients=[address for _, address in mailboxes],
        raw=raw,
        client_address=str(session.peer[0]) if session.peer else None,
        client_name=_printable(session.host_name or "")[:255] or None,
    )


def _sender(envelope: _Envelope) -> str:
    # The library passes the null sender of a bounce on as `<>`.
    sender = _printable(envelope.mail_from or "")
    return "" if sender == "<>" else sender


def _hops(raw: bytes) -> int:
    block = raw[:100_000].split(b"\r\n\r\n", 1)[0]
    return block.lower().count(b"\r\nreceived:") + block.lower().startswith(b"received:")


def _printable(address: str) -> str:
    return address.encode("utf-8", "replace").decode("utf-8").replace("\0", "")[:1000]
