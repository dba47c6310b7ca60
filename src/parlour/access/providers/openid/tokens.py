"""ID tokens (OpenID Connect Core 1.0, section 3.1.3.7): nothing in them counts before all of it was checked."""

import base64
import secrets
from typing import Any, Final

import msgspec

from parlour.access.providers.keeping import Provider
from parlour.access.providers.openid import keys
from parlour.access.providers.openid.discovery import Issuer
from parlour.access.providers.shown import refused
from parlour.foundation import clock
from parlour.foundation.installation import Installation
from parlour.foundation.library import library

ALGORITHMS: Final = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519",
)  # fmt: skip
"""Of two keys, one of them public. Neither `none` nor anything with a shared secret."""

_LARGEST: Final = 64 * 1024
_SKEW: Final = 60
_OLDEST: Final = 10 * 60


async def claims_of(
    installation: Installation, provider: Provider, issuer: Issuer, token: object, nonce: str
) -> dict[str, Any]:
    """What the token says, once it is known to be the issuer's, for us, for this sign-in, and of now.

    Raises `NotVouchedFor` or `BadAnswer`.
    """
    _, claims = await signed_by(installation, provider, issuer, token)
    _check(claims, provider, issuer, nonce)
    return claims


async def signed_by(
    installation: Installation, provider: Provider, issuer: Issuer, token: object
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of what a key of the issuer's has signed; nothing else of it is known yet.

    Raises `NotVouchedFor` or `BadAnswer`.
    """
    if not isinstance(token, str) or len(token) > _LARGEST:
        raise refused("There is no ID token.")
    header = _header(token)
    algorithm, kid = header.get("alg"), header.get("kid")
    if algorithm not in ALGORITHMS:
        raise refused("The ID token is signed in a way that is not accepted.")
    if kid is not None and not isinstance(kid, str):
        raise refused("The ID token names no key.")
    fitting = await keys.keys_for(installation, provider, issuer, kid)
    return header, _verified(token, fitting, algorithm)


def _header(token: str) -> dict[str, Any]:
    try:
        head = token.split(".")[0]
        found = msgspec.json.decode(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except (ValueError, msgspec.DecodeError) as broken:
        raise refused("The ID token is none.") from broken
    if not isinstance(found, dict):
        raise refused("The ID token is none.")
    return found


def _verified(token: str, fitting: list[Any], algorithm: str) -> dict[str, Any]:
    jwt, jwk, errors = library("joserfc.jwt"), library("joserfc.jwk"), library("joserfc.errors")
    for key in fitting[:10]:
        try:
            claims: dict[str, Any] = jwt.decode(token, jwk.import_key(key), algorithms=[algorithm]).claims
        except (errors.JoseError, ValueError, TypeError):
            continue
        return claims
    raise refused("The ID token is not signed with a key of the issuer.")


def _check(claims: dict[str, Any], provider: Provider, issuer: Issuer, nonce: str) -> None:
    if claims.get("iss") != issuer.issuer:
        raise refused("The ID token is another issuer's.")
    audience = claims.get("aud")
    audiences = [audience] if isinstance(audience, str) else audience
    if not isinstance(audiences, list) or provider.client_id not in audiences:
        raise refused("The ID token is meant for somebody else.")
    if (len(audiences) > 1 or "azp" in claims) and claims.get("azp") != provider.client_id:
        raise refused("The ID token was given to somebody else.")
    _check_times(claims)
    said = claims.get("nonce")
    if not isinstance(said, str) or not secrets.compare_digest(said.encode(), nonce.encode()):
        raise refused("The ID token belongs to another sign-in.")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 1 <= len(subject) <= 255:
        raise refused("The ID token does not say who it is.")


def _check_times(claims: dict[str, Any]) -> None:
    now = clock.now().timestamp()
    ends, made, begins = claims.get("exp"), claims.get("iat"), claims.get("nbf", 0)
    if not all(isinstance(at, int | float) and not isinstance(at, bool) for at in (ends, made, begins)):
        raise refused("The ID token does not say when it was made.")
    if now >= ends + _SKEW:  # type: ignore[operator]
        raise refused("The ID token has run out.")
    if made > now + _SKEW or begins > now + _SKEW:  # type: ignore[operator]
        raise refused("The ID token is of the future: compare the clocks.")
    if made < now - _OLDEST - _SKEW:  # type: ignore[operator]
        raise refused("The ID token is old.")
