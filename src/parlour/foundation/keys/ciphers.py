"""AES-256-GCM (NIST SP 800-38D) and HKDF (RFC 5869), as every other file here uses them."""

import hmac
import importlib
import os
from functools import cache
from typing import Any, Final

from parlour.foundation.keys.broken import SealBroken

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16


def new_key() -> bytes:
    return os.urandom(KEY_BYTES)


def derived(key: bytes, purpose: bytes, salt: bytes = bytes(32)) -> bytes:
    """Another 256 bits, for one purpose only."""
    extracted = hmac.digest(salt, key, "sha256")
    return hmac.digest(extracted, purpose + b"\x01", "sha256")


def sealed(key: bytes, bound_to: bytes, secret: bytes) -> bytes:
    """A fresh nonce, then what it was sealed to. It opens with the same key and bond only."""
    nonce = os.urandom(NONCE_BYTES)
    text: bytes = cipher(key).encrypt(nonce, secret, bound_to)
    return nonce + text


def opened(key: bytes, bound_to: bytes, sealed: bytes) -> bytes:
    """Raises `SealBroken`."""
    if len(sealed) < NONCE_BYTES + TAG_BYTES:
        raise SealBroken()
    try:
        secret: bytes = cipher(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound_to)
    except broken_tag() as wrong:
        raise SealBroken() from wrong
    return secret


def bond(*parts: str) -> bytes:
    """Length first, so that no two lists of words are written alike."""
    encoded = [part.encode() for part in parts]
    return b"".join(len(part).to_bytes(2) + part for part in encoded)


def cipher(key: bytes) -> Any:
    """Not remembered: a key that was destroyed must not live on in here."""
    return _library("cryptography.hazmat.primitives.ciphers.aead").AESGCM(key)


def broken_tag() -> type[Exception]:
    kind: type[Exception] = _library("cryptography.exceptions").InvalidTag
    return kind


@cache
def _library(name: str) -> Any:
    # Eight megabytes, needed by most processes never: loaded when the first secret is sealed or opened.
    return importlib.import_module(name)
