"""Words on their way in and out: what replies, notes and new tickets have in common."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from parlour import email, tickets
from parlour.api import shapes
from parlour.foundation import html
from parlour.foundation.database import Transaction
from parlour.people import Actor

Text = Annotated[str, Meta(max_length=200_000)]
Files = Annotated[list[UUID], Meta(max_length=50, description="Uploads of yours that go along.")]


async def shown_to(tx: Transaction, comments: Sequence[tickets.Comment], actor: Actor) -> list[shapes.Comment]:
    """The comments as they go out; an agent also learns of the mails they came by, and how far their own have come."""
    if not actor.is_agent:
        return [shapes.as_comment(comment) for comment in comments]
    ids = [comment.id for comment in comments]
    sendings, origins = await email.sendings(tx, ids), await email.origins(tx, ids)
    return [shapes.as_comment(each, sendings.get(each.id), origins.get(each.id)) for each in comments]


def words(text: str, dirty: str | None, attachment_ids: list[UUID]) -> tickets.Words:
    """What was written, its HTML cleaned; where only HTML was sent, its text too."""
    if dirty is None:
        return tickets.Words(text, None, attachment_ids)
    cleaned = html.clean(dirty)
    return tickets.Words(text or html.to_text(cleaned), cleaned, attachment_ids)
