"""Claimed domains are looked for in the DNS: when somebody asks, and by the clock; whose record vanishes is told."""

import asyncio
from functools import partial
from uuid import UUID

from parlour import audit
from parlour.access.providers.claiming import COLUMNS, ClaimedDomain, find_claimed_domain, subject_of
from parlour.audit import Act
from parlour.foundation import clock, name_servers
from parlour.foundation.database import Transaction
from parlour.foundation.domain_proofs import DomainFact, Proof, looked_for, next_look, occasion
from parlour.foundation.errors import Conflict
from parlour.foundation.installation import Installation
from parlour.foundation.name_servers import NobodyToAsk, looking_up
from parlour.foundation.tasks import see_to


class NoAnswer(Conflict):
    """The domain's name servers did not answer. Try again in a few minutes."""


class ClaimedDomainMissing(DomainFact, frozen=True, kw_only=True):
    """Its record is not seen any more; it counts for some days still."""


class ClaimedDomainLost(DomainFact, frozen=True, kw_only=True):
    """Its record was not seen for days: providers vouch for its addresses no more."""


async def check_claimed_domain(installation: Installation, organization_id: UUID, claimed_id: UUID) -> ClaimedDomain:
    """Look for its record now; who asks themselves is believed at once. Never called in a transaction.

    Raises `NotFound`, `NobodyToAsk` or `NoAnswer`.
    """
    is_there = await _is_there(installation, organization_id, claimed_id)
    if is_there is None:
        raise NoAnswer()
    async with installation.database.transaction(organization_id) as tx:
        before = await _held(tx, claimed_id)
        verified_at = (before.verified_at or clock.now()) if is_there else None
        return await _write_down(tx, before, Proof(before.created_at, verified_at, None))


async def check_due_claims(installation: Installation) -> None:
    """Look for every one whose time has come, a few at once. One that is gone counts for three days more."""
    if installation.settings.mail_dns == "off":
        return
    due = "select id from claimed_domains where next_check_at <= %(now)s"
    found: list[tuple[UUID, UUID]] = []
    for organization_id in await installation.database.doorways.organizations_with_claims_to_check(clock.now()):
        async with installation.database.reading(organization_id) as tx:
            found += [(organization_id, claimed_id) for claimed_id in await tx.values(due, now=clock.now())]
    await see_to(partial(_look_again, installation), found)


async def _look_again(installation: Installation, organization_id: UUID, claimed_id: UUID) -> None:
    is_there = await _is_there(installation, organization_id, claimed_id)
    async with installation.database.transaction(organization_id) as tx:
        before = await _held(tx, claimed_id)
        known = Proof(before.created_at, before.verified_at, before.missing_since)
        after = await _write_down(tx, before, looked_for(known, clock.now(), is_there=bool(is_there)))
        now = occasion(clock.now())
        if before.verified_at and not after.verified_at:
            tx.record(ClaimedDomainLost(actor_id=None, domain=after.domain, occasion=now))
        elif after.missing_since and not before.missing_since:
            tx.record(ClaimedDomainMissing(actor_id=None, domain=after.domain, occasion=now))


async def _is_there(installation: Installation, organization_id: UUID, claimed_id: UUID) -> bool | None:
    """None where nobody could say."""
    async with installation.database.reading(organization_id) as tx:
        claimed = await find_claimed_domain(tx, claimed_id)
    if installation.settings.mail_dns == "off":
        raise NobodyToAsk()
    lookup = looking_up(installation.settings.mail_dns, remembering=False)
    try:
        texts = await asyncio.to_thread(lookup, claimed.record_name, "TXT")
    except name_servers.NoAnswer:
        return None
    return claimed.record_value in [text.strip() for text in texts]


async def _held(tx: Transaction, claimed_id: UUID) -> ClaimedDomain:
    await tx.run("select from claimed_domains where id = %(id)s for update", id=claimed_id)
    return await find_claimed_domain(tx, claimed_id)


async def _write_down(tx: Transaction, before: ClaimedDomain, proof: Proof) -> ClaimedDomain:
    after = await tx.one(
        ClaimedDomain,
        f"""
        update claimed_domains
        set checked_at = %(now)s, next_check_at = %(next)s, verified_at = %(verified_at)s,
            missing_since = %(missing_since)s
        where id = %(id)s
        returning {COLUMNS}
        """,
        id=before.id,
        now=clock.now(),
        next=next_look(proof, clock.now()),
        verified_at=proof.verified_at,
        missing_since=proof.missing_since,
    )
    if bool(before.verified_at) != bool(after.verified_at):
        act = Act.DOMAIN_VERIFIED if after.verified_at else Act.DOMAIN_LOST
        await audit.record(tx, act, on=subject_of(after))
    return after
