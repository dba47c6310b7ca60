"""An administrator's test: what can be said of a provider's set-up before anybody signs in."""

from parlour.access.providers import going
from parlour.access.providers.keeping import Provider
from parlour.access.providers.kinds import Kind
from parlour.access.providers.openid import keys
from parlour.access.providers.openid.asking import BadAnswer
from parlour.foundation.errors import Conflict
from parlour.foundation.installation import Installation


class NotRight(Conflict):
    """The provider does not answer as it should."""


async def check_provider(installation: Installation, provider: Provider) -> str:
    """What was found, in words. The client secret can only be tried by signing in. Raises `NotRight`."""
    if provider.kind is Kind.GITHUB:
        return "GitHub needs no check from here: sign in once to try the client ID and secret."
    try:
        issuer = await going.issuer_for(installation, provider, anew=True)
        found = await keys.keys_for(installation, provider, issuer, None)
    except BadAnswer as failure:
        raise NotRight(failure.words) from failure
    if not found:
        raise NotRight("The issuer answers, but names no key that could sign.")
    count = "1 key" if len(found) == 1 else f"{len(found)} keys"
    return f"{provider.issuer} answers and has {count}. Sign in once to try the client ID and secret."
