"""A sign-in on its way to a provider and back: kept in Valkey for minutes, for one browser, for one return."""

import base64
import hashlib
from typing import Final
from uuid import UUID

import msgspec
from redis.asyncio import Redis

from parlour.access.providers.shown import NotVouchedFor
from parlour.foundation import clock, crypto

SECONDS: Final = 600


class Attempt(msgspec.Struct, frozen=True):
    """`user_id`: somebody who is signed in connects their account. `browser` is the digest of its cookie.

    `is_unasked`: it began at the provider, whose answer is there already.
    """

    organization_id: UUID
    provider_id: UUID
    browser: str
    nonce: str
    verifier: str
    begun_at: float
    next_page: str = ""
    user_id: UUID | None = None
    is_unasked: bool = False

    @property
    def code_challenge(self) -> str:
        """S256 (RFC 7636)."""
        return base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).decode().rstrip("=")


async def begin(
    cache: Redis, organization_id: UUID, provider_id: UUID, browser: str, *, next_page: str, user_id: UUID | None
) -> tuple[str, Attempt]:
    """The `state` that brings it back. Only its digest is stored."""
    attempt = msgspec.structs.replace(_new(organization_id, provider_id, browser, next_page), user_id=user_id)
    return await _keep(cache, attempt), attempt


async def begin_unasked(cache: Redis, organization_id: UUID, provider_id: UUID, browser: str, next_page: str) -> str:
    """Of a sign-in that began at the provider: from here on it is this browser's. The `state` that brings it back."""
    attempt = _new(organization_id, provider_id, browser, next_page)
    return await _keep(cache, msgspec.structs.replace(attempt, is_unasked=True))


async def take(cache: Redis, state: str, provider_id: UUID, browser: str) -> Attempt:
    """Once, whatever comes of it. Raises `NotVouchedFor`, also where another browser or provider brings it."""
    stored = await cache.getdel(_key(state)) if state else None
    attempt = msgspec.json.decode(stored, type=Attempt) if stored else None
    is_ours = attempt is not None and browser != "" and attempt.browser == browser_mark(browser)
    if attempt is None or not is_ours or attempt.provider_id != provider_id:
        raise NotVouchedFor("That sign-in was begun elsewhere, or long ago. Start again from here.", "unknown state")
    if clock.now().timestamp() - attempt.begun_at >= SECONDS:
        raise NotVouchedFor("That took too long. Start again from here.", "state run out")
    return attempt


async def is_under_way(cache: Redis, state: str, provider_id: UUID) -> bool:
    """Whether somebody is awaited with it; it stays as it is."""
    stored = await cache.get(_key(state)) if state else None
    return stored is not None and msgspec.json.decode(stored, type=Attempt).provider_id == provider_id


def _new(organization_id: UUID, provider_id: UUID, browser: str, next_page: str) -> Attempt:
    now, secrets = clock.now().timestamp(), (crypto.new_secret(), crypto.new_secret())
    return Attempt(organization_id, provider_id, browser_mark(browser), *secrets, now, next_page)


async def _keep(cache: Redis, attempt: Attempt) -> str:
    state = crypto.new_secret()
    await cache.set(_key(state), msgspec.json.encode(attempt), ex=SECONDS)
    return state


def browser_mark(browser: str) -> str:
    return crypto.digest(browser).hex()


def _key(state: str) -> str:
    return f"provider:attempt:{crypto.digest(state).hex()}"
