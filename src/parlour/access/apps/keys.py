"""The keys that access tokens are signed with: another every four weeks, known to everybody before it first signs.

They lie nowhere. Each is derived from the installation's secret key and its period, so that every process has the same.
"""

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final

import msgspec

from parlour.foundation import clock
from parlour.foundation.crypto import Signer
from parlour.foundation.library import library

ALGORITHM: Final = "ES256"
_PERIOD: Final = timedelta(days=28)
# As long as the longest-lived token, and clocks that differ.
_OVERLAP: Final = timedelta(minutes=65)
_PURPOSE: Final = "key of access tokens 1"
# The order of P-256 (NIST SP 800-186, 3.2.1.3).
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class TokenKey(msgspec.Struct, frozen=True):
    """`id` is the public key's thumbprint (RFC 7638)."""

    id: str
    pair: Any
    public: dict[str, str]


def signing_key(signer: Signer) -> TokenKey:
    """The one of now."""
    return _key_of(signer, _period(clock.now()))


def good_keys(signer: Signer) -> dict[str, TokenKey]:
    """By its id, each that may have signed a token that has not run out."""
    now = clock.now()
    periods = {_period(now - _OVERLAP), _period(now), _period(now + _OVERLAP)}
    return {key.id: key for key in (_key_of(signer, period) for period in sorted(periods))}


def published_keys(signer: Signer) -> dict[str, list[dict[str, str]]]:
    """As a JWK Set (RFC 7517, 5): the last, this and the next, so that whoever keeps a copy for days misses none."""
    now = _period(clock.now())
    return {"keys": [_key_of(signer, period).public for period in (now - 1, now, now + 1)]}


def _period(at: datetime) -> int:
    return int(at.timestamp() // _PERIOD.total_seconds())


@lru_cache(maxsize=64)
def _key_of(signer: Signer, period: int) -> TokenKey:
    # 512 bits taken modulo the order are as good as drawn evenly (FIPS 186-5, A.2.1).
    drawn = b"".join(signer.digest(_PURPOSE, f"{period}/{half}".encode()) for half in (0, 1))
    ec = library("cryptography.hazmat.primitives.asymmetric.ec")
    forms = library("cryptography.hazmat.primitives.serialization")
    private = ec.derive_private_key(int.from_bytes(drawn) % (_ORDER - 1) + 1, ec.SECP256R1())
    pem = private.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.PKCS8, forms.NoEncryption())
    pair = library("joserfc.jwk").ECKey.import_key(pem)
    name = pair.thumbprint()
    public = {part: pair.as_dict(private=False)[part] for part in ("kty", "crv", "x", "y")}
    return TokenKey(name, pair, {**public, "kid": name, "use": "sig", "alg": ALGORITHM})
