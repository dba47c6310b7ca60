"""Links: what is stored of them opens nothing, their text is signed when the mail is written."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

from parlour.foundation import clock
from parlour.foundation.crypto import Signer
from parlour.foundation.database import Transaction
from parlour.foundation.doorways import Whereabouts
from parlour.foundation.errors import Gone
from parlour.people import User

MINUTES: Final = 15
ADDRESS_HOURS: Final = 24
# Whoever asks again and again has them in their mail already; and nobody's mailbox is filled by a stranger.
_MOST_AT_ONCE: Final = 3
_KEPT: Final = timedelta(days=1)
_ID_BYTES: Final = 16


class LinkOver(Gone):
    """This link is over: it is good for a short time, and only once. Ask for a new one."""


class Purpose(StrEnum):
    """What a link is for; it is good for nothing else."""

    SIGN_IN = "SIGN_IN"
    PASSWORD = "PASSWORD"  # noqa: S105
    ADDRESS = "ADDRESS"


_LASTS: Final = {
    Purpose.SIGN_IN: timedelta(minutes=MINUTES),
    Purpose.PASSWORD: timedelta(minutes=MINUTES),
    Purpose.ADDRESS: timedelta(hours=ADDRESS_HOURS),
}


class Link(msgspec.Struct, frozen=True):
    """Somebody's link, sent to `email`."""

    id: UUID
    user_id: UUID
    purpose: Purpose
    email: str
    everywhere: bool
    expires_at: datetime


_COLUMNS: Final = "l.id, l.user_id, l.purpose, l.email, l.everywhere, l.expires_at"


async def make_link(tx: Transaction, link_id: UUID, user: User, purpose: Purpose, *, everywhere: bool = False) -> bool:
    """A link for this user. False where it was made before, or where they have enough that are still good."""
    now = clock.now()
    await tx.run(
        "delete from links where user_id = %(user_id)s and expires_at < %(before)s",
        user_id=user.id,
        before=now - _KEPT,
    )
    made = await tx.run(
        """
        insert into links (organization_id, id, user_id, purpose, email, everywhere, created_at, expires_at)
        select current_organization(), %(id)s, %(user_id)s, %(purpose)s, %(email)s, %(everywhere)s, %(now)s, %(until)s
        where (
            select count(*) from links
            where user_id = %(user_id)s and purpose = %(purpose)s and created_at > %(since)s
        ) < %(most)s
        on conflict do nothing
        """,
        id=link_id,
        user_id=user.id,
        purpose=purpose,
        email=user.email,
        everywhere=everywhere,
        now=now,
        until=now + _LASTS[purpose],
        since=now - timedelta(minutes=MINUTES),
        most=_MOST_AT_ONCE,
    )
    return made == 1


def link_text(signer: Signer, purpose: str, organization_id: UUID, link_id: UUID) -> str:
    """What stands in the mail: signed for one purpose, good for one thing of one organization."""
    return signer.sign(f"link: {purpose}", organization_id.bytes + link_id.bytes)


def read_link(signer: Signer, purpose: str, text: str) -> Whereabouts:
    """Where the thing is that such a text names. Raises `LinkOver` where it is none of ours."""
    payload = signer.verify(f"link: {purpose}", text) if text.isascii() and len(text) <= 200 else None
    if payload is None or len(payload) != 2 * _ID_BYTES:
        raise LinkOver()
    return Whereabouts(UUID(bytes=payload[:_ID_BYTES]), UUID(bytes=payload[_ID_BYTES:]))


async def find_link(tx: Transaction, link_id: UUID, purpose: Purpose) -> Link:
    """One that is still good: unused, in time, its user active and at this address. Raises `LinkOver`."""
    found = await tx.maybe(
        Link,
        f"select {_COLUMNS} from links l join users u on {_SAME_USER} where {_GOOD}",
        id=link_id,
        purpose=purpose,
        now=clock.now(),
    )
    if found is None:
        raise LinkOver()
    return found


async def use_link(tx: Transaction, link_id: UUID, purpose: Purpose) -> Link:
    """The same, and it is used up: of two who come at once, one does. Raises `LinkOver`."""
    found = await tx.maybe(
        Link,
        f"update links l set used_at = %(now)s from users u where {_SAME_USER} and {_GOOD} returning {_COLUMNS}",
        id=link_id,
        purpose=purpose,
        now=clock.now(),
    )
    if found is None:
        raise LinkOver()
    return found


async def end_links(tx: Transaction, user_id: UUID) -> None:
    """None that was sent before opens anything any more."""
    await tx.run(
        "update links set used_at = %(now)s where user_id = %(user_id)s and used_at is null",
        user_id=user_id,
        now=clock.now(),
    )


_SAME_USER: Final = "u.organization_id = l.organization_id and u.id = l.user_id"
_GOOD: Final = """
    l.id = %(id)s and l.purpose = %(purpose)s and l.used_at is null and l.expires_at > %(now)s
        -- A link to confirm an address goes to one that is not theirs yet.
        and u.status = 'ACTIVE' and (u.email = l.email or l.purpose = 'ADDRESS')
"""
