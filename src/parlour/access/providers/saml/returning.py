"""The answer's way: posted from the provider's page, held for a moment, fetched by the browser that had asked.

The provider's page posts across sites, where a browser rightly sends no cookie of ours. So the post proves nothing and
opens nothing: it only leaves the answer here, and leads to a plain visit of our own page, which does bring the cookie.
"""

import base64
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from redis.asyncio import Redis

from parlour.access.providers import attempts
from parlour.access.providers.attempts import Attempt
from parlour.access.providers.keeping import Provider, our_name
from parlour.access.providers.saml import asking, believing, conditions, connections, keys, meaning, parsing
from parlour.access.providers.saml.conditions import SKEW, Expected
from parlour.access.providers.shown import NotVouchedFor, Shown, refused
from parlour.foundation import clock, crypto
from parlour.foundation.installation import Installation

_SECONDS: Final = 120
_LONGEST: Final = parsing.LONGEST * 4 // 3 + 4


def consumer(installation: Installation, provider_id: UUID) -> str:
    """Where answers are posted to (Assertion Consumer Service)."""
    return f"{our_name(installation, provider_id)}/saml"


async def hold(installation: Installation, provider_id: UUID, state: str, answer: str) -> str:
    """What fetches the answer, once. Raises `NotVouchedFor` where nobody had asked for any."""
    if not await attempts.is_under_way(installation.cache, state, provider_id):
        raise NotVouchedFor("That sign-in was not begun here. Start it from here.", "unsolicited answer")
    _check_size(answer)
    return await _keep(installation, provider_id, answer)


async def hold_unasked(installation: Installation, organization_id: UUID, provider: Provider, answer: str) -> str:
    """What fetches the answer. It is looked through first. Raises `NotVouchedFor`."""
    _check_size(answer)
    await _understood(installation, organization_id, provider, answer, None)
    return await _keep(installation, provider.id, answer)


def _check_size(answer: str) -> None:
    if not answer or len(answer) > _LONGEST:
        raise NotVouchedFor("The provider's answer is empty or too long. Tell an administrator.", "answer of no size")


async def _keep(installation: Installation, provider_id: UUID, answer: str) -> str:
    ticket = crypto.new_secret()
    await installation.cache.set(_key(provider_id, ticket), answer, ex=_SECONDS)
    return ticket


async def shown_by(installation: Installation, attempt: Attempt, provider: Provider, ticket: str) -> Shown:
    """Whom the answer vouches for: it and its assertion are used up. Raises `NotVouchedFor`."""
    held = await installation.cache.getdel(_key(provider.id, ticket)) if ticket else None
    request_id = None if attempt.is_unasked else asking.request_id(attempt.nonce)
    assertion, until, shown = await _understood(installation, attempt.organization_id, provider, held, request_id)
    seconds = int((until - clock.now() + 2 * SKEW).total_seconds()) + 1
    await _use_up(installation.cache, provider.id, assertion.get("ID"), seconds)
    return shown


async def look(installation: Installation, organization_id: UUID, provider: Provider, ticket: str) -> Shown:
    """Whom an answer would vouch for that nobody had asked for; it stays. Raises `NotVouchedFor`."""
    held = await installation.cache.get(_key(provider.id, ticket))
    _, _, shown = await _understood(installation, organization_id, provider, held, None)
    return shown


async def _understood(
    installation: Installation,
    organization_id: UUID,
    provider: Provider,
    held: bytes | str | None,
    request_id: str | None,
) -> tuple[Any, datetime, Shown]:
    if not held:
        raise refused("The provider sent no answer.")
    async with installation.database.reading(organization_id) as tx:
        connection = await connections.connection_of(tx, provider.id)
        halves = await keys.private_halves(tx, installation)
    if request_id is None and not connection.takes_unasked:
        raise refused("The connection takes no sign-ins that begin at the provider.")
    name, place = our_name(installation, provider.id), consumer(installation, provider.id)
    expected = Expected(provider.issuer, name, place, request_id)
    response = believing.parsed(_bytes(held))
    conditions.check_response(response, expected)
    if connection.encrypted_only and not believing.is_encrypted(response):
        raise refused("The assertion is not encrypted, as has to be here. Switch encryption on at the provider.")
    assertion = believing.signed_assertion(response, connection.certificates, halves)
    until = conditions.check_assertion(assertion, expected)
    return assertion, until, meaning.shown_in(assertion, connection, provider.groups_claim)


async def _use_up(cache: Redis, provider_id: UUID, assertion_id: str, seconds: int) -> None:
    key = f"provider:assertion:{provider_id}:{crypto.digest(assertion_id).hex()}"
    if not await cache.set(key, "1", nx=True, ex=max(seconds, 1)):
        raise refused("The assertion was used before.")


def _bytes(held: bytes | str) -> bytes:
    try:
        return base64.b64decode("".join((held.decode() if isinstance(held, bytes) else held).split()), validate=True)
    except ValueError as broken:
        raise refused("The answer is no base64.") from broken


def _key(provider_id: UUID, ticket: str) -> str:
    return f"provider:answer:{provider_id}:{crypto.digest(ticket).hex()}"
