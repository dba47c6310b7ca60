"""Roles of an organization's own making: named sets of permissions, with what they reach."""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from psycopg.errors import ForeignKeyViolation, UniqueViolation

from parlour import audit
from parlour.audit import Act, Subject
from parlour.foundation import clock, ids
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Conflict, Invalid
from parlour.people.actor import Actor, StandingsChanged, effective
from parlour.people.giving import MoreThanOneHas, OwnRole, check_may_hold
from parlour.people.permissions import ALLOWED, AT_MOST, BEYOND_DEPARTMENTS, Permission
from parlour.people.roles import Reach, Role
from parlour.people.users import COLUMNS, User

MOST_ROLES: Final = 200


class RoleNameTaken(Conflict):
    """There is a role of this name already."""


class RoleInUse(Conflict):
    """People have this role. Say which one they get instead."""


class RoleDraft(msgspec.Struct, frozen=True):
    """What a role says. `kind` is what whoever has it is: an agent, a manager or a customer."""

    name: str
    description: str
    kind: Role
    reach: Reach
    permissions: frozenset[Permission]


class CustomRole(msgspec.Struct, frozen=True):
    """A role, as it is stored."""

    id: UUID
    name: str
    description: str
    kind: Role
    reach: Reach
    stored: list[str]
    created_at: datetime
    people: int
    """How many have it, active or not."""

    @property
    def permissions(self) -> frozenset[Permission]:
        """What it allows, in this version of the program."""
        return effective(self.kind, self.reach, self.stored)


_COLUMNS: Final = """
    r.id, r.name, r.description, r.kind, r.reach, r.permissions as stored, r.created_at,
    (
        select count(*) from users u where u.organization_id = r.organization_id and u.custom_role_id = r.id
    ) as people
"""


async def custom_roles(tx: Transaction) -> list[CustomRole]:
    """All of them, by name."""
    return await tx.all(CustomRole, f"select {_COLUMNS} from custom_roles r order by lower(r.name)")


async def find_custom_role(tx: Transaction, role_id: UUID) -> CustomRole:
    """Raises `NotFound`."""
    return await tx.one(CustomRole, f"select {_COLUMNS} from custom_roles r where r.id = %(id)s", id=role_id)


async def custom_role_by_name(tx: Transaction, name: str) -> CustomRole | None:
    """For whoever assigns roles by their names; case doesn't matter."""
    return await tx.maybe(
        CustomRole,
        f"select {_COLUMNS} from custom_roles r where lower(r.name) = lower(%(name)s)",
        name=name.strip(),
    )


async def people_who_are(tx: Transaction, role: CustomRole, most: int) -> list[User]:
    """Who has it, by name."""
    return await tx.all(
        User,
        f"select {COLUMNS} from users where custom_role_id = %(id)s order by lower(name), id limit %(most)s",
        id=role.id,
        most=most,
    )


async def how_many_are(tx: Transaction) -> dict[Role, int]:
    """How many have each built-in role and no other, active or not."""
    rows = await tx.all(_Count, "select role, count(*) as people from users where custom_role_id is null group by role")
    return {row.role: row.people for row in rows}


async def add_custom_role(tx: Transaction, draft: RoleDraft, *, by: Actor) -> CustomRole:
    """Raises `Invalid`, `RoleNameTaken`, or `MoreThanOneHas` where it would hold what its maker lacks."""
    row = _checked(draft, by)
    if await tx.value("select count(*) from custom_roles") >= MOST_ROLES:
        raise Invalid(details={"name": f"An organization has {MOST_ROLES} roles of its own at most."})
    role_id = ids.new()
    try:
        async with tx.savepoint():
            await tx.run(
                """
                insert into custom_roles
                    (organization_id, id, name, description, kind, reach, permissions, created_at)
                values (current_organization(), %(id)s, %(name)s, %(description)s, %(kind)s, %(reach)s,
                    %(permissions)s, %(now)s)
                """,
                id=role_id,
                kind=draft.kind,
                now=clock.now(),
                **row,
            )
    except UniqueViolation as taken:
        raise RoleNameTaken(details={"name": RoleNameTaken.__doc__}) from taken
    added = await find_custom_role(tx, role_id)
    await audit.record(tx, Act.CUSTOM_ROLE_ADDED, on=_subject(added), details=_told(added))
    return added


