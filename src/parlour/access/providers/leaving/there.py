"""Signing out at the provider too (OpenID Connect RP-Initiated Logout 1.0): offered to whoever is signed out here."""

import base64
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

import msgspec

from parlour.access.proofs import Identity
from parlour.access.providers import going, keeping
from parlour.access.providers.keeping import Provider
from parlour.access.providers.kinds import Kind
from parlour.access.providers.openid.asking import BadAnswer
from parlour.access.providers.shown import Shown
from parlour.access.sessions.keeping import limits_of
from parlour.foundation import crypto
from parlour.foundation.errors import NotFound
from parlour.foundation.installation import Installation
from parlour.foundation.keys.broken import KeyDestroyed, KeysOutOfReach, SealBroken
from parlour.foundation.sealing import Place

_SECONDS: Final = 600
_LONGEST: Final = 4000
"""Of an ID token that still fits into an address."""


class Offer(msgspec.Struct, frozen=True):
    """Of whoever has just signed out. `next_page` is where they go on here."""

    organization_id: UUID
    provider_id: UUID
    hint: str
    next_page: str


class WayOut(msgspec.Struct, frozen=True):
    """The provider's own page for it, and where somebody goes who would rather not."""

    provider: Provider
    address: str
    next_page: str


def left_address(installation: Installation, provider_id: UUID) -> str:
    """Where the provider sends people back to who have signed out there."""
    return f"{installation.settings.public_url}/sign-in/with/{provider_id}/left"


async def keep_hint(installation: Installation, organization_id: UUID, shown: Shown) -> str:
    """What finds the ID token again, for as long as a session may last. Valkey has it sealed."""
    if not shown.token or len(shown.token) > _LONGEST:
        return ""
    hint = crypto.new_secret()
    sealed = await installation.sealer.seal(_place(organization_id, hint), shown.token.encode())
    seconds = int(limits_of(installation.settings).longest.total_seconds())
    await installation.cache.set(_key("hint", hint), base64.b64encode(sealed), ex=seconds)
    return hint


async def offer(installation: Installation, identity: Identity, next_page: str) -> str:
    """What finds the offer on the next page. Empty where there is none: nobody waits for a provider here."""
    vouched = identity.vouched
    if vouched is None:
        return ""
    provider = await _offering(installation, identity.organization_id, vouched.provider_id)
    if provider is None:
        return ""
    ticket = crypto.new_secret()
    made = Offer(identity.organization_id, provider.id, vouched.hint, next_page)
    await installation.cache.set(_key("offer", ticket), msgspec.json.encode(made), ex=_SECONDS)
    return ticket


async def way_out(installation: Installation, ticket: str) -> WayOut | None:
    """None where the provider has no such page, or does not answer."""
    stored = await installation.cache.get(_key("offer", ticket)) if ticket else None
    made = msgspec.json.decode(stored, type=Offer) if stored else None
    provider = await _offering(installation, made.organization_id, made.provider_id) if made else None
    if made is None or provider is None:
        return None
    try:
        issuer = await going.issuer_for(installation, provider)
    except BadAnswer:
        return None
    if not issuer.end_session:
        return None
    state = crypto.new_secret()
    await installation.cache.set(_key("left", f"{provider.id}:{state}"), made.next_page, ex=_SECONDS)
    asked = {
        "client_id": provider.client_id,
        "post_logout_redirect_uri": left_address(installation, provider.id),
        "state": state,
    }
    if hint := await _hint(installation, made):
        asked["id_token_hint"] = hint
    joint = "&" if "?" in issuer.end_session else "?"
    return WayOut(provider, issuer.end_session + joint + urlencode(asked), made.next_page)


async def has_left(installation: Installation, provider_id: UUID, state: str) -> str | None:
    """Where somebody goes on who comes back from there, once. None where nobody was sent."""
    stored = await installation.cache.getdel(_key("left", f"{provider_id}:{state}"))
    return stored.decode() if isinstance(stored, bytes) else stored


async def _offering(installation: Installation, organization_id: UUID, provider_id: UUID) -> Provider | None:
    try:
        async with installation.database.reading(organization_id) as tx:
            provider = await keeping.find_provider(tx, provider_id)
    except NotFound:
        return None
    speaks = provider.kind not in (Kind.GITHUB, Kind.SAML)
    return provider if provider.is_active and provider.offers_sign_out and speaks else None


async def _hint(installation: Installation, made: Offer) -> str:
    # Asked for once: nobody is signed in with it any more.
    sealed = await installation.cache.getdel(_key("hint", made.hint)) if made.hint else None
    if not sealed:
        return ""
    try:
        token = await installation.sealer.open(_place(made.organization_id, made.hint), base64.b64decode(sealed))
    except (SealBroken, KeyDestroyed, KeysOutOfReach):
        # The provider asks then who it is that leaves.
        return ""
    return token.decode()


def _place(organization_id: UUID, hint: str) -> Place:
    return Place("sessions", "hint", organization_id, crypto.digest(hint).hex())


def _key(kind: str, secret: str) -> str:
    return f"provider:{kind}:{crypto.digest(secret).hex()}"
