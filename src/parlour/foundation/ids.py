"""Identifiers that sort by the moment they were made."""

import os
import threading
import time
from uuid import UUID

_VERSION = 0x7 << 76
_VARIANT = 0b10 << 62
_RANDOM_BITS = 74

_taking_turns = threading.Lock()
_newest = 0


def new() -> UUID:
    """A UUIDv7 (RFC 9562): 48 bits of Unix milliseconds, then 74 random bits, so that index pages fill in order.

    Each is greater than those this process made before, within a millisecond too (section 6.2, method 2).
    """
    global _newest
    milliseconds = time.time_ns() // 1_000_000
    randomness = int.from_bytes(os.urandom(10), "big")
    with _taking_turns:
        made = (milliseconds << _RANDOM_BITS) | (randomness >> (80 - _RANDOM_BITS))
        if made <= _newest:
            made = _newest + 1 + (randomness & 0xFFFF_FFFF)
        _newest = made
    high, low = (made >> 62) & 0xFFF, made & ((1 << 62) - 1)
    return UUID(int=((made >> _RANDOM_BITS) << 80) | _VERSION | (high << 64) | _VARIANT | low)
