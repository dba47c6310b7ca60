"""The organization itself, and its departments."""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from litestar.datastructures import UploadFile
from msgspec import UNSET, Meta, UnsetType

from parlour import notifications, people
from parlour.api import shapes
from parlour.api.conventions import Body
from parlour.api.operations import Answer, operation
from parlour.entrance import Request
from parlour.foundation.errors import UnsupportedMediaType
from parlour.people import Permission

DepartmentName = Annotated[str, Meta(min_length=1, max_length=80, examples=["Billing"])]
Description = Annotated[str, Meta(max_length=500)]
_SLUG: Final = "Stands in the portal's address. The one of before leads to the new one for 90 days."
_ZONE: Final = "As the tz database names it, for example `Europe/Berlin`: of times in mails."
Members = Annotated[list[UUID], Meta(max_length=1000, description="Agents, all of them.")]


class OrganizationChanges(Body, frozen=True, kw_only=True):
    """What to change; what is left out stays."""

    name: Annotated[str, Meta(min_length=1, max_length=120)] | UnsetType = UNSET
    slug: Annotated[str, Meta(max_length=60, description=_SLUG)] | UnsetType = UNSET
    colour: Annotated[str, Meta(pattern="^#[0-9a-fA-F]{6}$", description="`#rrggbb`")] | UnsetType = UNSET
    time_zone: Annotated[str, Meta(max_length=60, description=_ZONE)] | UnsetType = UNSET


class Organization(shapes.Shape, frozen=True):
    """A company whose customers write here. `host` is its portal's own name, if it has one."""

    id: UUID
    slug: str
    name: str
    colour: str
    host: str | None
    created_at: datetime
    time_zone: Annotated[str, Meta(description=_ZONE)]
    logo: Annotated[str | None, Meta(description="The path of its logo, a PNG picture; `null` where it has none.")]


class Origins(shapes.Shape, frozen=True):
    """Where pages may come from that call the API, in order."""

    origins: list[str]


class NewOrigins(Body, frozen=True, kw_only=True):
    """All of them."""

    origins: Annotated[list[Annotated[str, Meta(max_length=300)]], Meta(max_length=50)]


class Used(shapes.Shape, frozen=True):
    """How much of one resource is used. `limit` is `null` where there is none."""

    resource: people.Resource
    amount: Annotated[int, Meta(description="`STORAGE` in bytes.")]
    limit: int | None
    counted_at: datetime


class Usage(shapes.Shape, frozen=True):
    """The plan, and what is used of it."""

    plan: people.Plan
    items: list[Used]


class NewDepartment(Body, frozen=True, kw_only=True):
    """A department to add."""

    name: DepartmentName
    description: Description = ""
    member_ids: Members = []


class DepartmentChanges(Body, frozen=True, kw_only=True):
    """What to change; what is left out stays."""

    name: DepartmentName | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    member_ids: Members | UnsetType = UNSET


class Department(shapes.Shape, frozen=True):
    """A part of the organization that answers its own tickets."""

    id: UUID
    name: str
    description: str
    created_at: datetime
    member_ids: list[UUID]


class Departments(shapes.Shape, frozen=True):
    """All of them, by name."""

    items: list[Department]


@operation("GET /organization", Permission.READ_ORGANIZATION)
async def read_organization(request: Request) -> Organization:
    """Read the organization"""
    async with request.reading() as tx:
        return _as_organization(await people.this_organization(tx))


@operation("PUT /organization", Permission.MANAGE_ORGANIZATION, example={"name": "Acme Coffee", "colour": "#3f5bd9"})
async def change_organization(request: Request, body: OrganizationChanges) -> Organization:
    """Change the organization"""
    async with request.transaction() as tx:
        changes = people.OrganizationChanges(
            name=body.name, slug=body.slug, colour=body.colour, time_zone=body.time_zone
        )
        return _as_organization(await people.change_organization(tx, changes))


@operation("POST /organization/logo", Permission.MANAGE_ORGANIZATION, uploads=True, file=True, refusals=(413, 415))
async def change_logo(request: Request) -> Organization:
    """Change the organization's logo

    Send a PNG, JPEG or WebP picture of at most 2 MB as the field `file`. It is kept as a PNG picture whose longer side
    is 512 pixels at most.
    """
    if request.content_type[0] != "multipart/form-data":
        raise UnsupportedMediaType("Send the picture as `multipart/form-data`, in the field `file`.")
    file = (await request.form()).get("file")
    logo = await people.drawn(await file.read() if isinstance(file, UploadFile) else b"")
    async with request.transaction() as tx:
        before = await people.this_organization(tx)
        after = await people.set_logo(tx, request.installation.blobs, logo)
    await people.forget_logo(request.installation.blobs, before, after)
    return _as_organization(after)


