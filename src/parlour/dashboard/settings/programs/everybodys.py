"""Every API token of the organization: who lets programs in, and an end to each."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from parlour import access
from parlour.dashboard.settings.sheet import sheet
from parlour.entrance import Request, needs, pages
from parlour.foundation import clock
from parlour.people import Permission

HERE: Final = "/dashboard/settings/programs"
_MAY: Final = needs(Permission.MANAGE_SECURITY)


@get(HERE, opt=_MAY)
async def show(request: Request) -> Response[str]:
    async with request.reading() as tx:
        found = await access.all_tokens(tx)
    return await sheet(request, "programs", found=found, soon=clock.now() + timedelta(days=7))


@post(HERE + "/{token_id:uuid}/revoke", opt=_MAY)
async def revoke(request: Request, token_id: FromPath[UUID]) -> Response[Any]:
    async with request.transaction() as tx:
        user_id = await access.revoke_any(tx, token_id)
    request.forget_identities()
    # A directory's token is remembered under its own id.
    await access.announce(request.installation.cache, request.actor.organization_id, user_id or token_id)
    return pages.redirect(HERE, "The token no longer works.")
