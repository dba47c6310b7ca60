"""Signatures that others make with their private keys."""

import base64
import binascii
import importlib
from functools import cache
from typing import Any, Final

_HASHES: Final = {"1": "SHA1", "2": "SHA256"}


def is_signed_by_certificate(certificate: bytes, signature: str, signed: bytes, version: str) -> bool:
    """RSA, PKCS #1 v1.5, with the key of a PEM certificate; `version` is 1 for SHA-1 and 2 for SHA-256."""
    if version not in _HASHES:
        return False
    algorithm = getattr(_library("cryptography.hazmat.primitives.hashes"), _HASHES[version])()
    padding = _library("cryptography.hazmat.primitives.asymmetric.padding").PKCS1v15()
    try:
        key = _library("cryptography.x509").load_pem_x509_certificate(certificate).public_key()
        key.verify(base64.b64decode(signature, validate=True), signed, padding, algorithm)
    except (
        _library("cryptography.exceptions").InvalidSignature,
        binascii.Error,
        ValueError,
        AttributeError,
        TypeError,
    ):
        return False
    return True


def is_signed_by_key(public_key: str, signature: str, signed: bytes) -> bool:
    """ECDSA with SHA-256; the public key is base64 of its DER."""
    hashes = _library("cryptography.hazmat.primitives.hashes")
    ec = _library("cryptography.hazmat.primitives.asymmetric.ec")
    try:
        der = base64.b64decode(public_key, validate=True)
        key = _library("cryptography.hazmat.primitives.serialization").load_der_public_key(der)
        key.verify(base64.b64decode(signature, validate=True), signed, ec.ECDSA(hashes.SHA256()))
    except (
        _library("cryptography.exceptions").InvalidSignature,
        binascii.Error,
        ValueError,
        AttributeError,
        TypeError,
    ):
        return False
    return True


@cache
def _library(name: str) -> Any:
    # Large, and most web processes never meet a signature.
    return importlib.import_module(name)
