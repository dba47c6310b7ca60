"""Many customers who write at a steady pace, by two ways, and take no refusal: a mail is offered until it is taken."""

import asyncio
import random
import smtplib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.mail.chaos.next_server import NextServer
from tests.mail.chaos.pieces import Ours, Piece, Way
from tests.mail.dovecot import Dovecot
from tests.waiting import until

_SENDERS = 6
_ANSWERING = 4
_PATIENCE = 180


@dataclass
class PostOffice:
    """Hands over every piece in its turn: to our own port, into a mailbox that is read by IMAP, or both."""

    by_smtp: str
    by_imap: str
    ports: Sequence[int]
    dovecot: Dovecot
    outside: NextServer
    dice: random.Random
    taken: int = 0
    refusals: int = 0
    deliveries: int = 0
    """Beyond one a mail."""
    followed: dict[int, Ours] = field(default_factory=dict)
    """What each follow-up answers, by its number."""
    closed: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while nothing may be put into the mailbox."""

    async def hand_over(self, pieces: Sequence[Piece], seconds: float) -> None:
        """All of them, spread over the time; later where nobody takes them."""
        begun = time.monotonic()
        turns = [(begun + place * seconds / len(pieces), piece) for place, piece in enumerate(pieces)]
        opening = [turn for turn in turns if not turn[1].is_follow_up]
        following = [turn for turn in turns if turn[1].is_follow_up]
        async with asyncio.TaskGroup() as together:
            for start in range(_SENDERS):
                together.create_task(self._open(opening[start::_SENDERS]))
            for start in range(_ANSWERING):
                together.create_task(self._follow(following[start::_ANSWERING]))

    async def _open(self, turns: Sequence[tuple[float, Piece]]) -> None:
        for due, piece in turns:
            await asyncio.sleep(max(0, due - time.monotonic()))
            to = {Way.IMAP: self.by_imap, Way.SMTP: self.by_smtp}.get(piece.way, f"{self.by_smtp}, {self.by_imap}")
            await self._deliver(piece, piece.opening(to), piece.sender, self.by_smtp)

    async def _follow(self, turns: Sequence[tuple[float, Piece]]) -> None:
        for due, piece in turns:
            await asyncio.sleep(max(0, due - time.monotonic()))
            async with asyncio.timeout(_PATIENCE):
                ours = await self.outside.unread.get()
            self.followed[piece.number] = ours
            raw, to = piece.following(self.by_imap if piece.way is Way.IMAP else self.by_smtp, ours)
            await self._deliver(piece, raw, ours.customer, to)

    async def _deliver(self, piece: Piece, raw: bytes, sender: str, to: str) -> None:
        ways: list[Callable[[], bool]] = []
        if piece.way is not Way.IMAP:
            ways.append(lambda: self._offer(sender, to, raw))
        if piece.way is not Way.SMTP:
            ways.append(lambda: self._put(raw))
        self.deliveries += len(ways) - 1
        async with asyncio.TaskGroup() as together:
            for way in ways:
                together.create_task(self._insist(way))
        self.taken += 1

    async def _insist(self, way: Callable[[], bool]) -> None:
        async def is_taken() -> bool:
            async with self.closed:
                pass
            return await asyncio.to_thread(way)

        await until(is_taken, within=_PATIENCE)

    def _offer(self, sender: str, to: str, raw: bytes) -> bool:
        """To any of the workers. It is ours until somebody says 250, as with every mail server."""
        try:
            with smtplib.SMTP("127.0.0.1", self.dice.choice(self.ports), timeout=15) as client:
                client.sendmail(sender, to, raw)
        except (OSError, smtplib.SMTPException):
            self.refusals += 1
            time.sleep(0.05)
            return False
        return True

    def _put(self, raw: bytes) -> bool:
        try:
            self.dovecot.deliver(self.by_imap, raw)
        except (OSError, smtplib.SMTPException):
            self.refusals += 1
            return False
        return True
