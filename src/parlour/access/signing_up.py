"""Signing up an organization."""

import msgspec

from parlour import people
from parlour.access.passwords import hashing, strength
from parlour.foundation import clock
from parlour.foundation.database import Transaction
from parlour.people import NewUser, Role, User


class SignUp(msgspec.Struct, frozen=True):
    """What somebody fills in to bring their organization here."""

    organization: str
    slug: str
    name: str
    email: str
    password: str


async def sign_up(tx: Transaction, form: SignUp) -> User:
    """The organization that the transaction was begun for, and its first administrator.

    Whether the address is known elsewhere changes nothing. Raises `Invalid`, `SlugTaken` or `WeakPassword`.
    """
    email = people.normal_email(form.email)
    await strength.check(form.password, email, form.name, form.organization)
    await people.insert_organization(tx, form.organization, form.slug)
    password_hash = await hashing.hashed(form.password)
    founder = await people.add_user(tx, NewUser(form.name, email, Role.ADMIN, password_hash=password_hash))
    await tx.run("update users set unconfirmed_since = %(now)s where id = %(id)s", id=founder.id, now=clock.now())
    return founder
