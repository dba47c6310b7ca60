"""Hands a mail to the next server, or leaves it in the local outbox."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final
from uuid import UUID

import msgspec
from aiosmtplib import SMTP
from aiosmtplib.errors import (
    SMTPAuthenticationError,
    SMTPConnectResponseError,
    SMTPException,
    SMTPHeloError,
    SMTPNotSupported,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPServerDisconnected,
)
from aiosmtplib.typing import SMTPStatus

from parlour.email.sending.relays import Line, Relay, is_stale
from parlour.foundation.settings import Settings


class Parcel(msgspec.Struct, frozen=True):
    """What the next server needs to know. Without a sender nothing comes back (`<>`)."""

    id: UUID
    sender: str
    recipients: Sequence[str]
    raw: bytes


class Report(msgspec.Struct, frozen=True):
    """What became of each recipient, in the server's words; the `waiting` ones may be tried again."""

    taken: Sequence[str]
    refused: Mapping[str, str] = {}
    waiting: Mapping[str, str] = {}


class NotTaken(Exception):
    """The next server did not take it. `for_good` where trying again would change nothing (RFC 5321 4.2.1).

    `is_servers_fault` where it was not reached or did not let us in, so that no other mail would get through either;
    `in_doubt` where the server had all of it and its answer was lost: it may have been taken.
    """

    def __init__(
        self, words: str, *, for_good: bool = False, is_servers_fault: bool = False, in_doubt: bool = False
    ) -> None:
        super().__init__(words)
        self.words = words
        self.for_good = for_good
        self.is_servers_fault = is_servers_fault
        self.in_doubt = in_doubt


_UNREACHABLE: Final = (SMTPServerDisconnected, OSError, TimeoutError)
_SILENCE: Final = "The mail server did not answer in time."


async def post(relay: Relay, parcel: Parcel, seconds: float) -> Report:
    """Send it over one of the relay's lines, within so many seconds. Raises `NotTaken`."""
    try:
        return await _over_a_line(relay, parcel, seconds)
    except (SMTPAuthenticationError, SMTPConnectResponseError, SMTPHeloError) as refused:
        # What is wrong with our sign-in is mended by the administrator, not by giving up the mail.
        raise NotTaken(_words(refused), is_servers_fault=True) from refused
    except SMTPNotSupported as unable:
        raise NotTaken(str(unable), for_good=True) from unable
    except SMTPResponseException as refused:
        is_leaving = refused.code == SMTPStatus.domain_unavailable
        raise NotTaken(_words(refused), for_good=refused.code >= 500, is_servers_fault=is_leaving) from refused
    except (SMTPException, *_UNREACHABLE) as unreachable:
        raise NotTaken(str(unreachable) or _SILENCE, is_servers_fault=True) from unreachable


async def _over_a_line(relay: Relay, parcel: Parcel, seconds: float) -> Report:
    async with relay.line(seconds / 4) as line:
        try:
            return await _transact(line, parcel, seconds)
        except (SMTPServerDisconnected, ConnectionError, SMTPResponseException) as trouble:
            if not is_stale(line, trouble):
                raise
            line.is_broken = True
    async with relay.line(seconds / 4) as line:
        return await _transact(line, parcel, seconds)


def outbox(settings: Settings) -> Path:
    """Where mails wait to be looked at while no server is configured."""
    return settings.data / "outbox"


async def leave_in_outbox(settings: Settings, parcel: Parcel) -> Report:
    """Keep it where a developer can read it."""
    await asyncio.to_thread(_leave, outbox(settings), parcel)
    return Report(parcel.recipients)


async def _transact(line: Line, parcel: Parcel, seconds: float) -> Report:
    """One mail transaction (RFC 5321 section 3.3)."""
    client = line.client
    encoding, options = _envelope(client, parcel)
    try:
        async with asyncio.timeout(seconds / 4):
            await client.mail(parcel.sender, options=options, encoding=encoding)
            line.is_proven = True
            taken, refused, waiting = await _name_recipients(client, parcel.recipients, encoding)
    except SMTPResponseException:
        await line.reset()
        raise
    if not taken:
        await line.reset()
        return Report([], refused, waiting)
    try:
        await client.data(parcel.raw, timeout=seconds / 2)
    except SMTPResponseException:
        await line.reset()
        raise
    except _UNREACHABLE as lost:
        # The final dot may have arrived: from here on only the server knows.
        raise NotTaken(str(lost) or _SILENCE, in_doubt=True) from lost
    return Report(taken, refused, waiting)


async def _name_recipients(
    client: SMTP, recipients: Sequence[str], encoding: str
) -> tuple[list[str], dict[str, str], dict[str, str]]:
    taken, refused, waiting = [], dict[str, str](), dict[str, str]()
    for recipient in recipients:
        try:
            await client.rcpt(recipient if encoding == "utf-8" else _ascii(recipient), encoding=encoding)
        except SMTPRecipientRefused as answer:
            if answer.code == SMTPStatus.domain_unavailable:
                raise
            (refused if answer.code >= 500 else waiting)[recipient] = _words(answer)
        else:
            taken.append(recipient)
    return taken, refused, waiting


def _envelope(client: SMTP, parcel: Parcel) -> tuple[str, list[str]]:
    options = [f"SIZE={len(parcel.raw)}"] if client.supports_extension("size") else []
    addresses = (parcel.sender, *parcel.recipients)
    if all(address.isascii() for address in addresses) and parcel.raw.isascii():
        return "ascii", options
    if client.supports_extension("smtputf8"):
        return "utf-8", [*options, "SMTPUTF8", "BODY=8BITMIME"]
    if all(address.rpartition("@")[0].isascii() for address in addresses):
        return "ascii", [*options, *(["BODY=8BITMIME"] if client.supports_extension("8bitmime") else [])]
    raise SMTPNotSupported("The mail server can't write to addresses outside ASCII (it lacks SMTPUTF8, RFC 6531).")


def _ascii(address: str) -> str:
    """With its domain as the DNS has it (RFC 5891)."""
    local, at, domain = address.rpartition("@")
    return address if address.isascii() else f"{local}{at}{domain.encode('idna').decode('ascii')}"


def _words(answer: SMTPResponseException) -> str:
    return " ".join(f"{answer.code} {answer.message}".split())


def _leave(folder: Path, parcel: Parcel) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = folder / f"{parcel.id}.part"
    draft.write_bytes(parcel.raw)
    draft.rename(folder / f"{parcel.id}.eml")
