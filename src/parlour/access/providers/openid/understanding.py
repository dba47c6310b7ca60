"""From an ID token's claims to what counts here: each kind of provider says it in a way of its own."""

from typing import Any, Final

from parlour.access.providers.keeping import Provider
from parlour.access.providers.kinds import Kind, tenant_of
from parlour.access.providers.shown import Shown, groups_of, refused, text_of

_TRUE: Final = (True, "true", "1", 1)
_SECOND_FACTOR: Final = frozenset({"mfa"})
"""Of `amr` (RFC 8176)."""
_STRONG: Final = frozenset(
    {"https://refeds.org/profile/mfa", "http://schemas.openid.net/pape/policies/2007/06/multi-factor"}
)
"""Of `acr`."""


def shown_in(provider: Provider, claims: dict[str, Any]) -> Shown:
    """Raises `NotVouchedFor` where it is somebody of another tenant."""
    if provider.kind is Kind.MICROSOFT and claims.get("tid") != tenant_of(provider.issuer):
        raise refused("The account belongs to another directory.")
    methods = claims.get("amr")
    has_second_factor = isinstance(methods, list) and any(
        isinstance(method, str) and method in _SECOND_FACTOR for method in methods
    )
    return Shown(
        subject=claims["sub"],
        email=_email(provider, claims),
        name=text_of(claims, "name"),
        groups=groups_of(claims, provider.groups_claim),
        has_second_factor=has_second_factor or claims.get("acr") in _STRONG,
        session=text_of(claims, "sid")[:255],
    )


def _email(provider: Provider, claims: dict[str, Any]) -> str:
    email = text_of(claims, "email").lower()
    if not email:
        return ""
    if provider.kind is Kind.MICROSOFT:
        # Whoever runs a directory writes any address into it. This claim says that its domain is the directory's own.
        return email if _is_true(claims.get("xms_edov")) else ""
    if not _is_true(claims.get("email_verified")):
        return ""
    if provider.kind is Kind.GOOGLE:
        # Google vouches lastingly for addresses it hosts; for others only that somebody once read a mail there.
        hosted = text_of(claims, "hd").lower()
        return email if hosted and email.endswith(f"@{hosted}") else ""
    return email


def _is_true(said: object) -> bool:
    return any(said is true or (isinstance(said, str | int) and said == true) for true in _TRUE)
