"""What a link opens: a first proof, after which the same steps follow as after a password."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from parlour import audit, people
from parlour.access.links.keeping import Link, LinkOver, Purpose, end_links, find_link, read_link, use_link
from parlour.access.passwords import hashing, strength
from parlour.access.passwords.signing_in import MOST_PLACES
from parlour.access.proofs import Identity, Method, proof
from parlour.access.second_factor import devices
from parlour.audit import Act
from parlour.foundation import clock
from parlour.foundation.database import Transaction
from parlour.foundation.doorways import Whereabouts
from parlour.foundation.installation import Installation
from parlour.people import Organization, User


class LinkedPlace(msgspec.Struct, frozen=True):
    """An organization that a link opens, and who its reader is there."""

    organization: Organization
    user: User

    @property
    def id(self) -> UUID:
        return self.organization.id


async def places_by_link(
    installation: Installation, purpose: Purpose, text: str, organization_id: UUID | None = None
) -> list[LinkedPlace]:
    """Everywhere it leads, the place that sent it first; nothing is used up, however often somebody looks.

    With `organization_id`: only that one's link. Raises `LinkOver`.
    """
    where = _where(installation, purpose, text, organization_id)
    async with installation.database.reading(where.organization_id) as tx:
        link = await find_link(tx, where.id, purpose)
    return [await _place(installation, one) for one in await _places(installation, where, link)]


async def identities_by_link(
    installation: Installation, text: str, organization_id: UUID | None = None, *, chosen: UUID | None = None
) -> tuple[Identity, ...]:
    """Everybody whom a link to sign in opens, the chosen organization's first. It is used up. Raises `LinkOver`."""
    where, link = await _used(installation, Purpose.SIGN_IN, text, organization_id)
    places = _first(await _places(installation, where, link), chosen)
    return tuple(Identity(place.organization_id, place.id, (proof(Method.LINK),)) for place in places)


async def set_password_by_link(
    installation: Installation,
    text: str,
    password: str,
    organization_id: UUID | None = None,
    *,
    chosen: UUID | None = None,
) -> Identity:
    """A password, new or the first, for the chosen organization. The caller ends the other sessions.

    Raises `LinkOver`, or `WeakPassword` where the link stays good.
    """
    places = await places_by_link(installation, Purpose.PASSWORD, text, organization_id)
    place = next((one for one in places if one.id == chosen), places[0])
    await strength.check(password, place.user.email, place.user.name, place.organization.name)
    password_hash = await hashing.hashed(password)
    await _used(installation, Purpose.PASSWORD, text, organization_id)
    async with installation.database.transaction(place.id) as tx:
        await _put_password(tx, place.user, password_hash)
    return Identity(place.id, place.user.id, (proof(Method.LINK),))


async def _put_password(tx: Transaction, user: User, password_hash: str) -> None:
    await tx.run(
        "update users set password_hash = %(hash)s, password_changed_at = %(now)s where id = %(id)s",
        id=user.id,
        hash=password_hash,
        now=clock.now(),
    )
    await devices.forget_all(tx, user.id)
    await end_links(tx, user.id)
    await audit.record(tx, Act.PASSWORD_SET_BY_LINK, on=people.subject_of(user))


async def _used(
    installation: Installation, purpose: Purpose, text: str, organization_id: UUID | None
) -> tuple[Whereabouts, Link]:
    where = _where(installation, purpose, text, organization_id)
    async with installation.database.transaction(where.organization_id) as tx:
        return where, await use_link(tx, where.id, purpose)


def _where(installation: Installation, purpose: Purpose, text: str, organization_id: UUID | None) -> Whereabouts:
    where = read_link(installation.signer, purpose, text)
    if organization_id and where.organization_id != organization_id:
        raise LinkOver()
    return where


async def _places(installation: Installation, where: Whereabouts, link: Link) -> list[Whereabouts]:
    home = Whereabouts(where.organization_id, link.user_id)
    if not link.everywhere:
        return [home]
    others = await installation.database.doorways.users_by_email(link.email)
    found = [home, *(place for place in others if place.organization_id != home.organization_id)]
    return found[:MOST_PLACES]


async def _place(installation: Installation, place: Whereabouts) -> LinkedPlace:
    async with installation.database.reading(place.organization_id) as tx:
        return LinkedPlace(await people.this_organization(tx), await people.find_user(tx, place.id))


def _first(places: Sequence[Whereabouts], chosen: UUID | None) -> list[Whereabouts]:
    return sorted(places, key=lambda place: place.organization_id != chosen) if chosen else list(places)
