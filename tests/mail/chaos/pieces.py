"""What customers write during the storm: planned by a seed, each mail with words that no other has."""

import base64
import random
from dataclasses import dataclass
from email.message import EmailMessage
from enum import StrEnum
from functools import cached_property
from typing import Final

CUSTOMERS: Final = 100
_FOLLOW_UPS: Final = 4
"""Each fourth mail answers an answer of ours."""
_WITH_FILES: Final = 5
_LARGEST_FILE: Final = 60_000


class Way(StrEnum):
    """How a mail gets to us. BOTH is one mail to two of our addresses, which is one mail to us."""

    SMTP = "SMTP"
    IMAP = "IMAP"
    BOTH = "BOTH"


class Manner(StrEnum):
    """What of our answer the customer's program kept."""

    ADDRESS = "ADDRESS"
    HEADERS = "HEADERS"
    NUMBER = "NUMBER"


@dataclass(frozen=True)
class File:
    """An attachment that can be told from every other."""

    name: str
    content: bytes


@dataclass(frozen=True)
class Ours:
    """An answer of ours, as a customer's program shows it."""

    opener: int
    """The mail that opened its ticket."""
    message: EmailMessage

    @property
    def customer(self) -> str:
        return str(self.message["To"].addresses[0].addr_spec)


@dataclass(frozen=True)
class Piece:
    """One mail of the many."""

    seed: int
    number: int

    @cached_property
    def _dice(self) -> random.Random:
        return random.Random(f"{self.seed}/{self.number}")

    @cached_property
    def way(self) -> Way:
        return self._dice.choices([Way.SMTP, Way.IMAP, Way.BOTH], [45, 45, 10])[0]

    @cached_property
    def manner(self) -> Manner:
        return random.Random(f"{self.seed}/{self.number}/manner").choice(list(Manner))

    @property
    def is_follow_up(self) -> bool:
        return self.number % _FOLLOW_UPS == _FOLLOW_UPS - 1

    @property
    def words(self) -> str:
        return f"Words of mail {self.number:05}."

    @property
    def sender(self) -> str:
        return f"customer{self.number % CUSTOMERS}@customer.test"

    @property
    def subject(self) -> str:
        return f"Matter {self.number}"

    @cached_property
    def files(self) -> list[File]:
        dice = random.Random(f"{self.seed}/{self.number}/files")
        count = dice.choice([1, 1, 2]) if self.number % _WITH_FILES == 0 else 0
        sizes = [dice.randrange(1, _LARGEST_FILE) for _ in range(count)]
        return [File(f"{self.number:05}-{place}.bin", dice.randbytes(size)) for place, size in enumerate(sizes)]

    def opening(self, to: str) -> bytes:
        """A new matter."""
        return self._raw([f"From: {self.sender}", f"To: {to}", f"Subject: {self.subject}"], self.words)

    def following(self, to: str, ours: Ours) -> tuple[bytes, str]:
        """An answer to ours, and whom it is for: what programs leave of a thread differs, where it belongs doesn't."""
        message = ours.message
        if self.manner is Manner.ADDRESS:
            to = message["Reply-To"].addresses[0].addr_spec
        fields = [f"From: {ours.customer}", f"To: {to}"]
        fields.append("Subject: Thanks" if self.manner is Manner.HEADERS else f"Subject: {message['Subject']}")
        if self.manner is not Manner.NUMBER:
            fields += [f"In-Reply-To: {message['Message-ID']}", f"References: {message['Message-ID']}"]
        quoted = "\r\n".join(f"> {line}" for line in message.get_body(("plain",)).get_content().splitlines()[:3])  # type: ignore[union-attr]
        return self._raw(fields, f"{self.words}\r\n\r\nOn Mon, 5 Oct 2026 at 10:00, Bob wrote:\r\n{quoted}"), to

    def _raw(self, fields: list[str], text: str) -> bytes:
        lines = [*fields, f"Message-ID: <{self.number}@customer.test>", "Date: Mon, 5 Oct 2026 10:00:00 +0000"]
        if not self.files:
            return "\r\n".join([*lines, "", text, ""]).encode()
        lines += ["MIME-Version: 1.0", 'Content-Type: multipart/mixed; boundary="cut"', ""]
        lines += ["--cut", "Content-Type: text/plain", "", text]
        for file in self.files:
            lines += ["--cut", "Content-Type: application/octet-stream", "Content-Transfer-Encoding: base64"]
            lines += [f'Content-Disposition: attachment; filename="{file.name}"', ""]
            lines += base64.encodebytes(file.content).decode().splitlines()
        return "\r\n".join([*lines, "--cut--", ""]).encode()
