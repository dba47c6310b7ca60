"""Anchors: how far a trail had come, noted beside the blobs, out of reach of whoever holds the database."""

from datetime import datetime, timedelta
from functools import partial
from typing import Final
from uuid import UUID

import msgspec
import structlog

from parlour.audit import chain
from parlour.audit.recording import Head
from parlour.foundation import clock, tasks
from parlour.foundation.database import Transaction
from parlour.foundation.errors import NotFound
from parlour.foundation.installation import Installation

log = structlog.get_logger()

# Between the hours only what has moved of late is compared with its anchor, which may be a question to a bucket.
_OF_LATE: Final = timedelta(hours=2)
_EVERYTHING_WITHIN: Final = 10
"""Minutes after the full hour: then all trails are, for those that were written while no worker ran, or long ago."""


class Anchor(msgspec.Struct, frozen=True):
    """What a head said at a moment, under the installation's seal."""

    position: int
    hash: bytes
    at: datetime
    key_name: str
    seal: bytes


class BadAnchor(Exception):
    """There is one, and it is not ours."""


class _Reached(Head, frozen=True):
    at: datetime | None
    """When the last record was written."""


async def anchor_trails(installation: Installation) -> None:
    """Note how far each trail has come."""
    organizations, now = await installation.database.doorways.organizations(), clock.now()
    since = None if now.minute < _EVERYTHING_WITHIN else now - _OF_LATE
    await tasks.see_to(partial(anchor_trail, installation, since=since), ((each,) for each in organizations))


async def anchor_trail(installation: Installation, organization_id: UUID, *, since: datetime | None = None) -> None:
    """Only ever forward: a trail that went back, or says something else by now, keeps the anchor that shows it."""
    async with installation.database.reading(organization_id) as tx:
        reached = await tx.maybe(_Reached, _REACHED)
        if reached is None or (since and reached.at and reached.at < since):
            return
        try:
            known = await anchor_of(installation, organization_id)
        except BadAnchor:
            known = None
        goes_on = _is_ours(tx, reached) and (known is None or await _goes_on(tx, reached, known))
    if not goes_on:
        log.error("audit.trail_left_its_anchor", organization_id=str(organization_id), position=reached.last_position)
        return
    if known is None or known.position < reached.last_position:
        await _drop(installation, organization_id, reached)


async def anchor_anew(installation: Installation, organization_id: UUID) -> int:
    """What is there now is the trail from here on, as whoever put a backup back says. The position it is at."""
    async with installation.database.reading(organization_id) as tx:
        reached = await tx.one(_Reached, _REACHED)
    await _drop(installation, organization_id, reached)
    return reached.last_position


async def anchor_of(installation: Installation, organization_id: UUID) -> Anchor | None:
    """None where there is none yet. Raises `BadAnchor`."""
    try:
        found = msgspec.json.decode(await installation.blobs.noted(_name(organization_id)), type=Anchor)
    except NotFound:
        return None
    except (msgspec.MsgspecError, UnicodeDecodeError) as broken:
        raise BadAnchor() from broken
    key = chain.keys_of(installation.signer).get(found.key_name)
    content = chain.of_anchor(organization_id, found.position, found.hash, found.at)
    if key is None or not key.fits(content, found.seal):
        raise BadAnchor()
    return found


async def weigh_anchor(installation: Installation, organization_id: UUID) -> None:
    """Of a trail that is gone with its organization."""
    await installation.blobs.strike_note(_name(organization_id))


async def _drop(installation: Installation, organization_id: UUID, head: Head) -> None:
    key = next(iter(chain.keys_of(installation.signer).values()))
    now = clock.now()
    seal = key.hash_of(chain.of_anchor(organization_id, head.last_position, head.last_hash, now))
    anchor = Anchor(head.last_position, head.last_hash, now, key.name, seal)
    await installation.blobs.note(_name(organization_id), msgspec.json.encode(anchor))


def _is_ours(tx: Transaction, head: Head) -> bool:
    key = chain.keys_of(tx.signer).get(head.key_name)
    return bool(key and key.fits(chain.of_head(tx.organization_id, head.last_position, head.last_hash), head.seal))


async def _goes_on(tx: Transaction, head: Head, anchor: Anchor) -> bool:
    if head.last_position < anchor.position:
        return False
    # None where retention has removed it meanwhile.
    stands_there: bytes | None = await tx.value(
        "select hash from audit_records where position = %(position)s", position=anchor.position
    )
    return stands_there in (None, anchor.hash)


def _name(organization_id: UUID) -> str:
    return f"audit-anchors/{organization_id}.json"


_REACHED: Final = """
    select t.last_position, t.last_hash, t.key_name, t.seal, r.at
    from audit_trails t
    left join audit_records r on r.organization_id = t.organization_id and r.position = t.last_position
"""
