"""As much of an IMAP client (RFC 9051, RFC 3501) as reading a mailbox needs; it changes nothing on the server."""

import asyncio
import base64
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final

import msgspec

from parlour.email.mailboxes.settings import ImapSettings
from parlour.email.servers import Security
from parlour.email.sources import connecting
from parlour.email.sources.imap_wire import COMMAND_SECONDS, Refused, Wire, shown
from parlour.email.sources.troubles import Step, Trouble
from parlour.foundation.settings import Settings

_NUMBER_FROM: Final = re.compile(rb"\* (\d+) EXISTS", re.IGNORECASE)
_CODE: Final = re.compile(rb"\[(UIDVALIDITY|UIDNEXT) (\d+)\]", re.IGNORECASE)
_UID: Final = re.compile(rb"\bUID (\d+)", re.IGNORECASE)
_SIZE: Final = re.compile(rb"\bRFC822\.SIZE (\d+)", re.IGNORECASE)
_DATE: Final = re.compile(rb'\bINTERNALDATE "([^"]+)"', re.IGNORECASE)
_SHORT: Final = re.compile(rb'BODY\[\](?:<0>)? "([^"]*)"', re.IGNORECASE)
_PLAIN: Final = re.compile(r"[\x20-\x7e]*")


class Folder(msgspec.Struct, frozen=True):
    """A folder as it was opened: only within one `uid_validity` do numbers mean the same messages."""

    uid_validity: int
    uid_next: int
    count: int


class Listed(msgspec.Struct, frozen=True):
    """A message, without its words. `arrived` is as the server writes it."""

    uid: int
    size: int
    arrived: str


