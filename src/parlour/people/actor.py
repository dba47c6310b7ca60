"""Who is asking."""

from typing import ClassVar
from uuid import UUID

import msgspec

from parlour.foundation.database import Transaction
from parlour.foundation.errors import Forbidden
from parlour.foundation.facts import Fact
from parlour.people.permissions import ALLOWED, ALWAYS, AT_MOST, BEYOND_DEPARTMENTS, Permission
from parlour.people.roles import Reach, Role
from parlour.people.users import User


class Actor(msgspec.Struct, frozen=True):
    """A user in the act: what every verb takes as `by`, and every question as `seen_by`."""

    organization_id: UUID
    user_id: UUID
    name: str
    email: str
    role: Role
    reach: Reach
    department_ids: tuple[UUID, ...] = ()
    granted: frozenset[Permission] | None = None
    """What a role of the organization's own making allows, or what they come in with; else what the role does."""
    custom_role: str = ""
    """Its name."""
    company_id: UUID | None = None
    """Of a customer who sees all tickets of their company; None where they see their own."""

    @property
    def is_agent(self) -> bool:
        return self.role is not Role.CUSTOMER

    @property
    def sees_all_tickets(self) -> bool:
        return self.role is Role.ADMIN or (self.is_agent and self.reach is Reach.ORGANIZATION)

    @property
    def permissions(self) -> frozenset[Permission]:
        return ALLOWED[self.role] if self.granted is None else self.granted

    def may(self, permission: Permission) -> bool:
        return permission in self.permissions

    def must(self, permission: Permission) -> None:
        """Raises `Forbidden` where the role doesn't allow it."""
        if not self.may(permission):
            raise Forbidden()


class StandingsChanged(Fact, frozen=True, kw_only=True):
    """What these may do or see is not what it was; where nobody is named, that of anybody in the organization.

    Whoever changes something that an `Actor` or a policy is made of records it: open screens hear of it at once.
    """

    is_kept: ClassVar[bool] = False
    actor_id: UUID | None = None
    user_ids: tuple[UUID, ...] = ()


async def actor_of(tx: Transaction, user_id: UUID) -> Actor | None:
    """The user as an actor. None where they are unknown, inactive, or the organization is closed to them."""
    found = await tx.maybe(
        _Found,
        """
        select u.id, u.name, u.email, u.role, coalesce(r.reach, u.reach) as reach,
            array(
                select m.department_id
                from department_members m
                where m.organization_id = u.organization_id and m.user_id = u.id
            ) as department_ids,
            r.permissions, coalesce(r.name, '') as custom_role,
            case when u.role = 'CUSTOMER' and coalesce(u.portal_view, c.portal_view) = 'COMPANY' then c.id end
                as company_id
        from users u
        left join custom_roles r on r.organization_id = u.organization_id and r.id = u.custom_role_id
        left join companies c on c.organization_id = u.organization_id and c.id = u.company_id
        where u.id = %(user_id)s and u.status = 'ACTIVE' and not exists (
            select from closings closing where u.role <> 'ADMIN' or closing.erasing_since is not null
        )
        """,
        user_id=user_id,
    )
    if found is None:
        return None
    return Actor(
        tx.organization_id,
        found.id,
        found.name,
        found.email,
        found.role,
        found.reach,
        tuple(found.department_ids),
        None if found.permissions is None else effective(found.role, found.reach, found.permissions),
        found.custom_role,
        found.company_id,
    )


def actor_as(user: User, organization_id: UUID) -> Actor:
    """A user as an actor outside any department: for a customer whose mail has come in.

    A role of the organization's own making is not looked up: with one they may do nothing.
    """
    granted = frozenset[Permission]() if user.custom_role_id else None
    return Actor(organization_id, user.id, user.name, user.email, user.role, user.reach, granted=granted)


def effective(kind: Role, reach: Reach, stored: list[str]) -> frozenset[Permission]:
    """What a stored set allows somebody of a kind. A permission of a newer or older version counts for nothing, and so
    does one that leads beyond what the role may see.
    """
    known = {Permission[name] for name in stored if name in Permission.__members__}
    beyond = BEYOND_DEPARTMENTS if reach is Reach.DEPARTMENTS else frozenset()
    return (frozenset(known) & AT_MOST[kind] - beyond) | ALWAYS[kind]


class _Found(msgspec.Struct):
    id: UUID
    name: str
    email: str
    role: Role
    reach: Reach
    department_ids: list[UUID]
    permissions: list[str] | None
    custom_role: str
    company_id: UUID | None
