"""The forger of single SAML answers: honest ones, and each that differs from an honest one in what it is told to."""

import base64
import os
import zlib
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any
from uuid import uuid4

import signxml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from lxml import etree

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
DS = "http://www.w3.org/2000/09/xmldsig#"
MD = "urn:oasis:names:tc:SAML:2.0:metadata"
BINDING = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"


class Keys:
    """A key and its certificate."""

    def __init__(self, days: int = 30) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sign-in")])
        now = datetime.now(UTC)
        begun = now - timedelta(days=60)
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(self.key.public_key())
        builder = builder.serial_number(x509.random_serial_number()).not_valid_before(begun)
        self.certificate = builder.not_valid_after(now + timedelta(days=days)).sign(self.key, hashes.SHA256())

    @property
    def written(self) -> str:
        return base64.b64encode(self.certificate.public_bytes(serialization.Encoding.DER)).decode()


def metadata(entity_id: str, sign_on: str, *keys: Keys) -> str:
    """What the provider publishes of itself."""
    described = "".join(
        '<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data>'
        f"<ds:X509Certificate>{each.written}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
        for each in keys
    )
    return (
        f'<?xml version="1.0"?><md:EntityDescriptor xmlns:md="{MD}" entityID="{entity_id}">'
        f'<md:IDPSSODescriptor protocolSupportEnumeration="{SAMLP}">{described}'
        f'<md:SingleSignOnService Binding="{BINDING}" Location="{sign_on}"/>'
        "</md:IDPSSODescriptor></md:EntityDescriptor>"
    )


def asked(request: str) -> dict[str, str]:
    """What a question says: its id, who asks, and where the answer shall go."""
    root = etree.fromstring(zlib.decompress(base64.b64decode(request), -15))
    issuer = root.findtext(f"{{{SAML}}}Issuer")
    return {"id": root.get("ID"), "audience": issuer, "recipient": root.get("AssertionConsumerServiceURL")}


def response(question: dict[str, str], issuer: str, **said: Any) -> Any:
    """An unsigned answer. What `said` doesn't name is as it should be."""
    now = said.get("now") or datetime.now(UTC)
    plan = {
        "response_id": f"_{uuid4().hex}",
        "assertion_id": f"_{uuid4().hex}",
        "destination": question["recipient"],
        "in_response_to": question["id"],
        "begins": now - timedelta(minutes=1),
        "ends": now + timedelta(minutes=5),
        "confirmed_until": now + timedelta(minutes=5),
        "name_id": "b-1",
        "format": "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
        "status": "urn:oasis:names:tc:SAML:2.0:status:Success",
        "attributes": {"email": ["bob@acme.test"]},
        "context": "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport",
        "issuer": issuer,
        **question,
        **said,
    }
    return etree.fromstring(_envelope(plan).encode())


def signed(root: Any, keys: Keys, *, digest: str = "sha256", method: str = "rsa-sha256") -> Any:
    """With the assertion signed, as providers do."""
    assertion = root.find(f"{{{SAML}}}Assertion")
    place = list(root).index(assertion)
    signer = _Weak if "sha1" in method + digest else signxml.XMLSigner
    canonical = "http://www.w3.org/2001/10/xml-exc-c14n#"
    made = signer(signature_algorithm=method, digest_algorithm=digest, c14n_algorithm=canonical).sign(
        etree.fromstring(etree.tostring(assertion)),
        key=keys.key,
        cert=[keys.certificate],
        reference_uri=f"#{assertion.get('ID')}",
    )
    root.remove(assertion)
    root.insert(place, made)
    return root


def signed_around(root: Any, keys: Keys) -> Any:
    """With one signature, around the whole response."""
    signer = signxml.XMLSigner(c14n_algorithm="http://www.w3.org/2001/10/xml-exc-c14n#")
    return signer.sign(root, key=keys.key, cert=[keys.certificate], reference_uri=f"#{root.get('ID')}")


def encrypted(root: Any, certificate: str, content: bytes | None = None, *, block: bool = False) -> Any:
    """With the assertion encrypted for a certificate (PEM), by AES-256 and RSA-OAEP; or with other content."""
    assertion = root.find(f"{{{SAML}}}Assertion")
    content = etree.tostring(assertion, with_tail=False) if content is None else content
    public: Any = x509.load_pem_x509_certificate(certificate.encode()).public_key()
    key = os.urandom(32)
    oaep = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)
    root.replace(assertion, etree.fromstring(_sealed(public.encrypt(key, oaep), _content(key, content, block), block)))
    return root


