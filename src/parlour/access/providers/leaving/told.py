"""Told by the provider that somebody signed out there (OpenID Connect Back-Channel Logout 1.0)."""

from typing import Any, Final
from uuid import UUID

import structlog

from parlour.access.providers import going, keeping
from parlour.access.providers.keeping import Provider
from parlour.access.providers.kinds import Kind
from parlour.access.providers.leaving import ended
from parlour.access.providers.openid import tokens
from parlour.access.providers.openid.asking import BadAnswer
from parlour.access.providers.shown import NotVouchedFor, refused
from parlour.foundation import clock, crypto
from parlour.foundation.errors import NotFound
from parlour.foundation.installation import Installation

log = structlog.get_logger()

_EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
_TYPES: Final = (None, "JWT", "logout+jwt")
_SKEW: Final = 60
_OLDEST: Final = 10 * 60


async def told_to_end(installation: Installation, provider_id: UUID, token: str) -> int:
    """How many sessions here it has ended. Raises `NotVouchedFor`; then it has ended none."""
    try:
        organization_id, provider = await _find(installation, provider_id)
        claims = await _believed(installation, provider, token)
    except NotVouchedFor as refusal:
        log.info("sign_out.provider_refused", provider=str(provider_id), reason=refusal.reason)
        raise
    used = f"provider:logout:{provider.id}:{crypto.digest(claims['jti']).hex()}"
    if not await installation.cache.set(used, "1", nx=True, ex=_OLDEST + 2 * _SKEW):
        raise refused("The logout token was used before.")
    try:
        said = {name: claims.get(claim, "") for name, claim in (("subject", "sub"), ("session", "sid"))}
        return await ended.end_sessions_from(installation, organization_id, provider, **said)
    except BaseException:
        # The provider will try again.
        await installation.cache.delete(used)
        raise


async def _find(installation: Installation, provider_id: UUID) -> tuple[UUID, Provider]:
    organization_id = await installation.database.doorways.organization_by_provider(provider_id)
    if organization_id is None:
        raise refused("There is no such provider.")
    try:
        async with installation.database.reading(organization_id) as tx:
            provider = await keeping.find_provider(tx, provider_id)
    except NotFound as gone:
        raise refused("There is no such provider.") from gone
    if not provider.is_active or provider.kind in (Kind.GITHUB, Kind.SAML):
        raise refused("The provider is switched off, or speaks another language.")
    return organization_id, provider


async def _believed(installation: Installation, provider: Provider, token: str) -> dict[str, Any]:
    try:
        issuer = await going.issuer_for(installation, provider)
        header, claims = await tokens.signed_by(installation, provider, issuer, token)
    except BadAnswer as failure:
        raise refused(failure.words) from failure
    if header.get("typ") not in _TYPES:
        raise refused("The token is of another kind.")
    audience = claims.get("aud")
    if claims.get("iss") != issuer.issuer:
        raise refused("The logout token is another issuer's.")
    if provider.client_id not in (audience if isinstance(audience, list) else [audience]):
        raise refused("The logout token is meant for somebody else.")
    events = claims.get("events")
    # An ID token has a nonce and no event: neither may stand in for the other (2.4).
    if not isinstance(events, dict) or not isinstance(events.get(_EVENT), dict) or "nonce" in claims:
        raise refused("The token is no logout token.")
    _check_names(claims)
    _check_times(claims)
    return claims


def _check_names(claims: dict[str, Any]) -> None:
    if not any(claims.get(name) for name in ("sub", "sid")):
        raise refused("The logout token does not say who it is.")
    for name in ("sub", "sid", "jti"):
        found = claims.get(name, "")
        if not isinstance(found, str) or len(found) > 255 or (name == "jti" and not found):
            raise refused(f"The logout token has no {name}, or one of another kind.")


def _check_times(claims: dict[str, Any]) -> None:
    now, made, ends = clock.now().timestamp(), claims.get("iat"), claims.get("exp")
    for at in (made, ends):
        if at is not None and (not isinstance(at, int | float) or isinstance(at, bool)):
            raise refused("The logout token does not say when it was made.")
    if made is None or not now - _OLDEST - _SKEW <= made <= now + _SKEW:
        raise refused("The logout token was not made just now.")
    if ends is not None and now >= ends + _SKEW:
        raise refused("The logout token has run out.")
