"""Key pairs that mails are signed with (RFC 6376, RFC 8463), and the records that show their public halves."""

import asyncio
import base64
import hashlib
import importlib
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from typing import Any, Final
from uuid import UUID

import msgspec

_RSA_BITS: Final = 2048
"""What every receiver understands, and a record that still fits into one answer (RFC 8301)."""


class Algorithm(StrEnum):
    """Every receiver understands the first, some the second; a mail is signed with both."""

    RSA = "RSA"
    ED25519 = "ED25519"


class Pair(msgspec.Struct, frozen=True):
    """`private` as the signer reads it: PEM for RSA, the seed in base64 for Ed25519. `public` as the DNS has it."""

    private: bytes
    public: str


Pairs = Mapping[Algorithm, Pair]


async def new_pairs() -> Pairs:
    """One of each kind. An RSA key takes a tenth of a second to find."""
    return await asyncio.to_thread(lambda: {algorithm: _MAKE[algorithm]() for algorithm in Algorithm})


def selector_for(organization_id: UUID, algorithm: Algorithm, number: int) -> str:
    """No two organizations use the same one, so each shows by its own record that a domain is theirs."""
    mark = hashlib.sha256(organization_id.bytes).hexdigest()[:10]
    return f"parlour{mark}{algorithm[0].lower()}{number}"


def record_of(algorithm: Algorithm, public: str) -> str:
    """The text of the record (RFC 6376, section 3.6.1)."""
    return f"v=DKIM1; k={algorithm.lower()}; p={public}"


def shows(record: str, algorithm: Algorithm, public: str) -> bool:
    """Whether a record that was found holds this key."""
    pairs = (piece.partition("=") for piece in record.split(";") if "=" in piece)
    tags = {name.strip().lower(): "".join(value.split()) for name, _, value in pairs}
    return tags.get("k", "rsa").lower() == algorithm.lower() and tags.get("p") == public


def _rsa() -> Pair:
    forms = _library("cryptography.hazmat.primitives.serialization")
    key = _library("cryptography.hazmat.primitives.asymmetric.rsa").generate_private_key(
        public_exponent=65537, key_size=_RSA_BITS
    )
    private = key.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.TraditionalOpenSSL, forms.NoEncryption())
    public = key.public_key().public_bytes(forms.Encoding.DER, forms.PublicFormat.SubjectPublicKeyInfo)
    return Pair(private, base64.b64encode(public).decode())


def _ed25519() -> Pair:
    key = _library("cryptography.hazmat.primitives.asymmetric.ed25519").Ed25519PrivateKey.generate()
    return Pair(
        base64.b64encode(key.private_bytes_raw()), base64.b64encode(key.public_key().public_bytes_raw()).decode()
    )


_MAKE: Final = {Algorithm.RSA: _rsa, Algorithm.ED25519: _ed25519}


@cache
def _library(name: str) -> Any:
    # Large, and needed only when somebody sets up a domain.
    return importlib.import_module(name)
