"""The bell: what waits for the agent in person."""

from typing import Any, Final

import msgspec
from litestar import Response, get, post

from parlour import notifications, people
from parlour.dashboard.shell import shell
from parlour.entrance import Request, needs, pages
from parlour.notifications import Notification
from parlour.people import Actor, Permission, Role

_HERE: Final = "/dashboard/notifications"
_READS: Final = needs(Permission.READ_OWN_NOTIFICATIONS)
_SENTENCES: Final = {
    "TicketOpened": ("plus", "opened a ticket that is yours"),
    "CustomerReplied": ("reply", "wrote again"),
    "TicketAssigned": ("user", "assigned it to you"),
    "ReplyNotSent": ("alert", "could not deliver your reply"),
    "ReplyBounced": ("alert", "could not deliver your reply: it came back"),
    "MailboxFailing": ("alert", "needs you: mail may be late"),
    "MailboxRecovered": ("check", "is well again"),
    "SendingDomainVerified": ("check", "is verified: its mail is signed"),
    "PlanLimitNear": ("alert", "near the limit of your plan"),
    "PlanLimitReached": ("alert", "at the limit of your plan"),
    "PortalHostVerified": ("check", "is your portal's address now"),
    "PortalHostMissing": ("alert", "needs you: its records are gone"),
    "PortalHostLost": ("alert", "is your portal's address no more"),
    "ClaimedDomainMissing": ("alert", "needs you: its record is gone"),
    "ClaimedDomainLost": ("alert", "is a domain of yours no more"),
    "TokenEndsSoon": ("alert", "is an API token that ends soon"),
    "SendingDomainLost": ("alert", "needs you: its mail goes out unsigned"),
}


_USED: Final = {"SEATS": "Seats", "MAILBOXES": "Mailboxes", "STORAGE": "Storage", "TICKETS": "Tickets this month"}


class Ring(msgspec.Struct, frozen=True):
    """A notification in words."""

    notification: Notification
    icon: str
    sentence: str
    sees_all_tokens: bool = False

    @property
    def about(self) -> str:
        """Who did it, or what it is about where nobody did."""
        told = self.notification
        thing = told.mailbox or told.sending_domain or told.own_domain or told.api_token
        return thing or _USED.get(told.usage_of or "") or told.actor_name or "Parlour"

    @property
    def href(self) -> str:
        told = self.notification
        if told.mailbox_id:
            return f"/dashboard/settings/mailboxes/{told.mailbox_id}"
        if told.sending_domain_id:
            return f"/dashboard/settings/domains/{told.sending_domain_id}"
        if told.own_domain:
            page = "portal-address" if told.name.startswith("PortalHost") else "single-sign-on"
            return f"/dashboard/settings/{page}"
        if told.api_token_id:
            return "/dashboard/settings/programs" if self.sees_all_tokens else "/dashboard/settings/tokens"
        if told.usage_of:
            return f"/dashboard/settings/plan#usage-{told.usage_of.lower()}"
        return f"/dashboard/tickets/{told.ticket_number}"


@get(_HERE, opt=_READS)
async def show(request: Request) -> Response[str]:
    async with request.reading() as tx:
        found = await notifications.notifications_of(tx, request.actor, limit=50)
        surroundings = await shell(tx, request.actor, await people.departments(tx))
    rings = [_ring(each, request.actor) for each in found]
    return pages.render(request, "dashboard/bell.html", shell=surroundings, rings=rings)


@post(f"{_HERE}/read", opt=_READS)
async def read_all(request: Request) -> Response[Any]:
    async with request.transaction() as tx:
        await notifications.mark_all_read(tx, request.actor)
    return pages.redirect(_HERE)


def _ring(notification: Notification, actor: Actor) -> Ring:
    icon, sentence = _SENTENCES.get(notification.name, ("bell", "changed it"))
    return Ring(notification, icon, sentence, actor.role is Role.ADMIN)
