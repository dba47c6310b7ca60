"""Replies that wait for their moment: they can be undone until then, and may be called off by the customer's words."""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from parlour import people, tickets
from parlour.email.events import ReplyCancelled
from parlour.email.reading import Address
from parlour.email.sending.recipients import Recipients, bring_along, introduced
from parlour.email.threading import overseer
from parlour.foundation import clock
from parlour.foundation.database import Transaction
from parlour.foundation.installation import Installation
from parlour.foundation.jobs import TryAgain, only_when
from parlour.tickets import Changes, Comment, CustomerReplied, InBin, Status, Ticket, Words

CUSTOMER_WROTE: Final = "The customer wrote first. Read it, then send the reply or take it back."
IN_BIN: Final = "The ticket is in the bin. Restore it, then send the reply or take it back."


class Draft(msgspec.Struct, frozen=True):
    """A reply that was taken back: its words, and whom it was for."""

    words: Words
    recipients: Recipients


class _Held(msgspec.Struct, frozen=True):
    comment_id: UUID
    ticket_id: UUID
    release_at: datetime
    unless_answered: bool
    status_after: Status | None
    created_at: datetime
    cancelled_at: datetime | None
    newcomers: list[str]


async def keep_back(
    tx: Transaction, comment: Comment, release_at: datetime, status: Status | None, *, unless_answered: bool
) -> None:
    """Remember when a held reply is to be said. The moment is a column; the job is only the quicker way to see it."""
    recipients = await _recipients(tx, comment.id)
    known = await introduced(tx, comment.ticket_id, [*recipients.to, *recipients.cc])
    await tx.run(
        """
        insert into held_replies
            (organization_id, comment_id, ticket_id, release_at, unless_answered, status_after, newcomers, created_at)
        values
            (current_organization(), %(comment_id)s, %(ticket_id)s, %(release_at)s, %(unless_answered)s, %(status)s,
             %(newcomers)s, %(now)s)
        """,
        newcomers=[one.email for one in known if one.is_new],
        comment_id=comment.id,
        ticket_id=comment.ticket_id,
        release_at=release_at,
        unless_answered=unless_answered,
        status=status,
        now=clock.now(),
    )
    tx.queue(release_reply, at=release_at, comment_id=comment.id)


async def release_reply(installation: Installation, organization_id: UUID, *, comment_id: UUID) -> None:
    """Job: say a held reply, once its moment has come; or call it off."""
    async with installation.database.transaction(organization_id) as tx:
        held = await _held(tx, comment_id)
        if held is None or held.cancelled_at:
            return
        wait = held.release_at - clock.now()
        if wait.total_seconds() <= 0:
            await _release_or_cancel(tx, held)
            return
    raise TryAgain(after=wait)


async def release_due_replies(installation: Installation) -> None:
    """Look for held replies whose moment has come, should their job be lost."""
    for organization_id in await installation.database.doorways.organizations_with_held_replies_due(clock.now()):
        async with installation.database.transaction(organization_id) as tx:
            for comment_id in await tx.values(_DUE, now=clock.now()):
                tx.queue(release_reply, comment_id=comment_id)


@only_when(lambda fact: not fact.automatic)
async def cancel_answered_replies(installation: Installation, organization_id: UUID, *, fact: CustomerReplied) -> None:
    """Job: the customer wrote, so what was to be said only unless they did is called off."""
    async with installation.database.reading(organization_id) as tx:
        found = await tx.values(_CALLED_OFF_BY_WORDS, ticket_id=fact.ticket_id)
    for comment_id in found:
        async with installation.database.transaction(organization_id) as tx:
            ticket = await _ticket(tx, fact.ticket_id)
            held = await _held(tx, comment_id, "for update")
            if held and not held.cancelled_at:
                await _cancel(tx, ticket, held, CUSTOMER_WROTE)


async def undo(tx: Transaction, ticket: Ticket, comment_id: UUID, *, by: people.Actor) -> Draft:
    """Take a held reply back, as a draft; nobody outside has seen it. The ticket is held.

    Raises `SaidAlready` where its moment has passed.
    """
    if await _held(tx, comment_id, "for update") is None:
        raise tickets.SaidAlready()
    recipients = await _recipients(tx, comment_id)
    return Draft(await tickets.take_back_reply(tx, ticket, comment_id, by=by), recipients)


