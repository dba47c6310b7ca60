"""Whether agents come in through a provider only, and the one administrator who can do without."""

from uuid import UUID

import msgspec

from parlour import audit, people
from parlour.access.providers import keeping
from parlour.audit import Act
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Conflict, Invalid, NotFound
from parlour.people import Actor, Role, UserStatus


class NobodyVouches(Conflict):
    """Set up an identity provider first, and sign in through it once: otherwise nobody would come in."""


class OnlyProviders(msgspec.Struct, frozen=True):
    """The rule. `except_for` comes in with a password too, for the day the provider is away."""

    is_asked: bool = False
    except_for: UUID | None = None


async def only_providers(tx: Transaction) -> OnlyProviders:
    """What the organization asks."""
    found = await tx.maybe(OnlyProviders, "select is_asked, except_for from provider_policies")
    return found or OnlyProviders()


async def set_only_providers(tx: Transaction, rule: OnlyProviders, *, by: Actor) -> None:
    """It ends the sessions of agents who came in otherwise. Raises `Forbidden`, `Invalid` or `NobodyVouches`."""
    people.must_be_administrator(by)
    if rule.is_asked:
        if not await keeping.active_providers(tx):
            raise NobodyVouches()
        await _check_exception(tx, rule.except_for)
    before = await only_providers(tx)
    await tx.run(
        """
        insert into provider_policies (organization_id, is_asked, except_for)
        values (current_organization(), %(is_asked)s, %(except_for)s)
        on conflict (organization_id) do update set is_asked = excluded.is_asked, except_for = excluded.except_for
        """,
        **msgspec.structs.asdict(rule),
    )
    told = ({"only_providers": each.is_asked, "except_for": each.except_for} for each in (before, rule))
    await audit.record(tx, Act.SECURITY_POLICY_CHANGED, details=audit.changes(*told))


async def _check_exception(tx: Transaction, user_id: UUID | None) -> None:
    words = "Choose an active administrator who comes in with a password when the provider is away."
    if user_id is None:
        raise Invalid(details={"exceptFor": words})
    try:
        user = await people.find_user(tx, user_id)
    except NotFound as unknown:
        raise Invalid(details={"exceptFor": words}) from unknown
    if user.role is not Role.ADMIN or user.status is not UserStatus.ACTIVE:
        raise Invalid(details={"exceptFor": words})
