"""A public reply, frozen as a mail: once written down, no later change of ticket or customer alters it."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from parlour import people, tickets
from parlour.email import composing
from parlour.email.addresses import reply_address
from parlour.email.composing import Enclosure, Letter, Quotation
from parlour.email.mailboxes import Mailbox, mailboxes
from parlour.email.reading import Address
from parlour.email.threading import overseer
from parlour.foundation import clock, ids
from parlour.foundation.database import Transaction
from parlour.foundation.installation import Installation
from parlour.people import Role, User

_NO_MAILBOX = "This organization has no mailbox to write from. Add one, then send the reply again."


class SendingState(StrEnum):
    """How far a mail has come."""

    QUEUED = "QUEUED"
    SENDING = "SENDING"
    SENT = "SENT"
    """The next server has taken it."""
    FAILED = "FAILED"


class Frozen(msgspec.Struct, frozen=True, kw_only=True):
    """A mail that is ready to go."""

    id: UUID
    ticket_id: UUID
    comment_id: UUID
    mailbox_id: UUID | None
    envelope_sender: str
    to_addresses: list[str]
    cc_addresses: list[str]
    subject: str
    message_id: str
    in_reply_to: str | None
    reference_ids: list[str]
    blob_key: str
    state: SendingState
    last_error: str | None
    created_at: datetime


class _Thread(msgspec.Struct, frozen=True):
    message_id: str
    is_inbound: bool


async def freeze(installation: Installation, organization_id: UUID, comment_id: UUID) -> UUID | None:
    """The id of the comment's one mail, made now unless it is there. None where nobody outside is to get it."""
    async with installation.database.reading(organization_id) as tx:
        known: UUID | None = await tx.value(
            "select id from outbound_messages where comment_id = %(comment_id)s", comment_id=comment_id
        )
        if known:
            return known
        draft = await _draft(tx, installation, comment_id)
        enclosed = await tickets.attachments_of(tx, comment_id)
    if draft is None:
        return None
    enclosures = [
        Enclosure(file.name, file.content_type, await installation.blobs.get(file.blob_key), file.content_id)
        for file in enclosed
    ]
    frozen, letter = draft
    await installation.blobs.put(
        frozen.blob_key, composing.compose(msgspec.structs.replace(letter, enclosures=enclosures))
    )
    async with installation.database.transaction(organization_id) as tx:
        return await _write_down(tx, frozen)


async def _draft(tx: Transaction, installation: Installation, comment_id: UUID) -> tuple[Frozen, Letter] | None:
    reader = overseer(tx.organization_id)
    comment = await tickets.find_comment(tx, comment_id, seen_by=reader)
    ticket = await tickets.find(tx, comment.ticket_id, seen_by=reader)
    ours = await mailboxes(tx)
    to, cc = _recipients(ticket, comment, await tickets.participants(tx, ticket.id), {box.address for box in ours})
    if not to:
        return None
    organization = await people.this_organization(tx)
    mailbox = await _mailbox(tx, ticket, ours)
    thread = await _thread(tx, ticket.id)
    address = mailbox.address if mailbox else ""
    letter = Letter(
        message_id=composing.message_id_for(comment.id, address),
        sender=Address(address, composing.sender_name(comment.author_name, organization.name)),
        reply_to=reply_address(installation.signer, tx.organization_id, address, ticket.number) if mailbox else "",
        to=to,
        cc=cc,
        subject=composing.subject_for(ticket.subject, ticket.number),
        date=comment.created_at,
        in_reply_to=_answered(thread),
        references=[message.message_id for message in thread],
        organization_name=organization.name,
        text=comment.text,
        html=comment.html,
        quotation=await _quotation(tx, ticket, comment),
    )
    return _frozen(tx, ticket, mailbox, letter, comment.id), letter


def _recipients(
    ticket: tickets.Ticket, comment: tickets.Comment, everyone: list[User], ours: set[str]
) -> tuple[list[Address], list[Address]]:
    """The requester, and with copies the other people outside. Agents read it on the ticket."""
    outside = [
        user
        for user in everyone
        if user.email not in ours
        and user.id != comment.author_id
        and (user.role is Role.CUSTOMER or user.id == ticket.requester_id)
    ]
    to = [Address(user.email, user.name) for user in outside if user.id == ticket.requester_id]
    cc = [Address(user.email, user.name) for user in outside if user.id != ticket.requester_id]
    return (to, cc) if to else (cc[:1], cc[1:])


