"""Which identity providers there are, and what is known of each without asking anybody."""

import re
from enum import StrEnum
from typing import Final
from uuid import UUID

from parlour.foundation.errors import Invalid


class Kind(StrEnum):
    """Who vouches. All but GitHub and SAML speak OpenID Connect."""

    GOOGLE = "GOOGLE"
    MICROSOFT = "MICROSOFT"
    GITHUB = "GITHUB"
    OPENID = "OPENID"
    """Any issuer that can be discovered: Keycloak, Okta, Auth0, Authentik …"""
    SAML = "SAML"
    """SAML 2.0: whoever the metadata describes."""


GOOGLE: Final = "https://accounts.google.com"
GITHUB: Final = "https://github.com"
_MICROSOFT: Final = "https://login.microsoftonline.com/{tenant}/v2.0"
_ISSUER: Final = re.compile(r"https?://[A-Za-z0-9.\-]+(:\d{1,5})?(/[A-Za-z0-9._~%\-/]*)?")


def issuer_of(kind: Kind, written: str, *, plain_http: bool) -> str:
    """What identifies the provider for good. `written`: Microsoft's tenant, the issuer's address, or that of a GitHub
    server of one's own.

    Raises `Invalid`.
    """
    if kind is Kind.GOOGLE:
        return GOOGLE
    if kind is Kind.GITHUB and not written.strip():
        return GITHUB
    if kind is Kind.MICROSOFT:
        return _MICROSOFT.format(tenant=_tenant(written))
    address = written.strip()
    if kind is Kind.GITHUB:
        address = address.rstrip("/")
    if not _ISSUER.fullmatch(address) or len(address) > 500:
        raise Invalid(details={"issuer": "Enter the issuer's address, for example https://sign-in.example.com."})
    if not plain_http and not address.startswith("https://"):
        raise Invalid(details={"issuer": "The issuer's address has to begin with https://."})
    return address


def tenant_of(issuer: str) -> str:
    """Of one of Microsoft's issuers."""
    return issuer.split("/")[3]


def _tenant(written: str) -> str:
    # Not `common`: whoever has any account with Microsoft would be vouched for.
    try:
        return str(UUID(written.strip()))
    except ValueError as wrong:
        words = "Enter your directory's tenant ID, as Entra shows it: 32 letters and digits in five groups."
        raise Invalid(details={"issuer": words}) from wrong
