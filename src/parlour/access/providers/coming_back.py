"""The return from a provider, start to end: the attempt, the proof, whose it is; and what is written down of it."""

from uuid import UUID

import msgspec
import structlog
from psycopg.errors import UniqueViolation

from parlour import audit, people
from parlour.access import recovery
from parlour.access.proofs import Identity, Method, Vouched
from parlour.access.providers import attempts, going, recognising
from parlour.access.providers.attempts import Attempt
from parlour.access.providers.going import Brought
from parlour.access.providers.keeping import Provider
from parlour.access.providers.leaving import ended, there
from parlour.access.providers.shown import NotVouchedFor, Shown, refused
from parlour.audit import Act, Outcome, Subject
from parlour.foundation.installation import Installation

log = structlog.get_logger()


class Arrival(msgspec.Struct, frozen=True):
    """Whom the provider has vouched for. Without an identity somebody signed in has connected their account."""

    provider: Provider
    next_page: str
    identity: Identity | None = None


async def arrival(
    installation: Installation, provider_id: UUID, browser: str, brought: Brought, *, signed_in: UUID | None
) -> Arrival:
    """`signed_in` is whose session the browser has. Raises `NotVouchedFor`, which is in the audit trail then."""
    try:
        attempt = await attempts.take(installation.cache, brought.state, provider_id, browser)
    except NotVouchedFor as refusal:
        # Which organization it concerns is not known: only the log says so.
        log.info("sign_in.provider_refused", reason=refusal.reason)
        raise
    provider: Provider | None = None
    try:
        provider = await going.find(installation, attempt)
        shown = await going.shown_by(installation, attempt, provider, brought)
        if attempt.user_id:
            await _connect(installation, attempt, provider, shown, signed_in)
            return Arrival(provider, attempt.next_page)
        return Arrival(provider, attempt.next_page, await _identity(installation, attempt, provider, shown))
    except NotVouchedFor as refusal:
        name = provider.name if provider else ""
        await write_down(installation, attempt.organization_id, (attempt.provider_id, name), refusal)
        raise


async def _identity(installation: Installation, attempt: Attempt, provider: Provider, shown: Shown) -> Identity:
    try:
        async with installation.database.transaction(attempt.organization_id) as tx:
            identity, user = await recognising.identity_of(tx, provider, shown)
    except (UniqueViolation, people.AddressTaken):
        # The same person in two windows at once: the other was first, and is known by now.
        async with installation.database.transaction(attempt.organization_id) as tx:
            identity, user = await recognising.identity_of(tx, provider, shown)
    await recovery.after_change(installation, attempt.organization_id, user)
    await ended.remember(installation, provider, user.id, shown)
    hint = await there.keep_hint(installation, attempt.organization_id, shown) if provider.offers_sign_out else ""
    vouched = Vouched(provider.id, shown.subject, shown.session, hint)
    return msgspec.structs.replace(identity, vouched=vouched)


async def _connect(
    installation: Installation, attempt: Attempt, provider: Provider, shown: Shown, signed_in: UUID | None
) -> None:
    if attempt.user_id is None or signed_in != attempt.user_id:
        raise refused("Somebody else is signed in by now.")
    async with installation.database.transaction(attempt.organization_id) as tx:
        await recognising.connect(tx, provider, attempt.user_id, shown)


async def write_down(
    installation: Installation, organization_id: UUID, provider: tuple[UUID, str], refusal: NotVouchedFor
) -> None:
    """In the audit trail of the organization."""
    provider_id, name = provider
    async with installation.database.transaction(organization_id) as tx:
        on = Subject("identity provider", provider_id, name)
        details = {"method": Method.PROVIDER, "reason": refusal.reason}
        await audit.record(tx, Act.SIGN_IN_REFUSED, on=on, details=details, outcome=Outcome.REFUSED)
