"""Tickets that belong together: a follow-up and the closed ticket it follows, a mail and the ticket it spoke of."""

from enum import StrEnum
from uuid import UUID

import msgspec

from parlour.foundation import clock
from parlour.foundation.database import Transaction
from parlour.people import Actor
from parlour.tickets.models import Status, Ticket
from parlour.tickets.visibility import tickets_seen_by


class Relation(StrEnum):
    """Why a ticket points at an older one."""

    FOLLOW_UP = "FOLLOW_UP"
    """The older one was closed too long ago to be opened again."""
    MENTION = "MENTION"
    """It answers a mail of the older one, or names its number, but its sender has no part in that."""


class RelatedTicket(msgspec.Struct, frozen=True):
    """The other ticket, in short. `is_older` where it is the one that was there first."""

    id: UUID
    number: int
    subject: str
    status: Status
    relation: Relation
    is_older: bool


async def relate(tx: Transaction, ticket: Ticket, older: Ticket, relation: Relation) -> None:
    """The ticket points at the older one from now on. Saying so twice changes nothing."""
    await tx.run(
        """
        insert into ticket_relations (organization_id, ticket_id, related_id, kind, created_at)
        values (current_organization(), %(ticket_id)s, %(related_id)s, %(kind)s, %(now)s)
        on conflict do nothing
        """,
        ticket_id=ticket.id,
        related_id=older.id,
        kind=relation,
        now=clock.now(),
    )


async def related(tx: Transaction, ticket: Ticket, *, seen_by: Actor) -> list[RelatedTicket]:
    """The tickets related to this one, in either direction, as far as they are theirs to see; the newest first."""
    condition, parameters = tickets_seen_by(seen_by)
    return await tx.all(
        RelatedTicket,
        f"""
        select t.id, t.number, t.subject, t.status, r.kind as relation, r.is_older
        from (
            select organization_id, related_id as id, kind, true as is_older
            from ticket_relations where ticket_id = %(ticket_id)s
            union all
            select organization_id, ticket_id as id, kind, false as is_older
            from ticket_relations where related_id = %(ticket_id)s
        ) r
        join tickets t on t.organization_id = r.organization_id and t.id = r.id
        where t.deleted_at is null and {condition}
        order by t.number desc
        limit 100
        """,
        ticket_id=ticket.id,
        **parameters,
    )
