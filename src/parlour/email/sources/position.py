"""Who reads a mailbox at the moment, and how far: both in the database, so that one worker does and no mail is lost."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from parlour.email.mailboxes import Mailbox
from parlour.email.sources.troubles import Trouble
from parlour.foundation import clock
from parlour.foundation.database import Transaction


class LeaseLost(Exception):
    """Somebody else reads this mailbox now. What was about to be written is not."""


class Position(msgspec.Struct, frozen=True):
    """The last message read, of which numbering. Up to `recount_until` messages may be in the ledger already."""

    uid_validity: int | None
    last_uid: int
    recount_until: int


class Hold(msgspec.Struct, frozen=True):
    """What the holder of a lease learns with each renewal."""

    revision: int
    is_active: bool


async def take_lease(tx: Transaction, mailbox_id: UUID, holder: UUID, seconds: float) -> bool:
    """Whether it is ours now. A mailbox that somebody is just taking is theirs: nobody waits for it.

    Nobody reads for a closed organization.
    """
    await tx.run(
        """
        insert into mailbox_states (organization_id, mailbox_id)
        values (current_organization(), %(mailbox_id)s)
        on conflict do nothing
        """,
        mailbox_id=mailbox_id,
    )
    taken = await tx.run(
        """
        update mailbox_states
        set lease_holder = %(holder)s, lease_until = now() + make_interval(secs => %(seconds)s)
        where mailbox_id in (
            select mailbox_id from mailbox_states
            where mailbox_id = %(mailbox_id)s and (lease_until is null or lease_until < now())
                and not exists (select from closings)
            for update skip locked
        )
        """,
        mailbox_id=mailbox_id,
        holder=holder,
        seconds=seconds,
    )
    return taken == 1


async def renew_lease(
    tx: Transaction, mailbox_id: UUID, holder: UUID, seconds: float, seen_at: datetime | None
) -> Hold:
    """For so many seconds more. `seen_at` is when the server was last heard. Raises `LeaseLost`."""
    renewed = await tx.run(
        """
        update mailbox_states
        set lease_until = now() + make_interval(secs => %(seconds)s), seen_at = greatest(seen_at, %(seen_at)s)
        where mailbox_id = %(mailbox_id)s and lease_holder = %(holder)s
            and not exists (select from closings)
        """,
        mailbox_id=mailbox_id,
        holder=holder,
        seconds=seconds,
        seen_at=seen_at,
    )
    hold = await tx.maybe(
        Hold,
        """
        select revision, is_active and removed_at is null and kind = 'IMAP' as is_active
        from mailboxes
        where id = %(mailbox_id)s
        """,
        mailbox_id=mailbox_id,
    )
    if not renewed or hold is None:
        raise LeaseLost()
    return hold


async def end_lease(tx: Transaction, mailbox_id: UUID, holder: UUID) -> None:
    """Whoever looks next may take it."""
    await tx.run(
        """
        update mailbox_states set lease_holder = null, lease_until = null
        where mailbox_id = %(mailbox_id)s and lease_holder = %(holder)s
        """,
        mailbox_id=mailbox_id,
        holder=holder,
    )


async def position_of(tx: Transaction, mailbox_id: UUID) -> Position:
    return await tx.one(
        Position,
        "select uid_validity, last_uid, recount_until from mailbox_states where mailbox_id = %(mailbox_id)s",
        mailbox_id=mailbox_id,
    )


async def move_to(tx: Transaction, mailbox: Mailbox, holder: UUID, position: Position, behind: int) -> None:
    """With the rows of the messages up to there, in their transaction.

    Raises `LeaseLost`, also where the mailbox is another by now: numbers of the folder before say nothing of this one.
    """
    unchanged = "select true from mailboxes where id = %(id)s and revision = %(revision)s for share"
    if not await tx.value(unchanged, id=mailbox.id, revision=mailbox.revision):
        raise LeaseLost()
    moved = await tx.run(
        """
        update mailbox_states
        set uid_validity = %(uid_validity)s, last_uid = %(last_uid)s, recount_until = %(recount_until)s,
            behind = %(behind)s, seen_at = %(now)s
        where mailbox_id = %(mailbox_id)s and lease_holder = %(holder)s
        """,
        mailbox_id=mailbox.id,
        holder=holder,
        uid_validity=position.uid_validity,
        last_uid=position.last_uid,
        recount_until=position.recount_until,
        behind=behind,
        now=clock.now(),
    )
    if not moved:
        raise LeaseLost()


async def known_digests(tx: Transaction, mailbox_id: UUID, digests: Sequence[bytes]) -> set[bytes]:
    """Which of these messages the ledger of this mailbox has."""
    return set(
        await tx.values(
            "select digest from inbound_messages where mailbox_id = %(id)s and digest = any(%(digests)s)",
            id=mailbox_id,
            digests=list(digests),
        )
    )


async def note_trouble(tx: Transaction, mailbox_id: UUID, trouble: Trouble) -> int:
    """How many times in a row it has failed now."""
    failures: int = await tx.value(
        _NOTE_TROUBLE,
        mailbox_id=mailbox_id,
        step=trouble.step,
        words=trouble.words,
        advice=trouble.advice,
        now=clock.now(),
    )
    return failures


async def note_success(tx: Transaction, mailbox_id: UUID) -> None:
    """The mailbox is open: whatever was wrong is not any more."""
    await tx.run(
        """
        update mailbox_states
        set failures = 0, failing_since = null, trouble = null, words = null, advice = null, seen_at = %(now)s
        where mailbox_id = %(mailbox_id)s
        """,
        mailbox_id=mailbox_id,
        now=clock.now(),
    )


_NOTE_TROUBLE: Final = """
    update mailbox_states
    set failures = failures + 1, failing_since = coalesce(failing_since, %(now)s), trouble = %(step)s,
        words = %(words)s, advice = %(advice)s
    where mailbox_id = %(mailbox_id)s
    returning failures
"""
