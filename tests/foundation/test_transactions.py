"""One unit of work: rows, facts and jobs together, or none of them."""

import asyncio

import pytest

from parlour import tickets
from parlour.foundation.once import AlreadyDone, Once
from parlour.tickets import Changes, Priority, Source, TicketOpened
from tests.builders import Company, Screens


class Slip(Exception):
    """Something goes wrong in the middle."""


async def _jobs(company: Company) -> int:
    async with company.database.reading(company.organization_id) as tx:
        count: int = await tx.value(
            "select count(*) from procrastinate_jobs where args->>'organization_id' = %(id)s",
            id=str(company.organization_id),
        )
        return count


async def test_a_fact_is_written_with_its_change_and_told_afterwards(acme: Company, screens: Screens) -> None:
    ticket = await acme.ticket()
    async with acme.database.reading(acme.organization_id) as tx:
        written = await tx.values("select name from activities where ticket_id = %(id)s", id=ticket.id)
    assert written == ["TicketOpened"]
    assert [(type(fact), fact.version) for fact in screens.heard_by(acme.organization_id)] == [(TicketOpened, 1)]


async def test_what_fails_in_the_middle_leaves_nothing(acme: Company, screens: Screens) -> None:
    ticket = await acme.ticket()
    jobs, told = await _jobs(acme), len(screens.heard_by(acme.organization_id))
    with pytest.raises(Slip):
        async with acme.database.transaction(acme.organization_id) as tx:
            held = await tickets.hold(tx, ticket.id, seen_by=acme.bob)
            await tickets.change(
                tx, held, Changes(priority=Priority.URGENT, assignee_id=acme.alice.user_id), by=acme.bob
            )
            raise Slip()
    assert await acme.now(ticket) == ticket
    assert await _jobs(acme) == jobs
    assert len(screens.heard_by(acme.organization_id)) == told


async def test_jobs_are_queued_with_the_commit_and_only_where_they_have_something_to_do(acme: Company) -> None:
    ticket = await acme.ticket(source=Source.PHONE)
    before = await _jobs(acme)
    assert before == 0
    async with acme.database.transaction(acme.organization_id) as tx:
        held = await tickets.hold(tx, ticket.id, seen_by=acme.bob)
        await tickets.change(tx, held, Changes(assignee_id=acme.alice.user_id), by=acme.bob)
    assert await _jobs(acme) == before + 1


async def test_a_key_is_used_once_even_by_two_at_the_same_time(acme: Company) -> None:
    ticket = await acme.ticket()
    once = Once(acme.bob.user_id, "retry-1", b"fingerprint")

    async def raise_version() -> None:
        async with acme.database.transaction(acme.organization_id, once=once) as tx:
            await tx.run("update tickets set version = version + 1 where id = %(id)s", id=ticket.id)

    outcomes = await asyncio.gather(*(raise_version() for _ in range(5)), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["AlreadyDone"] * 4 + ["NoneType"]
    assert (await acme.now(ticket)).version == 2


async def test_a_key_whose_work_failed_may_be_used_again(acme: Company) -> None:
    once = Once(acme.bob.user_id, "retry-2", b"fingerprint")
    with pytest.raises(Slip):
        async with acme.database.transaction(acme.organization_id, once=once):
            raise Slip()
    async with acme.database.transaction(acme.organization_id, once=once):
        pass
    with pytest.raises(AlreadyDone):
        async with acme.database.transaction(acme.organization_id, once=once):
            pass