async def _mailbox(tx: Transaction, ticket: tickets.Ticket, ours: list[Mailbox]) -> Mailbox | None:
    """Where the customer wrote to, else the department's, else the organization's first."""
    written_to: UUID | None = await tx.value(
        """
        select mailbox_id from inbound_messages
        where ticket_id = %(ticket_id)s and outcome = 'ADMITTED'
        order by id desc
        limit 1
        """,
        ticket_id=ticket.id,
    )
    choices = [
        *(box for box in ours if box.id == written_to),
        *(box for box in ours if box.department_id and box.department_id == ticket.department_id),
        *ours,
    ]
    return choices[0] if choices else None


async def _thread(tx: Transaction, ticket_id: UUID) -> list[_Thread]:
    """The message ids of the ticket's mails so far, from old to new: the first one and the last hundred."""
    newest = await tx.all(
        _Thread,
        """
        select message_id, is_inbound
        from (
            select id, message_id, true as is_inbound from inbound_messages
            where ticket_id = %(ticket_id)s and outcome = 'ADMITTED' and message_id is not null
            union all
            select id, message_id, false as is_inbound from outbound_messages
            where ticket_id = %(ticket_id)s
        ) sent
        order by id desc
        limit 100
        """,
        ticket_id=ticket_id,
    )
    return newest[::-1]


def _answered(thread: list[_Thread]) -> str | None:
    inbound = [message.message_id for message in thread if message.is_inbound]
    return inbound[-1] if inbound else thread[-1].message_id if thread else None


async def _quotation(tx: Transaction, ticket: tickets.Ticket, comment: tickets.Comment) -> Quotation | None:
    span = tickets.Span(before=(comment.created_at, comment.id), limit=20)
    before = await tickets.comments(tx, ticket, span, seen_by=overseer(tx.organization_id))
    asked = [one for one in before if one.visibility is tickets.Visibility.PUBLIC and one.author_role is Role.CUSTOMER]
    return Quotation(asked[-1].author_name, asked[-1].created_at, asked[-1].text) if asked else None


def _frozen(
    tx: Transaction, ticket: tickets.Ticket, mailbox: Mailbox | None, letter: Letter, comment_id: UUID
) -> Frozen:
    message = ids.new()
    return Frozen(
        id=message,
        ticket_id=ticket.id,
        comment_id=comment_id,
        mailbox_id=mailbox.id if mailbox else None,
        # A bounce finds its way back to the ticket by the same signed address.
        envelope_sender=letter.reply_to,
        to_addresses=[address.email for address in letter.to],
        cc_addresses=[address.email for address in letter.cc],
        subject=letter.subject,
        message_id=letter.message_id,
        in_reply_to=letter.in_reply_to,
        reference_ids=list(letter.references),
        blob_key=f"{tx.organization_id}/mail/{message}",
        state=SendingState.QUEUED if mailbox else SendingState.FAILED,
        last_error=None if mailbox else _NO_MAILBOX,
        created_at=clock.now(),
    )


async def _write_down(tx: Transaction, frozen: Frozen) -> UUID:
    await tx.run(
        """
        insert into outbound_messages
            (organization_id, id, ticket_id, comment_id, mailbox_id, envelope_sender, to_addresses, cc_addresses,
             subject, message_id, in_reply_to, reference_ids, blob_key, state, last_error, next_attempt_at, created_at)
        values
            (current_organization(), %(id)s, %(ticket_id)s, %(comment_id)s, %(mailbox_id)s, %(envelope_sender)s,
             %(to_addresses)s, %(cc_addresses)s, %(subject)s, %(message_id)s, %(in_reply_to)s, %(reference_ids)s,
             %(blob_key)s, %(state)s, %(last_error)s, %(created_at)s, %(created_at)s)
        on conflict (organization_id, comment_id) do nothing
        """,
        **msgspec.structs.asdict(frozen),
    )
    # Another run of the same job may have been first: its mail is the one.
    written: UUID = await tx.value(
        "select id from outbound_messages where comment_id = %(comment_id)s", comment_id=frozen.comment_id
    )
    return written
