"""The keys that access tokens are signed with: another every four weeks, known to everybody before it first signs.

They lie nowhere. Each is derived from the installation's secret key and its period, so that every process has the same;
and, once they were renewed by hand, from a secret of their generation too.
"""

import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final

import msgspec

from parlour.foundation import clock
from parlour.foundation.crypto import Signer
from parlour.foundation.keys.generations import Generation
from parlour.foundation.library import library

ALGORITHM: Final = "ES256"
_PERIOD: Final = timedelta(days=28)
# As long as the longest-lived token, and clocks that differ.
OVERLAP: Final = timedelta(minutes=65)
_PURPOSE: Final = "key of access tokens 1"
# The order of P-256 (NIST SP 800-186, 3.2.1.3).
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


_FIRST: Final = b""
Generations = Sequence[Generation]


class TokenKey(msgspec.Struct, frozen=True):
    """`id` is the public key's thumbprint (RFC 7638)."""

    id: str
    pair: Any
    public: dict[str, str]


def signing_key(signer: Signer, generations: Generations = ()) -> TokenKey:
    """The one of now."""
    now = clock.now()
    begun = [one for one in generations if one.signs_from <= now.timestamp()]
    return _key_of(signer, begun[-1].secret if begun else _FIRST, _period(now))


def good_keys(signer: Signer, generations: Generations = ()) -> dict[str, TokenKey]:
    """By its id, each that may have signed a token that has not run out."""
    now = clock.now()
    periods = sorted({_period(now - OVERLAP), _period(now), _period(now + OVERLAP)})
    keys = (_key_of(signer, secret, period) for secret in _counting(generations, now) for period in periods)
    return {key.id: key for key in keys}


def published_keys(signer: Signer, generations: Generations = ()) -> dict[str, list[dict[str, str]]]:
    """As a JWK Set (RFC 7517, 5): the last, this and the next, so that whoever keeps a copy for days misses none."""
    now = clock.now()
    periods = [_period(now) + step for step in (-1, 0, 1)]
    return {
        "keys": [_key_of(signer, secret, period).public for secret in _counting(generations, now) for period in periods]
    }


def _counting(generations: Generations, now: datetime) -> list[bytes]:
    """The secrets of those that no later one has ended; the first generation has none."""
    secrets = [_FIRST, *(one.secret for one in generations)]
    ended = [place for place, one in enumerate(generations, 1) if one.others_end <= now.timestamp()]
    return secrets[ended[-1] :] if ended else secrets


def _period(at: datetime) -> int:
    return int(at.timestamp() // _PERIOD.total_seconds())


@lru_cache(maxsize=64)
def _key_of(signer: Signer, secret: bytes, period: int) -> TokenKey:
    # 512 bits taken modulo the order are as good as drawn evenly (FIPS 186-5, A.2.1).
    drawn = b"".join(_drawn(signer, secret, f"{period}/{half}".encode()) for half in (0, 1))
    ec = library("cryptography.hazmat.primitives.asymmetric.ec")
    forms = library("cryptography.hazmat.primitives.serialization")
    private = ec.derive_private_key(int.from_bytes(drawn) % (_ORDER - 1) + 1, ec.SECP256R1())
    pem = private.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.PKCS8, forms.NoEncryption())
    pair = library("joserfc.jwk").ECKey.import_key(pem)
    name = pair.thumbprint()
    public = {part: pair.as_dict(private=False)[part] for part in ("kty", "crv", "x", "y")}
    return TokenKey(name, pair, {**public, "kid": name, "use": "sig", "alg": ALGORITHM})


def _drawn(signer: Signer, secret: bytes, what: bytes) -> bytes:
    """Who knows only one of the two secrets knows nothing of it."""
    drawn = signer.digest(_PURPOSE, what)
    return hmac.digest(secret, drawn, "sha256") if secret else drawn
