"""Adding somebody and changing who they are, on behalf of somebody else."""

from typing import Any, Final
from uuid import UUID

import msgspec

from parlour import audit
from parlour.audit import Act
from parlour.foundation.database import Transaction
from parlour.foundation.errors import BadRequest, Invalid, NotFound
from parlour.people.actor import Actor, StandingsChanged
from parlour.people.custom_roles import CustomRole, find_custom_role
from parlour.people.giving import OwnRole, check_may_hold
from parlour.people.permissions import ALLOWED
from parlour.people.plans import check_seats
from parlour.people.roles import Reach, Role, UserStatus
from parlour.people.users import COLUMNS, NewUser, User, add_user, subject_of


class UserChanges(msgspec.Struct, frozen=True):
    """What to change of a user; what is unset stays. A custom role brings its kind; None takes it away."""

    name: str | msgspec.UnsetType = msgspec.UNSET
    role: Role | msgspec.UnsetType = msgspec.UNSET
    reach: Reach | msgspec.UnsetType = msgspec.UNSET
    status: UserStatus | msgspec.UnsetType = msgspec.UNSET
    custom_role_id: UUID | None | msgspec.UnsetType = msgspec.UNSET

    def concern_power_of(self, user: "User") -> bool:
        """Whether they say what an agent may do, or make one, or end one: a dangerous act."""
        said = (self.role, self.reach, self.status, self.custom_role_id)
        is_of_agent = user.role is not Role.CUSTOMER or self.role not in (msgspec.UNSET, Role.CUSTOMER)
        is_given = self.custom_role_id not in (msgspec.UNSET, None)
        return (is_of_agent and any(value is not msgspec.UNSET for value in said)) or is_given


async def admit(tx: Transaction, new: NewUser, *, by: Actor) -> User:
    """Add somebody on an actor's behalf. Raises what `add_user` does, and where they would be more than their maker."""
    custom = await _role(tx, new.custom_role_id)
    if custom:
        new = msgspec.structs.replace(new, role=custom.kind)
    _check(by, new.role, new.reach, custom)
    return await add_user(tx, new)


async def change_user(tx: Transaction, user: User, changes: UserChanges, *, by: Actor | None) -> User:
    """`by` is None where the installation itself acts. Nobody changes what they may do themselves, or who is more.

    Raises `BadRequest` where it would leave the organization without an active administrator, `Invalid`, `OwnRole`,
    `MoreThanOneHas` or `NoSeatLeft`.
    """
    wanted = {
        name: value for name in changes.__struct_fields__ if (value := getattr(changes, name)) is not msgspec.UNSET
    }
    if not wanted:
        return user
    if "name" in wanted and not 1 <= len(wanted["name"].strip()) <= 200:
        raise Invalid(details={"name": "A name has 1 to 200 characters."})
    # Two administrators who demote one another at once take turns here.
    await tx.run("select id from users where role = 'ADMIN' and status = 'ACTIVE' order by id for update")
    before = await _role(tx, user.custom_role_id)
    after = await _role_after(tx, before, wanted)
    if by:
        _check_change(by, user, wanted, (before, after))
    assignments = ", ".join(f"{name} = %({name})s" for name in wanted)
    changed = await tx.one(
        User, f"update users set {assignments} where id = %(user_id)s returning {COLUMNS}", user_id=user.id, **wanted
    )
    if user.role is Role.ADMIN and not await tx.value(
        "select exists (select 1 from users where role = 'ADMIN' and status = 'ACTIVE')"
    ):
        raise BadRequest("An organization needs an administrator. Make somebody else one first.")
    if changed.takes_a_seat and not user.takes_a_seat:
        await check_seats(tx)
    await _record_changes(tx, (user, before), (changed, after))
    tx.record(StandingsChanged(user_ids=(user.id,)))
    return changed


async def check_may_change(tx: Transaction, user: User, *, by: Actor) -> None:
    """Whether they are no more than `by`. Raises `Forbidden` or `MoreThanOneHas`."""
    _check(by, user.role, user.reach, await _role(tx, user.custom_role_id))


async def _role(tx: Transaction, role_id: UUID | None) -> CustomRole | None:
    try:
        return await find_custom_role(tx, role_id) if role_id else None
    except NotFound as unknown:
        raise Invalid(details={"customRoleId": "There is no such role."}) from unknown


async def _role_after(tx: Transaction, before: CustomRole | None, wanted: dict[str, Any]) -> CustomRole | None:
    """The custom role they will have; `wanted` then says so too."""
    if "custom_role_id" not in wanted:
        if before and wanted.get("role", before.kind) is not before.kind:
            wanted["custom_role_id"] = None
            return None
        return before
    after = await _role(tx, wanted["custom_role_id"])
    if after:
        if wanted.get("role", after.kind) is not after.kind:
            raise Invalid(details={"role": f"Whoever is {after.name} is {after.kind}."})
        wanted["role"] = after.kind
    return after


def _check_change(
    by: Actor, user: User, wanted: dict[str, Any], customs: tuple[CustomRole | None, CustomRole | None]
) -> None:
    if by.user_id == user.id and any(
        wanted.get(name, getattr(user, name)) != getattr(user, name)
        for name in ("role", "reach", "status", "custom_role_id")
    ):
        raise OwnRole()
    before, after = customs
    _check(by, user.role, user.reach, before)
    _check(by, wanted.get("role", user.role), wanted.get("reach", user.reach), after)


def _check(by: Actor, role: Role, reach: Reach, custom: CustomRole | None) -> None:
    if custom:
        return check_may_hold(by, custom.kind, custom.reach, custom.permissions)
    return check_may_hold(by, role, reach, ALLOWED[role])


_ACTS: Final = {"name": Act.PERSON_RENAMED, "reach": Act.REACH_CHANGED, "status": Act.STATUS_CHANGED}


async def _record_changes(
    tx: Transaction, before: tuple[User, CustomRole | None], after: tuple[User, CustomRole | None]
) -> None:
    roles = [{"role": user.role, **({"customRole": custom.name} if custom else {})} for user, custom in (before, after)]
    if roles[0] != roles[1]:
        details = {"before": roles[0], "after": roles[1]}
        await audit.record(tx, Act.ROLE_CHANGED, on=subject_of(after[0]), details=details)
    for name, act in _ACTS.items():
        details = audit.changes({name: getattr(before[0], name)}, {name: getattr(after[0], name)})
        if details["after"]:
            await audit.record(tx, act, on=subject_of(after[0]), details=details)
