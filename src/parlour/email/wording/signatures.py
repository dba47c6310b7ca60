"""What stands under a reply: the agent's signature, and below it the footer of the mailbox or the organization."""

import re
from typing import Final
from uuid import UUID

import msgspec

from parlour.email.mailboxes import Mailbox
from parlour.email.wording.kinds import Text
from parlour.email.wording.languages import chosen, language_of_ticket, languages, wishes
from parlour.email.wording.placeholders import PORTAL_URL, Values, fill
from parlour.email.wording.rendering import markup_of
from parlour.email.wording.values import scene_of
from parlour.foundation.database import Transaction
from parlour.tickets import Ticket

_DELIMITER: Final = re.compile(r"^-- ?$", re.MULTILINE)


class Signature(msgspec.Struct, frozen=True):
    """In text and HTML, to be frozen with its reply.

    `{{portal.url}}` is filled in, and the HTML cleaned, when the bytes are written: only then it is complete.
    """

    text: str
    html: str
    language: str


class Piece(msgspec.Struct, frozen=True):
    """The agent's, a mailbox's or the organization's, as kept."""

    mailbox_id: UUID | None
    user_id: UUID | None
    texts: dict[str, Text]


async def signature_for(
    tx: Transaction, ticket: Ticket, mailbox: Mailbox | None, words: str, *, author: tuple[UUID, str] | None
) -> Signature | None:
    """For a reply of these words by an agent (id and name), or by nobody. None where there is nothing to put under it.

    What the words end with already is not said again.
    """
    pieces = await pieces_of(tx, author[0] if author else None, mailbox.id if mailbox else None)
    if not pieces:
        return None
    several = any(len(piece.texts) > 1 for piece in pieces)
    wanted = wishes(await language_of_ticket(tx, ticket.id) if several else None, await languages(tx))
    # Where this installation is reached from outside is known when the bytes are written.
    scene = await scene_of(tx, ticket, public_url="", agent_name=author[1] if author else "")
    values = {name: value for name, value in scene.values().items() if name != PORTAL_URL}
    return composed(pieces, wanted, values, words)


async def pieces_of(tx: Transaction, user_id: UUID | None, mailbox_id: UUID | None) -> list[Piece]:
    """Those of the agent, the mailbox and the organization."""
    return await tx.all(
        Piece,
        """
        select mailbox_id, user_id, texts from wordings
        where kind = 'SIGNATURE' and (
            user_id = %(user_id)s or mailbox_id = %(mailbox_id)s or (user_id is null and mailbox_id is null)
        )
        """,
        user_id=user_id,
        mailbox_id=mailbox_id,
    )


def composed(pieces: list[Piece], wanted: list[str], values: Values, words: str = "") -> Signature | None:
    """The agent's own above, then the mailbox's or, where that has none, the organization's."""
    texts, markup, languages_used = [], [], []
    for piece in _in_order(pieces):
        language = chosen(piece.texts, wanted)
        if language is None:
            continue
        text = fill(piece.texts[language].text, values)
        is_own = piece.user_id is not None
        if _ends_with(words, text) or (is_own and _DELIMITER.search(words)):
            continue
        texts.append(text)
        markup.append(markup_of(piece.texts[language], values))
        languages_used.append(language)
    if not texts:
        return None
    return Signature("\n\n".join(texts), "".join(f"<div>{one}</div>" for one in markup), languages_used[0])


def _in_order(pieces: list[Piece]) -> list[Piece]:
    own = [piece for piece in pieces if piece.user_id]
    of_mailbox = [piece for piece in pieces if piece.mailbox_id]
    of_organization = [piece for piece in pieces if not piece.user_id and not piece.mailbox_id]
    return [*own[:1], *(of_mailbox or of_organization)[:1]]


def _ends_with(words: str, signature: str) -> bool:
    return " ".join(words.split()).endswith(" ".join(signature.split()))
