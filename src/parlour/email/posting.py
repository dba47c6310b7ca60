"""Hands a mail to the next server, or leaves it in the local outbox."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit
from uuid import UUID

import aiosmtplib
import msgspec
from aiosmtplib.errors import (
    SMTPException,
    SMTPRecipientsRefused,
    SMTPResponseException,
)

from parlour.foundation.settings import Settings

TIME_LIMIT: Final = 90.0
"""Seconds for one attempt, from the first connection to the last answer."""


class Parcel(msgspec.Struct, frozen=True):
    """What the next server needs to know."""

    id: UUID
    sender: str
    recipients: Sequence[str]
    raw: bytes


class NotTaken(Exception):
    """The next server did not take it. `for_good` where trying again would change nothing (RFC 5321 4.2.1)."""

    def __init__(self, words: str, *, for_good: bool) -> None:
        super().__init__(words)
        self.words = words
        self.for_good = for_good


async def post(settings: Settings, parcel: Parcel) -> str | None:
    """Send it. Gives the server's words about recipients it refused while it took the others. Raises `NotTaken`."""
    if not settings.smtp_url:
        await asyncio.to_thread(_leave_in_outbox, outbox(settings), parcel)
        return None
    try:
        async with asyncio.timeout(TIME_LIMIT):
            return await _send(urlsplit(settings.smtp_url), parcel)
    except SMTPRecipientsRefused as refused:
        words = "; ".join(f"{one.recipient}: {one.code} {one.message}" for one in refused.recipients)
        raise NotTaken(words, for_good=all(one.code >= 500 for one in refused.recipients)) from refused
    except SMTPResponseException as refused:
        # What is wrong with our sign-in is mended by the operator, not by giving up the mail.
        is_ours = isinstance(refused, aiosmtplib.SMTPAuthenticationError)
        raise NotTaken(f"{refused.code} {refused.message}", for_good=refused.code >= 500 and not is_ours) from refused
    except (SMTPException, OSError, TimeoutError) as unreachable:
        words = str(unreachable) or "The mail server did not answer in time."
        raise NotTaken(words, for_good=False) from unreachable


def outbox(settings: Settings) -> Path:
    """Where mails wait to be looked at while no server is configured."""
    return settings.data / "outbox"


async def _send(server: SplitResult, parcel: Parcel) -> str | None:
    is_tls = server.scheme == "smtps"
    wanted = parse_qs(server.query, keep_blank_values=True)
    client = aiosmtplib.SMTP(
        hostname=server.hostname or "localhost",
        port=server.port or (465 if is_tls else 25),
        username=unquote(server.username) if server.username else None,
        password=unquote(server.password) if server.password else None,
        use_tls=is_tls,
        # Unless it is asked for, encryption is taken up where the server offers it.
        start_tls=True if "starttls" in wanted else None,
        timeout=60,
    )
    async with client:
        refused, _ = await client.sendmail(
            parcel.sender, list(parcel.recipients), parcel.raw, mail_options=_options(client, parcel)
        )
    return "; ".join(f"{who}: {answer.code} {answer.message}" for who, answer in refused.items()) or None


def _options(client: aiosmtplib.SMTP, parcel: Parcel) -> list[str]:
    is_ascii = all(address.isascii() for address in (parcel.sender, *parcel.recipients))
    return [] if is_ascii or not client.supports_extension("SMTPUTF8") else ["SMTPUTF8", "BODY=8BITMIME"]


def _leave_in_outbox(folder: Path, parcel: Parcel) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = folder / f"{parcel.id}.part"
    draft.write_bytes(parcel.raw)
    draft.rename(folder / f"{parcel.id}.eml")