@operation("DELETE /organization/logo", Permission.MANAGE_ORGANIZATION, status=204)
async def remove_logo(request: Request) -> None:
    """Remove the organization's logo"""
    async with request.transaction() as tx:
        before = await people.this_organization(tx)
        after = await people.remove_logo(tx)
    await people.forget_logo(request.installation.blobs, before, after)


@operation("GET /organization/origins", Permission.MANAGE_ORGANIZATION)
async def list_allowed_origins(request: Request) -> Origins:
    """List the web pages that may call the API

    Scripts of these origins may read answers to requests that carry a token. Cookies count from our own pages only.
    """
    async with request.reading() as tx:
        return Origins(await people.allowed_origins(tx))


@operation(
    "PUT /organization/origins", Permission.MANAGE_ORGANIZATION, example={"origins": ["https://shop.example.com"]}
)
async def set_allowed_origins(request: Request, body: NewOrigins) -> Origins:
    """Say which web pages may call the API

    These and no others. Each is a scheme and a host, without a path and without an asterisk.
    """
    async with request.transaction() as tx:
        return Origins(await people.set_allowed_origins(tx, body.origins))


@operation("GET /organization/usage", Permission.MANAGE_ORGANIZATION)
async def read_usage(request: Request) -> Usage:
    """Read what the organization uses of its plan

    Seats and mailboxes are as they are now; storage and tickets are counted once an hour.
    """
    async with request.reading() as tx:
        subscription, found = await people.subscription_of(tx), await notifications.usage_of(tx)
    return Usage(subscription.plan, [Used(each.resource, each.amount, each.limit, each.counted_at) for each in found])


@operation("GET /departments", Permission.READ_DEPARTMENTS)
async def list_departments(request: Request) -> Departments:
    """List departments"""
    async with request.reading() as tx:
        return Departments([_as_department(each) for each in await people.departments(tx)])


@operation(
    "POST /departments",
    Permission.MANAGE_DEPARTMENTS,
    status=201,
    headers={"Location": "The new department."},
    example={"name": "Billing", "description": "Invoices and refunds"},
)
async def add_department(request: Request, body: NewDepartment) -> Answer[Department]:
    """Add a department"""
    async with request.transaction() as tx:
        department = await people.add_department(tx, body.name, body.description, by=request.actor)
        if body.member_ids:
            department = await people.set_members(tx, department, body.member_ids, by=request.actor)
    request.forget_identities()
    return Answer(_as_department(department), {"location": f"/api/departments/{department.id}"})


@operation("GET /departments/{id}", Permission.READ_DEPARTMENTS)
async def read_department(request: Request, id: UUID) -> Department:  # noqa: A002
    """Read a department"""
    async with request.reading() as tx:
        return _as_department(await people.find_department(tx, id))


@operation("PUT /departments/{id}", Permission.MANAGE_DEPARTMENTS, example={"description": "Invoices only"})
async def change_department(request: Request, id: UUID, body: DepartmentChanges) -> Department:  # noqa: A002
    """Change a department"""
    async with request.transaction() as tx:
        department = await people.find_department(tx, id)
        if body.name is not UNSET or body.description is not UNSET:
            name = department.name if body.name is UNSET else body.name
            description = department.description if body.description is UNSET else body.description
            department = await people.change_department(tx, department, name, description, by=request.actor)
        if body.member_ids is not UNSET:
            department = await people.set_members(tx, department, body.member_ids, by=request.actor)
    request.forget_identities()
    return _as_department(department)


@operation("DELETE /departments/{id}", Permission.MANAGE_DEPARTMENTS, status=204)
async def remove_department(request: Request, id: UUID) -> None:  # noqa: A002
    """Remove a department

    Its tickets stay, without a department.
    """
    async with request.transaction() as tx:
        await people.remove_department(tx, await people.find_department(tx, id), by=request.actor)
    request.forget_identities()


def _as_organization(found: people.Organization) -> Organization:
    return Organization(
        id=found.id,
        slug=found.slug,
        name=found.name,
        colour=found.colour,
        host=found.host,
        created_at=found.created_at,
        time_zone=found.time_zone,
        logo=f"/portal/{found.slug}/logo?v={found.logo}" if found.logo else None,
    )


def _as_department(found: people.Department) -> Department:
    return Department(found.id, found.name, found.description, found.created_at, found.member_ids)
