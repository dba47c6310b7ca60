"""What a mail does once it is let in: it joins a ticket, or opens one."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec

from parlour import tickets
from parlour.email import agents, safety
from parlour.email.accounting import Conclusion, Outcome
from parlour.email.correspondents import Writer, address_of_sender, is_ours, others_on, writer
from parlour.email.ledger import Entry
from parlour.email.mailboxes import mailboxes
from parlour.email.reading import Address, Forwarded, forwarded
from parlour.email.safety import Automatic, Verdict
from parlour.email.threading import Place, place_of
from parlour.email.understanding import Understood, understood_of
from parlour.foundation.database import Transaction
from parlour.foundation.installation import Installation
from parlour.people import Actor
from parlour.tickets import Relation, Source, Ticket, Words

_MOST_ATTACHMENTS: Final = 50
_NO_SUBJECT: Final = "(no subject)"
_AWAY: Final = "An automatic reply that belongs to no ticket."


class Arrival(msgspec.Struct, frozen=True):
    """An entry of the ledger with everything that is known of it before a transaction begins."""

    entry: Entry
    understood: Understood
    verdict: Verdict


class _Scene(msgspec.Struct, frozen=True):
    tx: Transaction
    installation: Installation
    arrival: Arrival
    ours: set[str]
    writer: Writer

    @property
    def is_automatic(self) -> bool:
        return self.arrival.understood.mail.automatic

    def is_agent_on(self, ticket: Ticket) -> bool:
        """Whether the writer answers there, rather than asks."""
        return self.writer.actor.is_agent and ticket.requester_id != self.writer.user.id

    def trusts(self, place: Place) -> bool:
        """Whether it is surely them, in person, with an address of the ticket's that they hold."""
        return self.writer.is_proved_agent and place.by_address and not self.is_automatic


async def admit(tx: Transaction, installation: Installation, arrival: Arrival) -> Conclusion:
    """Let the mail in as far as it may come. Raises `NoSender`, or `Invalid` where the sender's address is none."""
    if bounce := arrival.verdict.bounce:
        bounced = await safety.record_bounce(tx, installation.signer, arrival.entry, bounce)
        return Conclusion(Outcome.BOUNCE, bounced.reason, bounced.ticket_id, bounced.comment_id)
    return await write(tx, installation, arrival)


async def write(
    tx: Transaction, installation: Installation, arrival: Arrival, *, stand_in: Writer | None = None
) -> Conclusion:
    """The mail goes onto a ticket. `stand_in` is who it is from where the mail itself names nobody."""
    mail = arrival.understood.mail
    ours = await _our_addresses(tx)
    who = stand_in or await _writer(tx, arrival, ours)
    scene = _Scene(tx, installation, arrival, ours, who)
    place = await place_of(tx, installation.signer, mail, arrival.entry.envelope_recipients, who)
    if place.ticket and not await _is_welcome(scene, place, place.ticket):
        place = Place(older=place.ticket, relation=Relation.MENTION)
    if place.ticket:
        if reason := await safety.too_many_on(tx, place.ticket.id, automatic=mail.automatic):
            return Conclusion(Outcome.AUTOMATIC, reason, place.ticket.id)
        return Conclusion(ticket_id=place.ticket.id, comment_id=await _join(scene, place, place.ticket))
    if mail.automatic and arrival.verdict.automatic is Automatic.VACATION:
        return Conclusion(Outcome.AUTOMATIC, _AWAY)
    return await _open(scene, place)


async def address_of_arrival(tx: Transaction, arrival: Arrival) -> Address:
    """Who is to be answered. Raises `NoSender`."""
    return address_of_sender(arrival.understood.mail, await _our_addresses(tx))


async def _our_addresses(tx: Transaction) -> set[str]:
    return {mailbox.address for mailbox in await mailboxes(tx)}


async def _writer(tx: Transaction, arrival: Arrival, ours: set[str]) -> Writer:
    mail = arrival.understood.mail
    address = address_of_sender(mail, ours)
    # The verdict is about the address in From, and no other.
    is_proved = arrival.verdict.authentication.passed and mail.sender is not None and mail.sender.email == address.email
    who = await writer(tx, address, is_proved=is_proved)
    if not mail.automatic:
        await safety.heard_from(tx, who.user.id)
    return who


async def _is_welcome(scene: _Scene, place: Place, ticket: Ticket) -> bool:
    """What an agent could not write in the dashboard joins nothing: it opens a ticket of its own, as a stranger's."""
    if not scene.is_agent_on(ticket):
        return True
    text, by = scene.arrival.understood.text, scene.writer.actor
    return await agents.may_write(scene.tx, ticket, text, by=by, is_trusted=scene.trusts(place))


async def _join(scene: _Scene, place: Place, ticket: Ticket) -> UUID | None:
    tx, by, understood = scene.tx, scene.writer.actor, scene.arrival.understood
    if not scene.is_automatic:
        others = await others_on(tx, understood.mail, scene.ours | {scene.writer.user.email})
        await tickets.add_participants(tx, ticket.id, [user.id for user in others])
    words = _words(understood, await _store(scene, by))
    if scene.is_agent_on(ticket):
        return await agents.write(tx, ticket, words, by=by, is_trusted=scene.trusts(place))
    comment = await tickets.reply(tx, ticket, words, by=by, source=Source.EMAIL, automatic=scene.is_automatic)
    return comment.id


