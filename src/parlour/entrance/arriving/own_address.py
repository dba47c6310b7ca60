"""One's own address, the same at every door: asking for another one, or for the link that confirms it once more."""

from typing import Any, Final

from litestar import Response

from parlour import access, email
from parlour.entrance import pages
from parlour.entrance.request import Request
from parlour.foundation.errors import Invalid, TooManyRequests

_SENT: Final = "If nobody else has it, a link is on its way to that address. It counts once you open it."


async def ask(request: Request, back: str) -> Response[Any]:
    """The answer is the same where somebody else has the address: customers don't learn of one another."""
    actor, wanted = request.actor, str((await request.form()).get("email") or "")
    try:
        await access.count(request.installation, access.of_recipient(wanted))
        async with request.transaction() as tx:
            await email.send_address_link(tx, actor.user_id, actor.name, wanted)
    except (Invalid, TooManyRequests) as problem:
        said = next(iter((problem.details or {}).values()), problem.message)
        return pages.redirect(back, str(said), tone="error")
    return pages.redirect(back, _SENT)
