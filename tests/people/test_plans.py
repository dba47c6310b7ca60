"""Plans: what they let an organization use, what happens at a limit, and who hears of it."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from parlour import email, notifications, people
from parlour.foundation import clock
from parlour.foundation.errors import Problem
from parlour.notifications import Usage
from parlour.people import (
    OFFERS,
    Allowance,
    NewUser,
    NoMailboxLeft,
    NoSeatLeft,
    Plan,
    Resource,
    Role,
    UserChanges,
    UserStatus,
)
from parlour.tickets import Upload, store_attachment
from tests.builders import Company

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
AGENTS = 4
"""Of the cast."""


async def agreed(company: Company, **limits: int | None) -> None:
    async with company.database.transaction(company.organization_id) as tx:
        await people.agree_on(tx, {Resource(name.upper()): most for name, most in limits.items()})


async def used(company: Company) -> dict[Resource, Usage]:
    async with company.database.reading(company.organization_id) as tx:
        return {each.resource: each for each in await notifications.usage_of(tx)}


async def add(company: Company, name: str, role: Role = Role.AGENT) -> people.User:
    async with company.database.transaction(company.organization_id) as tx:
        return await people.add_user(tx, NewUser(name, f"{name}@acme.test", role))


async def team(company: Company) -> int:
    async with company.database.reading(company.organization_id) as tx:
        return len(await people.agents(tx))


async def rung(company: Company, whose: people.Actor) -> list[tuple[str, str | None, str | None]]:
    async with company.database.reading(company.organization_id) as tx:
        return [(each.name, each.usage_of, each.words) for each in await notifications.notifications_of(tx, whose)]


async def acts(company: Company, act: str) -> list[Any]:
    async with company.database.reading(company.organization_id) as tx:
        return await tx.values("select details from audit_records where act = %(act)s order by position", act=act)


async def test_without_a_plan_there_is_no_limit(acme: Company) -> None:
    assert {each.limit for each in (await used(acme)).values()} == {None}
    await add(acme, "frank")


async def test_a_plan_has_its_limits_and_what_was_agreed_goes_before_them(acme: Company) -> None:
    async with acme.database.transaction(acme.organization_id) as tx:
        await people.set_plan(tx, Plan.TEAM)
        assert (await people.allowances(tx))[Allowance.API] == (300, 60)
    await agreed(acme, seats=12, storage=None)
    usage = await used(acme)
    assert (usage[Resource.SEATS].amount, usage[Resource.SEATS].limit) == (AGENTS, 12)
    assert usage[Resource.STORAGE].limit is None
    assert usage[Resource.TICKETS].limit == OFFERS[Plan.TEAM].limits[Resource.TICKETS]
    assert len(await acts(acme, "PLAN_CHANGED")) == 2


async def test_the_last_seat_is_taken_once(acme: Company) -> None:
    await agreed(acme, seats=AGENTS + 1)
    answers = await asyncio.gather(add(acme, "frank"), add(acme, "gina"), return_exceptions=True)
    assert sorted(type(each).__name__ for each in answers) == ["NoSeatLeft", "User"]
    assert await team(acme) == AGENTS + 1
    await add(acme, "hugo", Role.CUSTOMER)


async def test_who_comes_back_or_becomes_an_agent_needs_a_seat_and_everything_else_does_not(acme: Company) -> None:
    frank = await add(acme, "frank")
    async with acme.database.transaction(acme.organization_id) as tx:
        frank = await people.change_user(tx, frank, UserChanges(status=UserStatus.INACTIVE), by=acme.alice)
    await agreed(acme, seats=AGENTS - 1)
    for user_id, changes in (
        (frank.id, UserChanges(status=UserStatus.ACTIVE)),
        (acme.carol.user_id, UserChanges(role=Role.AGENT)),
    ):
        with pytest.raises(NoSeatLeft):
            async with acme.database.transaction(acme.organization_id) as tx:
                await people.change_user(tx, await people.find_user(tx, user_id), changes, by=acme.alice)
    assert await team(acme) == AGENTS
    async with acme.database.transaction(acme.organization_id) as tx:
        bob = await people.find_user(tx, acme.bob.user_id)
        renamed = await people.change_user(tx, bob, UserChanges(name="Robert", role=Role.MANAGER), by=acme.alice)
    assert (renamed.name, renamed.role) == ("Robert", Role.MANAGER)


async def test_another_mailbox_than_the_plan_has_is_refused_and_mail_is_not(acme: Company) -> None:
    async with acme.database.transaction(acme.organization_id) as tx:
        mailbox = await email.add_mailbox(tx, f"help@{acme.slug}.test")
    await agreed(acme, mailboxes=0, tickets=0, storage=0, seats=0)
    with pytest.raises(NoMailboxLeft):
        async with acme.database.transaction(acme.organization_id) as tx:
            await email.add_mailbox(tx, f"more@{acme.slug}.test")
    async with acme.database.reading(acme.organization_id) as tx:
        assert [each.address for each in await email.mailboxes(tx)] == [mailbox.address]
    raw = b"From: new@customer.test\r\nMessage-ID: <1@customer.test>\r\n\r\nHello\r\n"
    entry = await email.receive(
        acme.installation, acme.organization_id, email.Delivery(mailbox.id, "new@customer.test", [mailbox.address], raw)
    )
    await email.take_in(acme.installation, acme.organization_id, entry_id=entry)
    async with acme.database.reading(acme.organization_id) as tx:
        assert await tx.value("select outcome from inbound_messages where id = %(id)s", id=entry) == "ADMITTED"


async def test_tickets_are_those_of_the_month_where_the_organization_is(acme: Company) -> None:
    async with acme.database.transaction(acme.organization_id) as tx:
        await people.change_organization(tx, people.OrganizationChanges(time_zone="Asia/Tokyo"))
    with clock.frozen(datetime(2026, 10, 31, 14, 59, tzinfo=UTC)):
        await acme.ticket()
    with clock.frozen(datetime(2026, 10, 31, 15, 0, tzinfo=UTC)):
        binned = await acme.ticket()
    with clock.frozen(NOON):
        await acme.ticket()
        async with acme.database.transaction(acme.organization_id) as tx:
            await tx.run("update tickets set deleted_at = now() where id = %(id)s", id=binned.id)
        assert (await used(acme))[Resource.TICKETS].amount == 2


async def test_storage_is_files_and_mail_as_last_counted(acme: Company) -> None:
    async with acme.database.transaction(acme.organization_id) as tx:
        upload = Upload("a.txt", "text/plain", b"x" * 700)
        await store_attachment(tx, acme.installation.blobs, upload, by=acme.bob)
    assert (await used(acme))[Resource.STORAGE].amount == 700
    await notifications.count_usage(acme.installation)
    async with acme.database.transaction(acme.organization_id) as tx:
        await store_attachment(tx, acme.installation.blobs, upload, by=acme.bob)
    assert (await used(acme))[Resource.STORAGE].amount == 700
    await notifications.count_usage(acme.installation)
    assert (await used(acme))[Resource.STORAGE].amount == 1400


async def test_administrators_hear_at_eighty_and_at_a_hundred_percent_once_each(acme: Company) -> None:
    await agreed(acme, seats=5)
    for _ in range(2):
        await notifications.count_usage(acme.installation)
    assert await rung(acme, acme.alice) == [("PlanLimitNear", "SEATS", "4 of 5")]
    await add(acme, "frank")
    for _ in range(2):
        await notifications.count_usage(acme.installation)
    near, reached = ("PlanLimitNear", "SEATS", "4 of 5"), ("PlanLimitReached", "SEATS", "5 of 5")
    assert await rung(acme, acme.alice) == [reached, near]
    assert await rung(acme, acme.bob) == []
    assert await acts(acme, "PLAN_LIMIT_NEAR") == [
        {"resource": "SEATS", "amount": 4, "limit": 5},
        {"resource": "SEATS", "amount": 5, "limit": 5},
    ]
    await agreed(acme, seats=50)
    await notifications.count_usage(acme.installation)
    await agreed(acme, seats=5)
    await notifications.count_usage(acme.installation)
    assert await rung(acme, acme.alice) == [reached, reached, near]


async def test_a_limit_is_a_number(acme: Company) -> None:
    with pytest.raises(Problem):
        await agreed(acme, seats=-1)
    assert {each.limit for each in (await used(acme)).values()} == {None}
