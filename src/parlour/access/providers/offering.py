"""Which providers a sign-in page offers, and to whom."""

from uuid import UUID

import msgspec

from parlour import people
from parlour.access.providers import keeping
from parlour.access.providers.keeping import Provider
from parlour.access.providers.kinds import Kind
from parlour.foundation.domain_names import domain_of
from parlour.foundation.installation import Installation


class Offer(msgspec.Struct, frozen=True):
    """One way on. `organization` is its name, for whoever may go to several."""

    organization: str
    slug: str
    provider_id: UUID
    name: str
    kind: Kind


async def offers_for(installation: Installation, address: str) -> list[Offer]:
    """By the domain of an address alone: whether anybody has the address makes no difference."""
    domain = domain_of(address.strip())
    if not domain or "@" not in address:
        return []
    found: list[Offer] = []
    for organization_id in await installation.database.doorways.organizations_by_claimed_domain(domain):
        found += await offers_of(installation, organization_id)
    return found


async def offers_of(installation: Installation, organization_id: UUID) -> list[Offer]:
    """All that an organization's people may use."""
    async with installation.database.reading(organization_id) as tx:
        organization = await people.this_organization(tx)
        active: list[Provider] = await keeping.active_providers(tx)
    return [Offer(organization.name, organization.slug, each.id, each.name, each.kind) for each in active]
