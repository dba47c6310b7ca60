"""Users: everyone in an organization, its customers included."""

import re
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from psycopg.errors import UniqueViolation

from parlour import audit
from parlour.audit import Act, Subject
from parlour.foundation import clock, ids
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Conflict, Invalid
from parlour.people.plans import check_seats
from parlour.people.roles import Reach, Role, UserStatus

_EMAIL: Final = re.compile(
    r"[^\s@<>,;:\"()\[\]\\\x00-\x1f]+@[^\s@<>,;:\"()\[\]\\\x00-\x1f.]+(\.[^\s@<>,;:\"()\[\]\\\x00-\x1f.]+)+"
)


class AddressTaken(Conflict):
    """Somebody in this organization has this address already."""


class User(msgspec.Struct, frozen=True):
    """Anyone: an agent or a customer."""

    id: UUID
    name: str
    email: str
    role: Role
    reach: Reach
    status: UserStatus
    created_at: datetime
    custom_role_id: UUID | None = None
    """The role of the organization's own making that says what they may do, in place of what theirs does."""

    @property
    def takes_a_seat(self) -> bool:
        return self.role is not Role.CUSTOMER and self.status is UserStatus.ACTIVE


class NewUser(msgspec.Struct, frozen=True):
    """What a user is made of. `password_hash` comes from `access.hashed_password`."""

    name: str
    email: str
    role: Role
    reach: Reach = Reach.ORGANIZATION
    password_hash: str | None = None
    custom_role_id: UUID | None = None


COLUMNS: Final = "id, name, email, role, reach, status, created_at, custom_role_id"


def normal_email(email: str) -> str:
    """As stored: trimmed, lower case. Raises `Invalid` where it is no address."""
    normal = email.strip().lower()
    if len(normal) > 254 or not _EMAIL.fullmatch(normal):
        raise Invalid(details={"email": "That is not an e-mail address."})
    return normal


async def add_user(tx: Transaction, new: NewUser) -> User:
    """Raises `Invalid`, `AddressTaken` or `NoSeatLeft`."""
    if not 1 <= len(new.name.strip()) <= 200:
        raise Invalid(details={"name": "A name has 1 to 200 characters."})
    try:
        async with tx.savepoint():
            user = await tx.one(User, _INSERT, **_row(new))
    except UniqueViolation as taken:
        raise AddressTaken(details={"email": AddressTaken.__doc__}) from taken
    if new.role is not Role.CUSTOMER:
        await check_seats(tx)
    await audit.record(tx, Act.PERSON_ADDED, on=subject_of(user), details={"role": user.role, "reach": user.reach})
    return user


async def customer_by_email(tx: Transaction, email: str, name: str = "") -> User:
    """The user with this address, whatever their role; where there is none, a new customer. Safe against a race.

    Raises `Invalid` where it is no address.
    """
    address = normal_email(email)
    known = await user_by_email(tx, address)
    if known:
        return known
    new = NewUser((name.strip() or address.split("@")[0])[:200], address, Role.CUSTOMER)
    made = await tx.maybe(User, _INSERT_UNLESS_KNOWN, **_row(new))
    # Somebody else made it meanwhile: their row is committed, so it is visible now.
    return made or await tx.one(User, f"select {COLUMNS} from users where email = %(email)s", email=address)


async def user_by_email(tx: Transaction, email: str) -> User | None:
    return await tx.maybe(User, f"select {COLUMNS} from users where email = %(email)s", email=email.strip().lower())


async def find_user(tx: Transaction, user_id: UUID) -> User:
    """Raises `NotFound`."""
    return await tx.one(User, f"select {COLUMNS} from users where id = %(user_id)s", user_id=user_id)


async def users_by_id(tx: Transaction, user_ids: list[UUID]) -> list[User]:
    return await tx.all(User, f"select {COLUMNS} from users where id = any(%(user_ids)s)", user_ids=user_ids)


async def agents(tx: Transaction) -> list[User]:
    """Every active agent, by name."""
    return await tx.all(
        User,
        f"select {COLUMNS} from users where role <> 'CUSTOMER' and status = 'ACTIVE' order by name, id",
    )


async def team(tx: Transaction) -> list[User]:
    """Every agent, those who have left at the end."""
    return await tx.all(
        User,
        f"select {COLUMNS} from users where role <> 'CUSTOMER' order by status, name, id",
    )


class UserSearch(msgspec.Struct, frozen=True):
    """Whom to list: by role, and by the beginning of name or address. `after` is the last name and id of a page."""

    role: Role | None = None
    q: str = ""
    after: tuple[str, UUID] | None = None
    limit: int = 25


async def search_users(tx: Transaction, search: UserSearch) -> list[User]:
    """Users by name, one page. The page's cost does not grow with the number of users."""
    conditions = ["true"]
    if search.role:
        conditions.append("role = %(role)s")
    if search.q:
        conditions.append("(starts_with(lower(name), %(q)s) or starts_with(email, %(q)s))")
    if search.after:
        conditions.append("(lower(name), id) > (%(after_name)s, %(after_id)s)")
    after_name, after_id = search.after or (None, None)
    return await tx.all(
        User,
        f"select {COLUMNS} from users where {' and '.join(conditions)} order by lower(name), id limit %(limit)s",
        role=search.role,
        q=search.q.lower(),
        after_name=after_name,
        after_id=after_id,
        limit=search.limit,
    )


async def change_address(tx: Transaction, user: User, email: str) -> User:
    """Raises `Invalid` or `AddressTaken`."""
    try:
        async with tx.savepoint():
            changed = await tx.one(
                User,
                # Who belongs to a company by their address leaves it with that; by the new one they may join another.
                f"""
                update users set email = %(email)s, company_id = case when company_by_hand then company_id end
                where id = %(user_id)s
                returning {COLUMNS}
                """,
                user_id=user.id,
                email=normal_email(email),
            )
    except UniqueViolation as taken:
        raise AddressTaken(details={"email": AddressTaken.__doc__}) from taken
    details = audit.changes({"email": user.email}, {"email": changed.email})
    await audit.record(tx, Act.ADDRESS_CHANGED, on=subject_of(changed), details=details)
    return changed


def subject_of(user: User) -> Subject:
    """The user, as the audit trail names them."""
    return Subject("user", user.id, f"{user.name} <{user.email}>")


def _row(new: NewUser) -> dict[str, object]:
    return {
        "id": ids.new(),
        "name": new.name.strip(),
        "email": normal_email(new.email),
        "role": new.role,
        "reach": new.reach,
        "custom_role_id": new.custom_role_id,
        "password_hash": new.password_hash,
        "created_at": clock.now(),
    }


_VALUES: Final = """
    insert into users
        (organization_id, id, name, email, role, reach, custom_role_id, password_hash, created_at)
    values (current_organization(), %(id)s, %(name)s, %(email)s, %(role)s, %(reach)s, %(custom_role_id)s,
        %(password_hash)s, %(created_at)s)
"""
_INSERT: Final = f"{_VALUES} returning {COLUMNS}"
_INSERT_UNLESS_KNOWN: Final = f"{_VALUES} on conflict (organization_id, email) do nothing returning {COLUMNS}"
