"""What Parlour writes by itself: the organization's words, else the built-in ones, in their language."""

from typing import Final
from uuid import UUID

import msgspec

from parlour.email.wording.built_in import BUILT_IN
from parlour.email.wording.kinds import Kind, Text
from parlour.email.wording.languages import ENGLISH, chosen, languages, wishes
from parlour.email.wording.placeholders import Values
from parlour.email.wording.rendering import Rendered, render
from parlour.foundation.database import Transaction

AUTOMATIC: Final = tuple(kind for kind in Kind if kind.is_automatic)
"""Every mail that Parlour sends by itself."""


class _Own(msgspec.Struct, frozen=True):
    mailbox_id: UUID | None
    texts: dict[str, Text]


async def automatic_text(
    tx: Transaction, kind: Kind, mailbox_id: UUID | None, of_customer: str | None
) -> tuple[str, Text]:
    """The language and the words of an automatic mail.

    The customer's language comes first: in it the mailbox's words, else the organization's, else the built-in ones.
    """
    own = await tx.all(
        _Own,
        """
        select mailbox_id, texts from wordings
        where kind = %(kind)s and (mailbox_id = %(mailbox_id)s or mailbox_id is null)
        order by mailbox_id nulls last
        """,
        kind=kind,
        mailbox_id=mailbox_id,
    )
    known = BUILT_IN[kind].copy()
    for one in reversed(own):
        known |= one.texts
    language = chosen(known, wishes(of_customer, await languages(tx))) or ENGLISH
    return language, known[language]


async def built_in_text(tx: Transaction, kind: Kind) -> tuple[str, Text]:
    """In the organization's language, but in none of its words."""
    known = BUILT_IN[kind]
    language = chosen(known, wishes(None, await languages(tx))) or ENGLISH
    return language, known[language]


async def automatic_words(
    tx: Transaction, kind: Kind, mailbox_id: UUID, of_customer: str | None, values: Values
) -> tuple[str, Rendered]:
    """The same with its placeholders filled."""
    language, text = await automatic_text(tx, kind, mailbox_id, of_customer)
    return language, render(text, values)
