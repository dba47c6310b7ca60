"""Sending by hand: a reply that waits, at once; one that failed or came back, again."""

from uuid import UUID

from parlour import tickets
from parlour.email.mailboxes import mailbox_for
from parlour.email.sending import composing
from parlour.email.sending.dispatch import send
from parlour.email.sending.holding import send_held_now
from parlour.foundation import clock
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Conflict, NotFound


class NothingToSend(Conflict):
    """This reply has been sent, or is about to be. There is nothing to send again."""


async def send_now(tx: Transaction, ticket: tickets.Ticket, comment_id: UUID) -> None:
    """Send a held reply at once, or a failed or bounced one again, to those it did not reach. The ticket is held.

    Raises `NotFound` where it has no mail, `NothingToSend` where it is sent or on its way.
    """
    if await send_held_now(tx, ticket, comment_id):
        return
    await _give_a_mailbox(tx, ticket, comment_id)
    again: UUID | None = await tx.value(_AGAIN, comment_id=comment_id, ticket_id=ticket.id, now=clock.now())
    if again:
        tx.queue(send, message_id=again)
        return
    known = "select 1 from outbound_messages where comment_id = %(comment_id)s and ticket_id = %(ticket_id)s"
    if await tx.value(known, comment_id=comment_id, ticket_id=ticket.id) is None:
        raise NotFound()
    raise NothingToSend()


async def _give_a_mailbox(tx: Transaction, ticket: tickets.Ticket, comment_id: UUID) -> None:
    # A reply that had none to be sent from may go once there is one.
    mailbox = await mailbox_for(tx, ticket)
    if mailbox:
        await tx.run(
            """
            update outbound_messages
            set mailbox_id = %(mailbox_id)s, message_id = %(message_id)s
            where comment_id = %(comment_id)s and ticket_id = %(ticket_id)s and mailbox_id is null
            """,
            comment_id=comment_id,
            ticket_id=ticket.id,
            mailbox_id=mailbox.id,
            message_id=composing.message_id_for(comment_id, mailbox.address),
        )


_AGAIN = """
    update outbound_messages
    set state = 'QUEUED', next_attempt_at = %(now)s, created_at = %(now)s, attempts = 0, doubtful_attempts = 0,
        last_error = null, refusals = '{}',
        taken_addresses = array(select one from unnest(taken_addresses) one where not refusals ? one)
    where comment_id = %(comment_id)s and ticket_id = %(ticket_id)s and state in ('FAILED', 'BOUNCED')
        and mailbox_id is not null
    returning id
"""
