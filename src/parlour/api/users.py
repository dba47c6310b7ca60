"""Users: agents and customers."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from parlour import access, people
from parlour.api import shapes
from parlour.api.conventions import Body, PageQuery, cursor, name_after
from parlour.api.operations import Answer, operation
from parlour.entrance import Request, must_be_confirmed
from parlour.people import Permission, Reach, Role, UserStatus

UserName = Annotated[str, Meta(min_length=1, max_length=200, examples=["Carol Baker"])]


class UserQuery(PageQuery, frozen=True, kw_only=True):
    """Which users."""

    role: Role | None = None
    q: Annotated[str, Meta(max_length=200, description="How the name or the address begins.")] = ""


class NewUser(Body, frozen=True, kw_only=True):
    """A user to add. Only administrators add agents."""

    name: UserName
    email: Annotated[str, Meta(min_length=3, max_length=254, examples=["carol@customer.test"])]
    role: Role = Role.CUSTOMER
    reach: Reach = Reach.ORGANIZATION
    custom_role_id: UUID | None = None


class UserChanges(Body, frozen=True, kw_only=True):
    """What to change; what is left out stays."""

    name: UserName | UnsetType = UNSET
    role: Role | UnsetType = UNSET
    reach: Reach | UnsetType = UNSET
    status: UserStatus | UnsetType = UNSET
    custom_role_id: UUID | UnsetType | None = UNSET


class User(shapes.Shape, frozen=True):
    """An agent or a customer. `reach` says which tickets a manager or agent sees, unless `customRoleId` names a role
    of the organization's own making, which says it then.
    """

    id: UUID
    name: str
    email: str
    role: Role
    reach: Reach
    status: UserStatus
    created_at: datetime
    custom_role_id: UUID | None


@operation("GET /users", Permission.READ_PEOPLE)
async def list_users(request: Request, query: UserQuery) -> shapes.Page[User]:
    """List users

    By name.
    """
    search = people.UserSearch(query.role, query.q, name_after(query.after), query.limit + 1)
    async with request.reading() as tx:
        found = await people.search_users(tx, search)
    last = found[query.limit - 1] if len(found) > query.limit else None
    following = cursor(last.name.lower(), last.id) if last else None
    return shapes.Page([_as_user(user) for user in found[: query.limit]], following)


@operation(
    "POST /users",
    Permission.MANAGE_CUSTOMERS,
    status=201,
    headers={"Location": "The new user."},
    example={"name": "Carol Baker", "email": "carol@customer.test"},
)
async def add_user(request: Request, body: NewUser) -> Answer[User]:
    """Add a user

    A person who adds an agent must have shown who they are not long ago.
    """
    if body.role is not Role.CUSTOMER or body.custom_role_id:
        must_be_confirmed(request)
    new = people.NewUser(body.name, body.email, body.role, body.reach, custom_role_id=body.custom_role_id)
    async with request.transaction() as tx:
        user = await people.admit(tx, new, by=request.actor)
    return Answer(_as_user(user), {"location": f"/api/users/{user.id}"})


@operation("GET /users/{id}", Permission.READ_PEOPLE)
async def read_user(request: Request, id: UUID) -> User:  # noqa: A002
    """Read a user"""
    async with request.reading() as tx:
        return _as_user(await people.find_user(tx, id))


@operation("PUT /users/{id}", Permission.MANAGE_CUSTOMERS, example={"name": "Carol Baker-Smith"})
async def change_user(request: Request, id: UUID, body: UserChanges) -> User:  # noqa: A002
    """Change a user

    Nobody changes what they may do themselves, or gives more than they have. An inactive user is signed out everywhere
    at once. A person who changes what an agent may do must have shown who they are not long ago.
    """
    async with request.transaction() as tx:
        user = await people.find_user(tx, id)
        changes = people.UserChanges(body.name, body.role, body.reach, body.status, body.custom_role_id)
        if changes.concern_power_of(user):
            must_be_confirmed(request)
        changed = await access.change_user(tx, user, changes, by=request.actor)
    request.forget_identities()
    await access.after_change(request.installation, request.actor.organization_id, changed)
    return _as_user(changed)


def _as_user(user: people.User) -> User:
    return User(
        user.id, user.name, user.email, user.role, user.reach, user.status, user.created_at, user.custom_role_id
    )
