"""An organization's sending domains and their keys."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from psycopg.errors import UniqueViolation

from parlour import audit
from parlour.audit import Act, Subject
from parlour.email.domains.keys import Algorithm, Pairs, selector_for
from parlour.foundation import clock, ids
from parlour.foundation.database import Transaction
from parlour.foundation.domain_names import normal_domain
from parlour.foundation.domain_proofs import Finding
from parlour.foundation.errors import Conflict
from parlour.foundation.sealing import Place, SealBroken, Sealer

KEPT_FOR: Final = timedelta(days=7)
"""Two days a mail may wait with us, and five on other servers: so long a key that signs no more is still looked up."""
_FIRST_LOOK: Final = timedelta(minutes=5)


class DomainKnown(Conflict):
    """This domain is set up already. Open it in the list."""


class KeysWaiting(Conflict):
    """The newest keys are not in use yet. Add their records to the DNS first; then they can be replaced."""


class Found(msgspec.Struct, frozen=True):
    """The result, and what stands there."""

    finding: Finding = Finding.UNCHECKED
    there: list[str] = []


class SendingDomain(msgspec.Struct, frozen=True):
    """A domain that mail is to be sent from. While `verified_at` is set its mails are signed."""

    id: UUID
    domain: str
    created_at: datetime
    checked_at: datetime | None
    verified_at: datetime | None
    lost_at: datetime | None
    findings: dict[str, Found]
    """By selector, or by the name of another record."""


class SigningKey(msgspec.Struct, frozen=True):
    """A key of a domain. It signs while it is published and not retired."""

    id: UUID
    domain_id: UUID
    algorithm: Algorithm
    number: int
    selector: str
    sealed: bytes | None
    public: str
    created_at: datetime
    published_at: datetime | None
    seen_at: datetime | None
    missing_since: datetime | None
    retired_at: datetime | None
    used_at: datetime | None

    @property
    def kept_until(self) -> datetime | None:
        """Until when a record must stay though its key signs no more."""
        return max(self.retired_at, self.used_at or self.retired_at) + KEPT_FOR if self.retired_at else None


DOMAIN_COLUMNS: Final = "d.id, d.domain, d.created_at, d.checked_at, d.verified_at, d.lost_at, d.findings"
KEY_COLUMNS: Final = """
    k.id, k.domain_id, k.algorithm, k.number, k.selector, k.sealed, k.public, k.created_at, k.published_at, k.seen_at,
    k.missing_since, k.retired_at, k.used_at
"""


async def add_domain(tx: Transaction, sealer: Sealer, domain: str, pairs: Pairs) -> SendingDomain:
    """With its first keys. Another organization may have added it too: whose record is found may sign.

    Raises `Invalid` where it is no domain, `DomainKnown`.
    """
    domain_id = ids.new()
    name = normal_domain(domain)
    try:
        async with tx.savepoint():
            await tx.run(
                """
                insert into sending_domains (organization_id, id, domain, created_at, next_check_at)
                values (current_organization(), %(id)s, %(domain)s, %(now)s, %(next)s)
                """,
                id=domain_id,
                domain=name,
                now=clock.now(),
                next=clock.now() + _FIRST_LOOK,
            )
    except UniqueViolation as known:
        raise DomainKnown(details={"domain": DomainKnown.__doc__}) from known
    await _add_keys(tx, sealer, domain_id, 1, pairs)
    added = await find_domain(tx, domain_id)
    await audit.record(tx, Act.SENDING_DOMAIN_ADDED, on=_subject(added))
    return added


async def renew_keys(tx: Transaction, sealer: Sealer, domain: SendingDomain, pairs: Pairs) -> None:
    """Add a pair of each kind. The old ones go on signing until the record of the new one is found.

    Raises `KeysWaiting` where the newest ones are not in use yet, unless nobody can open them any more.
    """
    await tx.run("select from sending_domains where id = %(id)s for update", id=domain.id)
    keys = await keys_of(tx, domain.id)
    waiting = [key for key in keys if key.retired_at is None and key.published_at is None]
    newest = max(key.number for key in keys)
    unused = [key for key in waiting if key.number == newest and key.algorithm is Algorithm.RSA]
    if unused and await opened(tx.organization_id, sealer, unused[0]):
        raise KeysWaiting()
    for key in waiting:
        await tx.run("delete from signing_keys where id = %(id)s", id=key.id)
    await _add_keys(tx, sealer, domain.id, newest + 1, pairs)
    await tx.run(
        "update sending_domains set next_check_at = %(next)s where id = %(id)s",
        id=domain.id,
        next=clock.now() + _FIRST_LOOK,
    )
    await audit.record(tx, Act.SENDING_DOMAIN_KEYS_RENEWED, on=_subject(domain), details={"generation": newest + 1})


async def remove_domain(tx: Transaction, domain: SendingDomain) -> None:
    """Its keys are forgotten. What was signed stays signed while the records are there."""
    await tx.run("delete from sending_domains where id = %(id)s", id=domain.id)
    await audit.record(tx, Act.SENDING_DOMAIN_REMOVED, on=_subject(domain))


async def sending_domains(tx: Transaction) -> list[SendingDomain]:
    """All of them, by name."""
    return await tx.all(SendingDomain, f"select {DOMAIN_COLUMNS} from sending_domains d order by d.domain")


async def find_domain(tx: Transaction, domain_id: UUID) -> SendingDomain:
    """Raises `NotFound`."""
    return await tx.one(
        SendingDomain, f"select {DOMAIN_COLUMNS} from sending_domains d where d.id = %(id)s", id=domain_id
    )


async def keys_of(tx: Transaction, domain_id: UUID) -> list[SigningKey]:
    """The newest first; RSA before Ed25519."""
    return await tx.all(
        SigningKey,
        f"""
        select {KEY_COLUMNS} from signing_keys k
        where k.domain_id = %(id)s
        order by k.number desc, k.algorithm desc
        """,
        id=domain_id,
    )


async def opened(organization_id: UUID, sealer: Sealer, key: SigningKey) -> bytes | None:
    """The private half. None where it was forgotten, or the key it was sealed with is gone."""
    if key.sealed is None:
        return None
    try:
        return await sealer.open(_place_of(organization_id, key.id), key.sealed)
    except SealBroken:
        return None


def _place_of(organization_id: UUID, key_id: UUID) -> Place:
    return Place("signing_keys", "sealed", organization_id, key_id)


def _subject(domain: SendingDomain) -> Subject:
    return Subject("sending domain", domain.id, domain.domain)


async def _add_keys(tx: Transaction, sealer: Sealer, domain_id: UUID, number: int, pairs: Pairs) -> None:
    for algorithm, pair in pairs.items():
        key_id = ids.new()
        await tx.run(
            """
            insert into signing_keys
                (organization_id, id, domain_id, algorithm, number, selector, sealed, public, created_at)
            values
                (current_organization(), %(id)s, %(domain_id)s, %(algorithm)s, %(number)s, %(selector)s, %(sealed)s,
                 %(public)s, %(now)s)
            """,
            id=key_id,
            domain_id=domain_id,
            algorithm=algorithm,
            number=number,
            selector=selector_for(tx.organization_id, algorithm, number),
            sealed=await sealer.seal(_place_of(tx.organization_id, key_id), pair.private),
            public=pair.public,
            now=clock.now(),
        )
