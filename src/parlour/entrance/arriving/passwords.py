"""The form with address and password, the same at every door."""

from uuid import UUID

from litestar.datastructures import Cookie

from parlour import access
from parlour.access import Outcome
from parlour.entrance.arriving import admission
from parlour.entrance.request import Request


async def by_password(
    request: Request, organization_id: UUID | None = None, *, beside: bool = False
) -> tuple[Outcome, list[Cookie]]:
    """What was sent: of one organization, or of whichever it opens. `beside`: into the session that is there.

    Raises `WrongCredentials` or `TooManyRequests`.
    """
    form = await request.form()
    email, password = str(form.get("email") or ""), str(form.get("password") or "")
    client = admission.newcomer(request)
    installation = request.installation
    async with access.counted(installation, access.of_sign_in(installation, client, email)):
        identities = await access.identities_by_password(installation.database, email, password, organization_id)
    into = admission.session_token(request) if beside else None
    outcome = await access.arrive(installation, identities, client, into=into)
    return outcome, await admission.cookies_for(request, outcome, client)
