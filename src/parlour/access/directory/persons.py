"""People as the directory keeps them: added, changed, let go of; never erased."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from parlour import people
from parlour.access import recovery
from parlour.access.directory import matching
from parlour.access.directory.matching import Column, Kind, Wanted
from parlour.access.links.keeping import end_links
from parlour.foundation import clock
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Conflict
from parlour.people import NewUser, Role, User, UserChanges, UserStatus


class AlreadyThere(Conflict):
    """Somebody with this user name or address is there already."""


class Described(msgspec.Struct, frozen=True):
    """What the directory says of somebody."""

    user_name: str
    email: str
    name: str
    is_active: bool = True
    given_name: str | None = None
    family_name: str | None = None
    external_id: str | None = None


class Person(msgspec.Struct, frozen=True):
    """Somebody whom the directory sees: every agent, and whoever it has added."""

    id: UUID
    user_name: str
    external_id: str | None
    given_name: str | None
    family_name: str | None
    name: str
    email: str
    status: UserStatus
    created_at: datetime
    updated_at: datetime
    groups: list[dict[str, str]]

    @property
    def described(self) -> Described:
        return Described(
            self.user_name,
            self.email,
            self.name,
            self.status is UserStatus.ACTIVE,
            self.given_name,
            self.family_name,
            self.external_id,
        )


_SEEN: Final = """
    select u.id, coalesce(d.user_name, u.email) as user_name, d.external_id, d.given_name, d.family_name,
        u.name, u.email, u.status, u.created_at, coalesce(d.updated_at, u.created_at) as updated_at
    from users u
    left join directory_people d on d.organization_id = u.organization_id and d.user_id = u.id
    where d.removed_at is null and (u.role <> 'CUSTOMER' or d.user_id is not null)
"""
_COLUMNS: Final = """
    seen.*,
    coalesce(
        (
            select jsonb_agg(jsonb_build_object('value', g.id, 'display', g.name) order by g.name)
            from directory_members m
            join directory_groups g on g.organization_id = m.organization_id and g.id = m.group_id
            where m.user_id = seen.id
        ),
        '[]'
    ) as groups