class Connection:
    """One conversation. Commands are sent one at a time."""

    def __init__(self, settings: Settings, host: str, streams: connecting.Streams) -> None:
        self.capabilities: frozenset[str] = frozenset()
        self._host = host
        self._wire = Wire(settings, host, streams)

    async def greet(self, security: Security) -> None:
        """Raises `Trouble`."""
        greeting = await self._wire.line(connecting.CONNECT_SECONDS)
        if not greeting.text.upper().startswith((b"* OK", b"* PREAUTH")):
            words = shown(greeting.text)
            raise Trouble(Step.CONNECTION, f"{self._host} does not take us in as a mail reader: {words}")
        await self._ask_capabilities()
        if security is Security.STARTTLS:
            if "STARTTLS" not in self.capabilities:
                raise Trouble(Step.TLS, f"{self._host} offers no STARTTLS on this port.", "Choose TLS and port 993.")
            await self._wire.command("STARTTLS")
            await self._wire.encrypt()
            # What was promised before encryption is worth nothing (RFC 9051, 6.2.1).
            await self._ask_capabilities()

    async def log_in(self, username: str, password: str) -> None:
        """Raises `Trouble`."""
        if "LOGINDISABLED" in self.capabilities:
            raise Trouble(Step.LOGIN, "The server takes no password without encryption.", "Choose TLS or STARTTLS.")
        try:
            if _PLAIN.fullmatch(username + password):
                await self._wire.command(f"LOGIN {quoted(username)} {quoted(password)}")
            else:
                await self._authenticate("PLAIN", f"\0{username}\0{password}".encode())
        except Refused as refused:
            raise Trouble(Step.LOGIN, f"The server refuses the sign-in: {refused.words}") from refused
        await self._ask_capabilities()

    async def log_in_with_token(self, username: str, token: str) -> None:
        """XOAUTH2. Raises `Trouble`."""
        try:
            await self._authenticate("XOAUTH2", f"user={username}\x01auth=Bearer {token}\x01\x01".encode())
        except Refused as refused:
            raise Trouble(Step.TOKEN, f"The server refuses the access token: {refused.words}") from refused
        await self._ask_capabilities()

    async def open(self, folder: str) -> Folder:
        """For reading only: no message is ever marked as seen. Raises `Trouble`."""
        try:
            lines = await self._wire.command(f"EXAMINE {quoted(_utf7(folder))}")
        except Refused as refused:
            raise Trouble(Step.FOLDER, f"The folder {folder} can't be opened: {refused.words}") from refused
        codes = {found[1].upper(): int(found[2]) for line in lines for found in _CODE.finditer(line.text)}
        counts = [int(found[1]) for line in lines if (found := _NUMBER_FROM.match(line.text))]
        if b"UIDVALIDITY" not in codes:
            words = "The server gives messages no lasting numbers, so mail could be lost."
            raise Trouble(Step.FOLDER, words, "Choose another folder, or forward its mail to this installation.")
        return Folder(codes[b"UIDVALIDITY"], codes.get(b"UIDNEXT", 0), counts[-1] if counts else 0)

    async def folders(self) -> list[str]:
        """Their names, for advice."""
        lines = await self._wire.command('LIST "" "*"')
        names = [line.text.rpartition(b" ")[2].strip(b'"') for line in lines if line.text.upper().startswith(b"* LIST")]
        return [name.decode("ascii", "replace") for name in names]

    async def uids_after(self, uid: int) -> list[int]:
        """In order. `n:*` always names the last message, also one before n: it is left out."""
        found: set[int] = set()
        # What is told from here on may not be in the answer.
        self._wire.news = False
        for line in await self._wire.command(f"UID SEARCH UID {uid + 1}:*"):
            if line.text.upper().startswith(b"* SEARCH"):
                found.update(int(word) for word in line.text.split()[2:] if word.isdigit())
        return sorted(number for number in found if number > uid)

    async def list_messages(self, uids: Sequence[int]) -> list[Listed]:
        """Size and day of each that is still there."""
        lines = await self._wire.command(f"UID FETCH {_set(uids)} (UID RFC822.SIZE INTERNALDATE)")
        wanted, listed = set(uids), []
        for line in lines:
            uid, size, date = _UID.search(line.text), _SIZE.search(line.text), _DATE.search(line.text)
            if uid and size and int(uid[1]) in wanted:
                listed.append(Listed(int(uid[1]), int(size[1]), date[1].decode("ascii", "replace") if date else ""))
        return sorted(listed, key=lambda one: one.uid)

    async def messages(self, uids: Sequence[int], most: int | None = None) -> dict[int, bytes]:
        """The bytes of each that is still there, from the first up to `most`."""
        part = f"BODY.PEEK[]<0.{most}>" if most else "BODY.PEEK[]"
        found = {}
        for line in await self._wire.command(f"UID FETCH {_set(uids)} (UID {part})"):
            uid = _UID.search(line.text)
            if uid and b"BODY[]" in line.text.upper():
                # Something very short may come as a quoted string, nothing at all as NIL.
                short = _SHORT.search(line.text)
                found[int(uid[1])] = line.literals[0] if line.literals else short[1] if short else b""
        return {uid: found[uid] for uid in uids if uid in found}

    async def noop(self) -> None:
        """A sign of life."""
        await self._wire.command("NOOP")

    async def idle(self, seconds: float) -> bool:
        """Wait until the server tells of a new message (RFC 2177), at most so long. Raises `Refused` without IDLE."""
        if self._wire.news:
            return True
        tag = self._wire.send("IDLE")
        while not (line := await self._wire.line(COMMAND_SECONDS)).text.startswith(b"+"):
            line.check(tag)
        try:
            async with asyncio.timeout(seconds):
                while not self._wire.news:
                    (await self._wire.line(None)).check(tag)
        except TimeoutError:
            pass
        self._wire.write(b"DONE\r\n")
        await self._wire.until(tag)
        return self._wire.news

    async def leave(self) -> None:
        """Without waiting long for a server that has gone."""
        with suppress(Trouble, Refused, TimeoutError):
            async with asyncio.timeout(1):
                await self._wire.command("LOGOUT")

    def hang_up(self) -> None:
        self._wire.hang_up()

    async def _authenticate(self, mechanism: str, response: bytes) -> None:
        encoded = base64.b64encode(response)
        tag = self._wire.send(f"AUTHENTICATE {mechanism}")
        answered = False
        while True:
            line = await self._wire.line(COMMAND_SECONDS)
            if line.text.startswith(b"+"):
                # A refused token is explained in a second question, to which the answer is an empty line.
                self._wire.write(b"\r\n" if answered else encoded + b"\r\n")
                answered = True
            elif line.answers(tag):
                line.check(tag)
                return

    async def _ask_capabilities(self) -> None:
        for line in await self._wire.command("CAPABILITY"):
            if line.text.upper().startswith(b"* CAPABILITY"):
                self.capabilities = frozenset(line.text.decode("ascii", "replace").upper().split()[2:])


@asynccontextmanager
async def connected(settings: Settings, server: ImapSettings) -> AsyncIterator[Connection]:
    """A connection, greeted but not signed in. Raises `Trouble`."""
    streams = await connecting.connect(settings, server.host, server.port, tls=server.security is Security.TLS)
    connection = Connection(settings, server.host, streams)
    try:
        await connection.greet(server.security)
        yield connection
        await connection.leave()
    except Refused as refused:
        raise Trouble(Step.CONNECTION, f"{server.host} refuses: {refused.words}") from refused
    finally:
        connection.hang_up()


def quoted(text: str) -> str:
    """As a quoted string (RFC 9051, 4.3). Raises `Trouble` for what would end the command."""
    if any(character in text for character in "\r\n\0"):
        raise Trouble(Step.LOGIN, "User name, password and folder can't hold line breaks.")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _set(uids: Sequence[int]) -> str:
    return ",".join(str(uid) for uid in uids)


def _utf7(name: str) -> str:
    """A folder's name as the wire has it (RFC 3501, 5.1.3)."""
    pieces = re.split(r"([^\x20-\x7e]+)", name.replace("&", "&-"))
    return "".join(piece if _PLAIN.fullmatch(piece) else f"&{_base64(piece)}-" for piece in pieces)


def _base64(piece: str) -> str:
    return base64.b64encode(piece.encode("utf-16-be")).decode().rstrip("=").replace("/", ",")
