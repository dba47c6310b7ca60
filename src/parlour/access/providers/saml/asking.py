"""The question: an AuthnRequest by HTTP-Redirect (SAML 2.0 Bindings, 3.4)."""

import base64
import zlib
from html import escape
from urllib.parse import urlencode

from parlour.access.providers.saml import parsing
from parlour.access.providers.saml.metadata import POST
from parlour.foundation import clock


def request_id(nonce: str) -> str:
    """An XML name can't begin with a digit."""
    return f"_{nonce}"


def address(sign_on: str, *, entity_id: str, consumer: str, nonce: str, state: str) -> str:
    """Where the browser goes. Not signed: what it asks for is sent to the address that the provider has on file."""
    asked = (
        f'<samlp:AuthnRequest xmlns:samlp="{parsing.SPACES["samlp"]}" xmlns:saml="{parsing.SPACES["saml"]}"'
        f' ID="{escape(request_id(nonce))}" Version="2.0" IssueInstant="{clock.now():%Y-%m-%dT%H:%M:%SZ}"'
        f' Destination="{escape(sign_on)}" ProtocolBinding="{POST}" AssertionConsumerServiceURL="{escape(consumer)}">'
        f"<saml:Issuer>{escape(entity_id)}</saml:Issuer></samlp:AuthnRequest>"
    )
    packer = zlib.compressobj(wbits=-15)
    packed = base64.b64encode(packer.compress(asked.encode()) + packer.flush()).decode()
    joint = "&" if "?" in sign_on else "?"
    return sign_on + joint + urlencode({"SAMLRequest": packed, "RelayState": state})
