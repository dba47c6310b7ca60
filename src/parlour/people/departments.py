"""Departments, and who works in them."""

from datetime import datetime
from uuid import UUID

import msgspec
from psycopg.errors import ForeignKeyViolation, UniqueViolation

from parlour import audit
from parlour.audit import Act, Subject
from parlour.foundation import clock, ids
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Conflict, Invalid
from parlour.people.actor import Actor, StandingsChanged
from parlour.people.giving import check_all_departments, check_department
from parlour.people.users import users_by_id


class DepartmentNameTaken(Conflict):
    """There is a department of this name already."""


class Department(msgspec.Struct, frozen=True):
    """A part of an organization that answers its own tickets."""

    id: UUID
    name: str
    description: str
    created_at: datetime
    member_ids: list[UUID]


_COLUMNS = """
    d.id, d.name, d.description, d.created_at,
    array(
        select m.user_id from department_members m
        where m.organization_id = d.organization_id and m.department_id = d.id
        order by m.user_id
    ) as member_ids
"""


async def departments(tx: Transaction) -> list[Department]:
    """All of them, by name."""
    return await tx.all(Department, f"select {_COLUMNS} from departments d order by lower(d.name)")


async def find_department(tx: Transaction, department_id: UUID) -> Department:
    """Raises `NotFound`."""
    return await tx.one(Department, f"select {_COLUMNS} from departments d where d.id = %(id)s", id=department_id)


async def add_department(tx: Transaction, name: str, description: str = "", *, by: Actor | None) -> Department:
    """`by` is None where the installation itself acts, here and below.

    Raises `Invalid`, `DepartmentNameTaken`, or `Forbidden` to who sees some departments only.
    """
    if by:
        check_all_departments(by)
    department_id = ids.new()
    try:
        async with tx.savepoint():
            await tx.run(
                """
                insert into departments (organization_id, id, name, description, created_at)
                values (current_organization(), %(id)s, %(name)s, %(description)s, %(created_at)s)
                """,
                id=department_id,
                created_at=clock.now(),
                **_checked(name, description),
            )
    except UniqueViolation as taken:
        raise DepartmentNameTaken(details={"name": DepartmentNameTaken.__doc__}) from taken
    added = await find_department(tx, department_id)
    await audit.record(tx, Act.DEPARTMENT_ADDED, on=_subject(added), details={"description": added.description})
    return added


async def change_department(
    tx: Transaction, department: Department, name: str, description: str, *, by: Actor | None
) -> Department:
    """Raises `Invalid`, `DepartmentNameTaken`, or `NotTheirDepartment`."""
    if by:
        check_department(by, department.id)
    try:
        async with tx.savepoint():
            await tx.run(
                "update departments set name = %(name)s, description = %(description)s where id = %(id)s",
                id=department.id,
                **_checked(name, description),
            )
    except UniqueViolation as taken:
        raise DepartmentNameTaken(details={"name": DepartmentNameTaken.__doc__}) from taken
    changed = await find_department(tx, department.id)
    details = audit.changes(*({"name": one.name, "description": one.description} for one in (department, changed)))
    if details["after"]:
        await audit.record(tx, Act.DEPARTMENT_CHANGED, on=_subject(changed), details=details)
    return changed


async def set_members(tx: Transaction, department: Department, user_ids: list[UUID], *, by: Actor | None) -> Department:
    """Exactly these agents. Raises `Invalid` where one of them is unknown or a customer, or `NotTheirDepartment`."""
    if by:
        check_department(by, department.id)
    unknown = await tx.value(
        """
        select count(*) from unnest(%(user_ids)s::uuid[]) wanted (id)
        where not exists (select 1 from users u where u.id = wanted.id and u.role <> 'CUSTOMER')
        """,
        user_ids=user_ids,
    )
    if unknown:
        raise Invalid(details={"memberIds": "Only agents of this organization can be members."})
    await tx.run("delete from department_members where department_id = %(id)s", id=department.id)
    try:
        await tx.run(
            """
            insert into department_members (organization_id, department_id, user_id)
            select current_organization(), %(id)s, wanted.id
            from unnest(%(user_ids)s::uuid[]) wanted (id)
            group by wanted.id
            """,
            id=department.id,
            user_ids=user_ids,
        )
    except ForeignKeyViolation as gone:
        raise Invalid(details={"memberIds": "One of these agents was just removed."}) from gone
    changed = await find_department(tx, department.id)
    if moved := set(changed.member_ids) ^ set(department.member_ids):
        tx.record(StandingsChanged(user_ids=tuple(moved)))
    await _record_members(tx, department, changed)
    return changed


async def remove_department(tx: Transaction, department: Department, *, by: Actor | None) -> None:
    """Its tickets stay, without a department. Raises `Forbidden` to who sees some departments only."""
    if by:
        check_all_departments(by)
    await tx.run("delete from departments where id = %(id)s", id=department.id)
    if department.member_ids:
        tx.record(StandingsChanged(user_ids=tuple(department.member_ids)))
    await audit.record(tx, Act.DEPARTMENT_REMOVED, on=_subject(department))


def _subject(department: Department) -> Subject:
    return Subject("department", department.id, department.name)


async def _record_members(tx: Transaction, before: Department, after: Department) -> None:
    added, removed = set(after.member_ids) - set(before.member_ids), set(before.member_ids) - set(after.member_ids)
    if not added and not removed:
        return
    names = {user.id: user.name for user in await users_by_id(tx, [*added, *removed])}
    details = {"added": sorted(names[id_] for id_ in added), "removed": sorted(names[id_] for id_ in removed)}
    await audit.record(tx, Act.MEMBERS_CHANGED, on=_subject(after), details=details)


def _checked(name: str, description: str) -> dict[str, str]:
    if not 1 <= len(name.strip()) <= 80:
        raise Invalid(details={"name": "A department's name has 1 to 80 characters."})
    if len(description) > 500:
        raise Invalid(details={"description": "A description has at most 500 characters."})
    return {"name": name.strip(), "description": description.strip()}
