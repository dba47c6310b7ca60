"""An agent's mail on somebody's ticket: what their role and their departments let them do in the dashboard, no more."""

from uuid import UUID

import msgspec

from parlour import tickets
from parlour.email.agents.commands import carry_out, read_orders
from parlour.email.sending import prepare_reply
from parlour.foundation.database import Transaction
from parlour.people import Actor, Permission
from parlour.tickets import Source, Ticket, Words

_KEPT_AS_NOTE = "This was not sent to the customer: {name} may write notes, but not answer customers."


async def may_write(tx: Transaction, ticket: Ticket, text: str, *, by: Actor, is_trusted: bool) -> bool:
    """Whether anything of these words could be put on the ticket by them. A mail of orders needs no word of its own."""
    if not await tickets.is_seen(tx, ticket.id, seen_by=by):
        return False
    orders = read_orders(text)
    if not is_trusted or orders.is_note:
        return by.may(Permission.WRITE_NOTES)
    if orders.commands and not orders.text.strip():
        return by.may(Permission.CHANGE_TICKETS)
    return by.may(Permission.REPLY_TO_TICKETS) or by.may(Permission.WRITE_NOTES)


def may_pass_on(by: Actor, note: str) -> bool:
    """Whether they may open a customer's ticket of a mail they send on, with a note of their own on it."""
    return by.may(Permission.OPEN_TICKETS) and (not note.strip() or by.may(Permission.WRITE_NOTES))


async def write(tx: Transaction, ticket: Ticket, words: Words, *, by: Actor, is_trusted: bool) -> UUID | None:
    """The words, and what is ordered above them, on a held ticket where they `may_write`.

    Anyone can write an agent's address into From: until it can be trusted, it stays among agents and orders nothing.
    """
    if not is_trusted:
        return (await tickets.note(tx, ticket, words, by=by, source=Source.EMAIL)).id
    orders = read_orders(words.text)
    if orders.commands or orders.is_note:
        words = msgspec.structs.replace(words, text=orders.text, html=None)
    comment_id, complaints = None, []
    if words.text.strip() or words.attachment_ids:
        is_kept_back = not orders.is_note and not by.may(Permission.REPLY_TO_TICKETS)
        complaints += [_KEPT_AS_NOTE.format(name=by.name)] if is_kept_back else []
        comment_id = await _say(tx, ticket, words, by, is_note=orders.is_note or is_kept_back)
    held = await tickets.hold(tx, ticket.id, seen_by=by)
    complaints += await carry_out(tx, held, orders.commands, by=by)
    if complaints:
        await tickets.note(tx, held, Words("\n".join(complaints)), by=by, source=Source.EMAIL)
    return comment_id


async def _say(tx: Transaction, ticket: Ticket, words: Words, by: Actor, *, is_note: bool) -> UUID:
    if is_note:
        return (await tickets.note(tx, ticket, words, by=by, source=Source.EMAIL)).id
    comment = await tickets.reply(tx, ticket, words, by=by, source=Source.EMAIL)
    await prepare_reply(tx, ticket, comment, None, by=by)
    return comment.id
