"""An authenticator app of the tests' own: RFC 6238 in a few lines, sharing nothing with the program."""

import base64
import hmac
from datetime import datetime


def code(seed: str, at: datetime, digits: int = 6) -> str:
    """What the app shows at a moment."""
    return code_of_step(base64.b32decode(seed + "=" * (-len(seed) % 8)), int(at.timestamp()) // 30, digits)


def code_of_step(key: bytes, step: int, digits: int = 6) -> str:
    mac = hmac.digest(key, step.to_bytes(8), "sha1")
    offset = mac[-1] & 15
    number = int.from_bytes(mac[offset : offset + 4]) & 0x7FFFFFFF
    return str(number % 10**digits).zfill(digits)
