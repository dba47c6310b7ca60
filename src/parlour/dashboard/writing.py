"""Replies and notes."""

from typing import Any, Final

from litestar import Response, post
from litestar.datastructures import FormMultiDict, UploadFile
from litestar.params import FromPath

from parlour import tickets
from parlour.dashboard.answering import changed, refused, uuids
from parlour.entrance import Request, needs
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Conflict, Problem
from parlour.people import Permission
from parlour.tickets import Changes, Source, Status, Ticket, Upload, Visibility, Words

_SAID: Final = {
    None: "Reply sent.",
    Status.PENDING: "Reply sent. The ticket waits for the customer.",
    Status.RESOLVED: "Reply sent, ticket resolved.",
}


class SomebodyWasFaster(Conflict):
    """Somebody wrote while you did. Read it, then send again."""


@post("/dashboard/tickets/{number:int}/reply", opt=needs(Permission.REPLY_TO_TICKETS) | {"uploads": True})
async def reply(request: Request, number: FromPath[int]) -> Response[Any]:
    form = await request.form()
    then = _then(form)
    try:
        async with request.transaction() as tx:
            ticket = await tickets.hold(tx, number, seen_by=request.actor)
            await _check_freshness(tx, request, ticket, form)
            words = await _words(tx, request, form)
            await tickets.reply(tx, ticket, words, by=request.actor, source=Source.WEB_FORM)
            if then:
                # Held already; read again, because the reply has moved the version.
                ticket = await tickets.hold(tx, number, seen_by=request.actor)
                await tickets.change(tx, ticket, Changes(status=then), by=request.actor)
    except Problem as problem:
        if problem.status == 404:
            raise
        return await refused(request, number, problem)
    return await changed(request, number, _SAID[then])


@post("/dashboard/tickets/{number:int}/note", opt=needs(Permission.WRITE_NOTES) | {"uploads": True})
async def note(request: Request, number: FromPath[int]) -> Response[Any]:
    form = await request.form()
    try:
        async with request.transaction() as tx:
            ticket = await tickets.hold(tx, number, seen_by=request.actor)
            words = await _words(tx, request, form)
            readers = uuids([str(value) for value in form.getall("reader", [])])
            await tickets.note(tx, ticket, words, by=request.actor, readers=readers)
    except Problem as problem:
        if problem.status == 404:
            raise
        return await refused(request, number, problem)
    return await changed(request, number, "Note added.")


async def _check_freshness(tx: Transaction, request: Request, ticket: Ticket, form: FormMultiDict) -> None:
    # A reply answers what its writer has read. Whoever wrote in between is shown first.
    seen = str(form.get("seen") or "")
    if not seen:
        return
    latest = await tickets.last_comments(tx, ticket, 5, seen_by=request.actor)
    known = [str(comment.id) for comment in latest]
    unread = latest[known.index(seen) + 1 :] if seen in known else latest
    if any(c.author_id != request.actor.user_id and c.visibility is Visibility.PUBLIC for c in unread):
        raise SomebodyWasFaster()


async def _words(tx: Transaction, request: Request, form: FormMultiDict) -> Words:
    attachment_ids = uuids([str(value) for value in form.getall("attachment", [])])
    # Before JavaScript the files come with the form itself.
    for file in form.getall("files", []):
        if isinstance(file, UploadFile) and file.filename:
            upload = Upload(file.filename, file.content_type or "", await file.read())
            stored = await tickets.store_attachment(tx, request.installation.blobs, upload, by=request.actor)
            attachment_ids.append(stored.id)
    return Words(str(form.get("body") or ""), attachment_ids=attachment_ids)


def _then(form: FormMultiDict) -> Status | None:
    wanted = str(form.get("then") or "")
    return Status(wanted) if wanted in (Status.PENDING, Status.RESOLVED) else None
