"""Looks for the records of portals' own names: when somebody asks, and by the clock; whose records vanish is told."""

import asyncio
from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID

from psycopg.errors import UniqueViolation

from parlour import audit
from parlour.audit import Act
from parlour.foundation import clock
from parlour.foundation.database import Transaction
from parlour.foundation.domain_proofs import DomainFact, Finding, Proof, looked_for, next_look, occasion
from parlour.foundation.errors import NotFound
from parlour.foundation.installation import Installation
from parlour.foundation.name_servers import Lookup, NoAnswer, NobodyToAsk, looking_up
from parlour.foundation.tasks import see_to
from parlour.people.portal_hosts.keeping import PortalHost, portal_host, subject_of, target_of


class PortalHostVerified(DomainFact, frozen=True, kw_only=True):
    """Its records were found: the portal is there now."""


class PortalHostMissing(DomainFact, frozen=True, kw_only=True):
    """Its records are not seen any more; the portal stays there for some days."""


class PortalHostLost(DomainFact, frozen=True, kw_only=True):
    """Its records were not seen for days: the portal is at its usual address again."""


async def check_host(installation: Installation, organization_id: UUID) -> PortalHost:
    """Look at its records now. Never called in a transaction. Raises `NotFound`, `NobodyToAsk`."""
    settings = installation.settings
    async with installation.database.reading(organization_id) as tx:
        asked = await portal_host(tx)
    if asked is None:
        raise NotFound()
    if settings.mail_dns == "off":
        raise NobodyToAsk()
    lookup = looking_up(settings.mail_dns, remembering=False)
    proof, pointing = await asyncio.to_thread(_found, asked, target_of(settings.public_url), lookup)
    async with installation.database.transaction(organization_id) as tx:
        await tx.run("select from portal_hosts for update")
        before = await portal_host(tx)
        # Somebody has asked for another one meanwhile.
        if before is None or before.token != asked.token:
            raise NotFound()
        return await _write_down(tx, before, proof, pointing)


async def check_due_hosts(installation: Installation) -> None:
    """Look at every one whose time has come, a few at once."""
    if installation.settings.mail_dns == "off":
        return
    due = await installation.database.doorways.organizations_with_portal_hosts_to_check(clock.now())
    await see_to(partial(check_host, installation), [(organization_id,) for organization_id in due])


def _found(asked: PortalHost, target: str | None, lookup: Lookup) -> tuple[Finding, Finding]:
    return _proof(asked, lookup), _pointing(asked.host, target, lookup)


def _proof(asked: PortalHost, lookup: Lookup) -> Finding:
    try:
        texts = [text.strip() for text in lookup(asked.record_name, "TXT")]
    except NoAnswer:
        return Finding.NO_ANSWER
    return Finding.FOUND if asked.record_value in texts else Finding.DIFFERS if texts else Finding.MISSING


def _pointing(host: str, target: str | None, lookup: Lookup) -> Finding:
    """Whether the name leads here: by a CNAME, or with an address of ours, as the top of a domain must."""
    if target is None:
        return Finding.UNCHECKED
    try:
        aliases = lookup(host, "CNAME")
        if target in aliases:
            return Finding.FOUND
        theirs = {address for kind in ("A", "AAAA") for address in lookup(host, kind)}
        ours = {address for kind in ("A", "AAAA") for address in lookup(target, kind)} if theirs else set()
    except NoAnswer:
        return Finding.NO_ANSWER
    if theirs & ours:
        return Finding.FOUND
    return Finding.DIFFERS if theirs or aliases else Finding.MISSING


async def _write_down(tx: Transaction, before: PortalHost, proof: Finding, pointing: Finding) -> PortalHost:
    now = clock.now()
    is_there = proof is Finding.FOUND and pointing in (Finding.FOUND, Finding.UNCHECKED)
    known = Proof(before.created_at, before.verified_at, before.missing_since)
    after = looked_for(known, now, is_there=is_there)
    is_taken = bool(after.verified_at) and not before.verified_at and not await _take(tx, before.host)
    if is_taken:
        after = known
    is_lost = bool(before.verified_at) and not after.verified_at
    if is_lost:
        await tx.run("update organizations set host = null where id = %(id)s", id=tx.organization_id)
    await tx.run(
        _CHECKED,
        now=now,
        next=next_look(after, now),
        verified_at=after.verified_at,
        missing_since=after.missing_since,
        is_lost=is_lost,
        proof=proof,
        pointing=pointing,
        is_taken=is_taken,
    )
    await _tell(tx, before, after, now)
    found = await portal_host(tx)
    if found is None:
        raise NotFound()
    return found


async def _take(tx: Transaction, host: str) -> bool:
    """Whether it is this organization's now: one name is one organization's."""
    try:
        async with tx.savepoint():
            await tx.run("update organizations set host = %(host)s where id = %(id)s", host=host, id=tx.organization_id)
    except UniqueViolation:
        return False
    return True


async def _tell(tx: Transaction, before: PortalHost, after: Proof, now: datetime) -> None:
    when = occasion(now)
    if after.verified_at and not before.verified_at:
        await audit.record(tx, Act.PORTAL_HOST_VERIFIED, on=subject_of(tx, before))
        tx.record(PortalHostVerified(actor_id=None, domain=before.host, occasion=when))
    elif before.verified_at and not after.verified_at:
        await audit.record(tx, Act.PORTAL_HOST_LOST, on=subject_of(tx, before))
        tx.record(PortalHostLost(actor_id=None, domain=before.host, occasion=when))
    elif after.missing_since and not before.missing_since:
        tx.record(PortalHostMissing(actor_id=None, domain=before.host, occasion=when))


_CHECKED: Final = """
    update portal_hosts
    set checked_at = %(now)s, next_check_at = %(next)s, verified_at = %(verified_at)s,
        missing_since = %(missing_since)s, proof = %(proof)s, pointing = %(pointing)s, is_taken = %(is_taken)s,
        lost_at = case when %(is_lost)s then %(now)s when %(verified_at)s::timestamptz is null then lost_at end
"""
