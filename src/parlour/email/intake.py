"""A mail of the ledger becomes a ticket, or a comment on one: exactly once, however often its job runs."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Final
from uuid import UUID

from parlour import people, tickets
from parlour.email import ledger
from parlour.email.addresses import without_mark
from parlour.email.ledger import Delivery, Entry
from parlour.email.mailboxes import mailboxes
from parlour.email.reading import Mail, MailAttachment
from parlour.email.threading import held_ticket
from parlour.email.understanding import Understood, understand
from parlour.foundation.database import Transaction
from parlour.foundation.errors import BadRequest, Invalid, Problem
from parlour.foundation.installation import Installation
from parlour.people import Actor, User

_MOST_ATTACHMENTS: Final = 50
_MOST_PARTICIPANTS: Final = 20
_NO_SUBJECT: Final = "(no subject)"


class NoSender(BadRequest):
    """The mail names nobody outside as its sender, so there is nobody to answer."""


async def receive(installation: Installation, organization_id: UUID, delivery: Delivery) -> UUID:
    """Take a delivery for one of the organization's mailboxes, durably. Raises `Unavailable` where it can't be."""
    return await ledger.write_down(installation, organization_id, delivery, take_in)


async def take_in(installation: Installation, organization_id: UUID, *, entry_id: UUID) -> None:
    """Job: read an entry of the ledger and account for it."""
    async with installation.database.reading(organization_id) as tx:
        entry = await ledger.waiting(tx, entry_id)
    if entry is None:
        return
    raw = await installation.blobs.get(entry.blob_key)
    understood = await understand(raw, entry.envelope_sender)
    try:
        async with installation.database.transaction(organization_id) as tx:
            if await ledger.claim(tx, entry.id, understood.mail.message_id):
                await _admit(tx, installation, entry, understood)
    except Problem as refusal:
        if refusal.status >= 500:
            raise
        async with installation.database.transaction(organization_id) as tx:
            await ledger.refuse(tx, entry.id, _in_words(refusal))


async def _admit(tx: Transaction, installation: Installation, entry: Entry, understood: Understood) -> None:
    mail = understood.mail
    ours = {mailbox.address for mailbox in await mailboxes(tx)}
    sender = await _sender(tx, mail, ours)
    by = people.actor_as(sender, tx.organization_id)
    attachment_ids = [
        (await tickets.store_attachment(tx, installation.blobs, _upload(file), by=by)).id
        for file in mail.attachments[:_MOST_ATTACHMENTS]
    ]
    ticket = await held_ticket(tx, installation.signer, mail, entry.envelope_recipients, by=by)
    others = [] if mail.automatic else await _others(tx, mail, ours | {sender.email})
    if ticket:
        comment_id = await _join(tx, ticket, _words(understood, attachment_ids), mail, by=by)
        await tickets.add_participants(tx, ticket.id, others)
        await ledger.conclude(tx, entry.id, ticket.id, comment_id)
        return
    opened = await tickets.open(
        tx,
        tickets.Opening(
            subject=mail.subject or _NO_SUBJECT,
            words=_words(understood, attachment_ids, with_signature=True),
            requester_id=sender.id,
            source=tickets.Source.EMAIL,
            department_id=entry.department_id,
            participant_ids=others,
            automatic=mail.automatic,
        ),
        by=by,
    )
    first = next(fact.comment_id for fact in tx.facts if isinstance(fact, tickets.TicketOpened))
    await ledger.conclude(tx, entry.id, opened.id, first)


async def _sender(tx: Transaction, mail: Mail, ours: set[str]) -> User:
    # A form on the organization's own site often writes from the mailbox itself, and names the person in Reply-To.
    candidates = [*([mail.sender] if mail.sender else []), *mail.reply_to]
    sender = next((address for address in candidates if without_mark(address.email) not in ours), None)
    if sender is None:
        raise NoSender()
    return await people.customer_by_email(tx, sender.email, sender.name)


async def _join(tx: Transaction, ticket: tickets.Ticket, words: tickets.Words, mail: Mail, *, by: Actor) -> UUID:
    # Anyone can write an agent's address into From: so it stays among agents until it is proved.
    if by.is_agent and ticket.requester_id != by.user_id:
        return (await tickets.note(tx, ticket, words, by=by)).id
    comment = await tickets.reply(tx, ticket, words, by=by, source=tickets.Source.EMAIL, automatic=mail.automatic)
    return comment.id


async def _others(tx: Transaction, mail: Mail, not_these: set[str]) -> list[UUID]:
    """The people the mail was also sent to, our own mailboxes never among them."""
    named = {address.email: address for address in (*mail.to, *mail.cc)}
    outside = [one for one in named.values() if not {one.email, without_mark(one.email)} & not_these]
    found = []
    for address in outside[:_MOST_PARTICIPANTS]:
        # A slip of the pen among the copies is no reason to refuse the mail.
        with suppress(Invalid):
            found.append((await people.customer_by_email(tx, address.email, address.name)).id)
    return found


def _words(understood: Understood, attachment_ids: Sequence[UUID], *, with_signature: bool = False) -> tickets.Words:
    # The first mail's signature often holds a telephone number; later ones only repeat it.
    signature = understood.signature
    pieces = [understood.text, signature] if with_signature and signature else [understood.text]
    below = [piece for piece in ("" if with_signature else signature, understood.quoted_text) if piece]
    return tickets.Words(
        text="\n\n".join(pieces)[: tickets.LONGEST_TEXT],
        html=understood.markup,
        attachment_ids=attachment_ids,
        quoted_text="\n\n".join(below) or None,
    )


def _upload(file: MailAttachment) -> tickets.Upload:
    return tickets.Upload(file.name, file.content_type, file.content, file.content_id if file.inline else None)


def _in_words(refusal: Problem) -> str:
    if isinstance(refusal, Invalid) and refusal.details:
        return " ".join(str(sentence) for sentence in refusal.details.values())
    return refusal.message
