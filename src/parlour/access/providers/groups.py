"""What being in a group at the provider makes of somebody here."""

from typing import Final
from uuid import UUID

import msgspec
from psycopg.errors import ForeignKeyViolation

from parlour import audit, people
from parlour.access.providers.keeping import Provider
from parlour.audit import Act, Subject
from parlour.foundation import ids
from parlour.foundation.database import Transaction
from parlour.foundation.errors import BadRequest, Invalid, NotFound
from parlour.people import Actor, Role, User, UserChanges

MOST: Final = 200
_RANK: Final = (Role.ADMIN, Role.MANAGER, Role.AGENT, Role.CUSTOMER)


class GroupRule(msgspec.Struct, frozen=True):
    """Whoever is in the group of this name has the role, and works in the department. A custom role brings its kind."""

    name: str
    role: Role | None = None
    department_id: UUID | None = None
    custom_role_id: UUID | None = None


async def rules_of(tx: Transaction, provider_id: UUID) -> list[GroupRule]:
    """As they were written."""
    return await tx.all(
        GroupRule,
        "select name, role, department_id, custom_role_id from provider_groups where provider_id = %(id)s order by id",
        id=provider_id,
    )


async def set_rules(tx: Transaction, provider: Provider, rules: list[GroupRule], *, by: Actor) -> None:
    """Exactly these. They apply when somebody signs in. Raises `Forbidden` or `Invalid`."""
    people.must_be_administrator(by)
    if len(rules) > MOST:
        raise Invalid(details={"groups": f"At most {MOST} groups."})
    for rule in rules:
        if not 1 <= len(rule.name) <= 200 or not (rule.role or rule.department_id or rule.custom_role_id):
            raise Invalid(details={"groups": "Each group needs its name and what follows: a role, a department."})
    rules = [await _with_kind(tx, rule) for rule in rules]
    before = await rules_of(tx, provider.id)
    if before == rules:
        return
    await tx.run("delete from provider_groups where provider_id = %(id)s", id=provider.id)
    try:
        async with tx.savepoint():
            for rule in rules:
                await tx.run(
                    """
                    insert into provider_groups
                        (organization_id, id, provider_id, name, role, department_id, custom_role_id)
                    values
                        (current_organization(), %(id)s, %(provider_id)s, %(name)s, %(role)s, %(department_id)s,
                         %(custom_role_id)s)
                    """,
                    id=ids.new(),
                    provider_id=provider.id,
                    **msgspec.structs.asdict(rule),
                )
    except ForeignKeyViolation as unknown:
        raise Invalid(details={"groups": "There is no such department."}) from unknown
    details = audit.changes({"groups": _told(before)}, {"groups": _told(rules)})
    subject = Subject("identity provider", provider.id, provider.name)
    await audit.record(tx, Act.PROVIDER_CHANGED, on=subject, details=details)


def role_for(provider: Provider, rules: list[GroupRule], groups: tuple[str, ...]) -> Role | None:
    """The highest of those the groups give; whoever is in none is what newcomers are. None: may not come in."""
    giving = _giving(rules, groups)
    return giving.role if giving else provider.newcomers_are


async def apply(tx: Transaction, provider: Provider, user: User, groups: tuple[str, ...]) -> User:
    """As the groups say today, for somebody whom `role_for` lets in. An organization's last administrator stays one."""
    rules = await rules_of(tx, provider.id)
    if any(rule.role for rule in rules):
        wanted = role_for(provider, rules, groups)
        custom = _custom_role(user, rules, groups, wanted)
        if wanted and (wanted is not user.role or custom != user.custom_role_id):
            try:
                async with tx.savepoint():
                    changes = UserChanges(role=wanted, custom_role_id=custom)
                    user = await people.change_user(tx, user, changes, by=None)
            except BadRequest:
                # Somebody must be there to put the groups right.
                return user
    if user.role is not Role.CUSTOMER:
        await _set_departments(tx, user, rules, groups)
    return user


def _giving(rules: list[GroupRule], groups: tuple[str, ...]) -> GroupRule | None:
    """The rule that gives the highest role; of two the one that was written first."""
    given = [rule for rule in rules if rule.role and rule.name in groups]
    return next((rule for role in _RANK for rule in given if rule.role is role), None)


def _custom_role(user: User, rules: list[GroupRule], groups: tuple[str, ...], wanted: Role | None) -> UUID | None:
    giving = _giving(rules, groups)
    if giving and giving.custom_role_id:
        return giving.custom_role_id
    is_of_groups = user.custom_role_id in {rule.custom_role_id for rule in rules}
    # One that an administrator gave by hand stays, as long as somebody is of its kind.
    return user.custom_role_id if wanted is user.role and not is_of_groups else None


async def _with_kind(tx: Transaction, rule: GroupRule) -> GroupRule:
    if rule.custom_role_id is None:
        return rule
    try:
        custom = await people.find_custom_role(tx, rule.custom_role_id)
    except NotFound as unknown:
        raise Invalid(details={"groups": "There is no such role."}) from unknown
    if rule.role not in (None, custom.kind):
        raise Invalid(details={"groups": f"Whoever is {custom.name} is {custom.kind}."})
    return msgspec.structs.replace(rule, role=custom.kind)


async def _set_departments(tx: Transaction, user: User, rules: list[GroupRule], groups: tuple[str, ...]) -> None:
    given = {rule.department_id: False for rule in rules if rule.department_id}
    for rule in rules:
        if rule.department_id and rule.name in groups:
            given[rule.department_id] = True
    for department_id, belongs in given.items():
        # Of two who sign in at once the second must find the first one there.
        await tx.run("select from departments where id = %(id)s for update", id=department_id)
        department = await people.find_department(tx, department_id)
        members = set(department.member_ids)
        wanted = members | {user.id} if belongs else members - {user.id}
        if wanted != members:
            await people.set_members(tx, department, sorted(wanted), by=None)


def _told(rules: list[GroupRule]) -> list[str]:
    return [
        f"{rule.name}: {' '.join(str(part) for part in (rule.role, rule.custom_role_id, rule.department_id) if part)}"
        for rule in rules
    ]
