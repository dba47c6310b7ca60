"""Secrets at rest: what the database holds of a password can be read by this installation, in its own place, only."""

import hmac
import importlib
import os
from functools import cache
from typing import Any, Final
from uuid import UUID

import msgspec

_VERSION: Final = b"\x01"
_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16
_PURPOSE: Final = b"parlour sealing 1"


class SealBroken(Exception):
    """It was not sealed here: the secret key is another one, or the value was moved or changed."""


class Place(msgspec.Struct, frozen=True):
    """Where a sealed value lies. It opens nowhere else."""

    table: str
    column: str
    organization_id: UUID
    row: UUID | str


class Sealer:
    """AES-256-GCM (NIST SP 800-38D) with a key derived from the installation's secret key by HKDF (RFC 5869).

    The first byte of what is sealed says how, so that keys and ciphers can change one day.
    """

    def __init__(self, secret_key: str) -> None:
        self._key = _derived(secret_key.encode())

    def seal(self, place: Place, secret: bytes) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        sealed: bytes = _cipher(self._key).encrypt(nonce, secret, _bound_to(place))
        return _VERSION + nonce + sealed

    def open(self, place: Place, sealed: bytes) -> bytes:
        """Raises `SealBroken`."""
        version, nonce, rest = sealed[:1], sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        if version != _VERSION or len(rest) < _TAG_BYTES:
            raise SealBroken()
        try:
            secret: bytes = _cipher(self._key).decrypt(nonce, rest, _bound_to(place))
        except _library("cryptography.exceptions").InvalidTag as wrong:
            raise SealBroken() from wrong
        return secret


def _derived(secret_key: bytes) -> bytes:
    extracted = hmac.digest(bytes(32), secret_key, "sha256")
    return hmac.digest(extracted, _PURPOSE + b"\x01", "sha256")


def _bound_to(place: Place) -> bytes:
    # Length first, so that no two places are written alike.
    parts = [part.encode() for part in (place.table, place.column, str(place.organization_id), str(place.row))]
    return b"".join(len(part).to_bytes(2) + part for part in parts)


@cache
def _cipher(key: bytes) -> Any:
    return _library("cryptography.hazmat.primitives.ciphers.aead").AESGCM(key)


@cache
def _library(name: str) -> Any:
    # Eight megabytes, needed by most processes never: loaded when the first secret is sealed or opened.
    return importlib.import_module(name)
