"""A mail of ours that has gone out, written down by hand."""

from uuid import UUID

import msgspec

from parlour import tickets
from parlour.foundation import clock, ids
from parlour.tickets import Ticket, Words
from tests.email.post import Post


class Sent(msgspec.Struct):
    state: str
    last_error: str | None
    refusals: dict[str, str]


async def send(post: Post, ticket: Ticket, message_id: str, *to: str) -> UUID:
    """A reply of Bob's that the next server has taken. Its comment."""
    company = post.company
    async with company.database.transaction(company.organization_id) as tx:
        held = await tickets.hold(tx, ticket.id, seen_by=company.bob)
        comment = await tickets.reply(tx, held, Words("We have found it."), by=company.bob, source=tickets.Source.API)
        await tx.run(
            """
            insert into outbound_messages
                (organization_id, id, ticket_id, comment_id, mailbox_id, envelope_sender, to_addresses, cc_addresses,
                 subject, message_id, reference_ids, blob_key, state, next_attempt_at, created_at, sent_at)
            values
                (current_organization(), %(id)s, %(ticket_id)s, %(comment_id)s, %(mailbox_id)s, %(sender)s, %(to)s,
                 '{}', 'Re: Grinder', %(message_id)s, '{}', 'x', 'SENT', %(now)s, %(now)s, %(now)s)
            """,
            id=ids.new(),
            ticket_id=ticket.id,
            comment_id=comment.id,
            mailbox_id=post.mailbox.id,
            sender=post.reply_address(ticket),
            to=list(to),
            message_id=message_id,
            now=clock.now(),
        )
    return comment.id


async def sent(post: Post, comment_id: UUID) -> Sent:
    company = post.company
    async with company.database.reading(company.organization_id) as tx:
        return await tx.one(
            Sent,
            "select state, last_error, refusals from outbound_messages where comment_id = %(id)s",
            id=comment_id,
        )


async def mail_state(post: Post, address: str) -> str | None:
    company = post.company
    async with company.database.reading(company.organization_id) as tx:
        state: str | None = await tx.value("select mail_state from users where email = %(email)s", email=address)
        return state
