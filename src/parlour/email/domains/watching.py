"""Checks the records of sending domains: when somebody asks, and by the clock; whose record vanishes is told."""

import asyncio
import importlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from types import ModuleType
from typing import Final
from uuid import UUID

import msgspec
from psycopg.types.json import Jsonb

from parlour.email.domains.events import SendingDomainLost, SendingDomainVerified
from parlour.email.domains.keeping import Found, SendingDomain, SigningKey, find_domain, keys_of
from parlour.email.domains.keys import Algorithm
from parlour.email.domains.records import records_of, surroundings_of
from parlour.foundation import clock
from parlour.foundation.database import Transaction
from parlour.foundation.domain_proofs import Finding, occasion
from parlour.foundation.installation import Installation
from parlour.foundation.name_servers import NobodyToAsk
from parlour.foundation.tasks import see_to

_USUAL: Final = timedelta(hours=6)
_SOON: Final = timedelta(minutes=5)
_MISSED_FOR: Final = timedelta(minutes=10)
"""A record that is not there is looked for once more before anybody believes it."""
_UNHEARD_FOR: Final = timedelta(days=3)
"""A domain whose name servers never answer any more proves nothing."""
# Whoever has just made keys pastes them now; who has not for two weeks may have forgotten.
_PATIENCE: Final = ((timedelta(days=1), _SOON), (timedelta(days=14), timedelta(hours=1)))
_RARELY: Final = timedelta(days=1)


async def check_domain(installation: Installation, organization_id: UUID, domain_id: UUID) -> SendingDomain:
    """Look at its records now. Never called in a transaction. Raises `NotFound`, `NobodyToAsk`."""
    settings = installation.settings
    async with installation.database.reading(organization_id) as tx:
        domain = await find_domain(tx, domain_id)
        records = records_of(domain, await keys_of(tx, domain_id), surroundings_of(settings))
    if settings.mail_dns == "off":
        raise NobodyToAsk()
    # What it stands on is large, and asking takes seconds.
    looking: ModuleType = await asyncio.to_thread(importlib.import_module, "parlour.email.domains.looking")
    findings: dict[str, Found] = await asyncio.to_thread(looking.looked_up, records, settings.mail_dns)
    async with installation.database.transaction(organization_id) as tx:
        await tx.run("select from sending_domains where id = %(id)s for update", id=domain_id)
        return await _write_down(tx, await find_domain(tx, domain_id), findings)


async def check_due_domains(installation: Installation) -> None:
    """Look at every domain whose time has come, a few at once."""
    if installation.settings.mail_dns == "off":
        return
    due = "select id from sending_domains where next_check_at <= %(now)s"
    found: list[tuple[UUID, UUID]] = []
    for organization_id in await installation.database.doorways.organizations_with_domains_to_check(clock.now()):
        async with installation.database.reading(organization_id) as tx:
            found += [(organization_id, domain_id) for domain_id in await tx.values(due, now=clock.now())]
    await see_to(partial(check_domain, installation), found)


async def _write_down(tx: Transaction, before: SendingDomain, findings: dict[str, Found]) -> SendingDomain:
    now = clock.now()
    keys = [_seen(key, findings.get(key.selector, Found()).finding, now) for key in await keys_of(tx, before.id)]
    keys = [_retired(key, keys, now) for key in keys]
    for key in keys:
        await _keep(tx, key, findings.get(key.selector, Found()).finding, now)
    is_shown = any(key.published_at and key.algorithm is Algorithm.RSA for key in keys if key.retired_at is None)
    await tx.run(
        _CHECKED,
        id=before.id,
        now=now,
        findings=Jsonb(msgspec.to_builtins(findings)),
        next=now + _wait(keys, findings, now),
        is_shown=is_shown,
    )
    if is_shown and not before.verified_at:
        tx.record(SendingDomainVerified(actor_id=None, domain_id=before.id, occasion=occasion(now)))
    elif before.verified_at and not is_shown:
        tx.record(SendingDomainLost(actor_id=None, domain_id=before.id, occasion=occasion(now)))
    return await find_domain(tx, before.id)


def _seen(key: SigningKey, finding: Finding, now: datetime) -> SigningKey:
    """The key, after a look at its record. Only a record that is missed for a while ends its use."""
    if finding is Finding.FOUND:
        return msgspec.structs.replace(key, published_at=key.published_at or now, seen_at=now, missing_since=None)
    if key.published_at is None:
        return key
    missing_since = key.missing_since or (now if finding in (Finding.MISSING, Finding.DIFFERS) else None)
    is_gone = missing_since is not None and now - missing_since >= _MISSED_FOR
    is_unheard = key.seen_at is not None and now - key.seen_at > _UNHEARD_FOR
    if is_gone or is_unheard:
        return msgspec.structs.replace(key, published_at=None, missing_since=None)
    return msgspec.structs.replace(key, missing_since=missing_since)


def _retired(key: SigningKey, keys: Sequence[SigningKey], now: datetime) -> SigningKey:
    """Once a newer one of its kind is in use."""
    is_followed = any(one.algorithm is key.algorithm and one.number > key.number and one.published_at for one in keys)
    return msgspec.structs.replace(key, retired_at=key.retired_at or now) if is_followed else key


async def _keep(tx: Transaction, key: SigningKey, finding: Finding, now: datetime) -> None:
    is_over = key.kept_until is not None and key.kept_until <= now
    if is_over and key.sealed is None and finding is Finding.MISSING:
        await tx.run("delete from signing_keys where id = %(id)s", id=key.id)
        return
    await tx.run(
        """
        update signing_keys
        set published_at = %(published_at)s, seen_at = %(seen_at)s, missing_since = %(missing_since)s,
            retired_at = %(retired_at)s, sealed = case when %(is_over)s then null else sealed end
        where id = %(id)s
        """,
        id=key.id,
        published_at=key.published_at,
        seen_at=key.seen_at,
        missing_since=key.missing_since,
        retired_at=key.retired_at,
        is_over=is_over,
    )


def _wait(keys: Sequence[SigningKey], findings: dict[str, Found], now: datetime) -> timedelta:
    """Until the next look."""
    active = [key for key in keys if key.retired_at is None]
    if any(key.missing_since for key in active):
        return _SOON
    waiting = [key for key in active if key.algorithm is Algorithm.RSA and key.published_at is None]
    if waiting:
        age = now - max(key.created_at for key in waiting)
        return next((wait for limit, wait in _PATIENCE if age < limit), _RARELY)
    is_silent = any(found.finding is Finding.NO_ANSWER for found in findings.values())
    return timedelta(minutes=30) if is_silent else _USUAL


_CHECKED: Final = """
    update sending_domains
    set checked_at = %(now)s, next_check_at = %(next)s, findings = %(findings)s,
        lost_at = case when %(is_shown)s then null when verified_at is not null then %(now)s else lost_at end,
        verified_at = case when %(is_shown)s then coalesce(verified_at, %(now)s) end
    where id = %(id)s
"""
