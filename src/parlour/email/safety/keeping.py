"""A verdict as the ledger keeps it."""

from uuid import UUID

import msgspec
from psycopg.types.json import Jsonb

from parlour.email.reading import Mail
from parlour.email.safety.verdicts import Verdict
from parlour.foundation.database import Transaction


async def keep_verdict(tx: Transaction, entry_id: UUID, mail: Mail, verdict: Verdict) -> None:
    """Beside the entry: who wrote it, about what, and what was found. Written whatever becomes of the mail."""
    found = msgspec.to_builtins(verdict.authentication)
    # It was for deciding only: what a domain wanted then is nobody's business later.
    del found["policy"]
    await tx.run(
        """
        update inbound_messages
        set sender = %(sender)s, subject = %(subject)s, authentication = %(authentication)s, spam = %(spam)s,
            automatic = %(automatic)s, answerable = %(answerable)s, left_out = %(left_out)s,
            unchecked = %(unchecked)s
        where id = %(id)s
        """,
        id=entry_id,
        sender=mail.sender.email if mail.sender else None,
        subject=mail.subject,
        authentication=Jsonb(found),
        spam=Jsonb(msgspec.to_builtins(verdict.spam)) if verdict.spam else None,
        automatic=verdict.automatic,
        answerable=verdict.answerable,
        left_out=verdict.left_out,
        unchecked=verdict.unchecked,
    )
