"""An agent's answer, as every door gives it: read before it is sent, said now or later, frozen with its recipients."""

from datetime import datetime, timedelta
from typing import Final

import msgspec

from parlour import tickets
from parlour.email.sending.holding import keep_back
from parlour.email.sending.preparing import prepare_reply
from parlour.email.sending.recipients import Recipients
from parlour.foundation import clock
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Invalid
from parlour.people import Actor
from parlour.tickets import Changes, Comment, Seen, Source, Status, Ticket, Words

_FURTHEST: Final = timedelta(days=366)


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """How an answer goes out.

    Without recipients it goes to those of `recipients_for`; with `send_at` it is held back until then, and with
    `unless_answered` not said at all if the customer writes before. `status` is where the ticket stands once it is
    said; `seen` is what its writer had before their eyes.
    """

    recipients: Recipients | None = None
    send_at: datetime | None = None
    unless_answered: bool = False
    status: Status | None = None
    seen: Seen | None = None


async def answer(tx: Transaction, ticket: Ticket, words: Words, way: Way, *, by: Actor, source: Source) -> Comment:
    """Reply on a held ticket, and freeze its mail.

    Raises `SomebodyWrote` where a newer public comment was not seen, `Invalid` where words, recipients or moment won't
    do.
    """
    if way.seen:
        await tickets.check_seen(tx, ticket, way.seen, by=by)
    if way.send_at and way.send_at > clock.now():
        if way.send_at - clock.now() > _FURTHEST:
            raise Invalid(details={"sendAt": "A reply is sent within a year."})
        comment = await tickets.hold_reply(tx, ticket, words, by=by, source=source)
        await prepare_reply(tx, ticket, comment, way.recipients, by=by)
        await keep_back(tx, comment, way.send_at, way.status, unless_answered=way.unless_answered)
        return comment
    comment = await tickets.reply(tx, ticket, words, by=by, source=source)
    await prepare_reply(tx, ticket, comment, way.recipients, by=by)
    if way.status:
        # Read again, because the reply has moved the version.
        held = await tickets.hold(tx, ticket.id, seen_by=by)
        await tickets.change(tx, held, Changes(status=way.status), by=by)
    return comment
