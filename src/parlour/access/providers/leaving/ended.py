"""The sessions here that came of a session there: found by what the provider calls it, and ended."""

from uuid import UUID

from parlour.access.proofs import Identity, Vouched
from parlour.access.providers.keeping import Provider
from parlour.access.providers.shown import Shown
from parlour.access.sessions import ending
from parlour.access.sessions.keeping import limits_of
from parlour.foundation import crypto
from parlour.foundation.installation import Installation


async def remember(installation: Installation, provider: Provider, user_id: UUID, shown: Shown) -> None:
    """Whose session here the provider's session became: it may name nothing else when it ends."""
    if not shown.session:
        return
    key = _index(provider.id, shown.session)
    await installation.cache.sadd(key, str(user_id))
    await installation.cache.expire(key, int(limits_of(installation.settings).longest.total_seconds()))


async def end_sessions_from(
    installation: Installation, organization_id: UUID, provider: Provider, *, subject: str, session: str
) -> int:
    """Those of a subject there, of one session of theirs, or of both. How many there were."""

    def is_meant(identity: Identity) -> bool:
        vouched = identity.vouched
        return vouched is not None and vouched.provider_id == provider.id and _fits(vouched, subject, session)

    people = await _people(installation, organization_id, provider, subject, session)
    ended = 0
    for user_id in people:
        ended += await ending.end_sessions_where(installation, organization_id, user_id, is_meant)
    return ended


def _fits(vouched: Vouched, subject: str, session: str) -> bool:
    # One that came without a name of its own may be the one: it ends rather than stays.
    return subject in ("", vouched.subject) and (session in ("", vouched.session) or not vouched.session)


async def _people(
    installation: Installation, organization_id: UUID, provider: Provider, subject: str, session: str
) -> set[UUID]:
    if not subject:
        return {UUID(str(one)) for one in await installation.cache.smembers(_index(provider.id, session))}
    async with installation.database.reading(organization_id) as tx:
        return set(
            await tx.values(
                "select user_id from provider_subjects where provider_id = %(provider)s and subject = %(subject)s",
                provider=provider.id,
                subject=subject,
            )
        )


def _index(provider_id: UUID, session: str) -> str:
    return f"provider:session:{provider_id}:{crypto.digest(session).hex()}"
