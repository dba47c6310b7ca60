"""The public keys of access tokens, for whoever wants to check one."""

from typing import Any

from litestar import Response, get

from parlour.access import apps
from parlour.entrance import Request, public


@get("/.well-known/jwks.json", opt=public())
async def show(request: Request) -> Response[Any]:
    """A JWK Set (RFC 7517): the keys of now, of before and of after, so that an hour-old copy is never wrong."""
    installation = request.installation
    keys = apps.published_keys(installation.signer, await installation.keys.token_secrets.known())
    return Response(keys, media_type="application/json", headers={"cache-control": "public, max-age=3600"})


ROUTES = [show]
