"""The organization's plan, how much of it is used, and what happens at each limit."""

from typing import Final

from litestar import Response, get

from parlour import notifications, people
from parlour.dashboard.settings.sheet import sheet
from parlour.entrance import Request, needs
from parlour.people import Permission, Resource

_TITLES: Final = {
    Resource.SEATS: ("Seats", "active agents", "Nobody can be added as an agent. Whoever works here goes on working."),
    Resource.MAILBOXES: ("Mailboxes", "", "No mailbox can be added. Those there are take in mail as before."),
    Resource.STORAGE: (
        "Storage",
        "",
        "Nothing is deleted or turned away. Administrators hear of it, and nothing else.",
    ),
    Resource.TICKETS: (
        "Tickets this month",
        "new tickets",
        "Every mail still becomes a ticket. Administrators hear of it, and nothing else.",
    ),
}


@get("/dashboard/settings/plan", opt=needs(Permission.MANAGE_ORGANIZATION))
async def show(request: Request) -> Response[str]:
    async with request.reading() as tx:
        subscription = await people.subscription_of(tx)
        usage = await notifications.usage_of(tx)
    return await sheet(
        request, "plan", subscription=subscription, rows=[(each, *_TITLES[each.resource]) for each in usage]
    )
