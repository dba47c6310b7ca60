"""To a provider and back: the address people are sent to, and what may be made of what they bring along."""

import base64
from typing import Any, Final
from urllib.parse import quote, urlencode
from uuid import UUID

import msgspec

from parlour.access.providers import attempts, keeping
from parlour.access.providers.attempts import Attempt
from parlour.access.providers.keeping import Provider
from parlour.access.providers.kinds import Kind
from parlour.access.providers.openid import discovery, github, tokens, understanding
from parlour.access.providers.openid.asking import BadAnswer, ask
from parlour.access.providers.openid.discovery import Issuer
from parlour.access.providers.saml import asking, connections, returning
from parlour.access.providers.shown import NotVouchedFor, Shown, refused
from parlour.foundation.errors import NotFound
from parlour.foundation.installation import Installation

_SCOPES: Final = "openid email profile"
_LONGEST: Final = 4000


class Brought(msgspec.Struct, frozen=True):
    """What the browser came back with (RFC 6749, 4.1.2; RFC 9207). Of SAML `code` fetches the answer that is held."""

    state: str = ""
    code: str = ""
    error: str = ""
    issuer: str = ""


def return_address(installation: Installation, provider_id: UUID) -> str:
    """Where the provider sends people back to; one of its own each, so that no other's answer is taken for it."""
    return f"{installation.settings.public_url}/sign-in/with/{provider_id}/back"


async def address_of(
    installation: Installation,
    organization_id: UUID,
    provider: Provider,
    browser: str,
    *,
    next_page: str = "",
    user_id: UUID | None = None,
) -> str:
    """Where to send the browser whose cookie holds `browser`. Raises `NotVouchedFor` while nobody answers there."""
    if provider.kind is Kind.SAML:
        return await _asked_by_saml(installation, organization_id, provider, browser, next_page, user_id)
    try:
        issuer = await issuer_for(installation, provider)
    except BadAnswer as failure:
        raise _away(failure) from failure
    state, attempt = await attempts.begin(
        installation.cache, organization_id, provider.id, browser, next_page=next_page, user_id=user_id
    )
    asked = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": return_address(installation, provider.id),
        "scope": github.SCOPES if provider.kind is Kind.GITHUB else _SCOPES,
        "state": state,
        "code_challenge": attempt.code_challenge,
        "code_challenge_method": "S256",
    }
    if provider.kind is not Kind.GITHUB:
        asked["nonce"] = attempt.nonce
    joint = "&" if "?" in issuer.authorization else "?"
    return issuer.authorization + joint + urlencode(asked)


async def _asked_by_saml(
    installation: Installation,
    organization_id: UUID,
    provider: Provider,
    browser: str,
    next_page: str,
    user_id: UUID | None,
) -> str:
    async with installation.database.reading(organization_id) as tx:
        connection = await connections.connection_of(tx, provider.id)
    state, attempt = await attempts.begin(
        installation.cache, organization_id, provider.id, browser, next_page=next_page, user_id=user_id
    )
    return asking.address(
        connection.sign_on,
        entity_id=keeping.our_name(installation, provider.id),
        consumer=returning.consumer(installation, provider.id),
        nonce=attempt.nonce,
        state=state,
    )


async def issuer_for(installation: Installation, provider: Provider, *, anew: bool = False) -> Issuer:
    """Raises `BadAnswer`."""
    if provider.kind is Kind.GITHUB:
        return github.issuer_of(provider.issuer)
    return await discovery.issuer_of(installation, provider, anew=anew)


async def find(installation: Installation, attempt: Attempt) -> Provider:
    """The provider an attempt went to. Raises `NotVouchedFor` where it was removed or switched off meanwhile."""
    try:
        async with installation.database.reading(attempt.organization_id) as tx:
            provider = await keeping.find_provider(tx, attempt.provider_id)
    except NotFound as gone:
        raise refused("The provider was removed.") from gone
    if not provider.is_active:
        raise refused("The provider is switched off.")
    return provider


async def shown_by(installation: Installation, attempt: Attempt, provider: Provider, brought: Brought) -> Shown:
    """Whom the provider vouches for. Raises `NotVouchedFor`."""
    if provider.kind is Kind.SAML:
        return await returning.shown_by(installation, attempt, provider, brought.code)
    try:
        issuer = await issuer_for(installation, provider)
        _check(brought, issuer)
        async with installation.database.reading(attempt.organization_id) as tx:
            secret = await keeping.secret_of(tx, installation, provider)
        said = await _exchanged(installation, provider, issuer, attempt, (brought.code, secret))
        if provider.kind is Kind.GITHUB:
            return await github.shown_by(installation, _access_token(said), issuer)
        token = said.get("id_token")
        claims = await tokens.claims_of(installation, provider, issuer, token, attempt.nonce)
        shown = understanding.shown_in(provider, await _completed(installation, issuer, claims, said))
        return msgspec.structs.replace(shown, token=str(token))
    except BadAnswer as failure:
        raise _away(failure) from failure


def _check(brought: Brought, issuer: Issuer) -> None:
    # Somebody else's answer, slipped in: the code would go to the wrong place (RFC 9700, 4.4).
    if brought.issuer != issuer.issuer and (brought.issuer or issuer.names_itself):
        raise refused("The answer came from another issuer.")
    if brought.error == "access_denied":
        raise NotVouchedFor("You did not sign in there. Start again when you like.", "declined there")
    if brought.error:
        raise refused(f"The provider refused: {brought.error[:80]}")
    if not brought.code or len(brought.code) > _LONGEST:
        raise refused("The provider sent no code.")


async def _exchanged(
    installation: Installation, provider: Provider, issuer: Issuer, attempt: Attempt, secrets: tuple[str, str]
) -> dict[str, Any]:
    code, secret = secrets
    body = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": return_address(installation, provider.id),
        "code_verifier": attempt.verifier,
    }
    headers = {}
    if issuer.secret_in_header:
        pair = f"{quote(provider.client_id, safe='')}:{quote(secret, safe='')}"
        headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    else:
        body |= {"client_id": provider.client_id, "client_secret": secret}
    said = await ask(installation, issuer.token, body=urlencode(body).encode(), headers=headers)
    if not isinstance(said, dict) or said.get("error"):
        error = said.get("error") if isinstance(said, dict) else ""
        raise BadAnswer(f"The provider does not accept the code: {str(error)[:80]}.")
    return said


def _access_token(said: dict[str, Any]) -> str:
    token = said.get("access_token")
    if not isinstance(token, str) or not token.isascii() or not token.isprintable():
        raise BadAnswer("The provider gave no access token.")
    return token


async def _completed(
    installation: Installation, issuer: Issuer, claims: dict[str, Any], said: dict[str, Any]
) -> dict[str, Any]:
    # Some keep the address out of the ID token. What is asked for here counts only for the same subject (Core, 5.3.2).
    if "email" in claims or not issuer.user or not said.get("access_token"):
        return claims
    more = await ask(installation, issuer.user, headers={"authorization": f"Bearer {_access_token(said)}"})
    if not isinstance(more, dict) or more.get("sub") != claims["sub"]:
        raise refused("The provider's two answers are about different people.")
    return {**more, **claims}


def _away(failure: BadAnswer) -> NotVouchedFor:
    return NotVouchedFor(
        "The provider does not answer as it should. Try again, or ask an administrator.", failure.words
    )
