"""The one automatic answer to a mail that opened a ticket: we have it, this is its number."""

from datetime import timedelta
from typing import Final
from uuid import UUID

import msgspec

from parlour import people, tickets
from parlour.email.reading import Address
from parlour.email.sending import composing
from parlour.email.sending.dispatch import send
from parlour.email.sending.preparing import Prepared, addresses_of, write_down
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

_WORDS: Final = {
    "en": "We have received your message and will answer as soon as we can. Its number is #{number}.\n\n"
    "If there is something to add, just answer this mail.",
    "de": "Wir haben Ihre Nachricht erhalten und antworten, so bald wir können. Sie hat die Nummer #{number}.\n\n"
    "Wenn Sie etwas ergänzen möchten, antworten Sie einfach auf diese Mail.",
    "fr": "Nous avons bien reçu votre message et vous répondrons dès que possible. Il porte le numéro #{number}.\n\n"
    "Pour ajouter quelque chose, répondez simplement à ce courriel.",
    "es": "Hemos recibido su mensaje y responderemos lo antes posible. Su número es el #{number}.\n\n"
    "Si desea añadir algo, responda a este correo.",
    "it": "Abbiamo ricevuto il suo messaggio e risponderemo appena possibile. Il numero è #{number}.\n\n"
    "Per aggiungere qualcosa, risponda a questa mail.",
    "pt": "Recebemos a sua mensagem e responderemos assim que possível. O número é #{number}.\n\n"
    "Para acrescentar algo, responda a este e-mail.",
    "nl": "We hebben uw bericht ontvangen en antwoorden zo snel mogelijk. Het nummer is #{number}.\n\n"
    "Wilt u iets toevoegen, antwoord dan op deze mail.",
    "sv": "Vi har tagit emot ditt meddelande och svarar så snart vi kan. Numret är #{number}.\n\n"
    "Vill du lägga till något, svara på det här mejlet.",
    "pl": "Otrzymaliśmy Państwa wiadomość i odpowiemy najszybciej, jak to możliwe. Jej numer to #{number}.\n\n"
    "Aby coś dodać, wystarczy odpowiedzieć na tę wiadomość.",
    "ja": "お問い合わせを受け付けました。できるだけ早くご返信いたします。受付番号は #{number} です。\n\n"
    "追加のご連絡は、このメールにそのままご返信ください。",
}


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
            tx.queue(send, message_id=await _write(tx, ticket, asked))


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


async def _write(tx: Transaction, ticket: Ticket, asked: _Asked) -> UUID:
    message = ids.new()
    words = _WORDS.get((asked.language or "en").split("-")[0], _WORDS["en"])
    return await write_down(
        tx,
        Prepared(
            id=message,
            ticket_id=ticket.id,
            comment_id=None,
            mailbox_id=asked.mailbox_id,
            subject=composing.subject_for(ticket.subject, ticket.number),
            message_id=composing.message_id_for(message, asked.address),
            in_reply_to=asked.message_id,
            reference_ids=[asked.message_id] if asked.message_id else [],
            kind="AUTOMATIC",
            text=words.format(number=ticket.number),
            **addresses_of(Recipients(to=[Address(asked.sender, ticket.requester_name)])),
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
