"""Reading a ticket: its comments and its timeline."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from parlour.foundation.database import Transaction
from parlour.people import Actor
from parlour.tickets.models import Comment, Ticket
from parlour.tickets.visibility import comments_seen_by


class Activity(msgspec.Struct, frozen=True):
    """One line of the timeline. `details` is the fact that was recorded."""

    id: UUID
    name: str
    actor_id: UUID | None
    actor_name: str | None
    at: datetime
    details: dict[str, Any]


class Span(msgspec.Struct, frozen=True):
    """Part of a conversation: the comments after a moment and id, or the last ones before them."""

    after: tuple[datetime, UUID] | None = None
    before: tuple[datetime, UUID] | None = None
    limit: int = 100


async def comments(tx: Transaction, ticket: Ticket, span: Span, *, seen_by: Actor) -> list[Comment]:
    """From old to new: the first ones of the span, or with `before` the last ones before that moment."""
    seen, parameters = comments_seen_by(seen_by)
    backwards = span.before is not None
    bound = "(c.created_at, c.id) < (%(at)s, %(id)s)" if backwards else "(c.created_at, c.id) > (%(at)s, %(id)s)"
    edge = span.before or span.after
    found = await tx.all(
        Comment,
        f"""
        {_SELECT}
        where c.ticket_id = %(ticket_id)s and {seen} and {bound if edge else "true"}
        order by c.created_at {"desc" if backwards else "asc"}, c.id {"desc" if backwards else "asc"}
        limit %(limit)s
        """,
        ticket_id=ticket.id,
        at=edge[0] if edge else None,
        id=edge[1] if edge else None,
        limit=span.limit,
        **parameters,
    )
    return found[::-1] if backwards else found


async def last_comments(tx: Transaction, ticket: Ticket, limit: int, *, seen_by: Actor) -> list[Comment]:
    """The newest ones, from old to new."""
    seen, parameters = comments_seen_by(seen_by)
    found = await tx.all(
        Comment,
        f"{_SELECT} where c.ticket_id = %(ticket_id)s and {seen} order by c.created_at desc, c.id desc limit %(limit)s",
        ticket_id=ticket.id,
        limit=limit,
        **parameters,
    )
    return found[::-1]


async def find_comment(tx: Transaction, comment_id: UUID, *, seen_by: Actor) -> Comment:
    """A comment of a ticket that the actor is known to see. Raises `NotFound`."""
    seen, parameters = comments_seen_by(seen_by)
    return await tx.one(Comment, f"{_SELECT} where c.id = %(id)s and {seen}", id=comment_id, **parameters)


async def activities(tx: Transaction, ticket: Ticket, *, seen_by: Actor, limit: int = 200) -> list[Activity]:
    """The newest lines of the timeline, from old to new. Agents only: customers get an empty one."""
    if not seen_by.is_agent:
        return []
    found = await tx.all(
        Activity,
        """
        select v.id, v.name, v.actor_id, u.name as actor_name, v.at, v.details
        from activities v
        left join users u on u.organization_id = v.organization_id and u.id = v.actor_id
        where v.ticket_id = %(ticket_id)s
        order by v.at desc, v.id desc
        limit %(limit)s
        """,
        ticket_id=ticket.id,
        limit=limit,
    )
    return found[::-1]


_SELECT = """
    select
        c.id, c.ticket_id, c.author_id, u.name as author_name, u.email as author_email, u.role as author_role,
        c.visibility, c.source, c.text, c.html, c.quoted_text, c.created_at, c.held_at,
        array(
            select reader.user_id from comment_readers reader
            where reader.organization_id = c.organization_id and reader.comment_id = c.id
            order by reader.user_id
        ) as reader_ids,
        coalesce((
            select jsonb_agg(jsonb_build_object(
                'id', a.id, 'name', a.name, 'content_type', a.content_type, 'size', a.size, 'content_id', a.content_id,
                'warning', a.warning
            ) order by a.id)
            from attachments a
            where a.organization_id = c.organization_id and a.comment_id = c.id
        ), '[]') as attachments
    from comments c
    join users u on u.organization_id = c.organization_id and u.id = c.author_id
"""
