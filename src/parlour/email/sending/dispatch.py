"""Mails on their way: sent, tried again with growing patience, until the servers have taken or refused them."""

import asyncio
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from psycopg import OperationalError
from psycopg.types.json import Jsonb

from parlour import tickets
from parlour.email.events import ReplyNotSent, ReplySent
from parlour.email.sending.finishing import finish
from parlour.email.sending.outgoing import server_for
from parlour.email.sending.posting import NotTaken, Parcel, Report, leave_in_outbox, post
from parlour.email.sending.preparing import prepared
from parlour.email.sending.relays import RELAYS, Busy, Relay
from parlour.email.sending.states import SendingState
from parlour.email.sources import Trouble
from parlour.email.threading import overseer
from parlour.foundation import clock
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Unavailable
from parlour.foundation.installation import Installation
from parlour.foundation.jobs import TryAgain, outward

_WAITS: Final = tuple(timedelta(seconds=s) for s in (5, 15, 60, 180, 600, 1200, 1800, 3600))
_PATIENCE: Final = timedelta(hours=48)
_DOUBTS: Final = 5
"""Attempts whose answer was lost. Each may have been one more copy, so there is an end to them."""
_IN_DOUBT: Final = "The mail server took it and did not confirm it; it may have arrived. Its last words: "
_OVERDUE: Final = timedelta(minutes=2)
_TROUBLE_WAIT: Final = timedelta(minutes=1)


class _Claimed(msgspec.Struct, frozen=True):
    id: UUID
    mailbox_id: UUID
    envelope_sender: str
    recipients: list[str]
    taken_addresses: list[str]
    refusals: dict[str, str]
    blob_key: str
    attempts: int
    doubtful_attempts: int
    created_at: datetime
    ticket_id: UUID
    comment_id: UUID | None


class _Late(msgspec.Struct, frozen=True):
    state: SendingState
    ticket_id: UUID
    comment_id: UUID | None


@outward
async def send_reply(installation: Installation, organization_id: UUID, *, fact: tickets.AgentReplied) -> None:
    """Job: an agent's public reply goes to the people outside. However often it runs, it is one mail.

    It is sent once, except where a server's acknowledgement itself was lost: then the same bytes go again, under the
    same Message-ID, five times at most.
    """
    message_id = await prepared(installation, organization_id, fact.comment_id)
    if message_id:
        await send(installation, organization_id, message_id=message_id)


@outward
async def send(installation: Installation, organization_id: UUID, *, message_id: UUID) -> None:
    """Job: a prepared mail goes out, now or when its time has come."""
    await finish(installation, organization_id, message_id)
    try:
        server = await server_for(installation, organization_id, message_id)
    except Trouble as trouble:
        await _postpone(installation, organization_id, message_id, Busy(_TROUBLE_WAIT, trouble.words))
        return
    if server is None:
        await _attempt(installation, organization_id, message_id, None)
        return
    relay = RELAYS.of(server, installation.settings.sending_concurrency)
    try:
        async with relay.turn():
            await _attempt(installation, organization_id, message_id, relay)
    except Busy as busy:
        await _postpone(installation, organization_id, message_id, busy)


async def resume_mail(installation: Installation) -> None:
    """Look for mails whose job was lost: what is due for minutes gets a new one."""
    before = clock.now() - _OVERDUE
    for organization_id in await installation.database.doorways.organizations_with_mail_due(before):
        async with installation.database.transaction(organization_id) as tx:
            for message_id in await tx.values(_OVERDUE_MAILS, before=before):
                tx.queue(send, message_id=message_id)


async def _attempt(installation: Installation, organization_id: UUID, message_id: UUID, relay: Relay | None) -> None:
    limit = installation.settings.mail_send_seconds
    async with installation.database.transaction(organization_id) as tx:
        claimed = await _claim(tx, message_id, timedelta(seconds=2 * limit))
        wait = None if claimed else await _until_next_attempt(tx, message_id)
    if claimed is None:
        if wait is not None:
            raise TryAgain(after=max(wait, timedelta(seconds=1)))
        return
    raw = await installation.blobs.get(claimed.blob_key)
    parcel = Parcel(claimed.id, claimed.envelope_sender, claimed.recipients, raw)
    try:
        report = await post(relay, parcel, limit) if relay else await leave_in_outbox(installation.settings, parcel)
    except NotTaken as answer:
        if relay and answer.is_servers_fault:
            relay.failed(answer.words)
        await _not_taken(installation, organization_id, claimed, answer)
        return
    if relay:
        relay.worked()
    await _taken(installation, organization_id, claimed, report)


async def _taken(installation: Installation, organization_id: UUID, claimed: _Claimed, report: Report) -> None:
    """The server has answered: that must not be forgotten because the database is away for a moment."""
    until = clock.now() + timedelta(seconds=installation.settings.mail_send_seconds)
    while True:
        try:
            again = await _write_report(installation, organization_id, claimed, report)
            break
        except (Unavailable, OperationalError):
            if clock.now() > until:
                raise
            await asyncio.sleep(0.2)
    if again:
        raise TryAgain(after=again)


