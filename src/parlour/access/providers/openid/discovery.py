"""What an issuer says of itself (OpenID Connect Discovery 1.0), remembered for an hour."""

from typing import Any, Final

import msgspec

from parlour.access.providers.keeping import Provider
from parlour.access.providers.kinds import Kind, tenant_of
from parlour.access.providers.openid.asking import BadAnswer, ask, check_address
from parlour.foundation import crypto
from parlour.foundation.installation import Installation

_SECONDS: Final = 60 * 60


class Issuer(msgspec.Struct, frozen=True):
    """Where to send people and codes."""

    issuer: str
    authorization: str
    token: str
    keys: str
    user: str = ""
    end_session: str = ""
    names_itself: bool = False
    """It promises to say who answers (RFC 9207)."""
    secret_in_header: bool = True


async def issuer_of(installation: Installation, provider: Provider, *, anew: bool = False) -> Issuer:
    """Raises `BadAnswer`."""
    key = f"provider:issuer:{provider.id}:{crypto.digest(provider.issuer).hex()}"
    if not anew and (known := await installation.cache.get(key)):
        return msgspec.json.decode(known, type=Issuer)
    url = provider.issuer.rstrip("/") + "/.well-known/openid-configuration"
    found = _read(installation, provider, await ask(installation, url))
    await installation.cache.set(key, msgspec.json.encode(found), ex=_SECONDS)
    return found


def _read(installation: Installation, provider: Provider, said: Any) -> Issuer:
    if not isinstance(said, dict):
        raise BadAnswer("The issuer does not describe itself as OpenID Connect asks for.")
    names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    if missing := [name for name in names if not said.get(name)]:
        raise BadAnswer(f"The issuer's description lacks {', '.join(missing)}.")
    issuer = said.get("issuer")
    if provider.kind is Kind.MICROSOFT and isinstance(issuer, str):
        # For some of its addresses Entra leaves the tenant open.
        issuer = issuer.replace("{tenantid}", tenant_of(provider.issuer))
    if issuer != provider.issuer:
        raise BadAnswer(f"The issuer calls itself {str(issuer)[:200]}, which has to be entered here exactly so.")
    methods = said.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    user, end_session = said.get("userinfo_endpoint"), said.get("end_session_endpoint")
    return Issuer(
        issuer=issuer,
        authorization=check_address(installation, said["authorization_endpoint"]),
        token=check_address(installation, said["token_endpoint"]),
        keys=check_address(installation, said["jwks_uri"]),
        user=check_address(installation, user) if user else "",
        end_session=check_address(installation, end_session) if end_session else "",
        names_itself=said.get("authorization_response_iss_parameter_supported") is True,
        secret_in_header="client_secret_basic" in methods,
    )
