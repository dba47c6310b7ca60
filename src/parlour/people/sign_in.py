"""Signing in with address and password; signing up an organization."""

from uuid import UUID

import msgspec

from parlour.foundation.database import Database, Transaction
from parlour.foundation.doorways import Whereabouts
from parlour.foundation.errors import Unauthenticated
from parlour.people import passwords
from parlour.people.organizations import insert_organization
from parlour.people.roles import Role
from parlour.people.users import NewUser, User, add_user, normal_email


class WrongCredentials(Unauthenticated):
    """That address and password don't match. Check both, then try again."""


class SignUp(msgspec.Struct, frozen=True):
    """What somebody fills in to bring their organization here."""

    organization: str
    slug: str
    name: str
    email: str
    password: str


async def sign_in(database: Database, email: str, password: str, organization_id: UUID | None = None) -> Whereabouts:
    """Whose address and password these are: of one organization, or of whichever the password opens.

    Takes as long for an unknown address as for a wrong password. Raises `WrongCredentials`.
    """
    places = await database.doorways.users_by_email(email.strip())
    if organization_id:
        places = [place for place in places if place.organization_id == organization_id]
    hashes = [await _password_hash(database, place) for place in places]
    for place, password_hash in zip(places, hashes, strict=True):
        if await passwords.matches(password, password_hash):
            return place
    if not places:
        await passwords.matches(password, None)
    raise WrongCredentials()


async def sign_up(tx: Transaction, form: SignUp) -> User:
    """The organization that the transaction was begun for, and its first administrator.

    Raises `Invalid`, `SlugTaken` or `WeakPassword`.
    """
    email = normal_email(form.email)
    passwords.check_strength(form.password, email)
    await insert_organization(tx, form.organization, form.slug)
    password_hash = await passwords.hashed(form.password)
    return await add_user(tx, NewUser(form.name, email, Role.ADMIN, password_hash=password_hash))


async def _password_hash(database: Database, place: Whereabouts) -> str | None:
    async with database.reading(place.organization_id) as tx:
        found: str | None = await tx.value("select password_hash from users where id = %(id)s", id=place.id)
        return found
