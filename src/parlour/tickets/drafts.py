"""What an agent is writing on a ticket: one draft each, theirs alone, kept until it is sent."""

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec
from psycopg.types.json import Jsonb

from parlour.foundation import clock
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Invalid
from parlour.people import Actor
from parlour.tickets.models import Attachment, Ticket
from parlour.tickets.writing import LONGEST_TEXT

_MOST_FILES: Final = 50
_LONGEST_RECIPIENTS: Final = 20_000


class DraftKind(StrEnum):
    """What it is to become."""

    REPLY = "REPLY"
    NOTE = "NOTE"


class DraftRecipients(msgspec.Struct, frozen=True):
    """Whom it is for, as it was typed: an address half written is kept as well."""

    to: str = ""
    cc: str = ""
    bcc: str = ""


class NewDraft(msgspec.Struct, frozen=True, kw_only=True):
    """What to keep. Without recipients they are those of every reply; `seen_comment_id` is what it answers."""

    kind: DraftKind = DraftKind.REPLY
    text: str
    recipients: DraftRecipients | None = None
    attachment_ids: list[UUID] = []
    seen_comment_id: UUID | None = None


class Draft(msgspec.Struct, frozen=True):
    """What was kept. Its files are uploads that no comment has named yet."""

    kind: DraftKind
    text: str
    recipients: DraftRecipients | None
    seen_comment_id: UUID | None
    updated_at: datetime
    attachments: list[Attachment]


async def keep_draft(tx: Transaction, ticket: Ticket, draft: NewDraft, *, by: Actor) -> None:
    """Instead of the one before; one that says nothing is dropped. Raises `Invalid` where it is too long to be sent."""
    if not draft.text.strip() and not draft.attachment_ids:
        await drop_draft(tx, ticket, by=by)
        return
    _check(draft)
    await tx.run(
        """
        insert into drafts
            (organization_id, ticket_id, user_id, kind, text, recipients, attachment_ids, seen_comment_id, updated_at)
        values
            (current_organization(), %(ticket_id)s, %(user_id)s, %(kind)s, %(text)s, %(recipients)s,
             %(attachment_ids)s, %(seen_comment_id)s, %(now)s)
        on conflict (organization_id, ticket_id, user_id) do update
        set kind = excluded.kind, text = excluded.text, recipients = excluded.recipients,
            attachment_ids = excluded.attachment_ids, seen_comment_id = excluded.seen_comment_id,
            updated_at = excluded.updated_at
        """,
        ticket_id=ticket.id,
        user_id=by.user_id,
        kind=draft.kind,
        text=draft.text.replace("\x00", ""),
        recipients=Jsonb(msgspec.to_builtins(draft.recipients)) if draft.recipients else None,
        attachment_ids=draft.attachment_ids,
        seen_comment_id=draft.seen_comment_id,
        now=clock.now(),
    )


async def draft_of(tx: Transaction, ticket: Ticket, *, by: Actor) -> Draft | None:
    """What the actor left unsent there. Nobody else's is ever given out."""
    return await tx.maybe(
        Draft,
        """
        select d.kind, d.text, d.recipients, d.seen_comment_id, d.updated_at,
            coalesce((
                select jsonb_agg(jsonb_build_object(
                    'id', a.id, 'name', a.name, 'content_type', a.content_type, 'size', a.size,
                    'content_id', a.content_id, 'warning', a.warning
                ) order by a.id)
                from attachments a
                where a.organization_id = d.organization_id and a.id = any(d.attachment_ids)
                    and a.uploader_id = d.user_id and a.comment_id is null
            ), '[]') as attachments
        from drafts d
        where d.ticket_id = %(ticket_id)s and d.user_id = %(user_id)s
        """,
        ticket_id=ticket.id,
        user_id=by.user_id,
    )


async def drop_draft(tx: Transaction, ticket: Ticket, *, by: Actor) -> None:
    """It was sent, or is not wanted any more."""
    await tx.run(
        "delete from drafts where ticket_id = %(ticket_id)s and user_id = %(user_id)s",
        ticket_id=ticket.id,
        user_id=by.user_id,
    )


async def put_back(tx: Transaction, ticket: Ticket, draft: NewDraft, *, by: Actor) -> None:
    """Words that were to be said, as a draft again: before whatever its writer has begun since.

    Where that is a note, all of it stays among agents: a note must not go out with a reply.
    """
    begun = await draft_of(tx, ticket, by=by)
    if begun:
        texts = [text for text in (draft.text, begun.text) if text.strip()]
        files = [*draft.attachment_ids, *(file.id for file in begun.attachments if file.id not in draft.attachment_ids)]
        draft = msgspec.structs.replace(
            draft,
            kind=DraftKind.NOTE if begun.kind is DraftKind.NOTE else draft.kind,
            text="\n\n".join(texts)[:LONGEST_TEXT],
            attachment_ids=files[:_MOST_FILES],
        )
    await keep_draft(tx, ticket, draft, by=by)


def _check(draft: NewDraft) -> None:
    if len(draft.text) > LONGEST_TEXT:
        raise Invalid(details={"body": f"A message has at most {LONGEST_TEXT:,} characters."})
    if len(draft.attachment_ids) > _MOST_FILES:
        raise Invalid(details={"attachmentIds": f"A message takes at most {_MOST_FILES} files."})
    typed = draft.recipients
    if typed and len(typed.to) + len(typed.cc) + len(typed.bcc) > _LONGEST_RECIPIENTS:
        raise Invalid(details={"to": "These are too many addresses for one reply."})