async def _open(scene: _Scene, place: Place) -> Conclusion:
    inside = _passed_on(scene)
    if inside:
        opened, comment_id = await _open_for_another(scene, inside)
    else:
        understood = scene.arrival.understood
        words = _words(understood, await _store(scene, scene.writer.actor), with_signature=True)
        subject = understood.mail.subject
        opened, comment_id = await _open_ticket(scene, place, scene.writer, words, subject)
    if place.older and place.relation:
        await tickets.relate(scene.tx, opened, place.older, place.relation)
    return Conclusion(ticket_id=opened.id, comment_id=comment_id)


def _passed_on(scene: _Scene) -> Forwarded | None:
    """A customer's mail that an agent sends on to us. Not where the agent's domain says that the agent didn't."""
    is_disproved = scene.arrival.verdict.authentication.dmarc == "fail"
    if not scene.writer.actor.is_agent or is_disproved or scene.is_automatic:
        return None
    inside = forwarded(scene.arrival.understood.mail)
    if inside is None or is_ours(inside.sender.email, scene.ours):
        return None
    return inside if agents.may_pass_on(scene.writer.actor, inside.note) else None


async def _open_for_another(scene: _Scene, inside: Forwarded) -> tuple[Ticket, UUID]:
    """The requester is who wrote the mail inside; what the agent wrote above it is a note of theirs."""
    mail = scene.arrival.understood.mail
    sender = await writer(scene.tx, inside.sender, is_proved=False)
    files = mail.attachments if inside.attachments is None else inside.attachments
    inner = understood_of(
        msgspec.structs.replace(mail, text=inside.text, html=inside.html, attachments=files, sender=inside.sender)
    )
    words = _words(inner, await _store(scene, sender.actor, inner), with_signature=True)
    opened, comment_id = await _open_ticket(scene, Place(), sender, words, inside.subject)
    note = understood_of(msgspec.structs.replace(mail, text=inside.note, html=None)).text if inside.note else ""
    if note.strip():
        held = await tickets.hold(scene.tx, opened.id, seen_by=sender.actor)
        await tickets.note(
            scene.tx, held, Words(note[: tickets.LONGEST_TEXT]), by=scene.writer.actor, source=Source.EMAIL
        )
    return opened, comment_id


async def _open_ticket(
    scene: _Scene, place: Place, requester: Writer, words: Words, subject: str
) -> tuple[Ticket, UUID]:
    tx = scene.tx
    passed_on = requester is not scene.writer
    others = (
        []
        if scene.is_automatic or passed_on
        else await others_on(tx, scene.arrival.understood.mail, scene.ours | {requester.user.email})
    )
    opened = await tickets.open(
        tx,
        tickets.Opening(
            subject=subject or _NO_SUBJECT,
            words=words,
            requester_id=requester.user.id,
            source=Source.EMAIL,
            department_id=_department(scene, place),
            participant_ids=[user.id for user in others],
            automatic=scene.is_automatic,
        ),
        by=requester.actor,
    )
    comment_id = next(fact.comment_id for fact in reversed(tx.facts) if isinstance(fact, tickets.TicketOpened))
    return opened, comment_id


def _department(scene: _Scene, place: Place) -> UUID | None:
    inherited = place.older.department_id if place.older and place.relation is Relation.FOLLOW_UP else None
    return inherited or scene.arrival.entry.department_id


async def _store(scene: _Scene, by: Actor, understood: Understood | None = None) -> Sequence[UUID]:
    """The attachments, kept for the comment to come; what the organization's limits keep out stays in the original."""
    verdict = scene.arrival.verdict
    files = (understood or scene.arrival.understood).mail.attachments
    # What was judged are the outer mail's files; those of a mail inside are looked at by their own place in it.
    judged = {id(file): number for number, file in enumerate(scene.arrival.understood.mail.attachments)}
    kept = [(judged.get(id(file)), file) for file in files]
    uploads = [
        tickets.Upload(
            file.name,
            file.content_type,
            file.content,
            file.content_id if file.inline else None,
            warning=verdict.warnings[number] if number is not None and number < len(verdict.warnings) else None,
        )
        for number, file in kept
        if number is None or number not in verdict.dropped
    ]
    blobs = scene.installation.blobs
    return [
        (await tickets.store_attachment(scene.tx, blobs, upload, by=by)).id for upload in uploads[:_MOST_ATTACHMENTS]
    ]


def _words(understood: Understood, attachment_ids: Sequence[UUID], *, with_signature: bool = False) -> Words:
    # The first mail's signature often holds a telephone number; later ones only repeat it.
    signature = understood.signature
    pieces = [understood.text, signature] if with_signature and signature else [understood.text]
    below = [piece for piece in ("" if with_signature else signature, understood.quoted_text) if piece]
    return Words(
        text="\n\n".join(pieces)[: tickets.LONGEST_TEXT],
        html=understood.markup,
        attachment_ids=attachment_ids,
        quoted_text="\n\n".join(below) or None,
    )
