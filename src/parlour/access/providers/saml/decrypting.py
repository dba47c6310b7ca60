"""Encrypted assertions (XML Encryption 1.1): a content key that RSA wraps, and AES around the assertion.

Only what is agreed on in our metadata is opened. RSA 1.5 is not: its failures tell what was encrypted. That something
could not be opened is said once, in one way, and a content key that does not fit is replaced by one of chance, so that
what follows fails by itself.
"""

import base64
import secrets
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from parlour.access.providers.saml import parsing
from parlour.access.providers.shown import refused
from parlour.foundation.library import library

AES_GCM: Final = {
    "http://www.w3.org/2009/xmlenc11#aes256-gcm": 32,
    "http://www.w3.org/2009/xmlenc11#aes128-gcm": 16,
}
"""How many bytes the content key has."""
AES_CBC: Final = {
    "http://www.w3.org/2001/04/xmlenc#aes256-cbc": 32,
    "http://www.w3.org/2001/04/xmlenc#aes128-cbc": 16,
}
OAEP_OF_2001: Final = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"
OAEP: Final = "http://www.w3.org/2009/xmlenc11#rsa-oaep"
_SHA1: Final = "http://www.w3.org/2000/09/xmldsig#sha1"
_DIGESTS: Final = {
    _SHA1: "SHA1",
    "http://www.w3.org/2001/04/xmlenc#sha256": "SHA256",
    "http://www.w3.org/2001/04/xmldsig-more#sha384": "SHA384",
    "http://www.w3.org/2001/04/xmlenc#sha512": "SHA512",
}
_MGF1_SHA1: Final = "http://www.w3.org/2009/xmlenc11#mgf1sha1"
_MASKS: Final = {
    _MGF1_SHA1: "SHA1",
    "http://www.w3.org/2009/xmlenc11#mgf1sha256": "SHA256",
    "http://www.w3.org/2009/xmlenc11#mgf1sha384": "SHA384",
    "http://www.w3.org/2009/xmlenc11#mgf1sha512": "SHA512",
}
_IV: Final = 12
_TAG: Final = 16
_BLOCK: Final = 16


class NotOpened(Exception):
    """Not with these keys, or not what was sent."""


class Sealed(msgspec.Struct, frozen=True):
    """An encrypted assertion: how it was made, and its bytes. `digest` and `mask` are OAEP's."""

    algorithm: str
    digest: str
    mask: str
    wrapped_key: bytes
    content: bytes


def sealed_in(encrypted: Any) -> Sealed:
    """Raises `NotVouchedFor` with what to change at the provider: that much anybody may know."""
    data, key = _only(encrypted, "xenc:EncryptedData"), _only(encrypted, ".//xenc:EncryptedKey")
    algorithm = _method(data).get("Algorithm", "")
    if algorithm not in AES_GCM | AES_CBC:
        raise refused("The assertion is encrypted in a way that is not accepted. Choose AES-256 with GCM there.")
    how = _method(key)
    wrapping = how.get("Algorithm", "")
    if wrapping not in (OAEP_OF_2001, OAEP):
        raise refused("The assertion's key is encrypted in a way that is not accepted. Choose RSA-OAEP there.")
    mask = _named(how, "xenc11:MGF", _MGF1_SHA1) if wrapping == OAEP else _MGF1_SHA1
    digest = _named(how, "ds:DigestMethod", _SHA1)
    if digest not in _DIGESTS or mask not in _MASKS or parsing.found(how, "xenc:OAEPparams"):
        raise refused("RSA-OAEP is used in a way that is not accepted. Choose SHA-256 or SHA-1, without a label.")
    return Sealed(algorithm, _DIGESTS[digest], _MASKS[mask], _bytes(key), _bytes(data))


def opened(sealed: Sealed, keys: Sequence[bytes]) -> bytes:
    """With the one of our private keys (PEM) that fits. Raises `NotOpened`."""
    content_key = _content_key(sealed, keys)
    try:
        if sealed.algorithm in AES_GCM:
            cipher = library("cryptography.hazmat.primitives.ciphers.aead").AESGCM(content_key)
            plain: bytes = cipher.decrypt(sealed.content[:_IV], sealed.content[_IV:], None)
            return plain
        return _out_of_blocks(content_key, sealed.content)
    except (ValueError, library("cryptography.exceptions").InvalidTag):
        raise NotOpened() from None


def _content_key(sealed: Sealed, keys: Sequence[bytes]) -> bytes:
    length = (AES_GCM | AES_CBC)[sealed.algorithm]
    hashes, paddings = (library(f"cryptography.hazmat.primitives.{name}") for name in ("hashes", "asymmetric.padding"))
    load = library("cryptography.hazmat.primitives.serialization").load_pem_private_key
    mask = paddings.MGF1(getattr(hashes, sealed.mask)())
    padding = paddings.OAEP(mask, getattr(hashes, sealed.digest)(), None)
    found = secrets.token_bytes(length)
    for pem in keys:
        try:
            candidate = load(pem, None, unsafe_skip_rsa_key_validation=True).decrypt(sealed.wrapped_key, padding)
        except ValueError:
            continue
        if len(candidate) == length:
            found = candidate
    return found


def _out_of_blocks(content_key: bytes, content: bytes) -> bytes:
    if len(content) < 2 * _BLOCK or len(content) % _BLOCK:
        raise ValueError
    ciphers = library("cryptography.hazmat.primitives.ciphers")
    cipher = ciphers.Cipher(ciphers.algorithms.AES(content_key), ciphers.modes.CBC(content[:_BLOCK]))
    turning = cipher.decryptor()
    padded: bytes = turning.update(content[_BLOCK:]) + turning.finalize()
    # Of the padding only its length counts; the other bytes may be anything (5.2).
    if not 1 <= padded[-1] <= _BLOCK:
        raise ValueError
    return padded[: -padded[-1]]


def _method(element: Any) -> Any:
    return _only(element, "xenc:EncryptionMethod")


def _named(how: Any, path: str, usual: str) -> str:
    """The algorithm that a part of the method names."""
    every = parsing.found(how, path)
    return every[0].get("Algorithm", "") if len(every) == 1 else "" if every else usual


def _bytes(element: Any) -> bytes:
    # Its value and no reference: nothing is fetched.
    written = parsing.text(_only(element, "xenc:CipherData/xenc:CipherValue"))
    try:
        return base64.b64decode("".join(written.split()), validate=True)
    except ValueError as broken:
        raise refused("What is encrypted is no base64.") from broken


def _only(element: Any, path: str) -> Any:
    every = parsing.found(element, path)
    if len(every) != 1:
        raise refused(f"The encrypted assertion has {len(every)} of {path.rpartition(':')[2]}; one is expected.")
    return every[0]
