"""A bounce, brought home: to the mail that caused it, its comment, and the address that can't be reached."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec
from psycopg.types.json import Jsonb

from parlour import tickets
from parlour.email.addresses import number_in
from parlour.email.events import ReplyBounced
from parlour.email.ledger import Entry
from parlour.email.safety.verdicts import Bounce, Kind
from parlour.email.threading import overseer
from parlour.foundation import clock
from parlour.foundation.crypto import Signer
from parlour.foundation.database import Transaction
from parlour.foundation.errors import NotFound

_LONGEST_WORDS: Final = 500


class Bounced(msgspec.Struct, frozen=True):
    """Which comment's mail came back, where it is known, and the sentence for the ledger."""

    ticket_id: UUID | None
    comment_id: UUID | None
    reason: str


class _Sent(msgspec.Struct, frozen=True):
    id: UUID
    ticket_id: UUID
    comment_id: UUID | None
    recipients: list[str]
    state: str


async def record_bounce(tx: Transaction, signer: Signer, entry: Entry, bounce: Bounce) -> Bounced:
    """Found by our Message-ID in what came back, by the signed address it was sent to, or by its recipient."""
    sent = (
        await _by_message_id(tx, bounce.returned_ids)
        or await _by_address(tx, signer, entry.envelope_recipients, bounce.recipients)
        or await _by_recipient(tx, bounce.recipients)
    )
    if sent is None:
        return Bounced(None, None, f"A delivery report about a mail that is none of ours: {_words(bounce)}")
    # A stranger may write a report about anybody: only those the mail went to are believed to be unreachable.
    failed = [address for address in bounce.recipients if address in sent.recipients]
    failed = failed or (sent.recipients if len(sent.recipients) == 1 else [])
    if bounce.kind in (Kind.PERMANENT, Kind.TEMPORARY):
        await _came_back(tx, sent, failed, bounce)
    elif bounce.kind is Kind.DELAYED:
        await _is_late(tx, sent, bounce)
    return Bounced(sent.ticket_id, sent.comment_id, f"{_SAYS[bounce.kind]} {_words(bounce)}".strip())


async def heard_from(tx: Transaction, user_id: UUID) -> None:
    """Somebody wrote: whatever came back before, the address is in use."""
    await tx.run(
        """
        update users set mail_state = null, mail_state_words = null, mail_state_at = null
        where id = %(id)s and mail_state is not null
        """,
        id=user_id,
    )


async def _came_back(tx: Transaction, sent: _Sent, failed: Sequence[str], bounce: Bounce) -> None:
    words = _words(bounce)
    await tx.run(
        """
        update outbound_messages
        set state = case when state = 'SENT' then 'BOUNCED' else state end,
            last_error = %(words)s, refusals = refusals || %(refusals)s
        where id = %(id)s
        """,
        id=sent.id,
        words=words,
        refusals=Jsonb(dict.fromkeys(failed, words)),
    )
    if bounce.kind is Kind.PERMANENT:
        await tx.run(
            """
            update users set mail_state = 'BOUNCING', mail_state_words = %(words)s, mail_state_at = %(at)s
            where email = any(%(failed)s)
            """,
            failed=list(failed),
            words=words,
            at=clock.now(),
        )
    if sent.comment_id and sent.state in ("SENT", "BOUNCED"):
        try:
            ticket = await tickets.find(tx, sent.ticket_id, seen_by=overseer(tx.organization_id))
        except NotFound:
            return
        tx.record(ReplyBounced(**tickets.about(ticket, None), comment_id=sent.comment_id))


async def _is_late(tx: Transaction, sent: _Sent, bounce: Bounce) -> None:
    await tx.run(
        "update outbound_messages set last_error = %(words)s where id = %(id)s and state = 'SENT'",
        id=sent.id,
        words=f"Delayed: {_words(bounce)}",
    )


async def _by_message_id(tx: Transaction, ids: Sequence[str]) -> _Sent | None:
    if not ids:
        return None
    return await tx.maybe(
        _Sent,
        f"""
        select {_COLUMNS} from outbound_messages m
        where message_id = any(%(ids)s)
        order by array_position(%(ids)s, message_id)
        limit 1
        """,
        ids=list(ids),
    )


async def _by_address(
    tx: Transaction, signer: Signer, addresses: Sequence[str], recipients: Sequence[str]
) -> _Sent | None:
    numbers = [number for address in addresses if (number := number_in(signer, tx.organization_id, address))]
    if not numbers:
        return None
    return await tx.maybe(
        _Sent,
        f"""
        select {_COLUMNS} from outbound_messages m
        where ticket_id = (select id from tickets where number = %(number)s) and state in ('SENT', 'BOUNCED')
        order by (to_addresses || cc_addresses || bcc_addresses) && %(recipients)s desc, id desc
        limit 1
        """,
        number=numbers[0],
        recipients=list(recipients),
    )


async def _by_recipient(tx: Transaction, recipients: Sequence[str]) -> _Sent | None:
    if not recipients:
        return None
    return await tx.maybe(
        _Sent,
        f"""
        select {_COLUMNS}
        from (select * from outbound_messages where state in ('SENT', 'BOUNCED') order by id desc limit 1000) m
        where (to_addresses || cc_addresses || bcc_addresses) && %(recipients)s
            and created_at > %(now)s::timestamptz - interval '5 days'
        order by id desc
        limit 1
        """,
        recipients=list(recipients),
        now=clock.now(),
    )


def _words(bounce: Bounce) -> str:
    return (bounce.words or bounce.status or "The server gave no reason.")[:_LONGEST_WORDS]


_COLUMNS: Final = (
    "m.id, m.ticket_id, m.comment_id, m.to_addresses || m.cc_addresses || m.bcc_addresses as recipients, m.state"
)
_SAYS: Final = {
    Kind.PERMANENT: "It could not be delivered:",
    Kind.TEMPORARY: "It was given up after many attempts:",
    Kind.DELAYED: "It is late, and still being tried:",
    Kind.DELIVERED: "It was delivered.",
}
