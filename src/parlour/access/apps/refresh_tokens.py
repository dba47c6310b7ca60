"""Refresh tokens: each works once and gives way to the next (RFC 9700, 4.14.2). One used again betrays a copy.

Only the digest of the newest is stored. That one of before was ours is known by its tag, made with the installation's
key: so a family needs no list of its own past, and nobody ends one by guessing.
"""

import base64
import binascii
import hmac
import os
from typing import Final
from uuid import UUID

import msgspec
from redis.exceptions import WatchError

from parlour.access.sessions.keeping import Session, limits_of
from parlour.foundation import clock, crypto
from parlour.foundation.errors import Unauthenticated
from parlour.foundation.installation import Installation
from parlour.foundation.keys import ciphers

PREFIX: Final = "parlour_refresh_"
GRACE_SECONDS: Final = 30
"""For an answer that was lost on its way: the same token asked again gets the same successor."""
_ID_BYTES: Final = 16
_RANDOM_BYTES: Final = 32
_PURPOSE: Final = "refresh token"
# Only where processes keep getting into each other's way, which two of one app do once.
_MOST_TRIES: Final = 5


class RefreshOver(Unauthenticated):
    """This refresh token has run out, was used before, or its sign-in has ended. Sign in again."""


class UsedBefore(RefreshOver):
    """This refresh token has run out, was used before, or its sign-in has ended. Sign in again."""


class _Turn(msgspec.Struct, frozen=True):
    """Where a family stands."""

    newest: bytes
    before: bytes = b""
    turned_at: float = 0.0
    handed_over: bytes = b""
    """The newest, sealed with the one before it: whoever has that one, and nobody else, can read it."""


async def begin(installation: Installation, session: Session) -> str:
    """A family's first."""
    text = _new(installation, session.id)
    turn = _Turn(crypto.digest(text))
    await installation.cache.set(_place(session.id), msgspec.json.encode(turn), ex=_seconds(installation))
    return text


def session_named(installation: Installation, text: str) -> UUID:
    """Whose family one belongs to. Raises `RefreshOver` where we never made it."""
    try:
        written = text.removeprefix(PREFIX)
        whole = base64.b64decode(written + "=" * (-len(written) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as wrong:
        raise RefreshOver() from wrong
    signed, tag = whole[: _ID_BYTES + _RANDOM_BYTES], whole[_ID_BYTES + _RANDOM_BYTES :]
    is_ours = hmac.compare_digest(tag, installation.signer.digest(_PURPOSE, signed))
    # Base64 has several writings of the last bits: of each token only one counts.
    if not is_ours or not hmac.compare_digest(_written(whole).encode(), text.encode()):
        raise RefreshOver()
    return UUID(bytes=whole[:_ID_BYTES])


async def turn(installation: Installation, session: Session, text: str) -> str:
    """The next, in place of this one. Of two at once both get the same. Raises `UsedBefore` or `RefreshOver`."""
    place, cache = _place(session.id), installation.cache
    for _ in range(_MOST_TRIES):
        async with cache.pipeline() as together:
            await together.watch(place)
            stored = await together.get(place)
            if not stored:
                raise RefreshOver()
            now = msgspec.json.decode(stored, type=_Turn)
            if not hmac.compare_digest(now.newest, crypto.digest(text)):
                return _again(now, text)
            successor = _new(installation, session.id)
            together.multi()  # type: ignore[no-untyped-call]
            together.set(place, msgspec.json.encode(_turned(now, text, successor)), ex=_seconds(installation))
            try:
                await together.execute()
            except WatchError:
                continue
            return successor
    raise RefreshOver()


def _turned(now: _Turn, text: str, successor: str) -> _Turn:
    handed_over = ciphers.sealed(_key(text), now.newest, successor.encode())
    return _Turn(crypto.digest(successor), now.newest, clock.now().timestamp(), handed_over)


def _again(now: _Turn, text: str) -> str:
    """The answer that was lost. Once its successor was used, or some seconds later, it is somebody else's copy."""
    is_late = clock.now().timestamp() - now.turned_at >= GRACE_SECONDS
    if is_late or not hmac.compare_digest(now.before, crypto.digest(text)):
        raise UsedBefore()
    return ciphers.opened(_key(text), now.before, now.handed_over).decode()


def _new(installation: Installation, session_id: UUID) -> str:
    signed = session_id.bytes + os.urandom(_RANDOM_BYTES)
    return _written(signed + installation.signer.digest(_PURPOSE, signed))


def _written(whole: bytes) -> str:
    return PREFIX + base64.urlsafe_b64encode(whole).decode().rstrip("=")


def _key(text: str) -> bytes:
    return ciphers.derived(text.encode(), b"handing over a refresh token")


def _place(session_id: UUID) -> str:
    return f"refresh:{session_id.hex}"


def _seconds(installation: Installation) -> int:
    # The session decides when it is over. It also lives by its access tokens, which is an hour at the most.
    return int(limits_of(installation.settings).idle.total_seconds()) + 3600
