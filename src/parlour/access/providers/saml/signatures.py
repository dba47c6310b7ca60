"""Whether an element carries the provider's signature, and what exactly that signature covers."""

from collections.abc import Sequence
from typing import Any, Final

from parlour.access.providers.shown import refused
from parlour.foundation.library import library

_METHODS: Final = ("RSA_SHA256", "RSA_SHA384", "RSA_SHA512", "ECDSA_SHA256", "ECDSA_SHA384", "ECDSA_SHA512")
_DIGESTS: Final = ("SHA256", "SHA384", "SHA512")


def verified(element: Any, certificates: Sequence[str]) -> Any:
    """The element, made anew from the very bytes that its own signature covers. Raises `NotVouchedFor`."""
    signxml, etree = library("signxml"), library("lxml.etree")
    x509, broken = library("cryptography.x509"), library("signxml.exceptions").SignXMLException
    # A signature that lacks its parts is taken for a broken one, wherever the library stumbles over it.
    failed = (broken, etree.LxmlError, ValueError, TypeError, LookupError, AttributeError)
    # By itself: no reference can lead to anything outside it.
    alone = etree.tostring(element, with_tail=False)
    failures: list[str] = []
    for pem in certificates:
        certificate = x509.load_pem_x509_certificate(pem.encode())
        expected = signxml.SignatureConfiguration(
            location="./",
            expect_references=1,
            signature_methods=frozenset(signxml.SignatureMethod[name] for name in _METHODS),
            digest_algorithms=frozenset(signxml.DigestAlgorithm[name] for name in _DIGESTS),
            # It is trusted because an administrator entered it; when it ends says nothing about whose it is.
            verification_time=certificate.not_valid_before_utc,
        )
        try:
            result = signxml.XMLVerifier().verify(alone, x509_cert=certificate, expect_config=expected)
        except failed as failure:
            failures.append(str(failure)[:120])
            continue
        signed = result.signed_xml
        if signed is not None and signed.tag == element.tag and signed.get("ID") == element.get("ID") is not None:
            return signed
        failures.append("it covers something else")
    raise refused(f"The signature does not fit any of the provider's certificates: {failures[-1] if failures else ''}")
