"""What the composer of a ticket begins with: whom a reply would go to, and what this agent left unsent."""

from typing import Final

import msgspec

from parlour import email, tickets
from parlour.email import Address
from parlour.foundation.database import Transaction
from parlour.people import Actor
from parlour.tickets import Comment, Draft, DraftRecipients, Seen, Ticket

_MOST_SHOWN: Final = 5


class Composing(msgspec.Struct, frozen=True):
    """The composer, filled in.

    `everyone` is whom a reply goes to unless its writer says otherwise, `written` whom this one is for; `known` is
    what there is to say of each of them; `newer` came since the draft began.
    """

    draft: Draft | None
    everyone: DraftRecipients
    written: DraftRecipients
    known: list[email.Introduced]
    newer: list[Comment]


async def composing(tx: Transaction, ticket: Ticket, *, by: Actor) -> Composing:
    draft = await tickets.draft_of(tx, ticket, by=by)
    usual = await email.recipients_for(tx, ticket, by=by.user_id)
    everyone = as_typed(usual)
    written = draft.recipients if draft and draft.recipients else everyone
    named = [*usual.everyone, *(one for line in (written.to, written.cc, written.bcc) for one in _typed(line))]
    known = await email.introduced(tx, ticket.id, list({one.email: one for one in named}.values()))
    return Composing(draft, everyone, written, known, await _newer(tx, ticket, draft, by))


async def comments_newer(tx: Transaction, ticket: Ticket, seen: Seen, *, by: Actor) -> list[Comment]:
    """What others said publicly since, from old to new."""
    ids = await tickets.unseen(tx, ticket, seen, by=by)
    return [await tickets.find_comment(tx, comment_id, seen_by=by) for comment_id in ids[-_MOST_SHOWN:]]


def as_typed(recipients: email.Recipients) -> DraftRecipients:
    """As a person would type it: `Carol <carol@example.com>, dave@example.com`."""
    return DraftRecipients(*(", ".join(map(_written, kind)) for kind in (recipients.to, recipients.cc, recipients.bcc)))


async def _newer(tx: Transaction, ticket: Ticket, draft: Draft | None, by: Actor) -> list[Comment]:
    if draft is None or draft.kind is not tickets.DraftKind.REPLY or draft.seen_comment_id is None:
        return []
    return await comments_newer(tx, ticket, Seen(comment_id=draft.seen_comment_id), by=by)


def _typed(line: str) -> list[Address]:
    return [Address(one.email.lower(), one.name) for one in email.typed_addresses(line)]


def _written(one: Address) -> str:
    if not one.name:
        return one.email
    name = one.name.replace('"', "").replace("<", "").replace(">", "")
    return f'"{name}" <{one.email}>' if set(name) & set(",;") else f"{name} <{one.email}>"
