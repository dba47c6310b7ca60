"""The bytes of a prepared mail: written once, so that every attempt sends the same ones."""

import asyncio
from typing import Any
from uuid import UUID

import msgspec

from parlour import people, tickets
from parlour.email import domains, wording
from parlour.email.addresses import reply_address
from parlour.email.reading import Address, language_of
from parlour.email.sending import composing
from parlour.email.sending.composing import Enclosure, Letter, Quotation
from parlour.email.sending.outlook import continued, topic_of
from parlour.email.threading import overseer
from parlour.foundation import clock, html, ids
from parlour.foundation.database import Transaction
from parlour.foundation.installation import Installation
from parlour.people import Role
from parlour.tickets import Comment, Ticket


class _Row(msgspec.Struct, frozen=True):
    """A prepared mail as it lies in the database, with the mailbox it goes out from."""

    id: UUID
    ticket_id: UUID
    comment_id: UUID | None
    to_addresses: list[str]
    cc_addresses: list[str]
    names: dict[str, str]
    subject: str
    message_id: str
    in_reply_to: str | None
    reference_ids: list[str]
    blob_key: str
    text: str | None
    html: str | None
    language: str | None
    signature: str | None
    signature_html: str | None
    signature_language: str | None
    address: str
    mailbox_name: str


class _Said(msgspec.Struct, frozen=True):
    """What a mail says, and who says it."""

    sender_name: str
    text: str
    html: str | None = None
    language: str = ""
    quotation: Quotation | None = None
    files: list[tickets.StoredAttachment] = []


async def finish(installation: Installation, organization_id: UUID, message_id: UUID) -> None:
    """Write a mail's bytes to the blobs unless they are there. What they say was frozen before."""
    async with installation.database.reading(organization_id) as tx:
        row = await tx.maybe(_Row, _UNFINISHED, id=message_id)
        if row is None:
            return
        ticket = await tickets.find(tx, row.ticket_id, seen_by=overseer(organization_id))
        organization = await people.this_organization(tx)
        said = await _said(tx, ticket, row, organization.name)
        answered_key = await _blob_answered(tx, row)
    outlook = await _outlook(installation, ticket, row, answered_key)
    letter = Letter(
        message_id=row.message_id,
        sender=Address(row.address, said.sender_name),
        reply_to=reply_address(installation.signer, organization_id, row.address, ticket.number),
        to=_addresses(row.to_addresses, row.names),
        cc=_addresses(row.cc_addresses, row.names),
        subject=row.subject,
        date=clock.now(),
        in_reply_to=row.in_reply_to,
        references=row.reference_ids,
        organization_name=organization.name,
        text=said.text,
        html=said.html,
        quotation=said.quotation,
        enclosures=[
            Enclosure(file.name, file.content_type, await installation.blobs.get(file.blob_key), file.content_id)
            for file in said.files
        ],
        automatic=row.comment_id is None,
        generated=False,
        language=said.language,
        **_signature(row, wording.portal_url(installation.settings.public_url, organization)),
        **outlook,
    )
    await _write_down(installation, organization_id, row, letter)


async def _write_down(installation: Installation, organization_id: UUID, row: _Row, letter: Letter) -> None:
    raw = await asyncio.to_thread(composing.compose, letter)
    # Signed as they are written, so that a later attempt, with another key or none, still sends these very bytes.
    # Under a key of this attempt's own: a worker that was taken for dead must not write over what has gone out already.
    key = f"{row.blob_key}-{ids.new().hex}"
    await installation.blobs.put(key, await domains.signed(installation, organization_id, row.address, raw))
    # A bounce finds its way back by the same signed address; nothing may answer an automatic mail (RFC 3834 3.3).
    envelope_sender = "" if letter.automatic else letter.reply_to
    async with installation.database.transaction(organization_id) as tx:
        await tx.run(_FINISHED, id=row.id, blob_key=key, envelope_sender=envelope_sender, now=clock.now())


async def _said(tx: Transaction, ticket: Ticket, row: _Row, organization: str) -> _Said:
    if row.comment_id is None:
        return _Said(row.mailbox_name or organization, row.text or "", row.html, row.language or "")
    comment = await tickets.find_comment(tx, row.comment_id, seen_by=overseer(tx.organization_id))
    return _Said(
        sender_name=composing.sender_name(comment.author_name, organization),
        text=comment.text,
        html=comment.html,
        language=language_of(comment.text) or "",
        quotation=await _quotation(tx, ticket, comment),
        files=await tickets.attachments_of(tx, comment.id),
    )


async def _quotation(tx: Transaction, ticket: Ticket, comment: Comment) -> Quotation | None:
    span = tickets.Span(before=(comment.created_at, comment.id), limit=20)
    before = await tickets.comments(tx, ticket, span, seen_by=overseer(tx.organization_id))
    asked = [one for one in before if one.visibility is tickets.Visibility.PUBLIC and one.author_role is Role.CUSTOMER]
    if not asked:
        return None
    zone = people.zone_of(await people.this_organization(tx))
    return Quotation(asked[-1].author_name, asked[-1].created_at.astimezone(zone), asked[-1].text)


async def _blob_answered(tx: Transaction, row: _Row) -> str | None:
    key: str | None = await tx.value(
        """
        select blob_key from inbound_messages
        where message_id = %(in_reply_to)s and ticket_id = %(ticket_id)s and outcome = 'ADMITTED'
        order by id desc
        limit 1
        """,
        in_reply_to=row.in_reply_to,
        ticket_id=row.ticket_id,
    )
    return key


async def _outlook(installation: Installation, ticket: Ticket, row: _Row, answered_key: str | None) -> dict[str, Any]:
    raw = await installation.blobs.get(answered_key) if answered_key else b""
    return {
        "thread_topic": topic_of(raw, row.subject),
        "thread_index": continued(raw, ticket.id, ticket.created_at, clock.now()),
    }


def _signature(row: _Row, portal: str) -> dict[str, str]:
    # Everything else was filled in when it was frozen; where the portal is, this installation knows.
    values = {wording.PORTAL_URL: portal}
    return {
        "signature": wording.fill(row.signature or "", values),
        "signature_html": html.clean(wording.fill_html(row.signature_html or "", values)),
        "signature_language": row.signature_language or "",
    }


def _addresses(emails: list[str], names: dict[str, str]) -> list[Address]:
    return [Address(email, names.get(email, "")) for email in emails]


_UNFINISHED = """
    select m.id, m.ticket_id, m.comment_id, m.to_addresses, m.cc_addresses, m.names, m.subject, m.message_id,
        m.in_reply_to, m.reference_ids, m.blob_key, m.text, m.html, m.language, m.signature, m.signature_html,
        m.signature_language, b.address, b.name as mailbox_name
    from outbound_messages m
    join mailboxes b on b.organization_id = m.organization_id and b.id = m.mailbox_id
    where m.id = %(id)s and m.composed_at is null
"""
_FINISHED = """
    update outbound_messages
    set composed_at = %(now)s, blob_key = %(blob_key)s, envelope_sender = %(envelope_sender)s
    where id = %(id)s and composed_at is null
"""
