"""Replies that are written and not yet said: agents see them, customers don't until they are released."""

from uuid import UUID

from parlour.foundation import clock
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Conflict
from parlour.people import Actor
from parlour.tickets.conversation import find_comment
from parlour.tickets.events import AgentReplied, ReplyHeld, ReplyTakenBack, about
from parlour.tickets.finding import fresh
from parlour.tickets.models import Comment, Source, Ticket, Visibility, Words
from parlour.tickets.replies import ANSWERED, count_reply
from parlour.tickets.search import extend_search, words_of
from parlour.tickets.writing import NewComment, write_comment


class SaidAlready(Conflict):
    """This reply has been sent already. Write another one to correct it."""


async def hold_reply(tx: Transaction, ticket: Ticket, words: Words, *, by: Actor, source: Source) -> Comment:
    """An agent's public reply on a held ticket, kept back until `release_reply`. Raises `Invalid`."""
    comment_id = await write_comment(tx, NewComment(ticket.id, words, Visibility.PUBLIC, source), by=by)
    await tx.run("update comments set held_at = %(now)s where id = %(id)s", id=comment_id, now=clock.now())
    await _count_change(tx, ticket)
    tx.record(ReplyHeld(**about(await fresh(tx, ticket.id), by.user_id), comment_id=comment_id))
    return await find_comment(tx, comment_id, seen_by=by)


async def release_reply(tx: Transaction, ticket: Ticket, comment_id: UUID, *, by: Actor) -> Comment:
    """Say it now: from this moment it is a reply like any other, at the end of the conversation.

    Raises `SaidAlready` where it is not held.
    """
    released = await tx.run(
        "update comments set held_at = null, created_at = %(now)s where id = %(id)s and held_at is not null",
        id=comment_id,
        now=clock.now(),
    )
    if not released:
        raise SaidAlready()
    comment = await find_comment(tx, comment_id, seen_by=by)
    await count_reply(tx, ticket, comment.text, ANSWERED)
    words = words_of(comment.author_name, comment.author_email, comment.text)
    await extend_search(tx, ticket.id, words, Visibility.PUBLIC)
    tx.record(AgentReplied(**about(await fresh(tx, ticket.id), comment.author_id), comment_id=comment_id))
    return comment


async def take_back_reply(tx: Transaction, ticket: Ticket, comment_id: UUID, *, by: Actor) -> Words:
    """Its words as a draft, its files as uploads of whoever wrote it. Nobody outside has seen it, nor ever will.

    Raises `SaidAlready` where it is not held.
    """
    comment = await find_comment(tx, comment_id, seen_by=by)
    if comment.ticket_id != ticket.id or comment.held_at is None:
        raise SaidAlready()
    await tx.run("update attachments set ticket_id = null, comment_id = null where comment_id = %(id)s", id=comment_id)
    await tx.run("delete from comments where id = %(id)s", id=comment_id)
    await _count_change(tx, ticket)
    tx.record(ReplyTakenBack(**about(await fresh(tx, ticket.id), by.user_id), comment_id=comment_id))
    return Words(comment.text, comment.html, [file.id for file in comment.attachments], comment.quoted_text)


async def _count_change(tx: Transaction, ticket: Ticket) -> None:
    await tx.run("update tickets set version = version + 1 where id = %(id)s", id=ticket.id)
