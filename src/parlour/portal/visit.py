"""Who is at the door of which portal."""

from typing import Any

import msgspec

from parlour import people
from parlour.entrance import Request, needs
from parlour.foundation.database import Transaction
from parlour.foundation.errors import NotFound, Unauthenticated
from parlour.people import Actor, Organization, Permission


class Visit(msgspec.Struct, frozen=True):
    """A customer in the portal of their own organization."""

    organization: Organization
    customer: Actor

    @property
    def home(self) -> str:
        return home_of(self.organization.slug)


def home_of(slug: str) -> str:
    return f"/portal/{slug}"


def customers(permission: Permission, **more: Any) -> dict[str, Any]:
    """A route's `opt`: who is not signed in is shown this portal's own door."""
    fresh = bool(more.pop("fresh", False))
    doors = {"sign_in": "/portal/{slug}/sign-in", "confirm": "/portal/{slug}/confirm"}
    return needs(permission, fresh=fresh) | doors | more


async def visit(tx: Transaction, request: Request, slug: str) -> Visit:
    """Raises `Unauthenticated` for agents and for customers of another organization: to this portal they are strangers.

    Agents work in the dashboard. Here they would see what no customer may, their notes among it.
    """
    organization = await people.this_organization(tx)
    if organization.slug != slug or request.actor.is_agent:
        raise Unauthenticated()
    return Visit(organization, request.actor)


async def organization_at(request: Request, slug: str) -> Organization:
    """The organization of this portal, for whoever asks. Raises `NotFound`."""
    database = request.installation.database
    organization_id = await database.doorways.organization_by_slug(slug)
    if organization_id is None:
        raise NotFound()
    async with database.reading(organization_id) as tx:
        organization = await people.this_organization(tx)
    if organization.slug != slug:
        # The doorway folds case; addresses here don't.
        raise NotFound()
    return organization
