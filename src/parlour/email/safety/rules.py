"""What an organization lets in, and what is known about a mail before it is judged."""

from uuid import UUID

import msgspec

from parlour import audit
from parlour.audit import Act
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Invalid

_LARGEST = 1024 * 1024 * 1024
_HIGHEST_SCORE = 1000
_MOST_MAILS = 100_000


class MailRules(msgspec.Struct, frozen=True):
    """How an organization treats mail. Sizes are in bytes; `refused_endings` are file endings without the dot."""

    acknowledges: bool = False
    quarantines_spam: bool = True
    quarantines_forgeries: bool = True
    """Mail whose sender's domain says that it isn't its own (DMARC) waits to be looked at."""
    attachment_limit: int = 25 * 1024 * 1024
    attachments_limit: int = 50 * 1024 * 1024
    refused_endings: list[str] = []
    spam_threshold: float | None = None
    """From which score of the filter on a mail is spam. None: as the filter itself decides."""
    sender_limit: int | None = None
    """Mails of one sender within ten minutes; more look like a loop. None: as the installation is set."""


class Surroundings(msgspec.Struct, frozen=True):
    """What judging one mail needs of the database."""

    trusted_authserv_id: str | None
    is_own: bool
    """It is one of our own mails, come back."""
    is_trusted_sender: bool


_COLUMNS = """
    acknowledges, quarantines_spam, quarantines_forgeries, attachment_limit, attachments_limit, refused_endings,
    spam_threshold, sender_limit
"""


async def mail_rules(tx: Transaction) -> MailRules:
    """Those of this organization, or the usual ones."""
    return await tx.maybe(MailRules, f"select {_COLUMNS} from organization_mail_settings") or MailRules()


async def change_mail_rules(tx: Transaction, rules: MailRules) -> MailRules:
    """Raises `Invalid`."""
    rules = msgspec.structs.replace(rules, refused_endings=sorted({_ending(one) for one in rules.refused_endings}))
    _check(rules)
    details = audit.changes(msgspec.structs.asdict(await mail_rules(tx)), msgspec.structs.asdict(rules))
    if details["after"]:
        await audit.record(tx, Act.MAIL_RULES_CHANGED, details=details)
    await tx.run(
        f"""
        insert into organization_mail_settings (organization_id, {_COLUMNS})
        values (current_organization(), %(acknowledges)s, %(quarantines_spam)s, %(quarantines_forgeries)s,
                %(attachment_limit)s, %(attachments_limit)s, %(refused_endings)s, %(spam_threshold)s,
                %(sender_limit)s)
        on conflict (organization_id) do update
        set acknowledges = excluded.acknowledges, quarantines_spam = excluded.quarantines_spam,
            quarantines_forgeries = excluded.quarantines_forgeries, attachment_limit = excluded.attachment_limit,
            attachments_limit = excluded.attachments_limit, refused_endings = excluded.refused_endings,
            spam_threshold = excluded.spam_threshold, sender_limit = excluded.sender_limit
        """,
        **msgspec.structs.asdict(rules),
    )
    return rules


async def surroundings(tx: Transaction, mailbox_id: UUID, sender: str, message_id: str | None) -> Surroundings:
    return await tx.one(
        Surroundings,
        """
        select m.trusted_authserv_id,
            exists (select from outbound_messages where message_id = %(message_id)s) as is_own,
            exists (select from trusted_senders where email = %(sender)s) as is_trusted_sender
        from mailboxes m
        where m.id = %(mailbox_id)s
        """,
        mailbox_id=mailbox_id,
        sender=sender,
        message_id=message_id,
    )


def _ending(written: str) -> str:
    return written.strip().lstrip("*.").lower()


def _check(rules: MailRules) -> None:
    details: dict[str, object] = {}
    for name in ("attachment_limit", "attachments_limit"):
        if not 0 <= getattr(rules, name) <= _LARGEST:
            details[name] = "Between 0 bytes and 1 GB."
    if len(rules.refused_endings) > 200 or any(not one.isalnum() or len(one) > 20 for one in rules.refused_endings):
        details["refused_endings"] = "At most 200 endings of letters and digits, such as exe."
    if rules.spam_threshold is not None and not 0 <= rules.spam_threshold <= _HIGHEST_SCORE:
        details["spam_threshold"] = "A score between 0 and 1000, or none."
    if rules.sender_limit is not None and not 1 <= rules.sender_limit <= _MOST_MAILS:
        details["sender_limit"] = "Between 1 and 100,000 mails, or none."
    if details:
        raise Invalid(details=details)