"""
ATTRIBUTES: Final = {
    "id": Column("id::text", Kind.EXACT),
    "username": Column("user_name"),
    "externalid": Column("external_id", Kind.EXACT),
    "displayname": Column("name"),
    "name.givenname": Column("given_name"),
    "name.familyname": Column("family_name"),
    "emails": Column("email"),
    "emails.value": Column("email"),
    "emails.type": Column("'work'", Kind.CONSTANT),
    "emails.primary": Column("true", Kind.BOOLEAN),
    "active": Column("(status = 'ACTIVE')", Kind.BOOLEAN),
    "groups": Column("(select m.group_id::text from directory_members m where m.user_id = seen.id)", Kind.AMONG),
    "meta.created": Column("created_at", Kind.MOMENT),
    "meta.lastmodified": Column("updated_at", Kind.MOMENT),
}
ATTRIBUTES["groups.value"] = ATTRIBUTES["groups"]


async def persons(tx: Transaction, wanted: Wanted) -> tuple[list[Person], int]:
    """Those, and how many there are in all. Raises `BadFilter`."""
    where, values = matching.condition(wanted.question, ATTRIBUTES)
    by = matching.order(wanted, ATTRIBUTES, "user_name")
    total: int = await tx.value(f"select count(*) from ({_SEEN}) seen where {where}", **values)
    found = await tx.all(
        Person,
        f"select {_COLUMNS} from ({_SEEN}) seen where {where} order by {by} limit %(limit)s offset %(skip)s",
        limit=wanted.limit,
        skip=wanted.skip,
        **values,
    )
    return found, total


async def find_person(tx: Transaction, user_id: UUID) -> Person:
    """Raises `NotFound`, also where the directory has let go of them."""
    return await tx.one(Person, f"select {_COLUMNS} from ({_SEEN}) seen where id = %(id)s", id=user_id)


async def add_person(tx: Transaction, described: Described) -> tuple[Person, User]:
    """An agent, unless they are known: a customer becomes one, and who was let go of comes back.

    Raises `AlreadyThere`, or `Invalid` where a value can't be. The caller says `after_change`.
    """
    known = await people.user_by_email(tx, people.normal_email(described.email))
    taken = await tx.value(
        f"select exists (select 1 from ({_SEEN}) seen where lower(user_name) = lower(%(name)s) or id = %(id)s)",
        name=described.user_name,
        id=known.id if known else None,
    )
    if taken:
        raise AlreadyThere()
    if known is None:
        known = await people.add_user(tx, NewUser(described.name, described.email, Role.AGENT))
    role = Role.AGENT if known.role is Role.CUSTOMER else known.role
    user = await recovery.change_user(tx, known, UserChanges(described.name, role, status=_status(described)), by=None)
    await _keep(tx, user.id, described)
    return await find_person(tx, user.id), user


async def replace_person(tx: Transaction, person: Person, described: Described) -> tuple[Person, User]:
    """All that the directory says of them. Raises `AlreadyThere`, `Invalid`, or `BadRequest` where it would leave no
    administrator. The caller says `after_change`.
    """
    user = await people.find_user(tx, person.id)
    if described == person.described:
        return person, user
    if described.user_name.lower() != person.user_name.lower() and await tx.value(
        f"select exists (select 1 from ({_SEEN}) seen where lower(user_name) = lower(%(name)s))",
        name=described.user_name,
    ):
        raise AlreadyThere()
    if people.normal_email(described.email) != user.email:
        user = await _readdress(tx, user, described.email)
    changes = UserChanges(name=described.name, status=_status(described))
    user = await recovery.change_user(tx, user, changes, by=None)
    await _keep(tx, user.id, described)
    return await find_person(tx, user.id), user


async def remove_person(tx: Transaction, person: Person) -> User:
    """For the directory they are gone; here they are inactive, and their tickets and words stay.

    Raises `BadRequest` where it would leave no administrator. The caller says `after_change`.
    """
    user = await people.find_user(tx, person.id)
    user = await recovery.change_user(tx, user, UserChanges(status=UserStatus.INACTIVE), by=None)
    await tx.run("delete from directory_members where user_id = %(id)s", id=user.id)
    # Its user name is free again.
    await _keep(tx, user.id, msgspec.structs.replace(person.described, user_name=str(user.id)), removed=True)
    return user


async def managed(tx: Transaction) -> set[UUID]:
    """Whom the directory keeps up to date."""
    found: list[UUID] = await tx.values("select user_id from directory_people where removed_at is null")
    return set(found)


async def seen_among(tx: Transaction, user_ids: list[UUID]) -> set[UUID]:
    """Those of them whom the directory sees."""
    found: list[UUID] = await tx.values(f"select id from ({_SEEN}) seen where id = any(%(ids)s)", ids=user_ids)
    return set(found)


async def _readdress(tx: Transaction, user: User, email: str) -> User:
    try:
        changed = await people.change_address(tx, user, email)
    except people.AddressTaken as taken:
        raise AlreadyThere() from taken
    # What was sent to the old address opens nothing any more, nor makes another one theirs.
    await end_links(tx, user.id)
    return changed


async def _keep(tx: Transaction, user_id: UUID, described: Described, *, removed: bool = False) -> None:
    values: dict[str, Any] = {
        "user_name": described.user_name,
        "external_id": described.external_id,
        "given_name": described.given_name,
        "family_name": described.family_name,
    }
    await tx.run(
        """
        insert into directory_people
            (organization_id, user_id, user_name, external_id, given_name, family_name, updated_at, removed_at)
        values (current_organization(), %(user_id)s, %(user_name)s, %(external_id)s, %(given_name)s, %(family_name)s,
            %(now)s, %(removed_at)s)
        on conflict (organization_id, user_id) do update
        set user_name = excluded.user_name, external_id = excluded.external_id, given_name = excluded.given_name,
            family_name = excluded.family_name, updated_at = excluded.updated_at, removed_at = excluded.removed_at
        """,
        user_id=user_id,
        now=clock.now(),
        removed_at=clock.now() if removed else None,
        **values,
    )


def _status(described: Described) -> UserStatus:
    return UserStatus.ACTIVE if described.is_active else UserStatus.INACTIVE
