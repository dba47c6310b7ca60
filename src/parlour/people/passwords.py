"""Passwords: argon2id (RFC 9106), computed beside the event loop."""

import asyncio
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from parlour.foundation.errors import Invalid

_hasher: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# At most two at once: each takes 19 MiB and a core for some 30 ms.
_turns: Final = asyncio.Semaphore(2)
# A hash of a password that was thrown away: an unknown address costs the same time as a wrong password.
_NOBODY: Final = "$argon2id$v=19$m=19456,t=2,p=1$bCHk5Xf6KD7iJCkP2Gxdqw$bvTZqVgH1LoTWgeqwqe9fYjI8vGLlMk+kX56YfexSvA"

MINIMUM_LENGTH: Final = 10


class WeakPassword(Invalid):
    """Choose a password of at least ten characters that is not your address."""


async def hashed(password: str) -> str:
    """The argon2id hash, about 30 ms."""
    async with _turns:
        return await asyncio.to_thread(_hasher.hash, password)


async def matches(password: str, password_hash: str | None) -> bool:
    """Whether it is the password. Takes as long where there is no hash."""
    async with _turns:
        return await asyncio.to_thread(_verify, password, password_hash or _NOBODY) and password_hash is not None


def check_strength(password: str, email: str) -> None:
    """Raises `WeakPassword`."""
    if len(password) < MINIMUM_LENGTH or password.lower() in (email.lower(), email.lower().split("@")[0]):
        raise WeakPassword(details={"password": WeakPassword.__doc__})


def _verify(password: str, password_hash: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False
