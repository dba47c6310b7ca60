"""Many customers who write at a steady pace, by two ways, and take no refusal: a mail is offered until it is taken."""

import asyncio
import random
import smtplib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.mail.dovecot import Dovecot
from tests.waiting import until

CUSTOMERS = 100
ANSWERED_LATER = 300
"""An answer goes to the mail so many before it, which is of the same customer."""

_SENDERS = 6


@dataclass(frozen=True)
class Piece:
    """One mail of the many."""

    number: int

    @property
    def words(self) -> str:
        return f"Words of mail {self.number:05}."

    @property
    def sender(self) -> str:
        return f"customer{self.number % CUSTOMERS}@customer.test"

    @property
    def answers(self) -> int | None:
        return self.number - ANSWERED_LATER if self.number % 4 == 0 and self.number >= ANSWERED_LATER else None

    def raw(self, to: str) -> bytes:
        lines = [
            f"From: Customer {self.number % CUSTOMERS} <{self.sender}>",
            f"To: {to}",
            f"Subject: {'Re: ' if self.answers is not None else ''}Matter {self.answers or self.number}",
            f"Message-ID: <{self.number}@customer.test>",
            *([f"In-Reply-To: <{self.answers}@customer.test>"] if self.answers is not None else []),
            "",
            self.words,
            "",
        ]
        return "\r\n".join(lines).encode()


@dataclass
class PostOffice:
    """Hands over every piece in its turn: the even ones by SMTP, the odd ones into a mailbox that is read by IMAP."""

    by_smtp: str
    by_imap: str
    ports: Sequence[int]
    dovecot: Dovecot | None
    dice: random.Random
    taken: int = 0
    refusals: int = 0

    async def hand_over(self, pieces: Sequence[Piece], seconds: float) -> None:
        """All of them, spread over the time; later where nobody takes them."""
        begun = time.monotonic()
        turns = [(begun + place * seconds / len(pieces), piece) for place, piece in enumerate(pieces)]
        by_smtp = [turn for turn in turns if not self.goes_by_imap(turn[1])]
        by_imap = [turn for turn in turns if self.goes_by_imap(turn[1])]
        senders = [self._deliver(by_smtp[start::_SENDERS], self._offer) for start in range(_SENDERS)]
        await asyncio.gather(*senders, self._deliver(by_imap, self._put))

    def goes_by_imap(self, piece: Piece) -> bool:
        return self.dovecot is not None and piece.number % 2 == 1

    async def _deliver(self, turns: Sequence[tuple[float, Piece]], way: Callable[[Piece], bool]) -> None:
        for due, piece in turns:
            await asyncio.sleep(max(0, due - time.monotonic()))

            async def is_taken(piece: Piece = piece) -> bool:
                return await asyncio.to_thread(way, piece)

            await until(is_taken, within=120)
            self.taken += 1

    def _offer(self, piece: Piece) -> bool:
        """To any of the workers. It is ours until somebody says 250, as with every mail server."""
        try:
            with smtplib.SMTP("127.0.0.1", self.dice.choice(self.ports), timeout=15) as client:
                client.sendmail(piece.sender, self.by_smtp, piece.raw(self.by_smtp))
        except (OSError, smtplib.SMTPException):
            self.refusals += 1
            time.sleep(0.05)
            return False
        return True

    def _put(self, piece: Piece) -> bool:
        assert self.dovecot is not None
        self.dovecot.deliver(self.by_imap, piece.raw(self.by_imap))
        return True
