"""The organization itself."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from parlour import people
from parlour.api import shapes
from parlour.api.operations import operation
from parlour.api.queries import Body
from parlour.entrance import Request
from parlour.people import Permission


class OrganizationChanges(Body, frozen=True, kw_only=True):
    """What to change; what is left out stays."""

    name: Annotated[str, Meta(min_length=1, max_length=120)] | UnsetType = UNSET
    colour: Annotated[str, Meta(pattern="^#[0-9a-fA-F]{6}$", description="`#rrggbb`")] | UnsetType = UNSET


class Organization(shapes.Shape, frozen=True):
    """A company whose customers write here. `host` is its portal's own name, if it has one."""

    id: UUID
    slug: str
    name: str
    colour: str
    host: str | None
    created_at: datetime


@operation("GET /organization", Permission.READ_ORGANIZATION)
async def read_organization(request: Request) -> Organization:
    """Read the organization"""
    async with request.reading() as tx:
        return _as_organization(await people.this_organization(tx))


@operation("PUT /organization", Permission.MANAGE_ORGANIZATION, example={"name": "Acme Coffee", "colour": "#3f5bd9"})
async def change_organization(request: Request, body: OrganizationChanges) -> Organization:
    """Change the organization"""
    async with request.transaction() as tx:
        known = await people.this_organization(tx)
        name = known.name if body.name is UNSET else body.name
        colour = known.colour if body.colour is UNSET else body.colour
        return _as_organization(await people.change_organization(tx, name, colour))


def _as_organization(found: people.Organization) -> Organization:
    return Organization(found.id, found.slug, found.name, found.colour, found.host, found.created_at)
