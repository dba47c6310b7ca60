"""The keys that portal tokens are signed with. Each has one algorithm, whatever a token claims."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import msgspec

from parlour import audit, people
from parlour.audit import Act, Subject
from parlour.foundation import clock, crypto, ids
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Conflict, Invalid, NotFound
from parlour.foundation.library import library
from parlour.foundation.sealing import Place, Sealer
from parlour.people import Actor

MOST: Final = 4
_LONGEST: Final = 10_000
_LEAST_RSA_BITS: Final = 2048


class TooManyKeys(Conflict):
    """There are four keys already. Remove one that is not used any more."""


class Algorithm(StrEnum):
    """How a token is signed."""

    HS256 = "HS256"
    RS256 = "RS256"
    EDDSA = "EdDSA"


class PortalKey(msgspec.Struct, frozen=True):
    """What may be shown of one."""

    id: UUID
    algorithm: Algorithm
    public_key: str | None
    created_at: datetime


_COLUMNS: Final = "id, algorithm, public_key, created_at"


async def portal_keys(tx: Transaction) -> list[PortalKey]:
    """Every one that is good: to change keys, make the new one before the old one is removed."""
    return await tx.all(PortalKey, f"select {_COLUMNS} from portal_keys order by created_at desc, id desc")


async def make_portal_secret(tx: Transaction, sealer: Sealer, *, by: Actor) -> tuple[PortalKey, str]:
    """A shared secret of 256 bits, and its text, shown this once. Raises `TooManyKeys` or `OnlyAdministrators`."""
    people.must_be_administrator(by)
    text = crypto.new_secret()
    key_id = ids.new()
    sealed = await sealer.seal(_place(tx.organization_id, key_id), text.encode())
    return await _keep(tx, PortalKey(key_id, Algorithm.HS256, None, clock.now()), sealed), text


async def add_portal_key(tx: Transaction, pem: str, *, by: Actor) -> PortalKey:
    """A public key as PEM: RSA of 2048 bits or more, or Ed25519.

    Raises `Invalid`, `TooManyKeys` or `OnlyAdministrators`.
    """
    people.must_be_administrator(by)
    algorithm, normal = _read(pem)
    return await _keep(tx, PortalKey(ids.new(), algorithm, normal, clock.now()), None)


async def remove_portal_key(tx: Transaction, key_id: UUID, *, by: Actor) -> None:
    """Tokens that are signed with it open nothing from now on. Raises `NotFound` or `OnlyAdministrators`."""
    people.must_be_administrator(by)
    algorithm: str | None = await tx.value("delete from portal_keys where id = %(id)s returning algorithm", id=key_id)
    if algorithm is None:
        raise NotFound()
    await audit.record(tx, Act.PORTAL_KEY_REMOVED, on=Subject("portal_key", key_id, algorithm))


class Verifying(msgspec.Struct, frozen=True):
    """A key in the hand of whoever checks a token."""

    algorithm: Algorithm
    key: Any


async def verifying_keys(tx: Transaction, sealer: Sealer) -> list[Verifying]:
    """All of them, opened."""
    found = []
    for row in await tx.all(_Row, "select id, algorithm, public_key, sealed_secret from portal_keys order by id"):
        if row.sealed_secret is None:
            key: Any = _loaded(row.public_key or "")
        else:
            key = await sealer.open(_place(tx.organization_id, row.id), row.sealed_secret)
        found.append(Verifying(row.algorithm, key))
    return found


class _Row(msgspec.Struct, frozen=True):
    id: UUID
    algorithm: Algorithm
    public_key: str | None
    sealed_secret: bytes | None


async def _keep(tx: Transaction, key: PortalKey, sealed: bytes | None) -> PortalKey:
    if len(await portal_keys(tx)) >= MOST:
        raise TooManyKeys()
    await tx.run(
        """
        insert into portal_keys (organization_id, id, algorithm, sealed_secret, public_key, created_at)
        values (current_organization(), %(id)s, %(algorithm)s, %(sealed)s, %(public_key)s, %(created_at)s)
        """,
        sealed=sealed,
        **msgspec.structs.asdict(key),
    )
    await audit.record(tx, Act.PORTAL_KEY_ADDED, on=Subject("portal_key", key.id, key.algorithm))
    return key


def _read(pem: str) -> tuple[Algorithm, str]:
    if len(pem) > _LONGEST or "PRIVATE" in pem:
        raise Invalid(details={"publicKey": "Paste the public half alone; the private one stays with you."})
    try:
        key = _loaded(pem.strip())
    except Exception as unreadable:
        raise Invalid(details={"publicKey": "That is no public key in PEM: -----BEGIN PUBLIC KEY-----"}) from unreadable
    forms = library("cryptography.hazmat.primitives.serialization")
    normal: str = key.public_bytes(forms.Encoding.PEM, forms.PublicFormat.SubjectPublicKeyInfo).decode()
    if isinstance(key, library("cryptography.hazmat.primitives.asymmetric.rsa").RSAPublicKey):
        if key.key_size < _LEAST_RSA_BITS:
            raise Invalid(details={"publicKey": "An RSA key has 2048 bits at least."})
        return Algorithm.RS256, normal
    if isinstance(key, library("cryptography.hazmat.primitives.asymmetric.ed25519").Ed25519PublicKey):
        return Algorithm.EDDSA, normal
    raise Invalid(details={"publicKey": "Use RSA or Ed25519."})


def _loaded(pem: str) -> Any:
    return library("cryptography.hazmat.primitives.serialization").load_pem_public_key(pem.encode())


def _place(organization_id: UUID, key_id: UUID) -> Place:
    return Place("portal_keys", "sealed_secret", organization_id, key_id)