async def change_custom_role(tx: Transaction, role: CustomRole, draft: RoleDraft, *, by: Actor) -> CustomRole:
    """Whoever has it may do so within two seconds. Its kind stays what it is.

    Raises `Invalid`, `RoleNameTaken`, `OwnRole`, or `MoreThanOneHas`.
    """
    row = _checked(draft, by)
    await _check_theirs_to_change(tx, role, by)
    if draft.kind is not role.kind:
        raise Invalid(details={"kind": "A role's kind stays what it is. Make another role."})
    try:
        async with tx.savepoint():
            await tx.run(
                """
                update custom_roles
                set name = %(name)s, description = %(description)s, reach = %(reach)s, permissions = %(permissions)s
                where id = %(id)s
                """,
                id=role.id,
                **row,
            )
    except UniqueViolation as taken:
        raise RoleNameTaken(details={"name": RoleNameTaken.__doc__}) from taken
    changed = await find_custom_role(tx, role.id)
    details = audit.changes(_told(role), _told(changed))
    if details["after"]:
        tx.record(StandingsChanged())
        await audit.record(tx, Act.CUSTOM_ROLE_CHANGED, on=_subject(changed), details=details)
    return changed


async def remove_custom_role(tx: Transaction, role: CustomRole, *, by: Actor, instead: CustomRole | None) -> None:
    """Whoever had it gets another one of the same kind, or what its kind is without one.

    Raises `Invalid`, `OwnRole` or `MoreThanOneHas`.
    """
    by.must(Permission.MANAGE_ROLES)
    await _check_theirs_to_change(tx, role, by)
    if instead and (instead.kind is not role.kind or instead.id == role.id):
        raise Invalid(details={"instead": "Choose another role of the same kind."})
    if role.people:
        following = instead.permissions if instead else ALLOWED[role.kind]
        check_may_hold(by, role.kind, instead.reach if instead else role.reach, following)
        # Without another role their own reach counts again: it must not be wider than what they had.
        await tx.run(
            "update users set custom_role_id = %(instead)s, reach = %(reach)s where custom_role_id = %(id)s",
            id=role.id,
            instead=instead.id if instead else None,
            reach=role.reach,
        )
    try:
        async with tx.savepoint():
            await tx.run("delete from custom_roles where id = %(id)s", id=role.id)
    except ForeignKeyViolation as given_meanwhile:
        raise RoleInUse() from given_meanwhile
    if role.people:
        tx.record(StandingsChanged())
    details = {**_told(role), "people": role.people, "instead": instead.name if instead else role.kind}
    await audit.record(tx, Act.CUSTOM_ROLE_REMOVED, on=_subject(role), details=details)


async def _check_theirs_to_change(tx: Transaction, role: CustomRole, by: Actor) -> None:
    if await tx.value(
        "select exists (select 1 from users where id = %(id)s and custom_role_id = %(role_id)s)",
        id=by.user_id,
        role_id=role.id,
    ):
        raise OwnRole()
    _check_has_all(by, role.kind, role.reach, role.permissions)


def _check_has_all(by: Actor, kind: Role, reach: Reach, permissions: frozenset[Permission]) -> None:
    too_far = kind is not Role.CUSTOMER and reach is Reach.ORGANIZATION and not by.sees_all_tickets
    if too_far or (kind is not Role.CUSTOMER and not permissions <= by.permissions):
        raise MoreThanOneHas()


def _checked(draft: RoleDraft, by: Actor) -> dict[str, object]:
    by.must(Permission.MANAGE_ROLES)
    if not 1 <= len(draft.name.strip()) <= 80:
        raise Invalid(details={"name": "A role's name has 1 to 80 characters."})
    if draft.name.strip().upper() in Role.__members__:
        raise RoleNameTaken(details={"name": "That is the name of a built-in role."})
    if len(draft.description) > 500:
        raise Invalid(details={"description": "A description has at most 500 characters."})
    if draft.kind is Role.ADMIN:
        raise Invalid(details={"kind": "Administrators may do everything; a role is for everybody else."})
    if strange := draft.permissions - AT_MOST[draft.kind]:
        named = ", ".join(sorted(each.words for each in strange))
        raise Invalid(details={"permissions": f"A role of this kind can't hold: {named}."})
    if draft.reach is Reach.DEPARTMENTS and (wide := draft.permissions & BEYOND_DEPARTMENTS):
        named = ", ".join(sorted(each.words for each in wide))
        raise Invalid(details={"permissions": f"A role that sees some departments only can't hold: {named}."})
    _check_has_all(by, draft.kind, draft.reach, draft.permissions)
    return {
        "name": draft.name.strip(),
        "description": draft.description.strip(),
        "reach": draft.reach,
        "permissions": sorted(effective(draft.kind, draft.reach, list(draft.permissions))),
    }


def _subject(role: CustomRole) -> Subject:
    return Subject("role", role.id, role.name)


def _told(role: CustomRole) -> dict[str, object]:
    return {
        "name": role.name,
        "description": role.description,
        "kind": role.kind,
        "reach": role.reach,
        "permissions": ", ".join(sorted(role.permissions)),
    }


class _Count(msgspec.Struct):
    role: Role
    people: int
