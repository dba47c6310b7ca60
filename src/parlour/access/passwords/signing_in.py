"""The first proof most people give: address and password."""

from typing import Final
from uuid import UUID

from parlour.access import trail
from parlour.access.passwords import hashing
from parlour.access.proofs import Identity, Method, proof
from parlour.foundation import ids
from parlour.foundation.database import Database
from parlour.foundation.doorways import Whereabouts
from parlour.foundation.errors import Unauthenticated

LONGEST: Final = 1000
"""In characters. Longer ones are wrong without a look: hashing them would be somebody's way to keep us busy."""

MOST_PLACES: Final = 20
"""One guess costs a hash for each organization that knows the address, so there is an end to them. The oldest come
first: nobody pushes one out by signing up others. Whoever is in more signs in at the organization's own page."""


class WrongCredentials(Unauthenticated):
    """That address and password don't match. Check both, then try again."""


async def identities_by_password(
    database: Database, email: str, password: str, organization_id: UUID | None = None
) -> tuple[Identity, ...]:
    """Everybody whom this address and password open, in one organization or in the first twenty. Never empty.

    Takes as long for an unknown address as for a wrong password in one organization; doors put `attempts.counted`
    around it, which hides how many there are. Raises `WrongCredentials`.
    """
    if len(password) > LONGEST:
        raise WrongCredentials()
    places = await database.doorways.users_by_email(email.strip())
    if organization_id:
        places = [place for place in places if place.organization_id == organization_id]
    places = places[:MOST_PLACES]
    opened = [place for place in places or [_nobody(organization_id)] if await _opens(database, place, password)]
    if not opened:
        for place in places:
            await trail.refused(database, place, Method.PASSWORD)
        if not places:
            await trail.refused_nobody(database, _nobody(organization_id))
        raise WrongCredentials()
    return tuple(Identity(place.organization_id, place.id, (proof(Method.PASSWORD),)) for place in opened)


def _nobody(organization_id: UUID | None) -> Whereabouts:
    # Looked up and compared like anybody, so that an unknown address can't be told by the time it takes.
    return Whereabouts(organization_id or ids.new(), ids.new())


async def _opens(database: Database, place: Whereabouts, password: str) -> bool:
    async with database.reading(place.organization_id) as tx:
        found: str | None = await tx.value("select password_hash from users where id = %(id)s", id=place.id)
    if not await hashing.matches(password, found):
        return False
    if found and hashing.is_outdated(found):
        await _renew(database, place, password, found)
    return True


async def _renew(database: Database, place: Whereabouts, password: str, old: str) -> None:
    renewed = await hashing.hashed(password)
    async with database.transaction(place.organization_id) as tx:
        # Unless it was changed meanwhile: a new password stays.
        await tx.run(
            "update users set password_hash = %(renewed)s where id = %(id)s and password_hash = %(old)s",
            renewed=renewed,
            id=place.id,
            old=old,
        )
