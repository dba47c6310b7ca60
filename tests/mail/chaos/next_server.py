"""The mail server that takes our answers, and at times hangs up after the final dot, before it has said 250."""

import asyncio
import random
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.mail.chaos.pieces import Ours

_SWALLOWED = 0.06
"""How many of its acknowledgements get lost."""


class Conversation(SMTP):
    """One connection, and when it ended."""

    ended_at: float | None = None
    last: "Copy | None" = None

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self.ended_at = time.monotonic()


@dataclass(frozen=True)
class Copy:
    """A mail as it was handed over once."""

    message_id: str
    recipients: tuple[str, ...]
    raw: bytes
    at: float
    is_acknowledged: bool
    conversation: Conversation

    @property
    def was_the_last(self) -> bool:
        """Of its connection."""
        return self.conversation.last is self


@dataclass
class NextServer:
    """Keeps all it gets."""

    dice: random.Random
    port: int = 0
    copies: list[Copy] = field(default_factory=list)
    unread: asyncio.Queue[Ours] = field(default_factory=asyncio.Queue)
    """Each mail once, for its customer to answer."""
    conversations: list[Conversation] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    async def handle_DATA(self, server: Conversation, session: Session, envelope: Envelope) -> str:
        raw: Any = envelope.content
        message = BytesParser(_class=EmailMessage, policy=default).parsebytes(raw)
        message_id = str(message["Message-ID"]).strip("<>")
        is_new = all(copy.message_id != message_id for copy in self.copies)
        is_swallowed = self.dice.random() < _SWALLOWED
        copy = Copy(message_id, tuple(envelope.rcpt_tos), raw, time.monotonic(), not is_swallowed, server)
        server.last = copy
        self.copies.append(copy)
        if is_new:
            found = re.search(r"Matter (\d+)", message["Subject"])
            assert found, message["Subject"]
            self.unread.put_nowait(Ours(int(found[1]), message))
        if is_swallowed and server.transport:
            server.transport.abort()
        return "250 Taken"


@asynccontextmanager
async def next_server(dice: random.Random) -> AsyncIterator[NextServer]:
    """On a free port of this machine."""
    server = NextServer(dice)
    loop = asyncio.get_running_loop()

    def session() -> SMTP:
        server.conversations.append(Conversation(server, hostname="next.test", enable_SMTPUTF8=True, loop=loop))
        return server.conversations[-1]

    listening = await loop.create_server(session, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        for one in server.conversations:
            if one.transport:
                one.transport.close()
        await listening.wait_closed()
