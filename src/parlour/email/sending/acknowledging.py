"""The one automatic answer to a mail that opened a ticket: we have it, this is its number."""

from datetime import timedelta
from typing import Final
from uuid import UUID

import msgspec

from parlour import people, tickets
from parlour.email import wording
from parlour.email.mailboxes import find_mailbox
from parlour.email.reading import Address
from parlour.email.sending import composing
from parlour.email.sending.dispatch import send
from parlour.email.sending.preparing import Prepared, addresses_of, signed, write_down
from parlour.email.sending.recipients import Recipients
from parlour.email.threading import overseer
from parlour.foundation import clock, ids
from parlour.foundation.database import Transaction
from parlour.foundation.errors import NotFound
from parlour.foundation.installation import Installation
from parlour.foundation.jobs import only_when
from parlour.people import Role
from parlour.tickets import Ticket

_MOST_A_DAY: Final = 5
"""To one address; whoever writes more knows by then that we read."""


class _Asked(msgspec.Struct, frozen=True):
    """The mail that opened the ticket, where it may be answered by a program."""

    mailbox_id: UUID
    address: str
    sender: str
    message_id: str | None
    language: str | None


def _is_a_persons(fact: tickets.TicketOpened) -> bool:
    return fact.source is tickets.Source.EMAIL and not fact.automatic


@only_when(_is_a_persons)
async def acknowledge(installation: Installation, organization_id: UUID, *, fact: tickets.TicketOpened) -> None:
    """Job: once a ticket, where mailbox or organization want it. Never to a program or a forger, and not too often."""
    async with installation.database.transaction(organization_id) as tx:
        asked = await tx.maybe(_Asked, _ASKED, comment_id=fact.comment_id)
        if asked is None:
            return
        try:
            ticket = await tickets.find(tx, fact.ticket_id, seen_by=overseer(organization_id))
        except NotFound:
            return
        requester = await people.find_user(tx, ticket.requester_id)
        # Where an agent passed a mail on, its writer did not write to us.
        if requester.role is not Role.CUSTOMER or requester.email != asked.sender:
            return
        if await _is_first(tx, ticket.id, asked.sender):
            tx.queue(send, message_id=await _write(tx, ticket, asked, installation.settings.public_url))


async def _is_first(tx: Transaction, ticket_id: UUID, address: str) -> bool:
    touched = await tx.run(
        """
        insert into acknowledgements (organization_id, ticket_id, email, at)
        select current_organization(), %(ticket_id)s, %(email)s, %(now)s
        where (select count(*) from acknowledgements where email = %(email)s and at > %(since)s) < %(most)s
        on conflict do nothing
        """,
        ticket_id=ticket_id,
        email=address,
        now=clock.now(),
        since=clock.now() - timedelta(days=1),
        most=_MOST_A_DAY,
    )
    return touched == 1


async def _write(tx: Transaction, ticket: Ticket, asked: _Asked, public_url: str) -> UUID:
    message = ids.new()
    scene = await wording.scene_of(tx, ticket, public_url=public_url)
    mailbox = await find_mailbox(tx, asked.mailbox_id)
    language, words = await wording.automatic_words(
        tx, wording.Kind.ACKNOWLEDGEMENT, mailbox.id, asked.language, scene.values()
    )
    subject = composing.subject_for(ticket.subject, ticket.number)
    return await write_down(
        tx,
        Prepared(
            id=message,
            ticket_id=ticket.id,
            comment_id=None,
            mailbox_id=mailbox.id,
            subject=composing.marked(words.subject, ticket.number) if words.subject else subject,
            message_id=composing.message_id_for(message, asked.address),
            in_reply_to=asked.message_id,
            reference_ids=[asked.message_id] if asked.message_id else [],
            kind="AUTOMATIC",
            text=words.text,
            html=words.html,
            language=language,
            **addresses_of(Recipients(to=[Address(asked.sender, ticket.requester_name)])),
            **await signed(tx, ticket, mailbox, words.text, author=None),
        ),
    )


_ASKED: Final = """
    select i.mailbox_id, m.address, i.sender, i.message_id, i.language
    from inbound_messages i
    join mailboxes m on m.organization_id = i.organization_id and m.id = i.mailbox_id
    left join organization_mail_settings s on s.organization_id = i.organization_id
    where i.comment_id = %(comment_id)s and i.outcome = 'ADMITTED' and i.released_at is null
        and i.automatic is null and i.answerable and i.sender is not null
        and coalesce(i.authentication->>'dmarc', 'none') <> 'fail'
        and coalesce(m.acknowledges, s.acknowledges, false)
        and not exists (select from users u where u.email = i.sender and u.mail_state = 'BOUNCING')
"""
