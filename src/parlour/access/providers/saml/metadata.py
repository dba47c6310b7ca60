"""Metadata: the identity provider's, read once; ours, written for it."""

import base64
from html import escape
from typing import Any, Final

import msgspec

from parlour.access.providers.saml import decrypting, parsing
from parlour.access.providers.saml.parsing import NotRead
from parlour.foundation.errors import Invalid
from parlour.foundation.library import library

REDIRECT: Final = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
POST: Final = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
_MOST_CERTIFICATES: Final = 10


class Described(msgspec.Struct, frozen=True):
    """What counts of the provider's metadata. `certificates` are PEM; several while keys are exchanged."""

    entity_id: str
    sign_on: str
    certificates: list[str]


def understood(document: str, *, plain_http: bool) -> Described:
    """Raises `Invalid`."""
    try:
        return _described(parsing.read(document.strip().encode()), plain_http=plain_http)
    except NotRead as wrong:
        raise Invalid(details={"metadata": wrong.words}) from wrong


def ours(entity_id: str, consumer: str, certificate: str = "") -> str:
    """What an identity provider needs to know of us (SAML 2.0 Metadata, 2.4.4). `certificate`: to encrypt for."""
    return (
        f'<md:EntityDescriptor xmlns:md="{parsing.SPACES["md"]}" entityID="{escape(entity_id)}">'
        f'<md:SPSSODescriptor AuthnRequestsSigned="false" WantAssertionsSigned="true"'
        f' protocolSupportEnumeration="{parsing.SPACES["samlp"]}">'
        f"{_encryption(certificate) if certificate else ''}"
        "<md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:persistent</md:NameIDFormat>"
        "<md:NameIDFormat>urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress</md:NameIDFormat>"
        f'<md:AssertionConsumerService index="0" isDefault="true" Binding="{POST}" Location="{escape(consumer)}"/>'
        "</md:SPSSODescriptor></md:EntityDescriptor>"
    )


def _encryption(certificate: str) -> str:
    written = "".join(certificate.split("-----")[2].split())
    # What is preferred comes first (2.4.1.1).
    algorithms = (*decrypting.AES_GCM, decrypting.OAEP, decrypting.OAEP_OF_2001, *decrypting.AES_CBC)
    methods = "".join(f'<md:EncryptionMethod Algorithm="{each}"/>' for each in algorithms)
    return (
        f'<md:KeyDescriptor use="encryption"><ds:KeyInfo xmlns:ds="{parsing.SPACES["ds"]}"><ds:X509Data>'
        f"<ds:X509Certificate>{written}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>{methods}</md:KeyDescriptor>"
    )


def _described(root: Any, *, plain_http: bool) -> Described:
    entities = root.iter(parsing.name("md", "EntityDescriptor"))
    roles = [(entity, role) for entity in entities for role in parsing.found(entity, "md:IDPSSODescriptor")]
    if len(roles) != 1:
        raise NotRead("The metadata has to describe exactly one identity provider (IDPSSODescriptor).")
    entity, role = roles[0]
    entity_id = (entity.get("entityID") or "").strip()
    if not 1 <= len(entity_id) <= 500 or not entity_id.isprintable():
        raise NotRead("The metadata names no entity ID.")
    return Described(entity_id, _sign_on(role, plain_http=plain_http), _certificates(role))


def _sign_on(role: Any, *, plain_http: bool) -> str:
    schemes = ("https://", "http://") if plain_http else ("https://",)
    for each in parsing.found(role, "md:SingleSignOnService"):
        address = (each.get("Location") or "").strip()
        is_plain = address.isascii() and address.isprintable() and " " not in address and len(address) <= 2000
        if each.get("Binding") == REDIRECT and address.startswith(schemes) and is_plain:
            return address
    raise NotRead("The metadata names no single sign-on address for HTTP-Redirect that begins with https://.")


def _certificates(role: Any) -> list[str]:
    path = "ds:KeyInfo/ds:X509Data/ds:X509Certificate"
    keys = [key for key in parsing.found(role, "md:KeyDescriptor") if key.get("use", "signing") == "signing"]
    written = dict.fromkeys("".join(parsing.text(each).split()) for key in keys for each in parsing.found(key, path))
    if not written:
        raise NotRead("The metadata names no certificate for signing.")
    if len(written) > _MOST_CERTIFICATES:
        raise NotRead(f"The metadata names more than {_MOST_CERTIFICATES} certificates.")
    return [_pem(each) for each in written]


def _pem(written: str) -> str:
    x509, encodings = library("cryptography.x509"), library("cryptography.hazmat.primitives.serialization")
    try:
        certificate = x509.load_der_x509_certificate(base64.b64decode(written, validate=True))
        pem: bytes = certificate.public_bytes(encodings.Encoding.PEM)
    except ValueError as broken:
        raise NotRead("A certificate in the metadata can't be read.") from broken
    return pem.decode()
