"""Passwords: argon2id (RFC 9106), computed beside the event loop."""

import asyncio
import contextlib
import os
import secrets
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from parlour.foundation.errors import Unavailable

Result = TypeVar("Result")

_hasher: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Each takes 19 MiB and a core for some 30 ms. More at once would only make all of them slower.
_THREADS: Final = 1 if (os.cpu_count() or 1) <= 2 else 2
# Who comes when so many wait already is told to come back: some six seconds of work.
_MOST_WAITING: Final = 200
# A little below what serves pages: those come first. Much lower, and on a busy machine nobody would get in at all.
_NICENESS: Final = 4


async def hashed(password: str) -> str:
    """The argon2id hash, about 30 ms. Raises `Unavailable` where too many wait."""
    return await beside(lambda: _hasher.hash(password))


async def matches(password: str, password_hash: str | None) -> bool:
    """Whether it is the password. Takes as long where there is no hash."""
    return await beside(lambda: _verify(password, password_hash))


def is_outdated(password_hash: str) -> bool:
    """Whether it was made with other parameters than those of today."""
    return _hasher.check_needs_rehash(password_hash)


async def beside(work: Callable[[], Result]) -> Result:
    """Done in the few threads that passwords have, while the loop goes on. Raises `Unavailable` where too many wait."""
    if _queue.waiting >= _MOST_WAITING:
        raise Unavailable()
    _queue.waiting += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(_threads(), work)
    finally:
        _queue.waiting -= 1


class _Queue:
    # Only ever touched by the loop's own thread.
    waiting = 0


_queue: Final = _Queue()


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_THREADS, thread_name_prefix="passwords", initializer=_step_back)


def _step_back() -> None:
    # On Linux each thread has a niceness of its own; elsewhere this number would name a process.
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)


def _verify(password: str, password_hash: str | None) -> bool:
    try:
        return _hasher.verify(password_hash or _nobodys(), password) and password_hash is not None
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys() -> str:
    # Of a password that nobody knows: an unknown address costs the same time as a wrong password.
    return _hasher.hash(secrets.token_urlsafe())
