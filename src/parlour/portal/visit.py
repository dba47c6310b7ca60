"""Who is at the door of which portal."""

from typing import Any
from urllib.parse import quote

import msgspec

from parlour import people
from parlour.entrance import Moved, Request, needs
from parlour.foundation import clock
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
    if organization.slug != slug and any(former.slug == slug for former in await people.former_slugs(tx)):
        raise _moved(request, slug, organization)
    if organization.slug != slug or request.actor.is_agent:
        raise Unauthenticated()
    return Visit(organization, request.actor)


async def organization_at(request: Request, slug: str) -> Organization:
    """The organization of this portal, for whoever asks. Raises `Moved` where it was called so before.

    Raises `NotFound`, or `OrganizationClosed`.
    """
    database = request.installation.database
    organization_id = await database.doorways.organization_by_slug(slug)
    found = organization_id or await database.doorways.organization_by_former_slug(slug, clock.now())
    if found is None:
        raise NotFound()
    async with database.reading(found) as tx:
        organization = await people.this_organization(tx)
        is_closed = await people.closing_of(tx) is not None
    if organization_id is None:
        raise _moved(request, slug, organization)
    if organization.slug != slug:
        # The doorway folds case; addresses here don't.
        raise NotFound()
    if is_closed:
        raise people.OrganizationClosed()
    return organization


def _moved(request: Request, slug: str, organization: Organization) -> Moved:
    """The same page, where it is now."""
    query = request.scope["query_string"].decode("latin-1")
    rest = request.scope["path"].removeprefix(home_of(slug))
    place = f"{home_of(organization.slug)}{quote(rest, safe='/')}"
    # What was to come after signing in has moved as well.
    next_page = request.query_params.get("next", "")
    if next_page.startswith(f"{home_of(slug)}/"):
        query = f"next={quote(home_of(organization.slug) + next_page.removeprefix(home_of(slug)), safe='/')}"
    return Moved(f"{place}?{query}" if query else place)
