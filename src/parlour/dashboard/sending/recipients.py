"""Whom a reply goes to, while it is being written: the usual ones, and what there is to say of one who is added."""

from typing import Any

import msgspec
from litestar import get
from litestar.params import FromPath

from parlour import email, tickets
from parlour.dashboard.composing import as_typed
from parlour.entrance import Request, needs
from parlour.people import Permission


@get("/dashboard/tickets/{number:int}/recipients", opt=needs(Permission.CHANGE_TICKETS))
async def show(request: Request, number: FromPath[int]) -> dict[str, Any]:
    """With `one`, that address, checked. Raises `Invalid` where it is none, or one of ours."""
    one = request.query_params.get("one", "").replace("\x00", "")[:500]
    async with request.reading() as tx:
        ticket = await tickets.find(tx, number, seen_by=request.actor)
        if one:
            recipients = await email.checked_recipients(tx, email.Recipients(to=email.typed_addresses(one)))
        else:
            recipients = await email.recipients_for(tx, ticket, by=request.actor.user_id)
        known = await email.introduced(tx, ticket.id, recipients.everyone)
    return {"everyone": msgspec.to_builtins(as_typed(recipients)), "known": [_as_json(each) for each in known]}


def _as_json(one: email.Introduced) -> dict[str, Any]:
    return {"email": one.email, "name": one.name, "isNew": one.is_new, "bounced": one.bounced}
