"""Which part of an answer is believed: the one assertion that the provider has signed, and nothing beside it."""

from collections.abc import Sequence
from typing import Any, Final

from parlour.access.providers.saml import parsing
from parlour.access.providers.saml.parsing import NotRead
from parlour.access.providers.shown import refused
from parlour.foundation.library import library

_SUCCESS: Final = "urn:oasis:names:tc:SAML:2.0:status:Success"
_METHODS: Final = ("RSA_SHA256", "RSA_SHA384", "RSA_SHA512", "ECDSA_SHA256", "ECDSA_SHA384", "ECDSA_SHA512")
_DIGESTS: Final = ("SHA256", "SHA384", "SHA512")


def signed_assertion(response: Any, certificates: Sequence[str]) -> Any:
    """As it was signed, made anew from the very bytes that the signature covers. Raises `NotVouchedFor`.

    Whatever else the answer holds can't be taken for it: there is one assertion in all of it, right below the root,
    every ID stands once, and a signature is the child of what it signs. Where the assertion has none of its own, the
    one of the whole response counts.
    """
    _check_success(response)
    if parsing.found(response, ".//saml:EncryptedAssertion"):
        raise refused("The assertion is encrypted. Switch encryption off at the provider: TLS protects it already.")
    assertion = _only_assertion(response)
    names = [each.get(key) for each in response.iter() for key in ("ID", "Id", "id") if each.get(key)]
    if len(names) != len(set(names)):
        raise refused("An ID stands more than once in the answer.")
    parents = [each.getparent() for each in response.iter(parsing.name("ds", "Signature"))]
    own, around = parents.count(assertion), parents.count(response)
    if own > 1 or around > 1 or own + around != len(parents):
        raise refused("The answer has a signature too many, or in the wrong place.")
    if own:
        return _verified(assertion, certificates)
    if around:
        return _only_assertion(_verified(response, certificates))
    raise refused("The answer is not signed. Have the provider sign the assertion.")


def parsed(document: bytes) -> Any:
    """The response. Raises `NotVouchedFor`."""
    try:
        response = parsing.read(document)
        parsing.refuse_asides(response)
    except NotRead as wrong:
        raise refused(wrong.words) from wrong
    if response.tag != parsing.name("samlp", "Response"):
        raise refused("The answer is no SAML 2.0 response.")
    return response


def _check_success(response: Any) -> None:
    codes = parsing.found(response, "samlp:Status/samlp:StatusCode")
    if len(codes) != 1 or codes[0].get("Value") != _SUCCESS:
        inner = [each.get("Value", "") for code in codes for each in [code, *code]]
        raise refused(f"The provider refused: {', '.join(each.rpartition(':')[2] for each in inner)[:80]}")


def _only_assertion(response: Any) -> Any:
    every = list(response.iter(parsing.name("saml", "Assertion")))
    if len(every) != 1 or every[0].getparent() is not response:
        raise refused(f"The answer has {len(every)} assertions, or one in the wrong place; one is expected.")
    return every[0]


def _verified(element: Any, certificates: Sequence[str]) -> Any:
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
