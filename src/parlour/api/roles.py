"""Roles: the four that are built in, and those of the organization's own making."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from parlour import people
from parlour.api import shapes
from parlour.api.conventions import Body
from parlour.api.operations import Answer, operation
from parlour.entrance import Request
from parlour.people import Permission, Reach, Role, RoleDraft

RoleName = Annotated[str, Meta(min_length=1, max_length=80, examples=["Writer"])]
Description = Annotated[str, Meta(max_length=500)]
Permissions = Annotated[list[Permission], Meta(max_length=100)]


class NewRole(Body, frozen=True, kw_only=True):
    """A role to make. `kind` is what whoever has it is; `reach`, which tickets an agent or manager sees."""

    name: RoleName
    description: Description = ""
    kind: Role = Role.AGENT
    reach: Reach = Reach.ORGANIZATION
    permissions: Permissions


class RoleChanges(Body, frozen=True, kw_only=True):
    """What to change; what is left out stays."""

    name: RoleName | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    reach: Reach | UnsetType = UNSET
    permissions: Permissions | UnsetType = UNSET


class RoleRemoval(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What becomes of whoever has it."""

    instead: Annotated[
        UUID | None,
        Meta(description="The role they get, of the same kind. Without it they have no role but their kind."),
    ] = None


class BuiltInRole(shapes.Shape, frozen=True):
    """A role that every organization has."""

    role: Role
    permissions: list[Permission]


class CustomRole(shapes.Shape, frozen=True):
    """A role of the organization's own making."""

    id: UUID
    name: str
    description: str
    kind: Role
    reach: Reach
    permissions: list[Permission]
    people: Annotated[int, Meta(description="How many have it.")]
    created_at: datetime


class Roles(shapes.Shape, frozen=True):
    """All of them; the organization's own by name."""

    built_in: list[BuiltInRole]
    items: list[CustomRole]


@operation("GET /roles", Permission.READ_PEOPLE)
async def list_roles(request: Request) -> Roles:
    """List roles"""
    async with request.reading() as tx:
        found = await people.custom_roles(tx)
    built_in = [BuiltInRole(role, sorted(people.ALLOWED[role])) for role in Role]
    return Roles(built_in, [_as_role(each) for each in found])


@operation(
    "POST /roles",
    Permission.MANAGE_ROLES,
    confirmed=True,
    status=201,
    headers={"Location": "The new role."},
    example={"name": "Writer", "kind": "AGENT", "permissions": ["READ_TICKETS", "WRITE_NOTES"]},
)
async def add_role(request: Request, body: NewRole) -> Answer[CustomRole]:
    """Make a role

    It can hold only what you have yourself. What its kind can't do without is added.
    """
    draft = RoleDraft(body.name, body.description, body.kind, body.reach, frozenset(body.permissions))
    async with request.transaction() as tx:
        role = await people.add_custom_role(tx, draft, by=request.actor)
    return Answer(_as_role(role), {"location": f"/api/roles/{role.id}"})


@operation("GET /roles/{id}", Permission.READ_PEOPLE)
async def read_role(request: Request, id: UUID) -> CustomRole:  # noqa: A002
    """Read a role"""
    async with request.reading() as tx:
        return _as_role(await people.find_custom_role(tx, id))


@operation(
    "PUT /roles/{id}",
    Permission.MANAGE_ROLES,
    confirmed=True,
    example={"permissions": ["READ_TICKETS", "REPLY_TO_TICKETS"]},
)
async def change_role(request: Request, id: UUID, body: RoleChanges) -> CustomRole:  # noqa: A002
    """Change a role

    Whoever has it is allowed what it says within two seconds. Nobody changes a role that they have themselves.
    """
    async with request.transaction() as tx:
        role = await people.find_custom_role(tx, id)
        draft = RoleDraft(
            role.name if body.name is UNSET else body.name,
            role.description if body.description is UNSET else body.description,
            role.kind,
            role.reach if body.reach is UNSET else body.reach,
            role.permissions if body.permissions is UNSET else frozenset(body.permissions),
        )
        changed = await people.change_custom_role(tx, role, draft, by=request.actor)
    request.forget_identities()
    return _as_role(changed)


@operation("DELETE /roles/{id}", Permission.MANAGE_ROLES, confirmed=True, status=204)
async def remove_role(request: Request, id: UUID, query: RoleRemoval) -> None:  # noqa: A002
    """Remove a role"""
    async with request.transaction() as tx:
        role = await people.find_custom_role(tx, id)
        instead = await people.find_custom_role(tx, query.instead) if query.instead else None
        await people.remove_custom_role(tx, role, by=request.actor, instead=instead)
    request.forget_identities()


def _as_role(role: people.CustomRole) -> CustomRole:
    return CustomRole(
        role.id,
        role.name,
        role.description,
        role.kind,
        role.reach,
        sorted(role.permissions),
        role.people,
        role.created_at,
    )