async def _write_report(
    installation: Installation, organization_id: UUID, claimed: _Claimed, report: Report
) -> timedelta | None:
    taken = [*claimed.taken_addresses, *report.taken]
    said = claimed.refusals | dict(report.refused) | dict(report.waiting)
    refusals = {who: words for who, words in said.items() if who not in taken}
    is_over = not report.waiting or clock.now() - claimed.created_at > _PATIENCE
    wait = _wait_after(claimed)
    state = SendingState.QUEUED
    if is_over:
        state = SendingState.SENT if taken else SendingState.FAILED
    async with installation.database.transaction(organization_id) as tx:
        await tx.run(
            _REPORTED,
            id=claimed.id,
            state=state,
            taken=taken,
            refusals=Jsonb(refusals),
            last_error="; ".join(f"{who}: {words}" for who, words in refusals.items())[:1000] or None,
            next_attempt_at=clock.now() + wait,
            sent_at=clock.now() if taken else None,
        )
        await _tell(tx, claimed.ticket_id, claimed.comment_id, state)
    return None if is_over else wait


async def _not_taken(installation: Installation, organization_id: UUID, claimed: _Claimed, answer: NotTaken) -> None:
    doubts = claimed.doubtful_attempts + answer.in_doubt
    is_over = answer.for_good or doubts >= _DOUBTS or clock.now() - claimed.created_at > _PATIENCE
    wait = _wait_after(claimed)
    state = SendingState.QUEUED
    if is_over:
        # What others of its recipients got was sent.
        state = SendingState.SENT if claimed.taken_addresses else SendingState.FAILED
    words = f"{_IN_DOUBT}{answer.words}" if answer.in_doubt else answer.words
    async with installation.database.transaction(organization_id) as tx:
        await tx.run(
            _NOT_SENT,
            id=claimed.id,
            state=state,
            last_error=words[:1000],
            next_attempt_at=clock.now() + wait,
            doubts=doubts,
        )
        await _tell(tx, claimed.ticket_id, claimed.comment_id, state)
    if not is_over:
        raise TryAgain(after=wait)


async def _postpone(installation: Installation, organization_id: UUID, message_id: UUID, busy: Busy) -> None:
    """It is not this mail's turn. While its server is down the comment says so, until nobody is waiting any more."""
    if busy.words:
        async with installation.database.transaction(organization_id) as tx:
            oldest = clock.now() - _PATIENCE
            late = await tx.maybe(_Late, _WAITS_FOR_SERVER, id=message_id, words=busy.words[:1000], oldest=oldest)
            if late is None:
                return
            if late.state is SendingState.FAILED:
                await _tell(tx, late.ticket_id, late.comment_id, late.state)
                return
    raise TryAgain(after=busy.wait)


async def _claim(tx: Transaction, message_id: UUID, lease: timedelta) -> _Claimed | None:
    # Committed before a word is said to the server: two runs of the job never send at once. After the lease, longer
    # than an attempt can take, whoever was sending is dead.
    return await tx.maybe(
        _Claimed,
        """
        update outbound_messages
        set state = 'SENDING', attempts = attempts + 1, next_attempt_at = %(lease_ends_at)s
        where id = %(id)s and state in ('QUEUED', 'SENDING') and next_attempt_at <= %(now)s
            and composed_at is not null
            and not exists (select 1 from held_replies h where h.comment_id = outbound_messages.comment_id)
        returning id, mailbox_id, envelope_sender,
            array(
                select one from unnest(to_addresses || cc_addresses || bcc_addresses) with ordinality all_of(one, place)
                where one <> all (taken_addresses) and (not refusals ? one or refusals ->> one like '4%%')
                order by place
            ) as recipients,
            taken_addresses, refusals, blob_key, attempts, doubtful_attempts, created_at, ticket_id, comment_id
        """,
        id=message_id,
        now=clock.now(),
        lease_ends_at=clock.now() + lease,
    )


async def _until_next_attempt(tx: Transaction, message_id: UUID) -> timedelta | None:
    """None where it is over: sent, given up, or cancelled."""
    at: datetime | None = await tx.value(
        "select next_attempt_at from outbound_messages where id = %(id)s and state in ('QUEUED', 'SENDING')",
        id=message_id,
    )
    return at - clock.now() if at else None


def _wait_after(claimed: _Claimed) -> timedelta:
    return _WAITS[min(claimed.attempts, len(_WAITS)) - 1]


async def _tell(tx: Transaction, ticket_id: UUID, comment_id: UUID | None, state: SendingState) -> None:
    if comment_id is None or state is SendingState.QUEUED:
        return
    ticket = await tickets.find(tx, ticket_id, seen_by=overseer(tx.organization_id))
    fact = ReplySent if state is SendingState.SENT else ReplyNotSent
    tx.record(fact(**tickets.about(ticket, None), comment_id=comment_id))


_REPORTED: Final = """
    update outbound_messages
    set state = %(state)s, sent_at = coalesce(sent_at, %(sent_at)s), taken_addresses = %(taken)s,
        refusals = %(refusals)s, last_error = %(last_error)s, next_attempt_at = %(next_attempt_at)s
    where id = %(id)s
"""
_NOT_SENT: Final = """
    update outbound_messages
    set state = %(state)s, last_error = %(last_error)s, next_attempt_at = %(next_attempt_at)s,
        doubtful_attempts = %(doubts)s
    where id = %(id)s
"""
_WAITS_FOR_SERVER: Final = """
    update outbound_messages
    set last_error = %(words)s,
        state = case when state = 'QUEUED' and created_at < %(oldest)s then 'FAILED' else state end
    where id = %(id)s and state in ('QUEUED', 'SENDING')
    returning state, ticket_id, comment_id
"""
_OVERDUE_MAILS: Final = """
    select m.id
    from outbound_messages m
    where m.state in ('QUEUED', 'SENDING') and m.next_attempt_at <= %(before)s
        and not exists (select 1 from held_replies h where h.comment_id = m.comment_id)
    order by m.next_attempt_at
    limit 1000
"""
