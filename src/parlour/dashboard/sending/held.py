"""A reply that is written and not yet sent, or was sent in vain: undone, called off, sent now, sent again."""

from typing import Any, Final
from uuid import UUID

from litestar import Response, post
from litestar.params import FromPath

from parlour import email, people, tickets
from parlour.dashboard.answering import changed, refused
from parlour.dashboard.composing import as_typed
from parlour.entrance import Request, needs
from parlour.foundation.database import Transaction
from parlour.foundation.errors import NotFound, Problem
from parlour.people import Permission
from parlour.tickets import Comment, DraftKind, NewDraft, Ticket

_COMMENT: Final = "/dashboard/tickets/{number:int}/comments/{comment_id:uuid}"
_CHANGES: Final = needs(Permission.CHANGE_TICKETS)


@post(f"{_COMMENT}/undo", opt=_CHANGES)
async def undo(request: Request, number: FromPath[int], comment_id: FromPath[UUID]) -> Response[Any]:
    """Its words are its writer's draft again, whoever takes it back: nobody loses what they wrote."""
    try:
        async with request.transaction() as tx:
            ticket, comment = await _found(tx, request, number, comment_id)
            writer = await people.actor_of(tx, comment.author_id) or request.actor
            taken = await email.undo(tx, ticket, comment_id, by=request.actor)
            await tickets.put_back(tx, ticket, await _draft(tx, ticket, taken, writer), by=writer)
    except Problem as problem:
        return await _refused(request, number, problem)
    if writer.user_id == request.actor.user_id:
        return await changed(request, number, "Not sent. Your words are in the composer again.")
    return await changed(request, number, f"Not sent. {writer.name} finds the words as a draft.")


@post(f"{_COMMENT}/send", opt=_CHANGES)
async def send(request: Request, number: FromPath[int], comment_id: FromPath[UUID]) -> Response[Any]:
    """At once where it waits; again, to those it did not reach, where it failed or came back."""
    try:
        async with request.transaction() as tx:
            ticket, comment = await _found(tx, request, number, comment_id)
            await email.send_now(tx, ticket, comment_id)
    except Problem as problem:
        return await _refused(request, number, problem)
    return await changed(request, number, "On its way." if comment.held_at else "On its way again.")


async def _draft(tx: Transaction, ticket: Ticket, taken: email.Draft, writer: people.Actor) -> NewDraft:
    usual = as_typed(await email.recipients_for(tx, ticket, by=writer.user_id))
    typed = as_typed(taken.recipients)
    latest = await tickets.last_comments(tx, ticket, 1, seen_by=writer)
    return NewDraft(
        kind=DraftKind.REPLY,
        text=taken.words.text,
        recipients=typed if typed != usual and taken.recipients.to else None,
        attachment_ids=list(taken.words.attachment_ids),
        # Whoever takes it back has the conversation before their eyes.
        seen_comment_id=latest[-1].id if latest else None,
    )


async def _found(tx: Transaction, request: Request, number: int, comment_id: UUID) -> tuple[Ticket, Comment]:
    ticket = await tickets.hold(tx, number, seen_by=request.actor)
    try:
        comment = await tickets.find_comment(tx, comment_id, seen_by=request.actor)
    except NotFound as gone:
        raise tickets.SaidAlready("Somebody has taken this reply back already.") from gone
    if comment.ticket_id != ticket.id:
        raise NotFound()
    return ticket, comment


async def _refused(request: Request, number: int, problem: Problem) -> Response[Any]:
    if problem.status == 404:
        raise problem
    return await refused(request, number, problem)
