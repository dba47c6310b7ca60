"""The bell."""

import msgspec
import pytest

from parlour import notifications, tickets
from parlour.foundation.errors import NotFound
from parlour.foundation.facts import TicketFact
from parlour.people import Role
from parlour.people.portal_hosts import PortalHostLost
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


async def test_what_was_passed_on_is_not_told_of_any_more(acme: Company) -> None:
    ticket = await acme.ticket("Salaries of everybody", department_id=acme.support_id)
    for assignee in (acme.erin, acme.bob):
        async with acme.database.transaction(acme.organization_id) as tx:
            held = await tickets.hold(tx, ticket.id, seen_by=acme.alice)
            await tickets.change(tx, held, Changes(assignee_id=assignee.user_id), by=acme.alice)
            fact = tx.facts[0]
        assert isinstance(fact, TicketFact)
        await notifications.notify_assignee(acme.installation, acme.organization_id, fact=fact)
    async with acme.database.reading(acme.organization_id) as tx:
        assert await notifications.notifications_of(tx, acme.erin) == []
        assert await notifications.unread_count(tx, acme.erin) == 0
        [bobs] = await notifications.notifications_of(tx, acme.bob)
        assert (bobs.ticket_subject, await notifications.unread_count(tx, acme.bob)) == ("Salaries of everybody", 1)
    # It comes to her department: what she was told then is hers to read again.
    async with acme.database.transaction(acme.organization_id) as tx:
        held = await tickets.hold(tx, ticket.id, seen_by=acme.alice)
        await tickets.change(tx, held, Changes(department_id=acme.billing_id), by=acme.alice)
    async with acme.database.reading(acme.organization_id) as tx:
        [hers] = await notifications.notifications_of(tx, acme.erin)
        assert (hers.ticket_subject, await notifications.unread_count(tx, acme.erin)) == ("Salaries of everybody", 1)


async def test_an_administrator_no_more_reads_nothing_of_what_administrators_are_told(acme: Company) -> None:
    fact = PortalHostLost(actor_id=None, domain="help.acme.test", occasion=1)
    await notifications.notify_of_own_domain(acme.installation, acme.organization_id, fact=fact)
    demoted = msgspec.structs.replace(acme.alice, role=Role.MANAGER)
    async with acme.database.reading(acme.organization_id) as tx:
        assert [one.own_domain for one in await notifications.notifications_of(tx, acme.alice)] == ["help.acme.test"]
        assert await notifications.notifications_of(tx, demoted) == []
        assert await notifications.unread_count(tx, demoted) == 0
