"""Stands in for what lies outside: the mail server that takes our mail."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class Taken:
    """One mail as the server took it."""

    sender: str
    recipients: list[str]
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        return BytesParser(_class=EmailMessage, policy=default).parsebytes(self.raw)


@dataclass
class MailServer:
    """Takes every mail, unless told to answer otherwise: `answers` are used up first, `refused` maps a recipient."""

    port: int = 0
    taken: list[Taken] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    lacks: set[str] = field(default_factory=set)
    """The extensions it does not offer."""
    attempts: int = 0
    sessions: list[SMTP] = field(default_factory=list)
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def hang_up(self) -> None:
        """Close every connection, as a server does that was idle for long."""
        for session in self.sessions:
            if session.transport:
                session.transport.close()

    async def mails(self, count: int, within: float = 10) -> list[Taken]:
        """The mails taken, once there are so many."""
        async with asyncio.timeout(within):
            while len(self.taken) < count:
                self._arrived.clear()
                await self._arrived.wait()
        return self.taken

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [line for line in responses if line[4:].split()[0] not in self.lacks]

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.attempts += 1
        if self.answers:
            return self.answers.pop(0)
        content: Any = envelope.content
        self.taken.append(Taken(envelope.mail_from or "", list(envelope.rcpt_tos), content))
        self._arrived.set()
        return "250 Taken"


@asynccontextmanager
async def mail_server() -> AsyncIterator[MailServer]:
    """A server on a free port of this machine."""
    twin = MailServer()
    loop = asyncio.get_running_loop()

    def session() -> SMTP:
        twin.sessions.append(SMTP(twin, hostname="twin.test", enable_SMTPUTF8=True, loop=loop))
        return twin.sessions[-1]

    listening = await loop.create_server(session, "127.0.0.1", 0)
    twin.port = listening.sockets[0].getsockname()[1]
    try:
        yield twin
    finally:
        listening.close()
        # A client may keep its line for another mail.
        twin.hang_up()
        await listening.wait_closed()
