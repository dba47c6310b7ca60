"""Sign-ins that begin at a SAML provider, where a connection takes them (Profiles, 4.1.5).

Nothing ties such an answer to a browser: it may have been put into somebody else's. So it opens nothing by itself. It
is looked through at once, and whoever it came to is asked whether to go on as the person it names.
"""

from uuid import UUID

import msgspec

from parlour.access.providers import attempts, coming_back, keeping
from parlour.access.providers.keeping import Provider
from parlour.access.providers.kinds import Kind
from parlour.access.providers.saml import connections, returning
from parlour.access.providers.shown import NotVouchedFor, refused
from parlour.foundation.errors import NotFound
from parlour.foundation.installation import Installation


class Asked(msgspec.Struct, frozen=True):
    """Whom the answer names, and what brings the sign-in to its end if they go on."""

    provider: Provider
    who: str
    state: str


async def hold_unasked(installation: Installation, provider_id: UUID, answer: str) -> str:
    """What fetches the answer. Raises `NotVouchedFor`, also where the connection takes none."""
    not_here = NotVouchedFor("That sign-in was not begun here. Start it from here.", "unsolicited answer")
    organization_id = await installation.database.doorways.organization_by_provider(provider_id)
    if organization_id is None:
        raise not_here
    provider = await _taking(installation, organization_id, provider_id)
    if provider is None:
        raise not_here
    try:
        return await returning.hold_unasked(installation, organization_id, provider, answer)
    except NotVouchedFor as refusal:
        await coming_back.write_down(installation, organization_id, (provider_id, provider.name), refusal)
        raise


async def ask_whether(
    installation: Installation, provider_id: UUID, browser: str, ticket: str, next_page: str
) -> Asked:
    """From here on the sign-in is this browser's. Raises `NotVouchedFor`."""
    organization_id = await installation.database.doorways.organization_by_provider(provider_id)
    provider = await _taking(installation, organization_id, provider_id) if organization_id else None
    if organization_id is None or provider is None:
        raise refused("The connection takes no sign-ins that begin at the provider.")
    shown = await returning.look(installation, organization_id, provider, ticket)
    state = await attempts.begin_unasked(installation.cache, organization_id, provider_id, browser, next_page)
    return Asked(provider, shown.email or shown.name or shown.subject, state)


async def _taking(installation: Installation, organization_id: UUID, provider_id: UUID) -> Provider | None:
    try:
        async with installation.database.reading(organization_id) as tx:
            provider = await keeping.find_provider(tx, provider_id)
            if provider.kind is not Kind.SAML or not provider.is_active:
                return None
            connection = await connections.connection_of(tx, provider_id)
    except NotFound:
        return None
    return provider if connection.takes_unasked else None
