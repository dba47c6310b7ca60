"""What the composer's form says: words, files, recipients, moment."""

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from litestar.datastructures import FormMultiDict, UploadFile

from parlour import email, tickets
from parlour.dashboard.answering import uuids
from parlour.entrance import Request
from parlour.foundation import clock
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Invalid
from parlour.people import Actor
from parlour.tickets import DraftKind, DraftRecipients, NewDraft, Seen, Status, Ticket, Upload

_NOT_A_MOMENT: Final = "Choose a day and a time that are still to come."


class Written(msgspec.Struct, frozen=True):
    """The form, read; nothing in it has been believed yet."""

    text: str
    attachment_ids: list[UUID]
    recipients: DraftRecipients | None
    seen: UUID | None
    send_at: str
    unless_answered: bool
    then: Status | None
    readers: list[UUID]

    def as_draft(self, kind: DraftKind) -> NewDraft:
        return NewDraft(
            kind=kind,
            text=self.text,
            recipients=self.recipients,
            attachment_ids=self.attachment_ids,
            seen_comment_id=self.seen,
        )


async def read(request: Request) -> Written:
    """Files that come with the form itself, before JavaScript, are kept first: a refusal must not cost them."""
    form = await request.form()
    then = _text(form, "then")
    return Written(
        text=_text(form, "body"),
        attachment_ids=[*uuids(_texts(form, "attachment")), *await _stored(request, form)],
        recipients=DraftRecipients(_text(form, "to"), _text(form, "cc"), _text(form, "bcc")) if "to" in form else None,
        seen=next(iter(uuids([_text(form, "seen_now"), _text(form, "seen")])), None),
        send_at=_text(form, "send_at") or _text(form, "send_on"),
        unless_answered=bool(_text(form, "unless_answered")),
        then=Status(then) if then in (Status.PENDING, Status.RESOLVED) else None,
        readers=uuids(_texts(form, "reader")),
    )


async def way_of(tx: Transaction, ticket: Ticket, written: Written, *, by: Actor) -> email.Way:
    """How the reply goes out: at the moment chosen, else after the time in which it can be undone. Raises `Invalid`."""
    send_at = _moment(written.send_at) if written.send_at else None
    undo = await email.undo_seconds(tx)
    return email.Way(
        recipients=await _recipients(tx, ticket, written.recipients, by),
        send_at=send_at or (clock.now() + timedelta(seconds=undo) if undo else None),
        unless_answered=bool(send_at) and written.unless_answered,
        status=written.then,
        seen=Seen(comment_id=written.seen) if written.seen else None,
    )


async def _recipients(
    tx: Transaction, ticket: Ticket, typed: DraftRecipients | None, by: Actor
) -> email.Recipients | None:
    if typed is None:
        return None
    chosen = email.Recipients(*map(email.typed_addresses, (typed.to, typed.cc, typed.bcc)))
    # Where nobody outside is on the ticket, a reply is for those who read it here.
    if not chosen.everyone and not (await email.recipients_for(tx, ticket, by=by.user_id)).to:
        return None
    return chosen


def _moment(written: str) -> datetime:
    try:
        moment = datetime.fromisoformat(written)
    except ValueError as strange:
        raise Invalid(details={"sendAt": _NOT_A_MOMENT}) from strange
    # A field of the browser knows no zone; before JavaScript it is said to be UTC.
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if moment <= clock.now():
        raise Invalid(details={"sendAt": _NOT_A_MOMENT})
    return moment


async def _stored(request: Request, form: FormMultiDict) -> list[UUID]:
    files = [file for file in form.getall("files", []) if isinstance(file, UploadFile) and file.filename]
    if not files:
        return []
    uploads = [Upload(file.filename, file.content_type or "", await file.read()) for file in files]
    async with request.transaction() as tx:
        stored = [
            await tickets.store_attachment(tx, request.installation.blobs, upload, by=request.actor)
            for upload in uploads
        ]
    return [file.id for file in stored]


def _text(form: FormMultiDict, name: str) -> str:
    value = form.get(name)
    return value if isinstance(value, str) else ""


def _texts(form: FormMultiDict, name: str) -> list[str]:
    return [value for value in form.getall(name, []) if isinstance(value, str)]
