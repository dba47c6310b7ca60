"""Claimed domains: whose addresses an organization's providers may vouch for, once the DNS shows whose they are."""

import asyncio
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from psycopg.errors import UniqueViolation

from parlour import audit
from parlour.access.providers.keeping import must_be_administrator
from parlour.audit import Act, Subject
from parlour.foundation import clock, crypto, ids
from parlour.foundation.database import Transaction
from parlour.foundation.domain_names import domain_of, normal_domain
from parlour.foundation.errors import Conflict
from parlour.foundation.installation import Installation
from parlour.foundation.library import library
from parlour.people import Actor

MOST: Final = 50
_SECONDS: Final = 5.0
_LABEL: Final = "_parlour-sign-in"
_MARK: Final = "parlour-sign-in="


class DomainClaimed(Conflict):
    """This domain is in the list already."""


class TooManyDomains(Conflict):
    """An organization claims 50 domains at most."""


class NobodyToAsk(Conflict):
    """This installation asks no name servers. Whoever runs it can change that: PARLOUR_MAIL_DNS=system."""


class NoAnswer(Conflict):
    """The domain's name servers did not answer. Try again in a few minutes."""


class ClaimedDomain(msgspec.Struct, frozen=True):
    """It counts while `verified_at` is set."""

    id: UUID
    domain: str
    token: str
    created_at: datetime
    checked_at: datetime | None
    verified_at: datetime | None

    @property
    def record_name(self) -> str:
        return f"{_LABEL}.{self.domain}"

    @property
    def record_value(self) -> str:
        return f"{_MARK}{self.token}"


_COLUMNS: Final = "id, domain, token, created_at, checked_at, verified_at"


async def claim_domain(tx: Transaction, written: str, *, by: Actor) -> ClaimedDomain:
    """Nothing follows from it before its record is found.

    Raises `Forbidden`, `Invalid`, `DomainClaimed` or `TooManyDomains`.
    """
    must_be_administrator(by)
    domain = normal_domain(written)
    if await tx.value("select count(*) from claimed_domains") >= MOST:
        raise TooManyDomains()
    try:
        async with tx.savepoint():
            claimed = await tx.one(
                ClaimedDomain,
                f"""
                insert into claimed_domains (organization_id, id, domain, token, created_at)
                values (current_organization(), %(id)s, %(domain)s, %(token)s, %(now)s)
                returning {_COLUMNS}
                """,
                id=ids.new(),
                domain=domain,
                token=crypto.new_secret(),
                now=clock.now(),
            )
    except UniqueViolation as known:
        raise DomainClaimed(details={"domain": DomainClaimed.__doc__}) from known
    await audit.record(tx, Act.DOMAIN_CLAIMED, on=_subject(claimed))
    return claimed


async def release_domain(tx: Transaction, claimed: ClaimedDomain, *, by: Actor) -> None:
    """Providers vouch for its addresses no more. Whom they have vouched for before still comes in."""
    must_be_administrator(by)
    await tx.run("delete from claimed_domains where id = %(id)s", id=claimed.id)
    await audit.record(tx, Act.DOMAIN_RELEASED, on=_subject(claimed))


async def claimed_domains(tx: Transaction) -> list[ClaimedDomain]:
    """All of them, by name."""
    return await tx.all(ClaimedDomain, f"select {_COLUMNS} from claimed_domains order by domain")


async def find_claimed_domain(tx: Transaction, claimed_id: UUID) -> ClaimedDomain:
    """Raises `NotFound`."""
    return await tx.one(ClaimedDomain, f"select {_COLUMNS} from claimed_domains where id = %(id)s", id=claimed_id)


async def may_vouch_for(tx: Transaction, address: str) -> bool:
    """Whether the address is in a domain that was shown to be the organization's. Not those below it."""
    return bool(
        await tx.value(
            "select exists (select 1 from claimed_domains where domain = %(domain)s and verified_at is not null)",
            domain=domain_of(address),
        )
    )


async def check_claimed_domain(installation: Installation, organization_id: UUID, claimed_id: UUID) -> ClaimedDomain:
    """Look for its record now. Never called in a transaction. Raises `NotFound`, `NobodyToAsk` or `NoAnswer`."""
    name_server = installation.settings.mail_dns
    async with installation.database.reading(organization_id) as tx:
        claimed = await find_claimed_domain(tx, claimed_id)
    if name_server == "off":
        raise NobodyToAsk()
    is_there = claimed.record_value in await asyncio.to_thread(_texts, claimed.record_name, name_server)
    async with installation.database.transaction(organization_id) as tx:
        before = await find_claimed_domain(tx, claimed_id)
        after = await tx.one(
            ClaimedDomain,
            f"""
            update claimed_domains set
                checked_at = %(now)s,
                verified_at = case when %(is_there)s then coalesce(verified_at, %(now)s) end
            where id = %(id)s
            returning {_COLUMNS}
            """,
            id=claimed_id,
            now=clock.now(),
            is_there=is_there,
        )
        if bool(before.verified_at) != bool(after.verified_at):
            act = Act.DOMAIN_VERIFIED if after.verified_at else Act.DOMAIN_LOST
            await audit.record(tx, act, on=_subject(after))
    return after


def _texts(name: str, name_server: str) -> list[str]:
    resolver, exception = library("dns.resolver"), library("dns.exception")
    asked = resolver.Resolver(configure=name_server == "system")
    if name_server != "system":
        host, _, port = name_server.rpartition(":") if ":" in name_server else (name_server, "", "53")
        asked.nameservers, asked.port = [host], int(port)
    try:
        answer: Any = asked.resolve(name, "TXT", lifetime=_SECONDS, search=False)
    except (resolver.NXDOMAIN, resolver.NoAnswer):
        return []
    except exception.DNSException as failure:
        raise NoAnswer() from failure
    return [b"".join(record.strings).decode("utf-8", "replace").strip() for record in answer]


def _subject(claimed: ClaimedDomain) -> Subject:
    return Subject("claimed domain", claimed.id, claimed.domain)
