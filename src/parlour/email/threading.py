"""Which ticket a mail belongs to, in a way that can't be tricked."""

import re
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from parlour import tickets
from parlour.email.addresses import number_in
from parlour.email.reading import Mail
from parlour.foundation.crypto import Signer
from parlour.foundation.database import Transaction
from parlour.foundation.errors import NotFound
from parlour.people import Actor, Reach, Role

_NUMBER: Final = re.compile(r"\[#(\d{1,9})\]")


async def held_ticket(
    tx: Transaction, signer: Signer, mail: Mail, recipients: Sequence[str], *, by: Actor
) -> tickets.Ticket | None:
    """The ticket this mail joins, held for a change; None where it must open a new one.

    Whoever holds a signed reply address may write there. By References and by the subject's number a mail joins only
    what its sender takes part in, or sees as an agent. A ticket in the bin is left there.
    """
    addresses = dict.fromkeys([*recipients, *(address.email for address in (*mail.to, *mail.cc))])
    for address in addresses:
        number = number_in(signer, tx.organization_id, address)
        if number and (ticket := await _held_by_address(tx, number, by)):
            return ticket
    references: list[tickets.Reference] = [*await _ancestors(tx, mail), *_numbers(mail.subject)]
    for reference in references:
        if ticket := await _held(tx, reference, by):
            return ticket
    return None


def overseer(organization_id: UUID) -> Actor:
    """The installation itself, reading: whoever began this was allowed to then."""
    return Actor(organization_id, UUID(int=0), "", "", Role.ADMIN, Reach.ORGANIZATION)


async def _held_by_address(tx: Transaction, number: int, by: Actor) -> tickets.Ticket | None:
    try:
        ticket = await tickets.find(tx, number, seen_by=overseer(tx.organization_id))
    except NotFound:
        return None
    if not by.is_agent:
        await tickets.add_participants(tx, ticket.id, [by.user_id])
    return await _held(tx, ticket.id, by)


async def _held(tx: Transaction, reference: tickets.Reference, by: Actor) -> tickets.Ticket | None:
    try:
        return await tickets.hold(tx, reference, seen_by=by)
    except (NotFound, tickets.InBin):
        return None


async def _ancestors(tx: Transaction, mail: Mail) -> list[UUID]:
    """The tickets of the mails this one answers, the nearest first. Only this organization's mails are known here."""
    ancestors = mail.ancestors
    if not ancestors:
        return []
    found: list[UUID] = await tx.values(
        """
        select ticket_id
        from (
            select message_id, ticket_id from outbound_messages where message_id = any(%(ids)s)
            union all
            select message_id, ticket_id from inbound_messages where message_id = any(%(ids)s) and ticket_id is not null
        ) known
        order by array_position(%(ids)s, message_id)
        """,
        ids=list(ancestors),
    )
    return list(dict.fromkeys(found))


def _numbers(subject: str) -> list[int]:
    return [int(number) for number in _NUMBER.findall(subject)]
