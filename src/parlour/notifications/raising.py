"""Who must hear of what: the reactions that raise notifications."""

from typing import ClassVar, Final, LiteralString
from uuid import UUID

from parlour.email import domains, sources
from parlour.foundation import clock, ids
from parlour.foundation.database import Transaction
from parlour.foundation.domain_proofs import DomainFact
from parlour.foundation.facts import Fact, TicketFact
from parlour.foundation.installation import Installation
from parlour.foundation.jobs import only_when


class NotificationRaised(Fact, frozen=True, kw_only=True):
    """Something waits for a user. Told to their screens, not written into the audit trail."""

    is_kept: ClassVar[bool] = False
    notification_id: UUID
    user_id: UUID


def _waits_for_somebody_else(fact: TicketFact) -> bool:
    is_their_own = fact.assignee_id == fact.actor_id
    return fact.assignee_id is not None and not is_their_own and not getattr(fact, "automatic", False)


@only_when(_waits_for_somebody_else)
async def notify_assignee(installation: Installation, organization_id: UUID, *, fact: TicketFact) -> None:
    """Tell the ticket's assignee, unless they did it themselves. Raised once a fact, however often this runs."""
    if fact.assignee_id is None or not _waits_for_somebody_else(fact):
        return
    async with installation.database.transaction(organization_id) as tx:
        notification_id = await tx.value(
            """
            insert into notifications (organization_id, id, user_id, name, ticket_id, version, actor_id, created_at)
            select organization_id, %(id)s, %(user_id)s, %(name)s, id, %(version)s, %(actor_id)s, %(now)s
            from tickets
            where id = %(ticket_id)s and deleted_at is null
            on conflict (organization_id, user_id, ticket_id, version, name) do nothing
            returning id
            """,
            id=ids.new(),
            user_id=fact.assignee_id,
            name=fact.name,
            ticket_id=fact.ticket_id,
            version=fact.version,
            actor_id=fact.actor_id,
            now=clock.now(),
        )
        if notification_id:
            tx.record(
                NotificationRaised(actor_id=fact.actor_id, notification_id=notification_id, user_id=fact.assignee_id)
            )


async def notify_administrators(
    installation: Installation, organization_id: UUID, *, fact: sources.MailboxFact
) -> None:
    """Tell every administrator of a mailbox that fails, or is well again. Raised once a fact."""
    await _tell_administrators(
        installation,
        organization_id,
        _ABOUT_MAILBOX,
        name=fact.name,
        occasion=fact.occasion,
        is_failing=isinstance(fact, sources.MailboxFailing),
        mailbox_id=fact.mailbox_id,
    )


async def notify_of_domain(
    installation: Installation, organization_id: UUID, *, fact: domains.SendingDomainFact
) -> None:
    """Tell every administrator of a sending domain that is verified, or is not any more. Raised once a fact."""
    await _tell_administrators(
        installation,
        organization_id,
        _ABOUT_DOMAIN,
        name=fact.name,
        occasion=fact.occasion,
        words=_LOST if isinstance(fact, domains.SendingDomainLost) else None,
        domain_id=fact.domain_id,
    )


async def notify_of_own_domain(installation: Installation, organization_id: UUID, *, fact: DomainFact) -> None:
    """Tell every administrator of a domain that must prove itself, and does or does not. Raised once a fact."""
    await _tell_administrators(
        installation,
        organization_id,
        _ABOUT_OWN_DOMAIN,
        name=fact.name,
        occasion=fact.occasion,
        words=_OWN_DOMAIN.get(fact.name),
        domain=fact.domain,
    )


async def _tell_administrators(
    installation: Installation, organization_id: UUID, raise_one: LiteralString, **about: object
) -> None:
    async with installation.database.transaction(organization_id) as tx:
        for user_id in await tx.values("select id from users where role = 'ADMIN' and status = 'ACTIVE'"):
            await ring(tx, user_id, raise_one, **about)


async def ring(tx: Transaction, user_id: UUID, raise_one: LiteralString, **about: object) -> None:
    """Raise one for somebody, unless the statement finds that they have it: then nothing is told again."""
    notification_id = await tx.value(raise_one, id=ids.new(), user_id=user_id, now=clock.now(), **about)
    if notification_id:
        tx.record(NotificationRaised(actor_id=None, notification_id=notification_id, user_id=user_id))


_ABOUT_MAILBOX: Final = """
    insert into notifications (organization_id, id, user_id, name, mailbox_id, version, words, created_at)
    select m.organization_id, %(id)s, %(user_id)s, %(name)s, m.id, %(occasion)s,
        case when %(is_failing)s then concat_ws(' ', s.words, s.advice) end, %(now)s
    from mailboxes m
    left join mailbox_states s on s.organization_id = m.organization_id and s.mailbox_id = m.id
    where m.id = %(mailbox_id)s and not exists (
        select 1 from notifications n
        where n.user_id = %(user_id)s and n.mailbox_id = m.id and n.name = %(name)s and n.version = %(occasion)s
    )
    returning id
"""
_LOST: Final = (
    "Its DKIM record is not in the DNS any more, so that its mail goes out unsigned. Add the record again, then check."
)
_OWN_DOMAIN: Final = {
    "PortalHostMissing": "Its records are not in the DNS any more. Your portal leaves it in three days. Add them.",
    "PortalHostLost": "Its records were gone for three days, so that your portal is at its usual address again.",
    "ClaimedDomainMissing": "Its record is not in the DNS any more. In three days your providers can't vouch for it.",
    "ClaimedDomainLost": "Its record was gone for three days, so that your providers vouch for it no more.",
}
_ABOUT_OWN_DOMAIN: Final = """
    insert into notifications (organization_id, id, user_id, name, own_domain, version, words, created_at)
    select current_organization(), %(id)s, %(user_id)s, %(name)s, %(domain)s, %(occasion)s, %(words)s, %(now)s
    where not exists (
        select 1 from notifications n
        where n.user_id = %(user_id)s and n.own_domain = %(domain)s and n.name = %(name)s
            and n.version = %(occasion)s
    )
    returning id
"""
_ABOUT_DOMAIN: Final = """
    insert into notifications
        (organization_id, id, user_id, name, sending_domain_id, version, words, created_at)
    select d.organization_id, %(id)s, %(user_id)s, %(name)s, d.id, %(occasion)s, %(words)s, %(now)s
    from sending_domains d
    where d.id = %(domain_id)s and not exists (
        select 1 from notifications n
        where n.user_id = %(user_id)s and n.sending_domain_id = d.id and n.name = %(name)s
            and n.version = %(occasion)s
    )
    returning id
"""
