"""The answer's way: posted from the provider's page, held for a moment, fetched by the browser that had asked.

The provider's page posts across sites, where a browser rightly sends no cookie of ours. So the post proves nothing and
opens nothing: it only leaves the answer here, and leads to a plain visit of our own page, which does bring the cookie.
"""

import base64
from typing import Final
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
    if not answer or len(answer) > _LONGEST:
        raise NotVouchedFor("The provider's answer is empty or too long. Tell an administrator.", "answer of no size")
    ticket = crypto.new_secret()
    await installation.cache.set(_key(provider_id, ticket), answer, ex=_SECONDS)
    return ticket


async def shown_by(installation: Installation, attempt: Attempt, provider: Provider, ticket: str) -> Shown:
    """Whom the answer vouches for. Raises `NotVouchedFor`."""
    held = await installation.cache.getdel(_key(provider.id, ticket)) if ticket else None
    if not held:
        raise refused("The provider sent no answer.")
    async with installation.database.reading(attempt.organization_id) as tx:
        connection = await connections.connection_of(tx, provider.id)
        halves = await keys.private_halves(tx, installation)
    expected = Expected(
        provider.issuer,
        our_name(installation, provider.id),
        consumer(installation, provider.id),
        asking.request_id(attempt.nonce),
    )
    response = believing.parsed(_bytes(held))
    conditions.check_response(response, expected)
    if connection.encrypted_only and not believing.is_encrypted(response):
        raise refused("The assertion is not encrypted, as has to be here. Switch encryption on at the provider.")
    assertion = believing.signed_assertion(response, connection.certificates, halves)
    until = conditions.check_assertion(assertion, expected)
    shown = meaning.shown_in(assertion, connection, provider.groups_claim)
    seconds = int((until - clock.now() + 2 * SKEW).total_seconds()) + 1
    await _use_up(installation.cache, provider.id, assertion.get("ID"), seconds)
    return shown


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
