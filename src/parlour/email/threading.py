"""Which ticket a mail belongs to, in a way that can't be tricked."""

import re
from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec

from parlour import tickets
from parlour.email.addresses import number_in
from parlour.email.correspondents import Writer
from parlour.email.reading import Mail
from parlour.foundation.crypto import Signer
from parlour.foundation.database import Transaction
from parlour.foundation.errors import NotFound
from parlour.people import Actor, Reach, Role
from parlour.tickets import Relation, Ticket

_NUMBER: Final = re.compile(r"\[#(\d{1,9})\]")
_MOST_CANDIDATES: Final = 20


class Place(msgspec.Struct, frozen=True):
    """The ticket a mail joins, held for a change; else it opens a new one, related to an older one where there is one.

    `by_address` where it came to a signed reply address of the ticket.
    """

    ticket: Ticket | None = None
    older: Ticket | None = None
    relation: Relation | None = None
    by_address: bool = False


async def place_of(tx: Transaction, signer: Signer, mail: Mail, recipients: Sequence[str], writer: Writer) -> Place:
    """A signed reply address first, then what the mail answers, then the number in its subject.

    Whoever holds a reply address may write there. By the other two a mail joins only what its sender has a part in, or
    may see as an agent whose domain vouches for the mail. A ticket in the bin is left there.
    """
    for number in _signed_numbers(tx, signer, mail, recipients):
        if ticket := await _live(tx, number):
            return await _joined(tx, ticket, mail, writer, by_address=True)
    mentioned: Ticket | None = None
    references: list[tickets.Reference] = [*await _ancestors(tx, mail), *_numbers(mail.subject)]
    for reference in references[:_MOST_CANDIDATES]:
        ticket = await _live(tx, reference)
        if ticket and await _has_a_part(tx, ticket, writer):
            return await _joined(tx, ticket, mail, writer, by_address=False)
        mentioned = mentioned or ticket
    return Place(older=mentioned, relation=Relation.MENTION) if mentioned else Place()


def overseer(organization_id: UUID) -> Actor:
    """The installation itself, reading: whoever began this was allowed to then."""
    return Actor(organization_id, UUID(int=0), "", "", Role.ADMIN, Reach.ORGANIZATION)


async def _joined(tx: Transaction, ticket: Ticket, mail: Mail, writer: Writer, *, by_address: bool) -> Place:
    is_question = not mail.automatic and not writer.is_proved_agent
    if is_question and await tickets.needs_follow_up(tx, ticket):
        later = await _follow_up_of(tx, ticket, writer)
        if later is None:
            return Place(older=ticket, relation=Relation.FOLLOW_UP, by_address=by_address)
        ticket = later
    if by_address and not writer.actor.is_agent:
        await tickets.add_participants(tx, ticket.id, [writer.user.id])
    try:
        held = await tickets.hold(tx, ticket.id, seen_by=overseer(tx.organization_id))
    except tickets.InBin:
        # Somebody has put it there this very moment.
        return Place()
    return Place(ticket=held, by_address=by_address)


async def _follow_up_of(tx: Transaction, ticket: Ticket, writer: Writer) -> Ticket | None:
    """The follow-up that this person has begun already: a second answer to the old mail goes there."""
    for other in await tickets.related(tx, ticket, seen_by=overseer(tx.organization_id)):
        if other.relation is Relation.FOLLOW_UP and not other.is_older:
            later = await _live(tx, other.id)
            if later and await _has_a_part(tx, later, writer) and not await tickets.needs_follow_up(tx, later):
                return later
    return None


async def _has_a_part(tx: Transaction, ticket: Ticket, writer: Writer) -> bool:
    if ticket.requester_id == writer.user.id or await tickets.takes_part(tx, ticket.id, writer.user.id):
        return True
    return writer.is_proved_agent and await tickets.is_seen(tx, ticket.id, seen_by=writer.actor)


async def _live(tx: Transaction, reference: tickets.Reference) -> Ticket | None:
    try:
        ticket = await tickets.find(tx, reference, seen_by=overseer(tx.organization_id))
    except NotFound:
        return None
    return None if ticket.deleted_at else ticket


def _signed_numbers(tx: Transaction, signer: Signer, mail: Mail, recipients: Sequence[str]) -> list[int]:
    named = (address.email for address in (*mail.to, *mail.cc, *mail.delivered_to))
    addresses = dict.fromkeys([*recipients, *named])
    found = [number_in(signer, tx.organization_id, address) for address in addresses]
    return list(dict.fromkeys(number for number in found if number))


async def _ancestors(tx: Transaction, mail: Mail) -> list[UUID]:
    """The tickets of the mails this one answers, the nearest first. Only this organization's mails are known here.

    What we wrote ourselves is named by us, so its name is believed; a stranger's Message-ID counts only as long as no
    other mail has used it.
    """
    ancestors = [ancestor for ancestor in mail.ancestors if ancestor != mail.message_id]
    if not ancestors:
        return []
    found: list[UUID] = await tx.values(
        """
        with ours as (
            select message_id, ticket_id from outbound_messages where message_id = any(%(ids)s)
        ), theirs as (
            select message_id, min(ticket_id::text)::uuid as ticket_id
            from inbound_messages
            where message_id = any(%(ids)s) and ticket_id is not null and outcome <> 'BOUNCE'
            group by message_id
            having count(distinct ticket_id) = 1 and count(distinct identity) <= 1
        )
        select ticket_id
        from (
            select message_id, ticket_id from ours
            union all
            select message_id, ticket_id from theirs where message_id not in (select message_id from ours)
        ) known
        order by array_position(%(ids)s, message_id)
        """,
        ids=ancestors,
    )
    return list(dict.fromkeys(found))


def _numbers(subject: str) -> list[int]:
    return list(dict.fromkeys(int(number) for number in _NUMBER.findall(subject)))
