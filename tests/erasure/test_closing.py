"""An organization is closed before it is erased: who still comes in, who is told, and how it is called off."""

from datetime import timedelta

import pytest

from parlour import access, erasure, people
from parlour.access import Client, Method
from parlour.foundation import clock
from parlour.foundation.errors import Invalid
from parlour.people import ClosedAlready, Closing, OrganizationClosed
from tests.builders import Company
from tests.doors.all_rows import everything_of

HERE = Client("192.0.2.31", "A browser")


async def close(company: Company, days: int = 14) -> Closing:
    async with company.database.transaction(company.organization_id) as tx:
        return await erasure.close_for_deletion(tx, company.slug, days, by=company.alice)


async def call_off(company: Company) -> None:
    async with company.database.transaction(company.organization_id) as tx:
        await erasure.call_off(tx, by=company.alice)


async def notices(company: Company, kind: str) -> list[str]:
    async with company.database.reading(company.organization_id) as tx:
        return await tx.values("select address from notices where kind = %(kind)s order by address", kind=kind)


async def acts(company: Company) -> list[str]:
    async with company.database.reading(company.organization_id) as tx:
        return await tx.values("select act from audit_records where act like 'DELETION_%%' order by position")


async def test_it_is_closed_for_everybody_but_administrators_until_it_is_called_off(acme: Company) -> None:
    everybody = {"alice", "mara", "bob", "erin", "carol", "dave"}

    async def come_in() -> set[str]:
        async with acme.database.reading(acme.organization_id) as tx:
            return {one for one in everybody if await people.actor_of(tx, getattr(acme, one).user_id)}

    assert await come_in() == everybody
    await close(acme)
    assert await come_in() == {"alice"}
    await call_off(acme)
    assert await come_in() == everybody
    assert await acts(acme) == ["DELETION_ASKED", "DELETION_CALLED_OFF"]


async def test_another_short_name_closes_nothing(acme: Company, globex: Company) -> None:
    before = await everything_of(acme)
    for written in ("", globex.slug, acme.slug.upper()):
        with pytest.raises(Invalid):
            async with acme.database.transaction(acme.organization_id) as tx:
                await erasure.close_for_deletion(tx, written, 14, by=acme.alice)
    assert await everything_of(acme) == before


async def test_whoever_asks_again_puts_nothing_off(acme: Company) -> None:
    first = await close(acme)
    with pytest.raises(ClosedAlready):
        await close(acme, days=30)
    async with acme.database.reading(acme.organization_id) as tx:
        assert await people.closing_of(tx) == first


async def test_every_administrator_hears_of_it_and_three_days_before_again(acme: Company) -> None:
    async with acme.database.transaction(acme.organization_id) as tx:
        mara = await people.find_user(tx, acme.mara.user_id)
        await people.change_user(tx, mara, people.UserChanges(role=people.Role.ADMIN), by=None)
    both = ["alice@acme.test", "mara@acme.test"]
    closing = await close(acme)
    assert await notices(acme, "ORGANIZATION_CLOSED") == both
    async with acme.database.reading(acme.organization_id) as tx:
        scene = await tx.value("select scene from notices where address = 'mara@acme.test'")
    assert (scene["erasure.who"], scene["erasure.day"]) == ("Alice", f"{closing.erase_at:%Y-%m-%d, %H:%M} UTC")
    for before, told in ((timedelta(days=4), []), (timedelta(days=3), both), (timedelta(days=1), both)):
        with clock.frozen(closing.erase_at - before):
            await erasure.remind_of_erasures(acme.installation)
        assert await notices(acme, "ERASURE_NEAR") == told
    await call_off(acme)
    assert await notices(acme, "ORGANIZATION_REOPENED") == both


async def test_who_asked_for_an_end_within_days_is_not_reminded_of_it(acme: Company) -> None:
    await close(acme, days=2)
    await erasure.remind_of_erasures(acme.installation)
    assert await notices(acme, "ERASURE_NEAR") == []


async def test_a_password_opens_the_other_organization_where_one_is_closed(acme: Company, globex: Company) -> None:
    def identity(company: Company) -> access.Identity:
        return access.Identity(company.organization_id, company.bob.user_id, (access.proof(Method.PASSWORD),))

    await close(acme)
    with pytest.raises(OrganizationClosed):
        await access.arrive(acme.installation, (identity(acme),), HERE)
    entered = await access.arrive(acme.installation, (identity(acme), identity(globex)), HERE)
    assert isinstance(entered, access.Entered)
    assert entered.identity.organization_id == globex.organization_id


async def test_a_directory_brings_nobody_into_a_closed_organization(acme: Company) -> None:
    async with acme.database.transaction(acme.organization_id) as tx:
        token, _ = await access.create_directory_token(tx, "Directory", by=acme.alice)

    async def is_known() -> bool:
        async with acme.database.reading(acme.organization_id) as tx:
            return await access.bearer_of(tx, token.id) is not None

    assert await is_known()
    await close(acme)
    assert not await is_known()
