"""Puts a comment on a ticket: what opening, replying and noting have in common."""

import re
from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec

from parlour.foundation import clock, ids
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Invalid
from parlour.people import Actor
from parlour.tickets.attachments import attach
from parlour.tickets.models import Source, Visibility, Words

LONGEST_TEXT: Final = 200_000
"""Characters of one comment. A longer mail keeps the rest in its original."""
_PREVIEW: Final = 160


class NewComment(msgspec.Struct, frozen=True):
    """A comment before it has an id."""

    ticket_id: UUID
    words: Words
    visibility: Visibility
    source: Source
    reader_ids: Sequence[UUID] = ()


async def write_comment(tx: Transaction, new: NewComment, *, by: Actor) -> UUID:
    """The comment, its readers and its attachments. Raises `Invalid` where it says nothing or too much."""
    check_words(new.words)
    comment_id = ids.new()
    await tx.tell(
        """
        insert into comments
            (organization_id, id, ticket_id, author_id, visibility, source, text, html, quoted_text, created_at)
        values
            (current_organization(), %(id)s, %(ticket_id)s, %(author_id)s, %(visibility)s, %(source)s,
             %(text)s, %(html)s, %(quoted_text)s, %(created_at)s)
        """,
        id=comment_id,
        ticket_id=new.ticket_id,
        author_id=by.user_id,
        visibility=new.visibility,
        source=new.source,
        text=new.words.text,
        html=new.words.html,
        quoted_text=new.words.quoted_text,
        created_at=clock.now(),
    )
    if new.reader_ids:
        await _name_readers(tx, comment_id, new.reader_ids)
    if new.words.attachment_ids:
        await attach(tx, new.ticket_id, comment_id, new.words.attachment_ids, by=by)
    return comment_id


def check_words(words: Words) -> None:
    """Raises `Invalid`."""
    if not words.text.strip() and not words.attachment_ids and not (words.html and "<img" in words.html):
        raise Invalid(details={"body": "Write something, or attach a file."})
    if len(words.text) > LONGEST_TEXT:
        raise Invalid(details={"body": f"A message has at most {LONGEST_TEXT:,} characters."})


def preview_of(text: str) -> str:
    """The first 160 characters, on one line."""
    return re.sub(r"\s+", " ", text[: _PREVIEW * 4]).strip()[:_PREVIEW]


async def _name_readers(tx: Transaction, comment_id: UUID, reader_ids: Sequence[UUID]) -> None:
    named = await tx.run(
        """
        insert into comment_readers (organization_id, comment_id, user_id)
        select organization_id, %(comment_id)s, id
        from users
        where id = any(%(reader_ids)s) and role <> 'CUSTOMER'
        """,
        comment_id=comment_id,
        reader_ids=list(reader_ids),
    )
    if named != len(set(reader_ids)):
        raise Invalid(details={"readers": "Only agents of this organization can be named in a note."})
