"""Replies and notes, as the composer sends them. What is refused is kept as a draft: nothing typed is lost."""

from typing import Any, Final

from litestar import Response, post
from litestar.params import FromPath

from parlour import email, tickets
from parlour.dashboard.answering import Besides, changed, refused
from parlour.dashboard.composing import comments_newer
from parlour.dashboard.sending.forms import Written, read, way_of
from parlour.entrance import Request, needs
from parlour.foundation import clock
from parlour.foundation.errors import Problem
from parlour.people import Permission
from parlour.tickets import DraftKind, Seen, SomebodyWrote, Source, Status, Words

_UPLOADS: Final = {"uploads": True}
_SAID: Final = {
    None: "Reply sent.",
    Status.PENDING: "Reply sent. The ticket waits for the customer.",
    Status.RESOLVED: "Reply sent, ticket resolved.",
}


@post("/dashboard/tickets/{number:int}/reply", opt=needs(Permission.CHANGE_TICKETS) | _UPLOADS)
async def reply(request: Request, number: FromPath[int]) -> Response[Any]:
    written = await read(request)
    words = Words(written.text, attachment_ids=written.attachment_ids)
    try:
        async with request.transaction() as tx:
            ticket = await tickets.hold(tx, number, seen_by=request.actor)
            way = await way_of(tx, ticket, written, by=request.actor)
            comment = await email.answer(tx, ticket, words, way, by=request.actor, source=Source.WEB_FORM)
            await tickets.drop_draft(tx, ticket, by=request.actor)
    except Problem as problem:
        if problem.status == 404:
            raise
        await _keep(request, number, written, DraftKind.REPLY)
        return await refused(request, number, problem, await _besides(request, number, written, problem))
    if comment.held_at is None:
        return await changed(request, number, _SAID[written.then])
    seconds = round((way.send_at - clock.now()).total_seconds()) if way.send_at and not written.send_at else 0
    if not seconds:
        return await changed(request, number, "It is kept until then. You can still change it below.")
    said = f"It goes out in {seconds} seconds. Until then it can be undone below."
    return await changed(request, number, said, Besides(held_id=comment.id, seconds=seconds))


@post("/dashboard/tickets/{number:int}/note", opt=needs(Permission.WRITE_NOTES) | _UPLOADS)
async def note(request: Request, number: FromPath[int]) -> Response[Any]:
    written = await read(request)
    words = Words(written.text, attachment_ids=written.attachment_ids)
    try:
        async with request.transaction() as tx:
            ticket = await tickets.hold(tx, number, seen_by=request.actor)
            await tickets.note(tx, ticket, words, by=request.actor, readers=written.readers)
            await tickets.drop_draft(tx, ticket, by=request.actor)
    except Problem as problem:
        if problem.status == 404:
            raise
        await _keep(request, number, written, DraftKind.NOTE)
        return await refused(request, number, problem)
    return await changed(request, number, "Note added.")


async def _keep(request: Request, number: int, written: Written, kind: DraftKind) -> None:
    draft = written.as_draft(kind)
    if len(draft.text) > tickets.LONGEST_TEXT or not (draft.text.strip() or draft.attachment_ids):
        return
    async with request.transaction() as tx:
        ticket = await tickets.find(tx, number, seen_by=request.actor)
        await tickets.keep_draft(tx, ticket, draft, by=request.actor)


async def _besides(request: Request, number: int, written: Written, problem: Problem) -> Besides:
    if not isinstance(problem, SomebodyWrote):
        return Besides()
    async with request.reading() as tx:
        ticket = await tickets.find(tx, number, seen_by=request.actor)
        newer = await comments_newer(tx, ticket, Seen(comment_id=written.seen), by=request.actor)
    return Besides(newer=newer, wanted=written.then or "")
