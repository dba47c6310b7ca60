"""How each mailbox is: when it was last heard, how far behind it is, and who must be told."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

from parlour.email.mailboxes import Kind
from parlour.email.sources.events import MailboxFailing, MailboxRecovered
from parlour.email.sources.troubles import Step, Trouble
from parlour.foundation import clock
from parlour.foundation.database import Transaction
from parlour.foundation.installation import Installation

# A mail server is away for a moment every few weeks: that is nobody's business.
_SHORT_TROUBLE: Final = timedelta(minutes=3)
_UNHEARD: Final = timedelta(minutes=5)
# So many mails in the same hours of both weeks before, and none now, is no accident.
_USUAL: Final = 10
_WEEK: Final = timedelta(days=7)
_LONGEST_SILENCE: Final = timedelta(days=3)
_LASTING: Final = frozenset({Step.LOGIN, Step.TOKEN, Step.FOLDER})


class State(StrEnum):
    """In a word."""

    WELL = "WELL"
    WAITING = "WAITING"
    """It was set up a moment ago and nobody has read it yet."""
    FAILING = "FAILING"
    SILENT = "SILENT"
    OFF = "OFF"


class Health(msgspec.Struct, frozen=True):
    """`words` and `advice` are there where something is wrong; `behind` counts messages not brought in yet."""

    state: State
    seen_at: datetime | None
    last_mail_at: datetime | None
    behind: int
    failures: int
    failing_since: datetime | None
    words: str | None
    advice: str | None


class _Seen(msgspec.Struct, frozen=True):
    mailbox_id: UUID
    kind: Kind
    is_active: bool
    changed_long_ago: bool
    seen_at: datetime | None
    last_mail_at: datetime | None
    behind: int
    failures: int
    failing_since: datetime | None
    trouble: str | None
    words: str | None
    advice: str | None
    alerted_at: datetime | None


async def mailbox_health(tx: Transaction) -> dict[UUID, Health]:
    """Of all mailboxes."""
    found = await tx.all(_Seen, _SEEN, long_ago=clock.now() - _UNHEARD)
    return {seen.mailbox_id: await _health(tx, seen) for seen in found}


async def watch_mailboxes(installation: Installation) -> None:
    """Look at every mailbox of every organization; what is wrong, or well again, becomes a fact once."""
    for organization_id in await installation.database.doorways.organizations_with_mailboxes():
        async with installation.database.transaction(organization_id) as tx:
            for seen in await tx.all(_Seen, f"{_SEEN} order by m.id", long_ago=clock.now() - _UNHEARD):
                await _tell(tx, seen, await _health(tx, seen))


async def _health(tx: Transaction, seen: _Seen) -> Health:
    state, words, advice = State.WELL, seen.words, seen.advice
    if not seen.is_active:
        state = State.OFF
    elif seen.failing_since:
        state = State.FAILING
    elif seen.kind is Kind.IMAP and (seen.seen_at is None or clock.now() - seen.seen_at > _UNHEARD):
        state = State.FAILING if seen.changed_long_ago else State.WAITING
        trouble = Trouble(Step.CONNECTION, "No worker has read this mailbox lately.", "Check that a worker runs.")
        words, advice = (trouble.words, trouble.advice) if state is State.FAILING else (None, None)
    elif usual := await _missed(tx, seen):
        state = State.SILENT
        trouble = Trouble(
            Step.SILENCE,
            f"No mail has come since {seen.last_mail_at:%d %B %H:%M} UTC; there were {usual} or more in the same hours "
            "of each of the last two weeks.",
        )
        words, advice = trouble.words, trouble.advice
    is_wrong = state in (State.FAILING, State.SILENT)
    return Health(
        state=state,
        seen_at=seen.seen_at,
        last_mail_at=seen.last_mail_at,
        behind=seen.behind,
        failures=seen.failures,
        failing_since=seen.failing_since,
        words=words if is_wrong else None,
        advice=advice if is_wrong else None,
    )


async def _missed(tx: Transaction, seen: _Seen) -> int:
    """How many mails came in the same hours of each of the last two weeks, where that says something; else 0."""
    now = clock.now()
    if seen.last_mail_at is None or now - seen.last_mail_at > _LONGEST_SILENCE:
        return 0
    counts = [
        await tx.value(
            """
            select count(*) from (
                select 1 from inbound_messages
                where mailbox_id = %(id)s and received_at > %(since)s and received_at <= %(until)s
                limit %(usual)s
            ) mails
            """,
            id=seen.mailbox_id,
            since=seen.last_mail_at - _WEEK * weeks,
            until=now - _WEEK * weeks,
            usual=_USUAL,
        )
        for weeks in (1, 2)
    ]
    return _USUAL if min(counts) >= _USUAL else 0


async def _tell(tx: Transaction, seen: _Seen, health: Health) -> None:
    is_wrong = health.state is State.SILENT or (health.state is State.FAILING and _is_lasting(seen))
    if is_wrong and seen.alerted_at is None:
        at = clock.now()
        await tx.run(_ALERT, id=seen.mailbox_id, at=at, words=health.words, advice=health.advice)
        tx.record(MailboxFailing(actor_id=None, mailbox_id=seen.mailbox_id, occasion=_occasion(at)))
    elif seen.alerted_at and health.state in (State.WELL, State.OFF):
        await tx.run("update mailbox_states set alerted_at = null where mailbox_id = %(id)s", id=seen.mailbox_id)
        if health.state is State.WELL:
            occasion = _occasion(seen.alerted_at)
            tx.record(MailboxRecovered(actor_id=None, mailbox_id=seen.mailbox_id, occasion=occasion))


def _is_lasting(seen: _Seen) -> bool:
    if seen.failing_since is None:
        return True
    # What somebody must mend is told at once, what may mend itself after a while.
    return seen.trouble in _LASTING or clock.now() - seen.failing_since > _SHORT_TROUBLE


def _occasion(at: datetime) -> int:
    return int(at.timestamp()) // 60


_SEEN: Final = """
    select m.id as mailbox_id, m.kind, m.is_active, m.created_at < %(long_ago)s as changed_long_ago, s.seen_at,
        (
            select i.received_at from inbound_messages i
            where i.organization_id = m.organization_id and i.mailbox_id = m.id
            order by i.received_at desc limit 1
        ) as last_mail_at,
        coalesce(s.behind, 0) as behind, coalesce(s.failures, 0) as failures, s.failing_since, s.trouble, s.words,
        s.advice, s.alerted_at
    from mailboxes m
    left join mailbox_states s on s.organization_id = m.organization_id and s.mailbox_id = m.id
    where m.removed_at is null
"""
_ALERT: Final = """
    insert into mailbox_states (organization_id, mailbox_id, alerted_at, words, advice)
    values (current_organization(), %(id)s, %(at)s, %(words)s, %(advice)s)
    on conflict (organization_id, mailbox_id)
    do update set alerted_at = excluded.alerted_at, words = excluded.words, advice = excluded.advice
"""
