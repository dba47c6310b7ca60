"""Groups of the directory: who is in them, and what that makes of somebody here."""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from psycopg.errors import UniqueViolation

from parlour import audit, people
from parlour.access.directory import matching, meaning, persons
from parlour.access.directory.matching import Column, Kind, Wanted
from parlour.audit import Act, Subject
from parlour.foundation import clock, ids
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Conflict, Invalid
from parlour.people import Actor, Role, User


class GroupThere(Conflict):
    """There is a group of this name already."""


class DescribedGroup(msgspec.Struct, frozen=True):
    """What the directory says of a group."""

    name: str
    external_id: str | None = None
    member_ids: frozenset[UUID] = frozenset()


class Group(msgspec.Struct, frozen=True):
    """A group, with what being in it means here."""

    id: UUID
    name: str
    external_id: str | None
    role: Role | None
    department_id: UUID | None
    created_at: datetime
    updated_at: datetime
    members: list[dict[str, str]]

    @property
    def member_ids(self) -> frozenset[UUID]:
        return frozenset(UUID(member["value"]) for member in self.members)


_MEMBERS: Final = """
    coalesce(
        (
            select jsonb_agg(jsonb_build_object('value', m.user_id) order by m.user_id)
            from directory_members m
            where m.group_id = g.id
        ),
        '[]'
    ) as members
"""
_COLUMNS: Final = "g.id, g.name, g.external_id, g.role, g.department_id, g.created_at, g.updated_at"
ATTRIBUTES: Final = {
    "id": Column("id::text", Kind.EXACT),
    "displayname": Column("name"),
    "externalid": Column("external_id", Kind.EXACT),
    "members": Column("(select m.user_id::text from directory_members m where m.group_id = g.id)", Kind.AMONG),
    "meta.created": Column("created_at", Kind.MOMENT),
    "meta.lastmodified": Column("updated_at", Kind.MOMENT),
}
ATTRIBUTES["members.value"] = ATTRIBUTES["members"]


async def groups(tx: Transaction, wanted: Wanted, *, with_members: bool = True) -> tuple[list[Group], int]:
    """Those, and how many there are in all. Raises `BadFilter`."""
    where, values = matching.condition(wanted.question, ATTRIBUTES)
    by = matching.order(wanted, ATTRIBUTES, "name")
    members = _MEMBERS if with_members else "'[]'::jsonb as members"
    total: int = await tx.value(f"select count(*) from directory_groups g where {where}", **values)
    found = await tx.all(
        Group,
        f"""
        select {_COLUMNS}, {members} from directory_groups g where {where} order by {by}
        limit %(limit)s offset %(skip)s
        """,
        limit=wanted.limit,
        skip=wanted.skip,
        **values,
    )
    return found, total


async def find_group(tx: Transaction, group_id: UUID) -> Group:
    """Raises `NotFound`."""
    return await tx.one(
        Group, f"select {_COLUMNS}, {_MEMBERS} from directory_groups g where g.id = %(id)s", id=group_id
    )


async def add_group(tx: Transaction, described: DescribedGroup) -> tuple[Group, list[User]]:
    """It means nothing here until an administrator says what. Raises `GroupThere` or `Invalid`."""
    group_id, now = ids.new(), clock.now()
    try:
        async with tx.savepoint():
            await tx.run(
                """
                insert into directory_groups (organization_id, id, name, external_id, created_at, updated_at)
                values (current_organization(), %(id)s, %(name)s, %(external_id)s, %(now)s, %(now)s)
                """,
                id=group_id,
                name=described.name,
                external_id=described.external_id,
                now=now,
            )
    except UniqueViolation as taken:
        raise GroupThere() from taken
    added = await find_group(tx, group_id)
    await audit.record(tx, Act.GROUP_ADDED, on=_subject(added))
    return await _with_members(tx, added, described.member_ids)


async def replace_group(tx: Transaction, group: Group, described: DescribedGroup) -> tuple[Group, list[User]]:
    """The group, and everybody whose role is another now. Raises `GroupThere` or `Invalid`, or `BadRequest` where it
    would leave no administrator.
    """
    if (described.name, described.external_id) != (group.name, group.external_id):
        try:
            async with tx.savepoint():
                await tx.run(
                    "update directory_groups set name = %(name)s, external_id = %(external)s where id = %(id)s",
                    id=group.id,
                    name=described.name,
                    external=described.external_id,
                )
        except UniqueViolation as taken:
            raise GroupThere() from taken
        details = audit.changes({"name": group.name}, {"name": described.name})
        if details["after"]:
            await audit.record(tx, Act.GROUP_CHANGED, on=_subject(group), details=details)
    elif described.member_ids == group.member_ids:
        return group, []
    await tx.run("update directory_groups set updated_at = %(now)s where id = %(id)s", id=group.id, now=clock.now())
    return await _with_members(tx, group, described.member_ids)


async def remove_group(tx: Transaction, group: Group) -> list[User]:
    """Its members lose what it made of them; everybody whose role is another now."""
    _, changed = await _with_members(tx, group, frozenset())
    await tx.run("delete from directory_groups where id = %(id)s", id=group.id)
    await audit.record(tx, Act.GROUP_REMOVED, on=_subject(group))
    return changed


async def give_meaning(
    tx: Transaction, group: Group, role: Role | None, department_id: UUID | None, *, by: Actor
) -> list[User]:
    """What being in it makes of somebody; everybody whose role is another now.

    Raises `NotFound` for a department that is not there, `BadRequest` where it would leave no administrator, and
    `OnlyAdministrators`.
    """
    people.must_be_administrator(by)
    before, after = meaning.Meaning(group.role, group.department_id), meaning.Meaning(role, department_id)
    details = audit.changes(msgspec.structs.asdict(before), msgspec.structs.asdict(after))
    if not details["after"]:
        return []
    await tx.run(
        "update directory_groups set role = %(role)s, department_id = %(department_id)s where id = %(id)s",
        id=group.id,
        role=role,
        department_id=department_id,
    )
    await audit.record(tx, Act.GROUP_MAPPED, on=_subject(group), details=details)
    lost = await meaning.leave(tx, before, group.member_ids)
    return [*lost, *await meaning.join(tx, after, group.member_ids)]


async def _with_members(tx: Transaction, group: Group, wanted: frozenset[UUID]) -> tuple[Group, list[User]]:
    joined, left = wanted - group.member_ids, group.member_ids - wanted
    if joined - await persons.seen_among(tx, list(joined)):
        raise Invalid(details={"members": "A member is somebody whom this directory sees: another group is not."})
    await tx.run(
        "delete from directory_members where group_id = %(id)s and user_id = any(%(left)s)",
        id=group.id,
        left=list(left),
    )
    await tx.run(
        """
        insert into directory_members (organization_id, group_id, user_id)
        select current_organization(), %(id)s, unnest(%(joined)s::uuid[])
        on conflict do nothing
        """,
        id=group.id,
        joined=list(joined),
    )
    means = meaning.Meaning(group.role, group.department_id)
    changed = [*await meaning.leave(tx, means, left), *await meaning.join(tx, means, joined)]
    return await find_group(tx, group.id), changed


def _subject(group: Group) -> Subject:
    return Subject("group", group.id, group.name)
