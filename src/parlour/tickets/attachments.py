"""Files on comments. Uploaded first, then sent with the comment that names them."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from parlour.foundation import clock, ids
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Invalid, NotFound
from parlour.foundation.storage import Blobs
from parlour.people import Actor
from parlour.tickets.dangers import danger_of, type_by_content, without_turning
from parlour.tickets.models import Attachment
from parlour.tickets.visibility import comments_seen_by, tickets_seen_by

_MOST_AT_ONCE: Final = 50
_UNSAFE: Final = re.compile(r"[\x00-\x1f\x7f/\\]+")
_CONTENT_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")


class Upload(msgspec.Struct, frozen=True):
    """A file as it came in."""

    name: str
    content_type: str
    content: bytes
    content_id: str | None = None
    warning: str | None = None
    """What a scanner said of it, in words."""


class StoredAttachment(msgspec.Struct, frozen=True):
    """Where a file lies."""

    id: UUID
    name: str
    content_type: str
    size: int
    content_id: str | None
    blob_key: str


async def store_attachment(tx: Transaction, blobs: Blobs, upload: Upload, *, by: Actor) -> Attachment:
    """Keep a file for the comment that will name it. The blob is written first: a row never points at nothing."""
    attachment = Attachment(
        id=ids.new(),
        name=safe_name(upload.name),
        content_type=type_by_content(_content_type(upload.content_type), upload.content),
        size=len(upload.content),
        content_id=upload.content_id,
        warning=upload.warning or danger_of(upload.name, upload.content),
    )
    key = f"{tx.organization_id}/attachments/{attachment.id}"
    await blobs.put(key, upload.content)
    await tx.run(
        """
        insert into attachments
            (organization_id, id, uploader_id, name, content_type, size, content_id, blob_key, created_at,
             warning)
        values
            (current_organization(), %(id)s, %(uploader_id)s, %(name)s, %(content_type)s, %(size)s,
             %(content_id)s, %(blob_key)s, %(created_at)s, %(warning)s)
        """,
        uploader_id=by.user_id,
        blob_key=key,
        created_at=clock.now(),
        **msgspec.structs.asdict(attachment),
    )
    return attachment


async def attach(
    tx: Transaction, ticket_id: UUID, comment_id: UUID, attachment_ids: Sequence[UUID], *, by: Actor
) -> None:
    """Send the actor's own uploads with a comment. Raises `Invalid` where one is unknown or was sent already."""
    if len(attachment_ids) > _MOST_AT_ONCE:
        raise Invalid(details={"attachmentIds": f"A message takes at most {_MOST_AT_ONCE} files."})
    touched = await tx.run(
        """
        update attachments
        set ticket_id = %(ticket_id)s, comment_id = %(comment_id)s
        where id = any(%(ids)s) and uploader_id = %(uploader_id)s and comment_id is null
        """,
        ticket_id=ticket_id,
        comment_id=comment_id,
        ids=list(attachment_ids),
        uploader_id=by.user_id,
    )
    if touched != len(set(attachment_ids)):
        raise Invalid(details={"attachmentIds": "Some of these files are unknown, or were sent already."})


async def find_attachment(tx: Transaction, attachment_id: UUID, *, seen_by: Actor) -> StoredAttachment:
    """Raises `NotFound` where its comment is not theirs to see; an unsent one is its uploader's only."""
    ticket_condition, ticket_parameters = tickets_seen_by(seen_by)
    comment_condition, comment_parameters = comments_seen_by(seen_by)
    return await tx.one(
        StoredAttachment,
        f"""
        select a.id, a.name, a.content_type, a.size, a.content_id, a.blob_key
        from attachments a
        left join comments c on c.organization_id = a.organization_id and c.id = a.comment_id
        left join tickets t on t.organization_id = a.organization_id and t.id = a.ticket_id
        where a.id = %(attachment_id)s and (
            (a.comment_id is null and a.uploader_id = %(uploader_id)s)
            or (a.comment_id is not null and {ticket_condition} and {comment_condition})
        )
        """,
        attachment_id=attachment_id,
        uploader_id=seen_by.user_id,
        **ticket_parameters | comment_parameters,
    )


async def attachments_of(tx: Transaction, comment_id: UUID) -> list[StoredAttachment]:
    """All files of a comment, for sending it on."""
    return await tx.all(
        StoredAttachment,
        """
        select id, name, content_type, size, content_id, blob_key
        from attachments
        where comment_id = %(comment_id)s
        order by id
        """,
        comment_id=comment_id,
    )


async def discard_attachment(tx: Transaction, blobs: Blobs, attachment_id: UUID, *, by: Actor) -> None:
    """Take back an upload that was not sent. Raises `NotFound` where it was, or is not theirs."""
    key = await tx.value(
        """
        delete from attachments
        where id = %(id)s and uploader_id = %(uploader_id)s and comment_id is null
        returning blob_key
        """,
        id=attachment_id,
        uploader_id=by.user_id,
    )
    if not key:
        raise NotFound()
    await blobs.delete(key)


async def discard_unsent(tx: Transaction, blobs: Blobs, before: datetime) -> int:
    """Drop uploads from before a moment that no comment ever named, and no draft waits with. How many they were."""
    keys = await tx.values(
        """
        delete from attachments a
        where a.comment_id is null and a.created_at < %(before)s and not exists (
            select from drafts d where d.user_id = a.uploader_id and a.id = any(d.attachment_ids)
        )
        returning a.blob_key
        """,
        before=before,
    )
    for key in keys:
        await blobs.delete(key)
    return len(keys)


def safe_name(name: str) -> str:
    """A file name that is no path and no trick: at most 255 characters, its ending kept."""
    name = _UNSAFE.sub("_", without_turning(name)).strip(" .") or "file"
    if len(name) <= 255:
        return name
    stem, dot, ending = name.rpartition(".")
    return f"{stem[: 255 - len(dot) - len(ending)]}{dot}{ending}" if len(ending) <= 20 else name[:255]


def _content_type(content_type: str) -> str:
    bare = content_type.split(";")[0].strip().lower()
    return bare if _CONTENT_TYPE.fullmatch(bare) else "application/octet-stream"
