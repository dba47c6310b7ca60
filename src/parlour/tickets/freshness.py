"""Whether somebody wrote while a reply was being written: it must answer what its writer has read."""

from uuid import UUID

import msgspec

from parlour.foundation.database import Transaction
from parlour.foundation.errors import Conflict
from parlour.people import Actor
from parlour.tickets.models import Ticket


class SomebodyWrote(Conflict):
    """Somebody wrote while you did. Read it, then send again."""


class Seen(msgspec.Struct, frozen=True):
    """What a writer had before their eyes: the ticket's version, or the newest comment."""

    version: int | None = None
    comment_id: UUID | None = None


async def check_seen(tx: Transaction, ticket: Ticket, seen: Seen, *, by: Actor) -> None:
    """Raises `SomebodyWrote`, naming the newer public comments of others, where there are any. The ticket is held."""
    newer = await unseen(tx, ticket, seen, by=by)
    if newer:
        raise SomebodyWrote(details={"newerCommentIds": [str(comment_id) for comment_id in newer]})


async def unseen(tx: Transaction, ticket: Ticket, seen: Seen, *, by: Actor) -> list[UUID]:
    """The public comments of others that came after what was seen, from old to new: at most fifty."""
    if seen.comment_id:
        return await _since_comment(tx, ticket, seen.comment_id, by)
    if seen.version is not None:
        return await _since_version(tx, ticket, seen.version, by)
    return []


async def _since_comment(tx: Transaction, ticket: Ticket, comment_id: UUID, by: Actor) -> list[UUID]:
    # A comment that is gone was a held reply, taken back: what came after the moment in its id counts.
    return await tx.values(
        """
        select c.id
        from comments c
        left join comments seen on seen.id = %(seen)s and seen.ticket_id = c.ticket_id
        where c.ticket_id = %(ticket_id)s and c.visibility = 'PUBLIC' and c.held_at is null
            and c.author_id <> %(writer)s and c.id <> %(seen)s
            and (seen.id is null and c.id > %(seen)s or (c.created_at, c.id) > (seen.created_at, seen.id))
        order by c.created_at, c.id
        limit 50
        """,
        ticket_id=ticket.id,
        seen=comment_id,
        writer=by.user_id,
    )


async def _since_version(tx: Transaction, ticket: Ticket, version: int, by: Actor) -> list[UUID]:
    return await tx.values(
        """
        select (v.details ->> 'comment_id')::uuid
        from activities v
        where v.ticket_id = %(ticket_id)s and v.name in ('CustomerReplied', 'AgentReplied')
            and (v.details ->> 'version')::integer > %(version)s and v.actor_id is distinct from %(writer)s
        order by v.at, v.id
        limit 50
        """,
        ticket_id=ticket.id,
        version=version,
        writer=by.user_id,
    )