def _content(key: bytes, content: bytes, block: bool) -> bytes:
    if not block:
        nonce = os.urandom(12)
        return nonce + AESGCM(key).encrypt(nonce, content, None)
    start, missing = os.urandom(16), 16 - len(content) % 16
    turning = Cipher(algorithms.AES(key), modes.CBC(start)).encryptor()
    return start + turning.update(content + os.urandom(missing - 1) + bytes([missing])) + turning.finalize()


def _sealed(wrapped: bytes, content: bytes, block: bool) -> str:
    xenc = "http://www.w3.org/2001/04/xmlenc#"
    algorithm = f"{xenc}aes256-cbc" if block else "http://www.w3.org/2009/xmlenc11#aes256-gcm"
    return (
        f'<saml:EncryptedAssertion xmlns:saml="{SAML}"><xenc:EncryptedData xmlns:xenc="{xenc}" Type="{xenc}Element">'
        f'<xenc:EncryptionMethod Algorithm="{algorithm}"/><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">'
        f'<xenc:EncryptedKey><xenc:EncryptionMethod Algorithm="{xenc}rsa-oaep-mgf1p"/><xenc:CipherData>'
        f"<xenc:CipherValue>{base64.b64encode(wrapped).decode()}</xenc:CipherValue></xenc:CipherData>"
        f"</xenc:EncryptedKey></ds:KeyInfo><xenc:CipherData><xenc:CipherValue>{base64.b64encode(content).decode()}"
        "</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData></saml:EncryptedAssertion>"
    )


def encoded(root: Any) -> str:
    return base64.b64encode(root if isinstance(root, bytes) else etree.tostring(root)).decode()


class _Weak(signxml.XMLSigner):
    def check_deprecated_methods(self) -> None:
        """As providers still sign that were set up long ago."""


def _envelope(plan: dict[str, Any]) -> str:
    called = f' InResponseTo="{plan["in_response_to"]}"' if plan["in_response_to"] else ""
    return (
        f'<samlp:Response xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}" ID="{plan["response_id"]}" Version="2.0"'
        f' IssueInstant="{_moment(plan["begins"])}" Destination="{plan["destination"]}"{called}>'
        f"<saml:Issuer>{plan['issuer']}</saml:Issuer>"
        f'<samlp:Status><samlp:StatusCode Value="{plan["status"]}"/></samlp:Status>'
        f"{_assertion(plan, called)}</samlp:Response>"
    )


def _assertion(plan: dict[str, Any], called: str) -> str:
    attributes = "".join(
        f'<saml:Attribute Name="{name}">'
        + "".join(f"<saml:AttributeValue>{escape(value)}</saml:AttributeValue>" for value in values)
        + "</saml:Attribute>"
        for name, values in plan["attributes"].items()
    )
    return (
        f'<saml:Assertion ID="{plan["assertion_id"]}" Version="2.0" IssueInstant="{_moment(plan["begins"])}">'
        f"<saml:Issuer>{plan['issuer']}</saml:Issuer><saml:Subject>"
        f'<saml:NameID Format="{plan["format"]}">{plan["name_id"]}</saml:NameID>'
        '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData'
        f' Recipient="{plan["recipient"]}" NotOnOrAfter="{_moment(plan["confirmed_until"])}"{called}/>'
        "</saml:SubjectConfirmation></saml:Subject>"
        f'<saml:Conditions NotBefore="{_moment(plan["begins"])}" NotOnOrAfter="{_moment(plan["ends"])}">'
        f"<saml:AudienceRestriction><saml:Audience>{plan['audience']}</saml:Audience></saml:AudienceRestriction>"
        f'</saml:Conditions><saml:AuthnStatement AuthnInstant="{_moment(plan["begins"])}"><saml:AuthnContext>'
        f"<saml:AuthnContextClassRef>{plan['context']}</saml:AuthnContextClassRef></saml:AuthnContext>"
        f"</saml:AuthnStatement><saml:AttributeStatement>{attributes}</saml:AttributeStatement></saml:Assertion>"
    )


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"
