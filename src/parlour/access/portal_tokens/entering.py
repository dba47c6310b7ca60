"""What a portal token opens: one customer's way in, once, within minutes. Never an agent's."""

from typing import Any, Final
from uuid import UUID

import structlog

from parlour import people
from parlour.access.portal_tokens.keys import Verifying, verifying_keys
from parlour.access.proofs import Identity, Method, proof
from parlour.foundation import clock, crypto
from parlour.foundation.errors import Invalid, Unauthenticated
from parlour.foundation.installation import Installation
from parlour.foundation.library import library
from parlour.people import Organization, Role, User, UserStatus, portal_hosts

log = structlog.get_logger()

LONGEST_SECONDS: Final = 600
_LONGEST_TOKEN: Final = 4096
_LONGEST_ID: Final = 200
_LONGEST_NAME: Final = 200
# Two clocks are never quite the same.
_LEEWAY: Final = 60


class WrongToken(Unauthenticated):
    """The site that sent you here could not show who you are. Go back there and try again, or sign in here."""


async def identity_by_portal_token(installation: Installation, organization: Organization, token: str) -> Identity:
    """The customer it names; a new one where nobody has that address. It is used up.

    Raises `WrongToken`, whatever is wrong: what exactly is in the log, for whoever sets it up.
    """
    async with installation.database.reading(organization.id) as tx:
        keys = await verifying_keys(tx, installation.sealer)
    claims = _signed(token, keys)
    usual = installation.settings.public_url
    # Whoever wrote down the usual address need not change it when the portal gets a name of its own.
    origins = (usual, portal_hosts.origin_of(organization, usual))
    _check_claims(claims, [f"{origin}/portal/{organization.slug}" for origin in origins])
    await _use_up(installation, organization.id, claims)
    user = await _customer(installation, organization.id, claims)
    return Identity(organization.id, user.id, (proof(Method.PORTAL_TOKEN),))


def _signed(token: str, keys: list[Verifying]) -> dict[str, Any]:
    """The claims, if one of the keys has signed them by its own algorithm: what the token says of it counts nothing."""
    jwt = library("jwt")
    if not 0 < len(token) <= _LONGEST_TOKEN:
        raise _refusal("length")
    # Times are looked at below, by our clock; here only who signed it.
    options = {f"verify_{name}": False for name in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")}
    for key in keys:
        try:
            claims: dict[str, Any] = jwt.decode(token, key.key, algorithms=[key.algorithm.value], options=options)
        except jwt.PyJWTError:
            continue
        return claims
    raise _refusal("signature")


def _check_claims(claims: dict[str, Any], audiences: list[str]) -> None:
    now = clock.now().timestamp()
    ends, begins, made = claims.get("exp"), claims.get("nbf", now), claims.get("iat", now)
    if not all(isinstance(at, int | float) and not isinstance(at, bool) for at in (ends, begins, made)):
        raise _refusal("exp, nbf or iat is no number, or exp is missing")
    if not now < float(ends or 0) <= now + LONGEST_SECONDS + _LEEWAY:
        raise _refusal("exp has passed, or is more than ten minutes away")
    if max(float(begins), float(made)) > now + _LEEWAY:
        raise _refusal("nbf or iat lies ahead")
    if claims.get("aud") not in audiences:
        raise _refusal(f"aud is not {' or '.join(dict.fromkeys(audiences))}")
    name = claims.get("name", "")
    if not isinstance(claims.get("email"), str) or not isinstance(name, str) or len(name) > _LONGEST_NAME:
        raise _refusal("email is missing, or name is no text")
    token_id = claims.get("jti")
    if not isinstance(token_id, str) or not 1 <= len(token_id) <= _LONGEST_ID:
        raise _refusal("jti is missing")


async def _use_up(installation: Installation, organization_id: UUID, claims: dict[str, Any]) -> None:
    key = f"portal-token:{organization_id}:{crypto.digest(claims['jti']).hex()}"
    # Kept for longer than any token lives, so that it can't come again.
    if not await installation.cache.set(key, "1", nx=True, ex=LONGEST_SECONDS + 2 * _LEEWAY):
        raise _refusal("jti was used before")


async def _customer(installation: Installation, organization_id: UUID, claims: dict[str, Any]) -> User:
    name = "".join(sign if sign.isprintable() else " " for sign in claims.get("name", ""))
    try:
        async with installation.database.transaction(organization_id) as tx:
            user = await people.customer_by_email(tx, claims["email"], name)
    except Invalid as invalid:
        raise _refusal("email is no address") from invalid
    if user.role is not Role.CUSTOMER or user.status is not UserStatus.ACTIVE:
        # A site that only knows its customers must not be able to say who works here.
        raise _refusal("it names an agent, or somebody inactive")
    return user


def _refusal(why: str) -> WrongToken:
    log.info("portal_token.refused", why=why)
    return WrongToken()
