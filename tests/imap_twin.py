"""Stands in for a mail server that keeps mailboxes, and misbehaves as it is told."""

import asyncio
import base64
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime


@dataclass
class ImapTwin:
    """One folder, INBOX, and the faults it has."""

    port: int = 0
    password: str = "open sesame"
    token: str = "a token"
    uid_validity: int = 7
    messages: dict[int, bytes] = field(default_factory=dict)
    arrived_at: dict[int, datetime] = field(default_factory=dict)
    next_uid: int = 1
    capabilities: str = "IMAP4rev1 IDLE AUTH=PLAIN AUTH=XOAUTH2"
    greeting: str = "* OK ready"
    refused: dict[int, str] = field(default_factory=dict)
    """What is answered instead of a message."""
    hangs_up_at: set[int] = field(default_factory=set)
    says_size: dict[int, int] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    conversations: set[asyncio.StreamWriter] = field(default_factory=set)
    is_deaf: bool = False
    """Whether IDLE is taken but nothing is ever told."""
    _listening: set[asyncio.Event] = field(default_factory=set)

    async def deliver(self, *raws: bytes, arrived_at: datetime | None = None) -> None:
        for raw in raws:
            self.messages[self.next_uid] = raw
            self.arrived_at[self.next_uid] = arrived_at or datetime.now(UTC)
            self.next_uid += 1
        for arrival in self._listening:
            arrival.set()

    def renumber(self) -> None:
        """As after a restore from a backup."""
        self.uid_validity += 1
        kept = list(self.messages.items())
        self.messages = {number: raw for number, (_, raw) in enumerate(kept, 100)}
        self.arrived_at = {number: self.arrived_at[old] for number, (old, _) in enumerate(kept, 100)}
        self.next_uid = 100 + len(kept)

    def cut(self) -> None:
        """Every connection breaks."""
        for writer in list(self.conversations):
            writer.transport.abort()

    def said(self, beginning: str) -> int:
        """How many commands began like that."""
        return sum(1 for line in self.log if line.partition(" ")[2].upper().startswith(beginning))

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.conversations.add(writer)
        try:
            writer.write(self.greeting.encode() + b"\r\n")
            while line := (await reader.readline()).decode().strip():
                self.log.append(line)
                tag, _, rest = line.partition(" ")
                command = rest.upper().removeprefix("UID ").split()[0]
                answer = await getattr(self, f"_{command.lower()}")(rest, reader, writer)
                writer.write(f"{tag} {answer}\r\n".encode())
                await writer.drain()
                if command == "LOGOUT":
                    break
        except (ConnectionError, _HangUp):
            pass
        finally:
            self.conversations.discard(writer)
            writer.transport.abort()

    async def _capability(self, rest: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
        writer.write(f"* CAPABILITY {self.capabilities}\r\n".encode())
        return "OK done"

    async def _login(self, rest: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
        return "OK in" if rest.endswith(f'"{self.password}"') else "NO [AUTHENTICATIONFAILED] Wrong password."

    async def _authenticate(self, rest: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
        writer.write(b"+ \r\n")
        sent = base64.b64decode(await reader.readline()).decode()
        if f"auth=Bearer {self.token}\x01" in sent:
            return "OK in"
        writer.write(b"+ " + base64.b64encode(b'{"status":"400"}') + b"\r\n")
        await reader.readline()
        return "NO [AUTHENTICATIONFAILED] Token not accepted."

    async def _examine(self, rest: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
        if '"INBOX"' not in rest:
            return "NO [NONEXISTENT] No such folder."
        writer.write(f"* {len(self.messages)} EXISTS\r\n".encode())
        writer.write(f"* OK [UIDVALIDITY {self.uid_validity}] x\r\n* OK [UIDNEXT {self.next_uid}] x\r\n".encode())
        return "OK [READ-ONLY] done"

    async def _list(self, rest: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
        writer.write(b'* LIST () "/" INBOX\r\n* LIST () "/" Support\r\n')
        return "OK done"

    async def _search(self, rest: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
        first = int(rest.split()[-1].split(":")[0])
        found = [uid for uid in self.messages if uid >= first] or list(self.messages)[-1:]
        writer.write(("* SEARCH " + " ".join(map(str, found)) + "\r\n").encode())
        return "OK done"

    async def _fetch(self, rest: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
        uids = [int(uid) for uid in rest.split()[2].split(",")]
        partial = re.search(r"<0\.(\d+)>", rest)
        for number, uid in enumerate(uids, 1):
            raw = self.messages.get(uid)
            if raw is None:
                continue
            if "RFC822.SIZE" in rest:
                date = self.arrived_at[uid].strftime("%d-%b-%Y %H:%M:%S +0000")
                size = self.says_size.get(uid, len(raw))
                writer.write(f'* {number} FETCH (UID {uid} RFC822.SIZE {size} INTERNALDATE "{date}")\r\n'.encode())
                continue
            if uid in self.refused:
                return self.refused[uid]
            if uid in self.hangs_up_at:
                writer.write(f"* {number} FETCH (UID {uid} BODY[] {{{len(raw)}}}\r\n".encode() + raw[:5])
                await writer.drain()
                raise _HangUp
            raw = raw[: int(partial[1])] if partial else raw
            part = "BODY[]<0>" if partial else "BODY[]"
            writer.write(f"* {number} FETCH (UID {uid} {part} {{{len(raw)}}}\r\n".encode() + raw + b")\r\n")
        return "OK done"

    async def _idle(self, rest: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
        if "IDLE" not in self.capabilities:
            return "BAD Unknown command."
        writer.write(b"+ idling\r\n")
        ending = asyncio.ensure_future(reader.readline())
        told, arrival = len(self.messages), asyncio.Event()
        self._listening.add(arrival)
        while not ending.done():
            arrival.clear()
            if len(self.messages) > told and not self.is_deaf:
                told = len(self.messages)
                writer.write(f"* {told} EXISTS\r\n".encode())
            waiting = asyncio.ensure_future(arrival.wait())
            await asyncio.wait({ending, waiting}, return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
        self._listening.discard(arrival)
        if not ending.result():
            raise _HangUp
        return "OK done"

    async def _noop(self, rest: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
        return "OK done"

    async def _logout(self, rest: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
        writer.write(b"* BYE\r\n")
        return "OK bye"


class _HangUp(Exception):
    pass


@asynccontextmanager
async def imap_twin() -> AsyncIterator[ImapTwin]:
    """A server on a free port of this machine."""
    twin = ImapTwin()
    server = await asyncio.start_server(twin.converse, "127.0.0.1", 0)
    twin.port = server.sockets[0].getsockname()[1]
    try:
        yield twin
    finally:
        server.close()
        twin.cut()
        await server.wait_closed()
