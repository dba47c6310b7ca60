"""Secrets: made, digested, signed."""

import base64
import hashlib
import hmac
import secrets
from typing import Final

_TAG_BYTES: Final = 10  # 80 bits: short enough for a mail address, far beyond guessing over a network


def new_secret() -> str:
    """256 random bits as 43 URL-safe characters."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> bytes:
    """What may be stored of a random secret: SHA-256. Passwords need argon2 instead, see `access.passwords`."""
    return hashlib.sha256(secret.encode()).digest()


class Signer:
    """Signs short payloads with the installation's secret key (HMAC-SHA-256, RFC 2104), one derived key a purpose."""

    def __init__(self, secret_key: str) -> None:
        self._secret_key = secret_key.encode()

    def keys(self, purpose: str) -> tuple[bytes, ...]:
        """The derived keys of a purpose, for seals of full length: new ones are made with the first."""
        return (self._key(purpose),)

    def sign(self, purpose: str, payload: bytes) -> str:
        """Payload and tag as lower-case base32 without padding: it survives systems that fold case."""
        return base64.b32encode(payload + self._tag(purpose, payload)).decode().rstrip("=").lower()

    def verify(self, purpose: str, token: str) -> bytes | None:
        """The payload, or None where the token was not made by `sign` for this purpose."""
        try:
            padded = token.upper() + "=" * (-len(token) % 8)
            signed = base64.b32decode(padded)
        except ValueError:
            return None
        payload, tag = signed[:-_TAG_BYTES], signed[-_TAG_BYTES:]
        if len(signed) <= _TAG_BYTES or not hmac.compare_digest(tag, self._tag(purpose, payload)):
            return None
        return payload

    def digest(self, purpose: str, secret: bytes) -> bytes:
        """32 bytes that may be stored of a secret too short to withstand trying out: they need our key."""
        return hmac.digest(self._key(purpose), secret, "sha256")

    def _tag(self, purpose: str, payload: bytes) -> bytes:
        return self.digest(purpose, payload)[:_TAG_BYTES]

    def _key(self, purpose: str) -> bytes:
        return hmac.digest(self._secret_key, purpose.encode(), "sha256")
