"""An administrator's test: what can be said of a provider's set-up before anybody signs in."""

from uuid import UUID

from parlour.access.providers import going
from parlour.access.providers.keeping import Provider
from parlour.access.providers.kinds import Kind
from parlour.access.providers.openid import keys
from parlour.access.providers.openid.asking import BadAnswer
from parlour.access.providers.saml import connections
from parlour.foundation import clock
from parlour.foundation.errors import Conflict
from parlour.foundation.installation import Installation
from parlour.foundation.library import library


class NotRight(Conflict):
    """The provider does not answer as it should."""


async def check_provider(installation: Installation, organization_id: UUID, provider: Provider) -> str:
    """What was found, in words. The client secret can only be tried by signing in. Raises `NotRight`."""
    if provider.kind is Kind.SAML:
        return await _certificates(installation, organization_id, provider)
    if provider.kind is Kind.GITHUB:
        return f"{provider.issuer} needs no check from here: sign in once to try the client ID and secret."
    try:
        issuer = await going.issuer_for(installation, provider, anew=True)
        found = await keys.keys_for(installation, provider, issuer, None)
    except BadAnswer as failure:
        raise NotRight(failure.words) from failure
    if not found:
        raise NotRight("The issuer answers, but names no key that could sign.")
    count = "1 key" if len(found) == 1 else f"{len(found)} keys"
    return f"{provider.issuer} answers and has {count}. Sign in once to try the client ID and secret."


async def _certificates(installation: Installation, organization_id: UUID, provider: Provider) -> str:
    async with installation.database.reading(organization_id) as tx:
        connection = await connections.connection_of(tx, provider.id)
    load = library("cryptography.x509").load_pem_x509_certificate
    ends = [load(pem.encode()).not_valid_after_utc for pem in connection.certificates]
    count = "1 certificate" if len(ends) == 1 else f"{len(ends)} certificates"
    latest = max(ends)
    state = "ran out" if latest < clock.now() else "runs out"
    words = f"{count} may sign; the last {state} on {latest:%d %B %Y}. People are sent to {connection.sign_on[:200]}."
    return f"{words} Sign in once to try it."
