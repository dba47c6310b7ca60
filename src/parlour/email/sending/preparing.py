"""A public reply as a mail that will go out: frozen with the comment, so that no later change alters it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from psycopg.types.json import Jsonb

from parlour import tickets
from parlour.email import wording
from parlour.email.mailboxes import Mailbox, mailbox_for
from parlour.email.sending import composing
from parlour.email.sending.recipients import Recipients, bring_along, checked_recipients, recipients_for
from parlour.email.sending.states import SendingState
from parlour.email.threading import overseer
from parlour.foundation import clock, ids
from parlour.foundation.database import Transaction
from parlour.foundation.installation import Installation
from parlour.people import Actor

NO_MAILBOX: Final = "This organization has no mailbox to write from. Add one, then send the reply again."


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """A mail before its bytes are written: whom it goes to, from where, and its place in the thread."""

    id: UUID
    ticket_id: UUID
    comment_id: UUID | None
    mailbox_id: UUID | None
    to_addresses: list[str]
    cc_addresses: list[str]
    bcc_addresses: list[str]
    names: dict[str, str]
    subject: str
    message_id: str
    in_reply_to: str | None
    reference_ids: list[str]
    kind: str = "REPLY"
    text: str | None = None
    html: str | None = None
    language: str | None = None
    signature: str | None = None
    signature_html: str | None = None
    signature_language: str | None = None


class _Thread(msgspec.Struct, frozen=True):
    message_id: str
    is_inbound: bool


async def prepare_reply(
    tx: Transaction, ticket: tickets.Ticket, comment: tickets.Comment, recipients: Recipients | None, *, by: Actor
) -> UUID | None:
    """Freeze the mail of a reply in the transaction that writes it. Without recipients: those of `recipients_for`.

    None where nobody outside is to get it. Who is named openly takes part from the moment it is said. Raises `Invalid`.
    """
    if recipients is None:
        recipients = await recipients_for(tx, ticket, by=by.user_id)
        if not recipients.to:
            return None
    else:
        recipients = await checked_recipients(tx, recipients)
        if comment.held_at is None:
            await bring_along(tx, ticket, recipients)
    mailbox = await mailbox_for(tx, ticket)
    thread = await thread_of(tx, ticket.id)
    return await write_down(
        tx,
        Prepared(
            id=ids.new(),
            ticket_id=ticket.id,
            comment_id=comment.id,
            mailbox_id=mailbox.id if mailbox else None,
            subject=composing.subject_for(ticket.subject, ticket.number),
            message_id=composing.message_id_for(comment.id, mailbox.address if mailbox else ""),
            in_reply_to=answered(thread),
            reference_ids=[message.message_id for message in thread],
            **addresses_of(recipients),
            **await signed(tx, ticket, mailbox, comment.text, author=(comment.author_id, comment.author_name)),
        ),
    )


async def prepared(installation: Installation, organization_id: UUID, comment_id: UUID) -> UUID | None:
    """The id of a comment's one mail; prepared now where its door did not. None where nobody outside is to get it."""
    async with installation.database.reading(organization_id) as tx:
        known: UUID | None = await tx.value(
            "select id from outbound_messages where comment_id = %(comment_id)s and kind = 'REPLY'",
            comment_id=comment_id,
        )
    if known:
        return known
    reader = overseer(organization_id)
    async with installation.database.transaction(organization_id) as tx:
        comment = await tickets.find_comment(tx, comment_id, seen_by=reader)
        ticket = await tickets.find(tx, comment.ticket_id, seen_by=reader)
        writer = msgspec.structs.replace(reader, user_id=comment.author_id)
        return await prepare_reply(tx, ticket, comment, None, by=writer)


async def thread_of(tx: Transaction, ticket_id: UUID) -> list[_Thread]:
    """The message ids of the ticket's mails so far, from old to new: the last hundred."""
    newest = await tx.all(
        _Thread,
        """
        select message_id, is_inbound
        from (
            select id, message_id, true as is_inbound from inbound_messages
            where ticket_id = %(ticket_id)s and outcome = 'ADMITTED' and message_id is not null
            union all
            select id, message_id, false as is_inbound from outbound_messages
            where ticket_id = %(ticket_id)s and kind = 'REPLY' and comment_id not in (
                -- What is not said yet is nobody's ancestor.
                select comment_id from held_replies where ticket_id = %(ticket_id)s
            )
        ) sent
        order by id desc
        limit 100
        """,
        ticket_id=ticket_id,
    )
    return newest[::-1]


def answered(thread: Sequence[_Thread]) -> str | None:
    """What a mail to the customer answers: the last one that came in, else our own last one."""
    inbound = [message.message_id for message in thread if message.is_inbound]
    return inbound[-1] if inbound else thread[-1].message_id if thread else None


def addresses_of(recipients: Recipients) -> dict[str, Any]:
    """Recipients as the row keeps them."""
    return {
        "to_addresses": [one.email for one in recipients.to],
        "cc_addresses": [one.email for one in recipients.cc],
        "bcc_addresses": [one.email for one in recipients.bcc],
        "names": {one.email: one.name for one in recipients.everyone if one.name},
    }


async def signed(
    tx: Transaction, ticket: tickets.Ticket, mailbox: Mailbox | None, words: str, *, author: tuple[UUID, str] | None
) -> dict[str, Any]:
    """The signature under these words as the row keeps it."""
    signature = await wording.signature_for(tx, ticket, mailbox, words, author=author)
    if signature is None:
        return {}
    return {
        "signature": signature.text,
        "signature_html": signature.html,
        "signature_language": signature.language,
    }


async def write_down(tx: Transaction, mail: Prepared) -> UUID:
    """Keep it, ready to be composed. Of a comment that has its mail already, that one."""
    now: datetime = clock.now()
    row = msgspec.structs.asdict(mail)
    await tx.run(
        """
        insert into outbound_messages
            (organization_id, id, ticket_id, comment_id, mailbox_id, envelope_sender, to_addresses, cc_addresses,
             bcc_addresses, names, subject, message_id, in_reply_to, reference_ids, blob_key, state, last_error,
             next_attempt_at, created_at, kind, text, html, language, signature, signature_html, signature_language)
        values
            (current_organization(), %(id)s, %(ticket_id)s, %(comment_id)s, %(mailbox_id)s, '', %(to_addresses)s,
             %(cc_addresses)s, %(bcc_addresses)s, %(names)s, %(subject)s, %(message_id)s, %(in_reply_to)s,
             %(reference_ids)s, %(blob_key)s, %(state)s, %(last_error)s, %(now)s, %(now)s, %(kind)s, %(text)s, %(html)s,
             %(language)s, %(signature)s, %(signature_html)s, %(signature_language)s)
        on conflict (organization_id, comment_id) do nothing
        """,
        **row | {"names": Jsonb(mail.names)},
        blob_key=f"{tx.organization_id}/mail/{mail.id}",
        state=SendingState.QUEUED if mail.mailbox_id else SendingState.FAILED,
        last_error=None if mail.mailbox_id else NO_MAILBOX,
        now=now,
    )
    if mail.comment_id is None:
        return mail.id
    written: UUID = await tx.value(
        "select id from outbound_messages where comment_id = %(comment_id)s", comment_id=mail.comment_id
    )
    return written
