"""Everything about a mail that decides what becomes of it, asked before the transaction that admits it."""

from uuid import UUID

from parlour.email.ledger import Entry
from parlour.email.reading.headers import Headers
from parlour.email.safety.automatic import signs_of
from parlour.email.safety.verdicts import Verdict
from parlour.email.understanding import Understood
from parlour.foundation.installation import Installation


async def judge(
    installation: Installation, organization_id: UUID, entry: Entry, raw: bytes, understood: Understood
) -> Verdict:
    """Never raises. Whoever can't be asked in time says nothing: then the mail is admitted."""
    signs = signs_of(Headers(raw), entry.envelope_sender)
    return Verdict(
        automatic=signs.automatic,
        answerable=signs.answerable,
        warnings=(None,) * len(understood.mail.attachments),
    )
