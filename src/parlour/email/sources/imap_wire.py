"""IMAP on the wire (RFC 9051, 2.2): lines with a tag, and the literals inside them, of any size and speed."""

import asyncio
import re
from typing import Final

import msgspec

from parlour.email.sources import connecting
from parlour.email.sources.troubles import Step, Trouble
from parlour.foundation.settings import Settings

COMMAND_SECONDS: Final = 60.0
# A server with a million messages names their numbers on one line.
_LONGEST_LINE: Final = 16 * 1024 * 1024
_PIECE: Final = 256 * 1024
_EXISTS: Final = re.compile(rb"\* \d+ EXISTS", re.IGNORECASE)
_LITERAL: Final = re.compile(rb"\{(\d+)\+?\}$")


class Gone(Trouble):
    """The connection ended, or was left."""

    def __init__(self, words: str = "The mail server hung up.") -> None:
        super().__init__(Step.CONNECTION, words, "It is tried again by itself.")


class Refused(Exception):
    """The server said NO or BAD to a command."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


class Line(msgspec.Struct, frozen=True):
    """One answer of the server, and the literals in it."""

    text: bytes
    literals: list[bytes]

    def answers(self, tag: str) -> bool:
        return self.text.startswith(tag.encode() + b" ")

    def check(self, tag: str) -> None:
        """Raises `Refused` where it is the answer of this tag, and it is not OK."""
        status, _, words = self.text[len(tag) + 1 :].partition(b" ")
        if self.answers(tag) and status.upper() != b"OK":
            raise Refused(shown(words))


class Wire:
    """Sends commands one at a time, and reads what comes."""

    def __init__(self, settings: Settings, host: str, streams: connecting.Streams) -> None:
        self._settings = settings
        self._host = host
        self._streams = streams
        self._reader, self._writer = streams
        self._number = 0
        self.news = False
        """Whether the server has told of a message since this was last cleared, in whatever answer."""

    async def encrypt(self) -> None:
        """After the server agreed to STARTTLS. Raises `Trouble`."""
        if getattr(self._reader, "_buffer", b""):
            # Somebody between us has put answers in, to be read as if they came encrypted.
            raise Trouble(Step.TLS, f"{self._host} said more than it should before encryption.")
        await connecting.encrypt(self._settings, self._host, self._streams)

    def send(self, words: str) -> str:
        """Gives the command's tag."""
        self._number += 1
        tag = f"P{self._number}"
        self.write(f"{tag} {words}\r\n".encode())
        return tag

    def write(self, sent: bytes) -> None:
        if self._writer.is_closing():
            raise Gone()
        self._writer.write(sent)

    async def command(self, words: str) -> list[Line]:
        """What the server says to it. Raises `Refused` or `Gone`."""
        return await self.until(self.send(words))

    async def until(self, tag: str) -> list[Line]:
        """Everything up to the answer of this tag. Raises `Refused` or `Gone`."""
        lines = []
        while not (line := await self.line(COMMAND_SECONDS)).answers(tag):
            lines.append(line)
        line.check(tag)
        return [*lines, line]

    def hang_up(self) -> None:
        self._writer.transport.abort()

    async def line(self, seconds: float | None) -> Line:
        """One answer with its literals. A server that says nothing for so long is gone."""
        text, literals = b"", []
        try:
            while True:
                async with asyncio.timeout(seconds):
                    text += await self._text(_LONGEST_LINE - len(text))
                literal = _LITERAL.search(text)
                if literal is None:
                    break
                literals.append(await self._literal(int(literal[1]), seconds))
        except TimeoutError as silent:
            if seconds is None:
                raise
            raise Gone("The mail server did not answer in time.") from silent
        except (OSError, EOFError) as ended:
            raise Gone() from ended
        if text[:5].upper() == b"* BYE":
            raise Gone(f"The mail server ended the conversation: {shown(text[5:])}")
        self.news = self.news or bool(_EXISTS.match(text))
        return Line(text, literals)

    async def _text(self, most: int) -> bytes:
        pieces: list[bytes] = []
        size = 0
        while True:
            try:
                pieces.append(await self._reader.readuntil(b"\n"))
                return b"".join(pieces).rstrip(b"\r\n")
            except asyncio.LimitOverrunError as long:
                pieces.append(await self._reader.readexactly(long.consumed))
                size += long.consumed
                if size > most:
                    raise Gone("The mail server says more than a mail server says.") from long

    async def _literal(self, size: int, seconds: float | None) -> bytes:
        taken = bytearray()
        while len(taken) < size:
            # Each piece has its own time: a large message over a slow line is no silence.
            async with asyncio.timeout(seconds):
                piece = await self._reader.read(min(_PIECE, size - len(taken)))
            if not piece:
                raise EOFError
            taken += piece
        return bytes(taken)


def shown(words: bytes) -> str:
    """What a server says, as a person may read it."""
    text = words.decode("utf-8", "replace").strip()
    return "".join(character if character.isprintable() else " " for character in text)[:300]
