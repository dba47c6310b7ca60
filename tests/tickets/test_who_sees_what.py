"""One description of visibility, asked by every list, page, search, count and file."""

import pytest

from parlour import tickets
from parlour.foundation.errors import Invalid, NotFound
from parlour.people import Actor
from parlour.tickets import Changes, Filter, Source, Span, Ticket, Upload, View, Words
from tests.builders import Company


async def _sees(company: Company, ticket: Ticket, actor: Actor) -> dict[str, bool]:
    """The same question asked in every way there is."""
    async with company.database.reading(company.organization_id) as tx:
        try:
            await tickets.find(tx, ticket.id, seen_by=actor)
            found = True
        except NotFound:
            found = False
        listed = await tickets.list_page(tx, Filter(), seen_by=actor)
        searched = await tickets.list_page(tx, Filter(q=ticket.subject), seen_by=actor)
        counted = await tickets.count(tx, Filter(), seen_by=actor)
    return {
        "found": found,
        "listed": ticket.id in {one.id for one in listed.tickets},
        "searched": ticket.id in {one.id for one in searched.tickets},
        "counted": counted > 0,
    }


def _all(answer: bool) -> dict[str, bool]:
    return {"found": answer, "listed": answer, "searched": answer, "counted": answer}


async def test_each_sees_exactly_their_own(acme: Company) -> None:
    ticket = await acme.ticket("Invoice twice", department_id=acme.support_id)
    for actor in (acme.alice, acme.mara, acme.bob, acme.carol):
        assert await _sees(acme, ticket, actor) == _all(True)
    for actor in (acme.erin, acme.dave):
        assert await _sees(acme, ticket, actor) == _all(False)


async def test_a_limited_agent_sees_their_departments_and_their_own(acme: Company) -> None:
    billing = await acme.ticket(department_id=acme.billing_id)
    nobodys = await acme.ticket()
    theirs = await acme.ticket(department_id=acme.support_id, assignee_id=acme.erin.user_id)
    async with acme.database.reading(acme.organization_id) as tx:
        page = await tickets.list_page(tx, Filter(), seen_by=acme.erin)
        counts = await tickets.view_counts(tx, seen_by=acme.erin)
    assert {ticket.id for ticket in page.tickets} == {billing.id, theirs.id}
    assert nobodys.id not in {ticket.id for ticket in page.tickets}
    assert (counts.mine, counts.unassigned, counts.unresolved) == (1, 1, 2)


async def test_a_participant_sees_the_ticket(acme: Company) -> None:
    ticket = await acme.ticket(participant_ids=[acme.dave.user_id])
    assert await _sees(acme, ticket, acme.dave) == _all(True)


async def test_notes_are_read_by_those_they_are_for(acme: Company) -> None:
    ticket = await acme.ticket()
    async with acme.database.transaction(acme.organization_id) as tx:
        held = await tickets.hold(tx, ticket.id, seen_by=acme.bob)
        await tickets.note(tx, held, Words("internal kumquat"), by=acme.bob)
        await tickets.note(tx, held, Words("private durian"), by=acme.bob, readers=[acme.mara.user_id])

    async def texts(actor: Actor) -> list[str]:
        async with acme.database.reading(acme.organization_id) as tx:
            return [one.text for one in await tickets.comments(tx, ticket, Span(), seen_by=actor)]

    opening = "It hums, but nothing comes out."
    assert await texts(acme.bob) == [opening, "internal kumquat", "private durian"]
    assert await texts(acme.mara) == [opening, "internal kumquat", "private durian"]
    assert await texts(acme.alice) == [opening, "internal kumquat"]
    assert await texts(acme.carol) == [opening]


