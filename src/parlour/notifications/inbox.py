"""Reading one's notifications."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from parlour.foundation import clock
from parlour.foundation.database import Transaction
from parlour.foundation.errors import NotFound
from parlour.people import Actor, Role
from parlour.tickets import tickets_seen_by

_COUNTED_UP_TO: Final = 100


class Notification(msgspec.Struct, frozen=True):
    """One line of the bell: which fact, about which ticket, mailbox, domain or token, and in which words."""

    id: UUID
    name: str
    ticket_id: UUID | None
    ticket_number: int | None
    ticket_subject: str | None
    actor_name: str | None
    created_at: datetime
    read_at: datetime | None
    mailbox_id: UUID | None
    mailbox: str | None
    words: str | None
    sending_domain_id: UUID | None
    sending_domain: str | None
    usage_of: str | None
    own_domain: str | None
    api_token_id: UUID | None
    api_token: str | None


async def notifications_of(
    tx: Transaction, actor: Actor, *, before: tuple[datetime, UUID] | None = None, limit: int = 25
) -> list[Notification]:
    """Newest first. What tells of a ticket that is not theirs to see any more is not among them."""
    seen, parameters = _seen_by(actor)
    return await tx.all(
        Notification,
        f"""
        select n.id, n.name, n.ticket_id, t.number as ticket_number, t.subject as ticket_subject,
            u.name as actor_name, n.created_at, n.read_at, n.mailbox_id, m.address as mailbox, n.words,
            n.sending_domain_id, d.domain as sending_domain, n.usage_of, n.own_domain,
            n.api_token_id, k.name as api_token
        from notifications n
        left join tickets t on t.organization_id = n.organization_id and t.id = n.ticket_id
        left join mailboxes m on m.organization_id = n.organization_id and m.id = n.mailbox_id
        left join sending_domains d on d.organization_id = n.organization_id and d.id = n.sending_domain_id
        left join api_tokens k on k.organization_id = n.organization_id and k.id = n.api_token_id
        left join users u on u.organization_id = n.organization_id and u.id = n.actor_id
        where n.user_id = %(user_id)s and {seen} and {"(n.created_at, n.id) < (%(at)s, %(id)s)" if before else "true"}
        order by n.created_at desc, n.id desc
        limit %(limit)s
        """,
        user_id=actor.user_id,
        at=before[0] if before else None,
        id=before[1] if before else None,
        limit=limit,
        **parameters,
    )


async def unread_count(tx: Transaction, actor: Actor) -> int:
    """At most 100: a bell shows no more."""
    seen, parameters = _seen_by(actor)
    count: int = await tx.value(
        f"""
        select count(*) from (
            select 1
            from notifications n
            left join tickets t on t.organization_id = n.organization_id and t.id = n.ticket_id
            where n.user_id = %(user_id)s and n.read_at is null and {seen}
            limit %(most)s
        ) unread
        """,
        user_id=actor.user_id,
        most=_COUNTED_UP_TO,
        **parameters,
    )
    return count


async def mark_read(tx: Transaction, actor: Actor, notification_id: UUID) -> None:
    """Raises `NotFound` where it is not theirs."""
    touched = await tx.run(
        """
        update notifications set read_at = coalesce(read_at, %(now)s)
        where id = %(id)s and user_id = %(user_id)s
        """,
        id=notification_id,
        user_id=actor.user_id,
        now=clock.now(),
    )
    if not touched:
        raise NotFound()


async def mark_all_read(tx: Transaction, actor: Actor) -> None:
    await tx.run(
        "update notifications set read_at = %(now)s where user_id = %(user_id)s and read_at is null",
        user_id=actor.user_id,
        now=clock.now(),
    )


def _seen_by(actor: Actor) -> tuple[str, dict[str, Any]]:
    """A condition on `notifications n` and its `tickets t`, and its parameters: asked anew each time it is read."""
    condition, parameters = tickets_seen_by(actor)
    # What is about no ticket is about the installation's side of things, and was told to administrators; and of a token
    # to its owner too.
    about_no_ticket = "n.ticket_id is null" if actor.role is Role.ADMIN else _OF_THEIR_OWN
    return f"(({about_no_ticket}) or (n.ticket_id is not null and {condition}))", parameters


_OF_THEIR_OWN: Final = """exists (
    select 1 from api_tokens o
    where o.organization_id = n.organization_id and o.id = n.api_token_id and o.user_id = n.user_id
)"""
