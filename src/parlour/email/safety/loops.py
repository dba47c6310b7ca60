"""Guards against mail that answers mail without end. What is over a limit is recorded, never lost."""

import hashlib
import re
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from parlour.foundation import clock
from parlour.foundation.database import Transaction

log = structlog.get_logger()

TEN_MINUTES: Final = timedelta(minutes=10)
"""What an organization's own limit counts within."""

_PER_TICKET: Final = 60
_AUTOMATIC_PER_TICKET: Final = 10
_TICKET_WINDOW: Final = timedelta(minutes=10)
_AUTOMATIC_WINDOW: Final = timedelta(hours=1)
_OLDEST: Final = timedelta(days=30)
_CLOCKS_APART: Final = 60.0
_LIMIT: Final = re.compile(r"(\d{1,6})\s*/\s*(\d{0,4})\s*minutes?")


class Limit(msgspec.Struct, frozen=True):
    """So many within such a time."""

    count: int
    window: timedelta


def limit_of(written: str) -> Limit | None:
    """`100/10 minutes`; None for `off`. Raises `ValueError` where it is neither."""
    if written.strip().lower() == "off":
        return None
    found = _LIMIT.fullmatch(written.strip().lower())
    if not found:
        raise ValueError(f"{written!r} is no limit; write it like 100/10 minutes, or off.")
    return Limit(int(found[1]), timedelta(minutes=int(found[2] or 1)))


class Passage(msgspec.Struct, frozen=True):
    """One mail of one sender. `sent_at` is what the mail says."""

    organization_id: UUID
    entry_id: UUID
    sender: str
    sent_at: datetime | None


async def too_many_from(cache: Redis, passage: Passage, limit: Limit) -> str | None:
    """Why this mail is one too many of its sender's; counted in the cache, so that all workers agree.

    A mail that is looked at twice counts once. Without a cache nothing is held back.
    """
    # After an outage a week's mail comes at once; what the mails say of themselves tells that from a loop.
    at = _moment(passage.sent_at)
    since = at - limit.window.total_seconds()
    name = hashlib.sha256(passage.sender.encode()).hexdigest()[:32]
    key = f"mail:from:{passage.organization_id}:{name}"
    try:
        async with cache.pipeline(transaction=True) as pipeline:
            pipeline.zadd(key, {str(passage.entry_id): at}, nx=True)
            pipeline.zcount(key, since, at + _CLOCKS_APART)
            pipeline.zremrangebyscore(key, "-inf", clock.now().timestamp() - _OLDEST.total_seconds())
            pipeline.zremrangebyrank(key, 0, -5 * limit.count - 1)
            pipeline.expire(key, int(_OLDEST.total_seconds()))
            _, count, *_ = await pipeline.execute()
    except (RedisError, OSError) as failure:
        log.warning("mails of a sender not counted", error=str(failure))
        return None
    if count <= limit.count:
        return None
    minutes = int(limit.window.total_seconds() // 60)
    return f"More than {limit.count} mails from {passage.sender} within {minutes} minutes: this looks like a loop."


async def too_many_on(tx: Transaction, ticket_id: UUID, *, automatic: bool) -> str | None:
    """Why this mail is one too many on its ticket. Asked while the ticket is held, so that all workers agree."""
    most, window = (_AUTOMATIC_PER_TICKET, _AUTOMATIC_WINDOW) if automatic else (_PER_TICKET, _TICKET_WINDOW)
    count: int = await tx.value(
        """
        select count(*) from inbound_messages
        where ticket_id = %(ticket_id)s and received_at > %(since)s and outcome = 'ADMITTED'
            and (automatic in ('VACATION', 'NOTICE') or not %(automatic)s)
        """,
        ticket_id=ticket_id,
        since=clock.now() - window,
        automatic=automatic,
    )
    if count < most:
        return None
    minutes = int(window.total_seconds() // 60)
    kind = "automatic mails" if automatic else "mails"
    return f"More than {most} {kind} on this ticket within {minutes} minutes: this looks like a loop."


def _moment(sent_at: datetime | None) -> float:
    now = clock.now()
    is_believable = sent_at is not None and now - _OLDEST < sent_at < now
    return (sent_at if is_believable and sent_at else now).timestamp()
