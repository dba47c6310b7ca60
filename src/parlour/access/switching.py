"""One person in several organizations: what a session may switch to, and the switch."""

from uuid import UUID

import msgspec

from parlour import people
from parlour.access.arriving import Outcome, arrive
from parlour.access.client import Client
from parlour.access.proofs import Identity
from parlour.access.sessions.keeping import Session
from parlour.foundation.errors import NotFound
from parlour.foundation.installation import Installation
from parlour.people import Role


class Place(msgspec.Struct, frozen=True):
    """An organization that the session's owner has shown who they are in."""

    organization_id: UUID
    slug: str
    name: str
    role: Role
    is_here: bool
    logo: str | None


async def places_of(installation: Installation, session: Session) -> list[Place]:
    """Only those that were proven in this session: an address alone says nothing of who else knows it."""
    found = []
    for identity in session.identities:
        async with installation.database.reading(identity.organization_id) as tx:
            actor = await people.actor_of(tx, identity.user_id)
            if actor is None:
                continue
            organization = await people.this_organization(tx)
        here = identity.is_same(session.identity)
        found.append(Place(organization.id, organization.slug, organization.name, actor.role, here, organization.logo))
    return sorted(found, key=lambda place: (place.name.lower(), place.organization_id))


async def switch(
    installation: Installation, token: str, session: Session, organization_id: UUID, client: Client
) -> Outcome:
    """Act in another organization, by its own rules: what it asks for and was not shown there yet, is asked now.

    Raises `NotFound` where nothing was shown there.
    """
    return await arrive(installation, (_identity_in(session, organization_id),), client, into=token)


def _identity_in(session: Session, organization_id: UUID) -> Identity:
    for identity in session.identities:
        if identity.organization_id == organization_id:
            return identity
    raise NotFound()
