"""Claimed domains: whose addresses an organization's providers may vouch for, once the DNS shows whose they are."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from psycopg.errors import UniqueViolation

from parlour import audit, people
from parlour.audit import Act, Subject
from parlour.foundation import clock, crypto, ids
from parlour.foundation.database import Transaction
from parlour.foundation.domain_names import domain_of, normal_domain
from parlour.foundation.errors import Conflict
from parlour.people import Actor

MOST: Final = 50
_FIRST_LOOK: Final = timedelta(minutes=5)
_LABEL: Final = "_parlour-sign-in"
_MARK: Final = "parlour-sign-in="


class DomainClaimed(Conflict):
    """This domain is in the list already."""


class TooManyDomains(Conflict):
    """An organization claims 50 domains at most."""


class ClaimedDomain(msgspec.Struct, frozen=True):
    """It counts while `verified_at` is set."""

    id: UUID
    domain: str
    token: str
    created_at: datetime
    checked_at: datetime | None
    verified_at: datetime | None
    missing_since: datetime | None
    """Since when its record was not seen though it counts still."""

    @property
    def record_name(self) -> str:
        return f"{_LABEL}.{self.domain}"

    @property
    def record_value(self) -> str:
        return f"{_MARK}{self.token}"


COLUMNS: Final = "id, domain, token, created_at, checked_at, verified_at, missing_since"


async def claim_domain(tx: Transaction, written: str, *, by: Actor) -> ClaimedDomain:
    """Nothing follows from it before its record is found.

    Raises `Forbidden`, `Invalid`, `DomainClaimed` or `TooManyDomains`.
    """
    people.must_be_administrator(by)
    domain = normal_domain(written)
    if await tx.value("select count(*) from claimed_domains") >= MOST:
        raise TooManyDomains()
    try:
        async with tx.savepoint():
            claimed = await tx.one(
                ClaimedDomain,
                f"""
                insert into claimed_domains (organization_id, id, domain, token, created_at, next_check_at)
                values (current_organization(), %(id)s, %(domain)s, %(token)s, %(now)s, %(next)s)
                returning {COLUMNS}
                """,
                id=ids.new(),
                domain=domain,
                token=crypto.new_secret(),
                now=clock.now(),
                next=clock.now() + _FIRST_LOOK,
            )
    except UniqueViolation as known:
        raise DomainClaimed(details={"domain": DomainClaimed.__doc__}) from known
    await audit.record(tx, Act.DOMAIN_CLAIMED, on=subject_of(claimed))
    return claimed


async def release_domain(tx: Transaction, claimed: ClaimedDomain, *, by: Actor) -> None:
    """Providers vouch for its addresses no more. Whom they have vouched for before still comes in."""
    people.must_be_administrator(by)
    await tx.run("delete from claimed_domains where id = %(id)s", id=claimed.id)
    await audit.record(tx, Act.DOMAIN_RELEASED, on=subject_of(claimed))


async def claimed_domains(tx: Transaction) -> list[ClaimedDomain]:
    """All of them, by name."""
    return await tx.all(ClaimedDomain, f"select {COLUMNS} from claimed_domains order by domain")


async def find_claimed_domain(tx: Transaction, claimed_id: UUID) -> ClaimedDomain:
    """Raises `NotFound`."""
    return await tx.one(ClaimedDomain, f"select {COLUMNS} from claimed_domains where id = %(id)s", id=claimed_id)


async def may_vouch_for(tx: Transaction, address: str) -> bool:
    """Whether the address is in a domain that was shown to be the organization's. Not those below it."""
    return bool(
        await tx.value(
            "select exists (select 1 from claimed_domains where domain = %(domain)s and verified_at is not null)",
            domain=domain_of(address),
        )
    )


def subject_of(claimed: ClaimedDomain) -> Subject:
    """As the audit trail names it."""
    return Subject("claimed domain", claimed.id, claimed.domain)
