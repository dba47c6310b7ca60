"""Our key pairs that providers encrypt assertions for: one that is shown, and those before it for a month."""

import asyncio
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from parlour import audit, people
from parlour.audit import Act
from parlour.foundation import clock, ids
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Conflict
from parlour.foundation.installation import Installation
from parlour.foundation.library import library
from parlour.foundation.sealing import Place
from parlour.people import Actor

OLD_ONES_COUNT_FOR: Final = timedelta(days=30)
_MOST: Final = 5
_BITS: Final = 3072
_YEARS: Final = 20
"""Providers refuse a certificate that ran out, and nobody else looks at it: it ends when its key is renewed."""


class TooManyKeys(Conflict):
    """The key was renewed again and again. Wait until the oldest one ends."""


class Pair(msgspec.Struct, frozen=True):
    """The private half and the certificate of the public one, both PEM."""

    private: bytes
    certificate: str


class OurKey(msgspec.Struct, frozen=True):
    """`ends_at`: until when it still opens what was encrypted for it. The one that is shown has no end."""

    certificate: str
    created_at: datetime
    ends_at: datetime | None

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, as providers show it."""
        certificate = library("cryptography.x509").load_pem_x509_certificate(self.certificate.encode())
        digest: bytes = certificate.fingerprint(library("cryptography.hazmat.primitives.hashes").SHA256())
        return digest.hex(":").upper()


async def new_pair() -> Pair:
    """Takes a second to find: never called in a transaction."""
    return await asyncio.to_thread(_made)


async def show_key(tx: Transaction, installation: Installation, pair: Pair, *, by: Actor) -> None:
    """From now on the organization's metadata names this one. Raises `Forbidden` or `TooManyKeys`."""
    people.must_be_administrator(by)
    now = clock.now()
    await tx.run("delete from saml_keys where ends_at <= %(now)s", now=now)
    if await tx.value("select count(*) from saml_keys") >= _MOST:
        raise TooManyKeys()
    ends = now + OLD_ONES_COUNT_FOR
    await tx.run("update saml_keys set ends_at = %(ends)s where ends_at is null", ends=ends)
    key_id = ids.new()
    await tx.run(
        """
        insert into saml_keys (organization_id, id, sealed, certificate, created_at)
        values (current_organization(), %(id)s, %(sealed)s, %(certificate)s, %(now)s)
        """,
        id=key_id,
        sealed=await installation.sealer.seal(_place(tx.organization_id, key_id), pair.private),
        certificate=pair.certificate,
        now=now,
    )
    await audit.record(tx, Act.SAML_KEY_MADE)


async def our_keys(tx: Transaction) -> list[OurKey]:
    """Those that open something, the one that is shown first."""
    return await tx.all(
        OurKey,
        """
        select certificate, created_at, ends_at from saml_keys
        where ends_at is null or ends_at > %(now)s
        order by ends_at desc nulls first
        """,
        now=clock.now(),
    )


async def shown_certificate(tx: Transaction) -> str:
    """Empty where there is none."""
    keys = await our_keys(tx)
    return keys[0].certificate if keys else ""


class _Row(msgspec.Struct, frozen=True):
    id: UUID
    sealed: bytes


async def private_halves(tx: Transaction, installation: Installation) -> list[bytes]:
    """PEM. Raises `SealBroken` where the key that sealed them is gone."""
    rows = await tx.all(
        _Row,
        """
        select id, sealed from saml_keys
        where ends_at is null or ends_at > %(now)s
        order by ends_at desc nulls first
        """,
        now=clock.now(),
    )
    return [await installation.sealer.open(_place(tx.organization_id, row.id), row.sealed) for row in rows]


def _place(organization_id: UUID, key_id: UUID) -> Place:
    return Place("saml_keys", "sealed", organization_id, key_id)


def _made() -> Pair:
    x509, forms = library("cryptography.x509"), library("cryptography.hazmat.primitives.serialization")
    rsa, hashes = (library(f"cryptography.hazmat.primitives.{name}") for name in ("asymmetric.rsa", "hashes"))
    key = rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Parlour")])
    now = clock.now()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # Clocks differ.
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365 * _YEARS))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.PKCS8, forms.NoEncryption())
    return Pair(private, certificate.public_bytes(forms.Encoding.PEM).decode())