async def send_held_now(tx: Transaction, ticket: Ticket, comment_id: UUID) -> bool:
    """Say it at once, called off or not. False where no such reply is held."""
    held = await _held(tx, comment_id, "for update")
    if held is None or held.ticket_id != ticket.id:
        return False
    await tx.run(_MAY_GO, comment_id=comment_id)
    await _release(tx, ticket, held)
    return True


async def _release_or_cancel(tx: Transaction, held: _Held) -> None:
    try:
        ticket = await tickets.hold(tx, held.ticket_id, seen_by=overseer(tx.organization_id))
    except InBin:
        await _cancel(tx, await _ticket(tx, held.ticket_id), held, IN_BIN)
        return
    # Read again with the ticket locked: whoever undid it was first.
    current = await _held(tx, held.comment_id, "for update")
    if current is None or current.cancelled_at:
        return
    if current.unless_answered and await tx.value(_ANSWERED, ticket_id=ticket.id, since=current.created_at):
        await _cancel(tx, ticket, current, CUSTOMER_WROTE)
    else:
        await _release(tx, ticket, current)


async def _release(tx: Transaction, ticket: Ticket, held: _Held) -> None:
    await tx.run("delete from held_replies where comment_id = %(comment_id)s", comment_id=held.comment_id)
    openly = await _recipients(tx, held.comment_id)
    joining = [one for one in (*openly.to, *openly.cc) if one.email in held.newcomers]
    await bring_along(tx, ticket, Recipients(joining))
    comment = await tickets.release_reply(tx, ticket, held.comment_id, by=overseer(tx.organization_id))
    author = await people.actor_of(tx, comment.author_id)
    if held.status_after and author and author.is_agent:
        # Read again, because the reply has moved the version.
        moved = await tickets.hold(tx, ticket.id, seen_by=overseer(tx.organization_id))
        await tickets.change(tx, moved, Changes(status=held.status_after), by=author)


async def _cancel(tx: Transaction, ticket: Ticket, held: _Held, why: str) -> None:
    await tx.run(
        "update held_replies set cancelled_at = %(now)s where comment_id = %(comment_id)s",
        comment_id=held.comment_id,
        now=clock.now(),
    )
    await tx.run(_CANCELLED, comment_id=held.comment_id, why=why)
    tx.record(ReplyCancelled(**tickets.about(ticket, None), comment_id=held.comment_id))


async def _held(tx: Transaction, comment_id: UUID, lock: str = "") -> _Held | None:
    return await tx.maybe(
        _Held,
        f"""
        select comment_id, ticket_id, release_at, unless_answered, status_after, created_at, cancelled_at, newcomers
        from held_replies
        where comment_id = %(comment_id)s
        {lock}
        """,
        comment_id=comment_id,
    )


async def _ticket(tx: Transaction, ticket_id: UUID) -> Ticket:
    return await tickets.find(tx, ticket_id, seen_by=overseer(tx.organization_id))


class _Addressed(msgspec.Struct, frozen=True):
    to_addresses: list[str]
    cc_addresses: list[str]
    bcc_addresses: list[str]
    names: dict[str, str]


async def _recipients(tx: Transaction, comment_id: UUID) -> Recipients:
    row = await tx.maybe(
        _Addressed,
        """
        select to_addresses, cc_addresses, bcc_addresses, names
        from outbound_messages where comment_id = %(comment_id)s
        """,
        comment_id=comment_id,
    )
    if row is None:
        return Recipients()
    kinds = (row.to_addresses, row.cc_addresses, row.bcc_addresses)
    return Recipients(*([Address(email, row.names.get(email, "")) for email in kind] for kind in kinds))


_DUE: Final = """
    select comment_id from held_replies
    where cancelled_at is null and release_at <= %(now)s
    order by release_at
    limit 1000
"""
_CALLED_OFF_BY_WORDS: Final = """
    select comment_id from held_replies
    where ticket_id = %(ticket_id)s and unless_answered and cancelled_at is null
"""
_ANSWERED: Final = """
    select exists (
        select 1 from activities
        where ticket_id = %(ticket_id)s and name = 'CustomerReplied' and at > %(since)s
            and not coalesce((details ->> 'automatic')::boolean, false)
    )
"""
_CANCELLED: Final = """
    update outbound_messages set state = 'CANCELLED', last_error = %(why)s
    where comment_id = %(comment_id)s and state = 'QUEUED'
"""
_MAY_GO: Final = """
    update outbound_messages set state = 'QUEUED', last_error = null
    where comment_id = %(comment_id)s and state = 'CANCELLED'
"""
