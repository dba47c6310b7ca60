"""An identity provider's metadata, fetched from the address that an administrator gives."""

from typing import Final

from parlour.access.providers.keeping import plain_http
from parlour.access.providers.saml import parsing
from parlour.foundation.errors import Invalid
from parlour.foundation.fetching import ANYWHERE, PUBLIC, Limits, NotFetched, fetch
from parlour.foundation.installation import Installation

_LIMITS: Final = Limits(seconds=8.0, size=parsing.LONGEST, redirects=3)


async def fetched_metadata(installation: Installation, url: str) -> str:
    """Never called in a transaction. Raises `Invalid`, whose words say what is wrong with the address."""
    near = plain_http(installation)
    if not url.startswith(("https://", "http://") if near else "https://"):
        raise Invalid(details={"metadata": "The metadata's address has to begin with https://."})
    try:
        answer = await fetch(url, limits=_LIMITS, guard=ANYWHERE if near else PUBLIC)
    except NotFetched as failure:
        raise Invalid(details={"metadata": failure.words}) from failure
    if answer.status != 200:
        raise Invalid(details={"metadata": f"The address answers with {answer.status}."})
    try:
        return answer.body.decode()
    except UnicodeDecodeError as broken:
        raise Invalid(details={"metadata": "What is there is no XML in UTF-8."}) from broken