@pytest.mark.parametrize(("word", "agents", "customers"), [("grinder", 1, 1), ("kumquat", 1, 0), ("durian", 0, 0)])
async def test_a_search_finds_no_word_one_may_not_read(acme: Company, word: str, agents: int, customers: int) -> None:
    ticket = await acme.ticket()
    async with acme.database.transaction(acme.organization_id) as tx:
        held = await tickets.hold(tx, ticket.id, seen_by=acme.bob)
        await tickets.note(tx, held, Words("internal kumquat"), by=acme.bob)
        await tickets.note(tx, held, Words("private durian"), by=acme.bob, readers=[acme.mara.user_id])
    async with acme.database.reading(acme.organization_id) as tx:
        assert len((await tickets.list_page(tx, Filter(q=word), seen_by=acme.alice)).tickets) == agents
        assert len((await tickets.list_page(tx, Filter(q=word), seen_by=acme.carol)).tickets) == customers


async def test_a_file_is_seen_by_those_who_see_its_comment(acme: Company) -> None:
    ticket = await acme.ticket()
    async with acme.database.transaction(acme.organization_id) as tx:
        upload = Upload("../../plan.pdf", "application/PDF; name=x", b"%PDF-", None)
        file = await tickets.store_attachment(tx, acme.installation.blobs, upload, by=acme.bob)
        unsent = await tickets.store_attachment(tx, acme.installation.blobs, upload, by=acme.bob)
        held = await tickets.hold(tx, ticket.id, seen_by=acme.bob)
        await tickets.note(tx, held, Words("See", attachment_ids=[file.id]), by=acme.bob)
    assert (file.name, file.content_type, file.size) == (".._.._plan.pdf".lstrip("."), "application/pdf", 5)
    async with acme.database.reading(acme.organization_id) as tx:
        assert (await tickets.find_attachment(tx, file.id, seen_by=acme.alice)).size == 5
        assert (await tickets.find_attachment(tx, unsent.id, seen_by=acme.bob)).size == 5
        for attachment, actor in ((file, acme.carol), (file, acme.erin), (unsent, acme.alice)):
            with pytest.raises(NotFound):
                await tickets.find_attachment(tx, attachment.id, seen_by=actor)


async def test_nobody_sends_a_file_of_somebody_else(acme: Company) -> None:
    ticket = await acme.ticket()
    async with acme.database.transaction(acme.organization_id) as tx:
        upload = Upload("secret.txt", "text/plain", b"secret")
        file = await tickets.store_attachment(tx, acme.installation.blobs, upload, by=acme.bob)
    with pytest.raises(Invalid):
        async with acme.database.transaction(acme.organization_id) as tx:
            held = await tickets.hold(tx, ticket.id, seen_by=acme.carol)
            words = Words("Give me that", attachment_ids=[file.id])
            await tickets.reply(tx, held, words, by=acme.carol, source=Source.WEB_FORM)
    assert await acme.now(ticket) == ticket


async def test_every_view_lists_what_its_name_says(acme: Company) -> None:
    mine = await acme.ticket(assignee_id=acme.bob.user_id)
    nobodys = await acme.ticket()
    binned = await acme.ticket()
    solved = await acme.ticket()
    async with acme.database.transaction(acme.organization_id) as tx:
        await tickets.delete(tx, await tickets.hold(tx, binned.id, seen_by=acme.bob), by=acme.bob)
        held = await tickets.hold(tx, solved.id, seen_by=acme.bob)
        await tickets.change(tx, held, Changes(status=tickets.Status.RESOLVED), by=acme.bob)
    listed = {}
    async with acme.database.reading(acme.organization_id) as tx:
        for view in View:
            page = await tickets.list_page(tx, tickets.filter_of(view, acme.bob), seen_by=acme.bob)
            listed[view] = {ticket.number for ticket in page.tickets}
        counts = await tickets.view_counts(tx, seen_by=acme.bob)
    assert listed == {
        View.MINE: {mine.number},
        View.UNASSIGNED: {nobodys.number},
        View.UNRESOLVED: {mine.number, nobodys.number},
        View.PENDING: set(),
        View.RESOLVED: {solved.number},
        View.CLOSED: set(),
        View.ALL: {mine.number, nobodys.number, solved.number},
        View.BIN: {binned.number},
    }
    assert (counts.mine, counts.unassigned, counts.unresolved, counts.pending) == (1, 1, 2, 0)
    assert counts.departments == {acme.support_id: 0, acme.billing_id: 0}
