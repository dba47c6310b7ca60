"""What an organization's plan lets it use. Nothing that a customer sends is ever refused because of a plan."""

from enum import StrEnum
from typing import Any, Final, LiteralString

import msgspec
from psycopg.types.json import Jsonb

from parlour import audit
from parlour.audit import Act, Subject
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Conflict, Invalid
from parlour.people.allowances import Allowance, end_allowance, set_allowance
from parlour.people.organizations import this_organization

_GB: Final = 1_000_000_000
_MOST: Final = 10**15


class Plan(StrEnum):
    """What was agreed with the operator. An installation of one's own has no limits."""

    FREE = "FREE"
    TEAM = "TEAM"
    BUSINESS = "BUSINESS"
    UNLIMITED = "UNLIMITED"


class Resource(StrEnum):
    """What is counted: active agents, mailboxes, bytes of files and raw mail, new tickets of a calendar month."""

    SEATS = "SEATS"
    MAILBOXES = "MAILBOXES"
    STORAGE = "STORAGE"
    TICKETS = "TICKETS"


class Offer(msgspec.Struct, frozen=True):
    """A plan's limits, and how many API requests a minute a client has; None: as the settings say."""

    limits: dict[Resource, int]
    api_a_minute: int | None = None


OFFERS: Final = {
    Plan.FREE: Offer(
        {Resource.SEATS: 2, Resource.MAILBOXES: 1, Resource.STORAGE: 1 * _GB, Resource.TICKETS: 200},
    ),
    Plan.TEAM: Offer(
        {Resource.SEATS: 10, Resource.MAILBOXES: 5, Resource.STORAGE: 25 * _GB, Resource.TICKETS: 5_000},
        api_a_minute=300,
    ),
    Plan.BUSINESS: Offer(
        {Resource.SEATS: 100, Resource.MAILBOXES: 50, Resource.STORAGE: 500 * _GB, Resource.TICKETS: 100_000},
        api_a_minute=1_000,
    ),
    Plan.UNLIMITED: Offer({}),
}


class Subscription(msgspec.Struct, frozen=True):
    """A plan, and what was agreed besides; None there: no limit."""

    plan: Plan = Plan.UNLIMITED
    agreed: dict[Resource, int | None] = {}

    def limit_of(self, resource: Resource) -> int | None:
        """None: as much as there is."""
        if resource in self.agreed:
            return self.agreed[resource]
        return OFFERS[self.plan].limits.get(resource)


class NoSeatLeft(Conflict):
    """Every seat of your plan is taken. Deactivate somebody, or ask for a larger plan; then add them."""


class NoMailboxLeft(Conflict):
    """Your plan has no room for another mailbox. Remove one, or ask for a larger plan."""


async def subscription_of(tx: Transaction) -> Subscription:
    """The organization's; where nothing was agreed, one without limits."""
    return await tx.maybe(Subscription, "select plan, agreed from subscriptions") or Subscription()


async def set_plan(tx: Transaction, plan: Plan) -> Subscription:
    """What is above a limit stays as it is; only more is refused. Its API limit follows within half a minute."""
    before = await subscription_of(tx)
    await _write(tx, before, Subscription(plan, before.agreed))
    rate = OFFERS[plan].api_a_minute
    await (set_allowance(tx, Allowance.API, rate, 60) if rate else end_allowance(tx, Allowance.API))
    return await subscription_of(tx)


async def agree_on(tx: Transaction, agreed: dict[Resource, int | None]) -> Subscription:
    """Limits of its own instead of the plan's: all of them, so what is not named is the plan's. Raises `Invalid`."""
    for resource, most in agreed.items():
        if most is not None and not 0 <= most <= _MOST:
            raise Invalid(details={resource.lower(): "A limit is a number from 0 on."})
    before = await subscription_of(tx)
    await _write(tx, before, Subscription(before.plan, agreed))
    return await subscription_of(tx)


async def check_seats(tx: Transaction) -> None:
    """After somebody became an agent. Raises `NoSeatLeft`."""
    if await _is_over(tx, Resource.SEATS, ACTIVE_AGENTS):
        raise NoSeatLeft()


async def check_seat_left(tx: Transaction) -> None:
    """Before somebody is asked to become an agent. Raises `NoSeatLeft`."""
    if await _is_over(tx, Resource.SEATS, ACTIVE_AGENTS, more=1):
        raise NoSeatLeft()


async def check_mailboxes(tx: Transaction) -> None:
    """After a mailbox was added. Raises `NoMailboxLeft`."""
    if await _is_over(tx, Resource.MAILBOXES, MAILBOXES):
        raise NoMailboxLeft()


async def _is_over(tx: Transaction, resource: Resource, count: LiteralString, *, more: int = 0) -> bool:
    limit = (await subscription_of(tx)).limit_of(resource)
    if limit is None:
        return False
    # Two who take the last one at once take turns: the second sees the first.
    await tx.run("select 1 from organizations where id = current_organization() for no key update")
    return bool(await tx.value(count) + more > limit)


async def _write(tx: Transaction, before: Subscription, after: Subscription) -> None:
    await tx.run(
        """
        insert into subscriptions (organization_id, plan, agreed)
        values (current_organization(), %(plan)s, %(agreed)s)
        on conflict (organization_id) do update set plan = excluded.plan, agreed = excluded.agreed
        """,
        plan=after.plan,
        agreed=Jsonb(msgspec.to_builtins(after.agreed)),
    )
    details: dict[str, Any] = audit.changes(*(msgspec.to_builtins(each) for each in (before, after)))
    if details["after"]:
        organization = await this_organization(tx)
        on = Subject("organization", organization.id, organization.name)
        await audit.record(tx, Act.PLAN_CHANGED, on=on, details=details)


ACTIVE_AGENTS: Final = "select count(*) from users where role <> 'CUSTOMER' and status = 'ACTIVE'"
MAILBOXES: Final = "select count(*) from mailboxes where removed_at is null"
