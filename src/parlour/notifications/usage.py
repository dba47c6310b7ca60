"""How much of its plan an organization uses: counted by the clock, never by a request that makes something."""

from datetime import datetime
from typing import Final, LiteralString

import msgspec

from parlour import audit, people
from parlour.audit import Act, Subject
from parlour.foundation import clock, ids
from parlour.foundation.database import Transaction
from parlour.foundation.installation import Installation
from parlour.notifications.raising import NotificationRaised
from parlour.people import Organization, Resource

_NEAR: Final = 80
_FULL: Final = 100
_GB: Final = 1_000_000_000


class Usage(msgspec.Struct, frozen=True):
    """One resource. `limit` is None where there is none; `counted_at` says how old the amount is."""

    resource: Resource
    amount: int
    limit: int | None
    counted_at: datetime

    @property
    def percent(self) -> int:
        """Of the limit, more than 100 where it is over; 0 where there is no limit."""
        if self.limit is None:
            return 0
        return self.amount * 100 // self.limit if self.limit else _FULL

    @property
    def words(self) -> str:
        """How much of how much."""
        if self.resource is Resource.STORAGE:
            return f"{self.amount / _GB:,.1f} of {(self.limit or 0) / _GB:,.1f} GB"
        return f"{self.amount:,} of {self.limit or 0:,}"

    @property
    def mark(self) -> int:
        """The highest mark it has reached: 0, 80 or 100."""
        return _FULL if self.percent >= _FULL else _NEAR if self.percent >= _NEAR else 0


class _Counted(msgspec.Struct, frozen=True):
    resource: Resource
    amount: int
    counted_at: datetime
    told: int


async def usage_of(tx: Transaction) -> list[Usage]:
    """Seats and mailboxes as they are; the rest as it was last counted, and now where it never was."""
    subscription, organization = await people.subscription_of(tx), await people.this_organization(tx)
    known = {each.resource: each for each in await _counted(tx)}
    found = []
    for resource in Resource:
        if resource in known and resource in (Resource.STORAGE, Resource.TICKETS):
            amount, at = known[resource].amount, known[resource].counted_at
        else:
            amount, at = await _count(tx, organization, resource), clock.now()
        found.append(Usage(resource, amount, subscription.limit_of(resource), at))
    return found


async def count_usage(installation: Installation) -> None:
    """Every organization's, once an hour; administrators are told at 80 and at 100 percent, once each."""
    for organization_id in await installation.database.doorways.organizations():
        async with installation.database.transaction(organization_id) as tx:
            await _count_all(tx)


async def _count_all(tx: Transaction) -> None:
    subscription, organization = await people.subscription_of(tx), await people.this_organization(tx)
    told = {each.resource: each.told for each in await _counted(tx)}
    for resource in Resource:
        amount = await _count(tx, organization, resource)
        usage = Usage(resource, amount, subscription.limit_of(resource), clock.now())
        await tx.run(_KEEP, resource=resource, amount=amount, now=usage.counted_at, told=usage.mark)
        if usage.mark > told.get(resource, 0):
            await _tell(tx, organization, usage)


async def _tell(tx: Transaction, organization: Organization, usage: Usage) -> None:
    details = {"resource": usage.resource, "amount": usage.amount, "limit": usage.limit}
    on = Subject("organization", organization.id, organization.name)
    await audit.record(tx, Act.PLAN_LIMIT_NEAR, on=on, details=details)
    name = "PlanLimitReached" if usage.mark == _FULL else "PlanLimitNear"
    for user_id in await tx.values("select id from users where role = 'ADMIN' and status = 'ACTIVE'"):
        notification_id = ids.new()
        told = {"name": name, "of": usage.resource, "words": usage.words, "now": clock.now()}
        await tx.run(_RING, id=notification_id, user_id=user_id, **told)
        tx.record(NotificationRaised(actor_id=None, notification_id=notification_id, user_id=user_id))


async def _counted(tx: Transaction) -> list[_Counted]:
    return await tx.all(_Counted, "select resource, amount, counted_at, told from usage_counts")


async def _count(tx: Transaction, organization: Organization, resource: Resource) -> int:
    # A month begins where the organization is.
    local = clock.now().astimezone(people.zone_of(organization))
    month = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return int(await tx.value(_COUNTS[resource], month=month))


_COUNTS: Final[dict[Resource, LiteralString]] = {
    Resource.SEATS: people.ACTIVE_AGENTS,
    Resource.MAILBOXES: people.MAILBOXES,
    Resource.STORAGE: """
        select coalesce((select sum(size) from attachments), 0) + coalesce((select sum(size) from inbound_messages), 0)
    """,
    # Each half has an index; what was put into the bin was a ticket all the same.
    Resource.TICKETS: """
        select (select count(*) from tickets where created_at >= %(month)s and deleted_at is null)
            + (select count(*) from tickets where created_at >= %(month)s and deleted_at is not null)
    """,
}
_KEEP: Final = """
    insert into usage_counts (organization_id, resource, amount, counted_at, told)
    values (current_organization(), %(resource)s, %(amount)s, %(now)s, %(told)s)
    on conflict (organization_id, resource)
    do update set amount = excluded.amount, counted_at = excluded.counted_at, told = excluded.told
"""
_RING: Final = """
    insert into notifications (organization_id, id, user_id, name, usage_of, words, created_at)
    values (current_organization(), %(id)s, %(user_id)s, %(name)s, %(of)s, %(words)s, %(now)s)
"""
