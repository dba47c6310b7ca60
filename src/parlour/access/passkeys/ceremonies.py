"""A ceremony on its way to a device and back: kept in Valkey for minutes, for one purpose, one client, one address."""

import secrets
from enum import StrEnum
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from redis.asyncio import Redis

from parlour.access.client import Client
from parlour.foundation import clock, crypto
from parlour.foundation.errors import Unauthenticated

SECONDS: Final = 300
_PORTS: Final = {"http": 80, "https": 443}


class WrongPasskey(Unauthenticated):
    """That passkey could not be used here. Try again, or come in another way."""


class CeremonyOver(WrongPasskey):
    """That took longer than five minutes, or was sent before. Try again."""


class Ceremony(StrEnum):
    """What the device's answer is good for; it is good for nothing else."""

    REGISTER = "REGISTER"
    SIGN_IN = "SIGN_IN"
    CONFIRM = "CONFIRM"
    """Somebody who is known already shows it besides: the second step, or before a dangerous act."""


class Party(msgspec.Struct, frozen=True):
    """Who asks the device: a host, and the exact origin of its pages."""

    id: str
    origin: str

    @property
    def has_name(self) -> bool:
        """Browsers ask for passkeys at names only, never at a bare address (WebAuthn, 5.1.2)."""
        try:
            ip_address(self.id)
        except ValueError:
            return bool(self.id)
        return False


class Asked(msgspec.Struct, frozen=True):
    """What a device was asked. `user_id` is nobody's where it is to find out whose it is."""

    ceremony: Ceremony
    party: Party
    challenge: bytes
    client: str
    begun_at: float
    user_id: UUID | None = None


def party_at(url: str) -> Party:
    """Of the pages at this address: the installation's, or an organization's own host."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    # As browsers write an origin: without the port that its scheme has by itself (RFC 6454, 6.2).
    port = "" if parts.port in (None, _PORTS.get(parts.scheme)) else f":{parts.port}"
    return Party(host, f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{port}")


async def begin(
    cache: Redis, ceremony: Ceremony, party: Party, client: Client, *, user_id: UUID | None = None
) -> tuple[str, Asked]:
    """With the text that brings it back. Only its digest is stored."""
    asked = Asked(ceremony, party, secrets.token_bytes(32), client.mark, clock.now().timestamp(), user_id)
    token = crypto.new_secret()
    await cache.set(_key(token), msgspec.json.encode(asked), ex=SECONDS)
    return token, asked


async def take(cache: Redis, token: str, ceremony: Ceremony, client: Client, *, user_id: UUID | None = None) -> Asked:
    """Once, whatever comes of it. Raises `CeremonyOver`, or `WrongPasskey` where another client or user brings it."""
    stored = await cache.getdel(_key(token))
    if stored is None:
        raise CeremonyOver()
    asked = msgspec.json.decode(stored, type=Asked)
    if (asked.ceremony, asked.client, asked.user_id) != (ceremony, client.mark, user_id):
        raise WrongPasskey()
    if clock.now().timestamp() - asked.begun_at >= SECONDS:
        raise CeremonyOver()
    return asked


def _key(token: str) -> str:
    return f"passkey:ceremony:{crypto.digest(token).hex()}"
