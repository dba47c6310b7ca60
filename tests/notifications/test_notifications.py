"""The bell."""

import pytest

from parlour import notifications, tickets
from parlour.foundation.errors import NotFound
from parlour.foundation.facts import TicketFact
from parlour.tickets import Changes, Source, Words
from tests.builders import Company, Screens


async def _assign(company: Company, by: object) -> TicketFact:
    ticket = await company.ticket()
    async with company.database.transaction(company.organization_id) as tx:
        held = await tickets.hold(tx, ticket.id, seen_by=by)
        await tickets.change(tx, held, Changes(assignee_id=company.bob.user_id), by=by)
        fact = tx.facts[-1]
    assert isinstance(fact, TicketFact)
    return fact


async def test_the_assignee_hears_of_it_once_however_often_the_job_runs(acme: Company, screens: Screens) -> None:
    fact = await _assign(acme, acme.alice)
    for _ in range(3):
        await notifications.notify_assignee(acme.installation, acme.organization_id, fact=fact)
    async with acme.database.reading(acme.organization_id) as tx:
        [one] = await notifications.notifications_of(tx, acme.bob)
        assert await notifications.unread_count(tx, acme.bob) == 1
        assert await notifications.notifications_of(tx, acme.alice) == []
    assert (one.name, one.ticket_number, one.actor_name, one.read_at) == ("TicketAssigned", 1, "Alice", None)
    told = [fact.name for fact in screens.heard_by(acme.organization_id)]
    assert told.count("NotificationRaised") == 1


async def test_nobody_hears_of_what_they_did_themselves(acme: Company) -> None:
    fact = await _assign(acme, acme.bob)
    await notifications.notify_assignee(acme.installation, acme.organization_id, fact=fact)
    async with acme.database.reading(acme.organization_id) as tx:
        assert await notifications.unread_count(tx, acme.bob) == 0


async def test_an_automatic_mail_rings_no_bell(acme: Company) -> None:
    ticket = await acme.ticket(assignee_id=acme.bob.user_id)
    async with acme.database.transaction(acme.organization_id) as tx:
        held = await tickets.hold(tx, ticket.id, seen_by=acme.carol)
        await tickets.reply(tx, held, Words("Away"), by=acme.carol, source=Source.EMAIL, automatic=True)
        fact = tx.facts[0]
    assert isinstance(fact, TicketFact)
    await notifications.notify_assignee(acme.installation, acme.organization_id, fact=fact)
    async with acme.database.reading(acme.organization_id) as tx:
        assert await notifications.unread_count(tx, acme.bob) == 0


async def test_reading_is_ones_own(acme: Company) -> None:
    fact = await _assign(acme, acme.alice)
    await notifications.notify_assignee(acme.installation, acme.organization_id, fact=fact)
    async with acme.database.transaction(acme.organization_id) as tx:
        [one] = await notifications.notifications_of(tx, acme.bob)
        with pytest.raises(NotFound):
            await notifications.mark_read(tx, acme.alice, one.id)
        await notifications.mark_read(tx, acme.bob, one.id)
        assert await notifications.unread_count(tx, acme.bob) == 0
        await notifications.mark_all_read(tx, acme.bob)
