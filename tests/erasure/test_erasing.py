"""Erasing an organization: nothing of it is left, nothing else is touched, and a crash in the middle costs nothing."""

from datetime import timedelta

import psycopg
import pytest

from parlour import access, audit, email, erasure, people, tickets
from parlour.access import Method
from parlour.erasure import erasing
from parlour.foundation import clock
from parlour.foundation.errors import NotFound
from parlour.foundation.jobs import TryAgain
from parlour.foundation.keys.broken import KeysOutOfReach
from parlour.people import SlugTaken
from parlour.tickets import Upload, Words
from tests.builders import Company, begin_session
from tests.doors.all_rows import everything_of
from tests.erasure.test_closing import close


async def furnish(company: Company) -> str:
    """A mailbox, a file on a ticket, a note, a notice, somebody signed in. Gives the session's cookie."""
    installation = company.installation
    async with company.database.transaction(company.organization_id) as tx:
        await email.add_mailbox(tx, f"help@{company.slug}.test", "Help")
        upload = Upload("plan.txt", "text/plain", b"What nobody else should read")
        file = await tickets.store_attachment(tx, installation.blobs, upload, by=company.bob)
    ticket = await company.ticket(tags=["vip"], assignee_id=company.bob.user_id)
    async with company.database.transaction(company.organization_id) as tx:
        held = await tickets.hold(tx, ticket.id, seen_by=company.bob)
        await tickets.note(tx, held, Words("See", attachment_ids=[file.id]), by=company.bob)
    return await begin_session(company, company.bob, Method.PASSWORD)


async def blobs_of(company: Company) -> list[str]:
    return [name async for names in company.installation.blobs.names(company.organization_id) for name in names]


async def jobs_of(company: Company) -> int:
    async with company.database.reading(company.organization_id) as tx:
        asked = "select count(*) from procrastinate_jobs where args ->> 'organization_id' = %(id)s"
        found: int = await tx.value(asked, id=str(company.organization_id))
    return found


async def keys_of(company: Company) -> list[str]:
    return [key async for key in company.installation.cache.scan_iter(match=f"*{company.organization_id}*")]


async def is_there(company: Company) -> bool:
    return await company.database.doorways.organization_by_slug(company.slug) == company.organization_id


async def test_nothing_of_it_is_left_and_its_neighbour_has_everything(
    acme: Company, globex: Company, owner_database_url: str
) -> None:
    cookie, neighbours = await furnish(acme), await furnish(globex)
    before, files = await everything_of(globex), await blobs_of(globex)
    jobs, keys = await jobs_of(globex), sorted(await keys_of(globex))
    closing = await close(acme)
    await audit.anchor_trail(acme.installation, acme.organization_id)
    anchor = f"audit-anchors/{acme.organization_id}.json"
    assert await acme.installation.blobs.noted(anchor)
    said: list[str] = []
    with clock.frozen(closing.erase_at):
        await erasure.erase(acme.installation, acme.organization_id, said.append)
    assert await everything_of(acme) == []
    assert (await blobs_of(acme), await jobs_of(acme), await keys_of(acme)) == ([], 0, [])
    assert await access.session_of(acme.installation, cookie) is None
    with pytest.raises(KeysOutOfReach):
        await acme.installation.keys.halves.find(acme.organization_id)
    with pytest.raises(NotFound):
        await acme.installation.blobs.noted(anchor)
    assert not await is_there(acme)
    assert (await everything_of(globex), await blobs_of(globex)) == (before, files)
    assert (await jobs_of(globex), sorted(await keys_of(globex))) == (jobs, keys)
    assert await access.session_of(globex.installation, neighbours)
    # What the installation keeps of it is one line without a word of what was in it.
    async with await psycopg.AsyncConnection.connect(owner_database_url) as root:
        kept = await (await root.execute("select * from erasures where id = %s", [acme.organization_id])).fetchall()
    until = closing.erase_at + timedelta(days=90)
    assert kept == [(acme.organization_id, acme.slug, until, closing.asked_at, closing.erase_at)]
    assert said[0] == "1 people signed out"
    assert "6 rows of users" in said


