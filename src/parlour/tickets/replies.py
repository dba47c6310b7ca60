"""Answering: replies everyone on the ticket reads, and notes among agents."""

from collections.abc import Sequence
from uuid import UUID

from parlour.foundation import clock
from parlour.foundation.database import Transaction
from parlour.people import Actor
from parlour.tickets.conversation import find_comment
from parlour.tickets.events import AgentReplied, CustomerReplied, NoteAdded, TicketReopened, about
from parlour.tickets.finding import fresh
from parlour.tickets.models import Comment, Source, Status, Ticket, Visibility, Words
from parlour.tickets.participants import add_participants
from parlour.tickets.search import extend_search, words_of
from parlour.tickets.writing import NewComment, preview_of, write_comment


async def reply(
    tx: Transaction, ticket: Ticket, words: Words, *, by: Actor, source: Source, automatic: bool = False
) -> Comment:
    """A public comment on a held ticket. A customer's reopens it, unless it is automatic (RFC 3834).

    Raises `Invalid` where it says nothing.
    """
    async with tx.together():
        comment_id = await write_comment(tx, NewComment(ticket.id, words, Visibility.PUBLIC, source), by=by)
        if by.is_agent:
            await count_reply(tx, ticket, words.text, ANSWERED)
        else:
            await add_participants(tx, ticket.id, [by.user_id])
            await count_reply(tx, ticket, words.text, "" if automatic else _REOPENED)
        await extend_search(tx, ticket.id, words_of(by.name, by.email, words.text), Visibility.PUBLIC)
        changed = await fresh(tx, ticket.id)
    if by.is_agent:
        tx.record(AgentReplied(**about(changed, by.user_id), comment_id=comment_id))
    else:
        tx.record(CustomerReplied(**about(changed, by.user_id), comment_id=comment_id, automatic=automatic))
    if changed.status is not ticket.status:
        tx.record(TicketReopened(**about(changed, by.user_id), before=ticket.status))
    return await find_comment(tx, comment_id, seen_by=by)


async def note(
    tx: Transaction,
    ticket: Ticket,
    words: Words,
    *,
    by: Actor,
    readers: Sequence[UUID] = (),
    source: Source = Source.WEB_FORM,
) -> Comment:
    """A comment among agents on a held ticket: INTERNAL, or PRIVATE to those named.

    Raises `Invalid` where it says nothing, or names somebody who is no agent.
    """
    visibility = Visibility.PRIVATE if readers else Visibility.INTERNAL
    new = NewComment(ticket.id, words, visibility, source, readers)
    async with tx.together():
        comment_id = await write_comment(tx, new, by=by)
        await tx.tell(
            "update tickets set version = version + 1, updated_at = %(now)s where id = %(id)s",
            id=ticket.id,
            now=clock.now(),
        )
        await extend_search(tx, ticket.id, words_of(words.text), visibility)
        changed = await fresh(tx, ticket.id)
    tx.record(NoteAdded(**about(changed, by.user_id), comment_id=comment_id))
    return await find_comment(tx, comment_id, seen_by=by)


async def count_reply(tx: Transaction, ticket: Ticket, text: str, consequence: str) -> None:
    """What a public comment changes on its ticket."""
    await tx.tell(
        f"""
        update tickets
        set version = version + 1, comment_count = comment_count + 1, preview = %(preview)s, updated_at = %(now)s
            {consequence}
        where id = %(id)s
        """,
        id=ticket.id,
        preview=preview_of(text),
        now=clock.now(),
        **({"open": Status.OPEN} if consequence == _REOPENED else {}),
    )


ANSWERED = ", first_replied_at = coalesce(first_replied_at, %(now)s)"
_REOPENED = """
    , status = case when status = 'IN_PROGRESS' then status else %(open)s end, resolved_at = null, closed_at = null
"""
