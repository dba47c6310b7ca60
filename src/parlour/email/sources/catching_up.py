"""Brings the messages that a folder has and the ledger hasn't: in order, none twice, a bad one never in the way."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from parlour.email import ledger
from parlour.email.accounting import Outcome, end_without
from parlour.email.envelopes import envelope_of
from parlour.email.ledger import Delivery, Kept
from parlour.email.mailboxes import Mailbox
from parlour.email.mailboxes.settings import Begin
from parlour.email.sources.imap import Connection, Folder, Listed
from parlour.email.sources.imap_wire import Gone, Refused
from parlour.email.sources.position import Position, known_digests, move_to, position_of
from parlour.foundation.installation import Installation

# Messages that are numbered, sized and dated with one question.
_ASKED_AT_ONCE: Final = 200
# Messages whose bytes are in memory at once, twice: one group is stored while the next one is fetched.
_GROUP_BYTES: Final = 4 * 1024 * 1024
_GROUP_MESSAGES: Final = 50
_PUTS_AT_ONCE: Final = 8
# Of a message that is too large: enough to see who wrote it.
_BEGINNING: Final = 128 * 1024
# How often the connection may break at one message before the others go on without it.
_PATIENCE: Final = 5
_BEFORE: Final = timedelta(days=1)


class Reading(msgspec.Struct, frozen=True):
    """Who reads which mailbox; and at which messages the connection broke, how often."""

    installation: Installation
    organization_id: UUID
    mailbox: Mailbox
    holder: UUID
    reader: Callable[..., Awaitable[None]]
    """The job that takes a message of the ledger in."""
    broke_at: Counter[int]


class _Fetched(msgspec.Struct, frozen=True):
    uid: int
    raw: bytes
    refused: str | None = None


async def catch_up(reading: Reading, connection: Connection, folder: Folder) -> None:
    """Until nothing is new. Raises `Trouble`, or `LeaseLost` where somebody else goes on from here."""
    position = await _begin(reading, folder)
    while uids := await connection.uids_after(position.last_uid):
        storing: asyncio.Task[Position] | None = None
        try:
            for start in range(0, len(uids), _ASKED_AT_ONCE):
                chunk = uids[start : start + _ASKED_AT_ONCE]
                listed = await connection.list_messages(chunk)
                wanted = [one for one in listed if _is_wanted(reading, one, position)]
                for group in [*_groups(reading, wanted), []]:
                    fetched = await _fetch(reading, connection, group)
                    until = group[-1].uid if group else chunk[-1]
                    if storing:
                        position = await storing
                    behind = sum(1 for uid in uids[start:] if uid > until)
                    storing = asyncio.create_task(_store(reading, fetched, _at(position, until), behind))
            if storing:
                position = await storing
        finally:
            if storing and not storing.done():
                # What is in our hands is written, even when the server has gone.
                await asyncio.wait({storing})


async def _begin(reading: Reading, folder: Folder) -> Position:
    async with reading.installation.database.reading(reading.organization_id) as tx:
        position = await position_of(tx, reading.mailbox.id)
    if position.uid_validity == folder.uid_validity:
        return position
    # The numbers mean other messages now: everything is looked at again, what the ledger knows is passed over.
    renumbered = Position(folder.uid_validity, 0, max(folder.uid_next - 1, 0))
    await _store(reading, [], renumbered, folder.count)
    return renumbered


def _is_wanted(reading: Reading, listed: Listed, position: Position) -> bool:
    imap = reading.mailbox.imap
    if listed.uid > position.recount_until or imap is None or imap.begin is Begin.ALL:
        return True
    arrived_at = _moment(listed.arrived)
    return arrived_at is None or arrived_at > reading.mailbox.created_at - _BEFORE


def _groups(reading: Reading, listed: Sequence[Listed]) -> Iterator[list[Listed]]:
    group: list[Listed] = []
    size = 0
    for one in listed:
        is_suspect = reading.broke_at[one.uid] > 0
        if group and (is_suspect or size + one.size > _GROUP_BYTES or len(group) >= _GROUP_MESSAGES):
            yield group
            group, size = [], 0
        group.append(one)
        size += one.size
        if is_suspect:
            yield group
            group, size = [], 0
    if group:
        yield group


async def _fetch(reading: Reading, connection: Connection, group: Sequence[Listed]) -> list[_Fetched]:
    limit = reading.installation.settings.mail_size_limit
    if not group:
        return []
    try:
        if len(group) == 1:
            return [await _fetch_one(reading, connection, group[0], limit)]
        if any(one.size > limit for one in group):
            return [await _fetch_one(reading, connection, one, limit) for one in group]
        found = await connection.messages([one.uid for one in group])
    except Refused:
        return [await _fetch_one(reading, connection, one, limit) for one in group]
    except Gone:
        reading.broke_at.update(one.uid for one in group)
        raise
    return [_Fetched(uid, raw) for uid, raw in found.items()]


async def _fetch_one(reading: Reading, connection: Connection, one: Listed, limit: int) -> _Fetched:
    if reading.broke_at[one.uid] >= _PATIENCE:
        return _Fetched(one.uid, b"", "The connection to the mail server broke each time this message was fetched.")
    try:
        if one.size > limit:
            beginning = await connection.messages([one.uid], most=_BEGINNING)
            words = f"It has {one.size:,} bytes, and at most {limit:,} are taken. Only its beginning is kept here."
            return _Fetched(one.uid, beginning.get(one.uid, b""), words)
        found = await connection.messages([one.uid])
    except Refused as refused:
        return _Fetched(one.uid, b"", f"The mail server does not give this message out: {refused.words}")
    return _Fetched(one.uid, found[one.uid]) if one.uid in found else _Fetched(one.uid, b"", _VANISHED)


async def _store(reading: Reading, fetched: Sequence[_Fetched], position: Position, behind: int) -> Position:
    """Bytes first, then rows, jobs and the position in one transaction."""
    fetched = await _unknown(reading, [one for one in fetched if one.refused is not _VANISHED], position)
    gate = asyncio.Semaphore(_PUTS_AT_ONCE)

    async def keep(one: _Fetched) -> Kept:
        async with gate:
            return await ledger.keep(reading.installation, reading.organization_id, one.raw)

    kept = await asyncio.gather(*(keep(one) for one in fetched))
    async with reading.installation.database.transaction(reading.organization_id) as tx:
        await move_to(tx, reading.mailbox, reading.holder, position, behind)
        for one, bytes_ in zip(fetched, kept, strict=True):
            await ledger.enter(tx, _delivery(reading.mailbox, one.raw), bytes_, reading.reader)
            if one.refused:
                await end_without(tx, bytes_.id, Outcome.REFUSED, one.refused)
    return position


async def _unknown(reading: Reading, fetched: list[_Fetched], position: Position) -> list[_Fetched]:
    """Without those that the ledger has from before the folder was numbered anew."""
    digests = {
        hashlib.sha256(one.raw).digest(): one
        for one in fetched
        if one.uid <= position.recount_until and one.refused is None
    }
    if not digests:
        return fetched
    async with reading.installation.database.reading(reading.organization_id) as tx:
        known = await known_digests(tx, reading.mailbox.id, list(digests))
    passed_over = {digests[digest].uid for digest in known}
    return [one for one in fetched if one.uid not in passed_over]


def _delivery(mailbox: Mailbox, raw: bytes) -> Delivery:
    """Who it was from and for, as the server that delivered it wrote down on top (RFC 5321, 4.4)."""
    sender, recipients = envelope_of(raw)
    return Delivery(
        mailbox_id=mailbox.id,
        envelope_sender=sender,
        envelope_recipients=list(dict.fromkeys([*recipients, mailbox.address])),
        raw=raw,
        source="IMAP",
    )


def _at(position: Position, uid: int) -> Position:
    return msgspec.structs.replace(position, last_uid=max(uid, position.last_uid))


def _moment(arrived: str) -> datetime | None:
    try:
        return datetime.strptime(arrived.strip(), "%d-%b-%Y %H:%M:%S %z").astimezone(UTC)
    except ValueError:
        return None


_VANISHED: Final = "It was deleted on the server before it could be read."