async def test_before_its_time_nothing_is_erased(acme: Company) -> None:
    await furnish(acme)
    closing = await close(acme)
    before = await everything_of(acme)
    with clock.frozen(closing.erase_at - timedelta(seconds=1)):
        await erasure.erase(acme.installation, acme.organization_id)
        await erasure.erase_due_organizations(acme.installation)
    assert await everything_of(acme) == before
    assert await jobs_named(acme, "erasure.erase_organization") == 0


async def test_the_clock_queues_it_once_and_again_only_when_that_has_ended(acme: Company) -> None:
    closing = await close(acme)
    with clock.frozen(closing.erase_at):
        for _ in range(3):
            await erasure.erase_due_organizations(acme.installation)
    assert await jobs_named(acme, "erasure.erase_organization") == 1


async def jobs_named(company: Company, name: str) -> int:
    async with company.database.reading(company.organization_id) as tx:
        found: int = await tx.value(
            """
            select count(*) from procrastinate_jobs
            where args ->> 'organization_id' = %(id)s and task_name = %(name)s
            """,
            id=str(company.organization_id),
            name=name,
        )
    return found


@pytest.mark.parametrize("step", ["_erase_files", "_erase_tables", "_erase_trail", "_end"])
async def test_whoever_goes_on_after_a_crash_ends_it(acme: Company, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await furnish(acme)
    closing = await close(acme)

    class PowerCut(BaseException):
        pass

    async def cut(*_: object) -> None:
        raise PowerCut

    with clock.frozen(closing.erase_at):
        with monkeypatch.context() as crashing:
            crashing.setattr(erasing, step, cut)
            with pytest.raises(PowerCut):
                await erasure.erase(acme.installation, acme.organization_id)
        assert await is_there(acme)
        async with acme.database.reading(acme.organization_id) as tx:
            # Nobody comes in any more, and it can't be called off.
            assert await people.actor_of(tx, acme.alice.user_id) is None
        with pytest.raises((people.TooLate, NotFound)):
            async with acme.database.transaction(acme.organization_id) as tx:
                await erasure.call_off(tx, by=acme.alice)
        await erasure.erase(acme.installation, acme.organization_id)
    assert (await is_there(acme), await everything_of(acme), await blobs_of(acme)) == (False, [], [])


async def test_one_process_at_a_time_is_at_it(acme: Company) -> None:
    closing = await close(acme)
    await acme.installation.cache.set(f"erasing:{acme.organization_id}", "another", ex=60)
    with clock.frozen(closing.erase_at):
        with pytest.raises(TryAgain):
            await erasure.erase(acme.installation, acme.organization_id)
        assert await is_there(acme)


async def test_its_short_name_is_nobodys_for_ninety_days(acme: Company, globex: Company) -> None:
    closing = await close(acme)
    with clock.frozen(closing.erase_at):
        await erasure.erase(acme.installation, acme.organization_id)
        with pytest.raises(SlugTaken):
            await rename(globex, acme.slug)
    with clock.frozen(closing.erase_at + timedelta(days=90, seconds=1)):
        await rename(globex, acme.slug)
    assert await globex.database.doorways.organization_by_slug(acme.slug) == globex.organization_id


async def rename(company: Company, slug: str) -> None:
    async with company.database.transaction(company.organization_id) as tx:
        await people.change_organization(tx, people.OrganizationChanges(slug=slug))


async def test_a_table_is_emptied_after_those_that_point_at_it(acme: Company) -> None:
    async with acme.database.reading(acme.organization_id) as tx:
        order = await erasing.tables(tx)
        pairs = await tx.values(_POINTS)
    places = {table: number for number, table in enumerate(order)}
    known = [pair for pair in pairs if set(pair) <= set(places)]
    assert len(known) > 50
    assert [pair for pair in known if places[pair[0]] > places[pair[1]]] == []


_POINTS = """
    select array[conrelid::regclass::text, confrelid::regclass::text]
    from pg_constraint where contype = 'f' and conrelid <> confrelid
"""
