"""A comment as the agents' page shows it: cleaned words, files, the mail it came by, and how far its own has come."""

from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

from parlour import email, people, tickets
from parlour.email import SendingState, safety
from parlour.foundation import clock, html
from parlour.foundation.crypto import Signer
from parlour.foundation.database import Transaction
from parlour.people import User
from parlour.tickets import Comment, Visibility

_LEAVES_WITHIN: Final = timedelta(seconds=20)
_UNDOABLE: Final = timedelta(minutes=2)


class Wait(StrEnum):
    """Why a reply is not said yet."""

    UNDO = "UNDO"
    """So that it can be undone, for a moment."""
    LATER = "LATER"
    CALLED_OFF = "CALLED_OFF"


class Message(msgspec.Struct, frozen=True):
    """A comment as the page shows it.

    `sending` is how far its mail has come; at first there is no mail yet. `origin` is the mail that it came in by.
    `pictures` counts those from elsewhere that are not shown.
    """

    comment: Comment
    html: str
    quoted_html: str | None
    files: list[tickets.Attachment]
    sending: email.Sending | None
    is_leaving: bool
    readers: list[str]
    origin: email.Origin | None
    pictures: int

    @property
    def is_forged(self) -> bool:
        """Whether the domain in From says that this is not its mail."""
        return self._said("dmarc") == "fail"

    @property
    def is_proved(self) -> bool:
        """Whether the sender's domain vouches for it."""
        aligned = self.origin and self.origin.authentication and self.origin.authentication.get("alignedDomain")
        return self._said("dmarc") == "pass" or (self._said("dmarc") == "none" and bool(aligned))

    @property
    def is_said(self) -> bool:
        """Whether everyone on the ticket can read it."""
        return self.comment.visibility is Visibility.PUBLIC and self.comment.held_at is None

    @property
    def waits(self) -> Wait | None:
        """Whether it still waits to be said, and why."""
        if self.comment.held_at is None:
            return None
        if self.sending and self.sending.state is SendingState.CANCELLED:
            return Wait.CALLED_OFF
        at = self.sending.send_at if self.sending else None
        return Wait.LATER if at and at - self.comment.held_at > _UNDOABLE else Wait.UNDO

    @property
    def seconds(self) -> int:
        """How long it can still be undone."""
        at = self.sending.send_at if self.sending else None
        return max(0, round((at - clock.now()).total_seconds())) if at else 0

    def _said(self, name: str) -> str:
        authentication = self.origin.authentication if self.origin else None
        return str(authentication.get(name, "none")) if authentication else ""


class Showing(msgspec.Struct, frozen=True):
    """Whose pictures from elsewhere are shown, and what signs their addresses."""

    signer: Signer
    comment_id: UUID


async def messages(
    tx: Transaction, comments: Sequence[Comment], agents: list[User], showing: Showing | None = None
) -> list[Message]:
    """Comments with what their pages need besides. Pictures from elsewhere are shown where that was asked for."""
    ids = [comment.id for comment in comments]
    sendings, origins = await email.sendings(tx, ids), await email.origins(tx, ids)
    names = {agent.id: agent.name for agent in agents}
    found = []
    for one in comments:
        words = _words(one, tx.organization_id, showing)
        found.append(_message(one, words, sendings.get(one.id), origins.get(one.id), names))
    return found


def address_of(file: tickets.Attachment) -> str:
    return f"/dashboard/attachments/{file.id}"


def _words(comment: Comment, organization_id: UUID, showing: Showing | None) -> safety.Pictures:
    if not comment.html:
        return safety.Pictures(html.from_text(comment.text), 0, 0)
    inline = {file.content_id: address_of(file) for file in comment.attachments if file.content_id}
    own = html.with_images(comment.html, inline)
    if showing and showing.comment_id == comment.id:
        return msgspec.structs.replace(safety.with_pictures(showing.signer, organization_id, own), remote=0)
    return safety.without_pictures(own)


def _message(
    comment: Comment,
    words: safety.Pictures,
    sending: email.Sending | None,
    origin: email.Origin | None,
    names: dict[UUID, str],
) -> Message:
    return Message(
        comment=comment,
        html=words.html,
        quoted_html=html.from_text(comment.quoted_text) if comment.quoted_text else None,
        # An image that the words already show is not listed again.
        files=[file for file in comment.attachments if not (file.content_id and address_of(file) in words.html)],
        sending=sending,
        is_leaving=sending is None and _may_become_a_mail(comment),
        readers=[names.get(reader, "a former agent") for reader in comment.reader_ids if reader != comment.author_id],
        origin=origin,
        pictures=words.remote,
    )


def _may_become_a_mail(comment: Comment) -> bool:
    is_reply = comment.author_role is not people.Role.CUSTOMER and comment.visibility is Visibility.PUBLIC
    return is_reply and comment.held_at is None and clock.now() - comment.created_at < _LEAVES_WITHIN
