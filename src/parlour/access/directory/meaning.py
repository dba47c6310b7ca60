"""What being in a group of the directory makes of somebody: their role, and the department they work in."""

from uuid import UUID

import msgspec

from parlour import people
from parlour.access import recovery
from parlour.foundation.database import Transaction
from parlour.people import Role, User, UserChanges


class Meaning(msgspec.Struct, frozen=True):
    """Of a group; without either, it means nothing here."""

    role: Role | None
    department_id: UUID | None


async def join(tx: Transaction, means: Meaning, user_ids: frozenset[UUID]) -> list[User]:
    """They are in such a group now; those whose role is another by it."""
    await _work_in(tx, means.department_id, joined=user_ids)
    return await _settle_roles(tx, user_ids) if means.role else []


async def leave(tx: Transaction, means: Meaning, user_ids: frozenset[UUID]) -> list[User]:
    """They are in it no more; what another group of theirs means stays. Who has no role by any group is an agent."""
    await _work_in(tx, means.department_id, left=user_ids)
    return await _settle_roles(tx, user_ids) if means.role else []


async def _work_in(
    tx: Transaction,
    department_id: UUID | None,
    *,
    joined: frozenset[UUID] = frozenset(),
    left: frozenset[UUID] = frozenset(),
) -> None:
    if department_id is None or not joined | left:
        return
    department = await people.find_department(tx, department_id)
    kept: list[UUID] = await tx.values(
        """
        select m.user_id
        from directory_members m
        join directory_groups g on g.organization_id = m.organization_id and g.id = m.group_id
        where g.department_id = %(department_id)s and m.user_id = any(%(left)s)
        """,
        department_id=department_id,
        left=list(left),
    )
    wanted = (set(department.member_ids) | joined) - (left - set(kept))
    if wanted != set(department.member_ids):
        await people.set_members(tx, department, sorted(wanted), by=None)


async def _settle_roles(tx: Transaction, user_ids: frozenset[UUID]) -> list[User]:
    given = await tx.all(
        _Given,
        """
        select u.id, coalesce(max(g.role) filter (where g.role = 'ADMIN'), max(g.role), 'AGENT') as role
        from users u
        left join directory_members m on m.organization_id = u.organization_id and m.user_id = u.id
        left join directory_groups g on g.organization_id = m.organization_id and g.id = m.group_id
        where u.id = any(%(user_ids)s)
        group by u.id
        """,
        user_ids=list(user_ids),
    )
    changed = []
    for one in given:
        user = await people.find_user(tx, one.id)
        if user.role is not one.role:
            changed.append(await recovery.change_user(tx, user, UserChanges(role=one.role), by=None))
    return changed


class _Given(msgspec.Struct):
    id: UUID
    role: Role
