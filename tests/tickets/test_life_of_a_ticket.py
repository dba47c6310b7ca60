"""From opening to the bin and back."""

import asyncio

import pytest

from parlour import tickets
from parlour.foundation.errors import Forbidden, Invalid, NotFound, PreconditionFailed
from parlour.foundation.facts import Fact
from parlour.tickets import Changes, InBin, Opening, Priority, Source, Status, Ticket, Visibility, Words
from tests.builders import Company, Screens


async def _reply(company: Company, ticket: Ticket, text: str, **how: object) -> tickets.Comment:
    by = how.pop("by", company.bob)
    async with company.database.transaction(company.organization_id) as tx:
        held = await tickets.hold(tx, ticket.id, seen_by=by)
        return await tickets.reply(tx, held, Words(text), by=by, source=Source.EMAIL, **how)


async def _change(company: Company, ticket: Ticket, changes: Changes, by: object = None) -> Ticket:
    actor = by or company.bob
    async with company.database.transaction(company.organization_id) as tx:
        held = await tickets.hold(tx, ticket.id, seen_by=actor)
        return await tickets.change(tx, held, changes, by=actor)


def _names(facts: list[Fact]) -> list[str]:
    return [fact.name for fact in facts]


async def test_numbers_count_up_from_one_in_each_organization(acme: Company, globex: Company) -> None:
    assert [(await acme.ticket()).number, (await acme.ticket()).number, (await globex.ticket()).number] == [1, 2, 1]


async def test_numbers_have_no_gap_and_no_double_when_many_open_at_once(acme: Company) -> None:
    opened = await asyncio.gather(*(acme.ticket(f"Ticket {index}") for index in range(8)))
    assert sorted(ticket.number for ticket in opened) == [1, 2, 3, 4, 5, 6, 7, 8]


async def test_a_new_ticket_says_what_was_asked(acme: Company) -> None:
    ticket = await acme.ticket(
        "  The   grinder\n hums ", priority=Priority.HIGH, department_id=acme.billing_id, tags=["grinder", "Warranty"]
    )
    assert (ticket.subject, ticket.status, ticket.priority) == ("The grinder hums", Status.OPEN, Priority.HIGH)
    assert (ticket.requester_name, ticket.department_name, ticket.assignee_name) == ("Carol", "Billing", None)
    assert (ticket.version, ticket.comment_count) == (1, 1)
    assert ticket.preview == "It hums, but nothing comes out."
    assert [tag.name for tag in ticket.tags] == ["grinder", "Warranty"]


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("subject", {"subject": " "}),
        ("subject", {"subject": "x" * 501}),
        ("body", {"words": Words("")}),
        ("body", {"words": Words("x" * 200_001)}),
        ("tags", {"tags": ["x" * 51]}),
        ("tags", {"tags": [f"tag {index}" for index in range(31)]}),
    ],
)
async def test_an_opening_that_makes_no_sense_names_its_field(
    acme: Company, field: str, fields: dict[str, object]
) -> None:
    with pytest.raises(Invalid) as refusal:
        await acme.ticket(**fields)
    assert list(refusal.value.details or {}) == [field]
    assert (await acme.ticket()).number == 1


async def test_nothing_of_a_neighbour_can_be_named(acme: Company, globex: Company) -> None:
    with pytest.raises(NotFound):
        await acme.ticket(requester_id=globex.carol.user_id)
    for field, value in (("department_id", globex.support_id), ("assignee_id", globex.bob.user_id)):
        with pytest.raises(Invalid):
            await acme.ticket(**{field: value})


async def test_a_customer_cannot_be_the_assignee(acme: Company) -> None:
    with pytest.raises(Invalid) as refusal:
        await acme.ticket(assignee_id=acme.dave.user_id)
    assert refusal.value.details == {"assigneeId": "A ticket can only be assigned to an active agent."}


async def test_an_agents_answer_is_counted_and_timed(acme: Company, screens: Screens) -> None:
    ticket = await acme.ticket()
    comment = await _reply(acme, ticket, "Please try the other bean hopper.")
    now = await acme.now(ticket)
    assert (comment.visibility, comment.source, comment.author_name) == (Visibility.PUBLIC, Source.EMAIL, "Bob")
    assert (now.version, now.comment_count, now.status) == (2, 2, Status.OPEN)
    assert now.preview == "Please try the other bean hopper."
    assert now.first_replied_at and now.first_replied_at == now.updated_at
    await _reply(acme, ticket, "Any news?")
    assert (await acme.now(ticket)).first_replied_at == now.first_replied_at
    assert _names(screens.heard_by(acme.organization_id)) == ["TicketOpened", "AgentReplied", "AgentReplied"]


@pytest.mark.parametrize("status", [Status.PENDING, Status.RESOLVED, Status.CLOSED])
async def test_a_customer_who_writes_again_reopens(acme: Company, screens: Screens, status: Status) -> None:
    ticket = await _change(acme, await acme.ticket(), Changes(status=status))
    assert (ticket.resolved_at is not None, ticket.closed_at is not None) == (
        status in (Status.RESOLVED, Status.CLOSED),
        status is Status.CLOSED,
    )
    await _reply(acme, ticket, "It hums again.", by=acme.carol)
    now = await acme.now(ticket)
    assert (now.status, now.resolved_at, now.closed_at) == (Status.OPEN, None, None)
    assert _names(screens.heard_by(acme.organization_id))[-2:] == ["CustomerReplied", "TicketReopened"]


async def test_work_in_progress_stays_so_when_the_customer_writes(acme: Company) -> None:
    ticket = await _change(acme, await acme.ticket(), Changes(status=Status.IN_PROGRESS))
    await _reply(acme, ticket, "One more thing.", by=acme.carol)
    assert (await acme.now(ticket)).status is Status.IN_PROGRESS


async def test_an_automatic_answer_is_kept_and_reopens_nothing(acme: Company) -> None:
    ticket = await _change(acme, await acme.ticket(), Changes(status=Status.RESOLVED))
    await _reply(acme, ticket, "I am on holiday until Monday.", by=acme.carol, automatic=True)
    now = await acme.now(ticket)
    assert (now.status, now.comment_count) == (Status.RESOLVED, 2)


async def test_a_note_is_for_agents_and_changes_no_preview(acme: Company) -> None:
    ticket = await acme.ticket()
    async with acme.database.transaction(acme.organization_id) as tx:
        held = await tickets.hold(tx, ticket.id, seen_by=acme.bob)
        note = await tickets.note(tx, held, Words("She is a hotel, be quick."), by=acme.bob)
    now = await acme.now(ticket)
    assert note.visibility is Visibility.INTERNAL
    assert (now.version, now.comment_count, now.preview) == (2, 1, ticket.preview)


async def test_only_agents_are_named_in_a_note(acme: Company) -> None:
    ticket = await acme.ticket()
    with pytest.raises(Invalid):
        async with acme.database.transaction(acme.organization_id) as tx:
            held = await tickets.hold(tx, ticket.id, seen_by=acme.bob)
            await tickets.note(tx, held, Words("Hush"), by=acme.bob, readers=[acme.carol.user_id])
    assert await acme.now(ticket) == ticket


async def test_several_properties_change_in_one_step(acme: Company, screens: Screens) -> None:
    ticket = await acme.ticket(tags=["grinder"])
    changed = await _change(
        acme,
        ticket,
        Changes(
            status=Status.IN_PROGRESS,
            priority=Priority.URGENT,
            assignee_id=acme.bob.user_id,
            department_id=acme.support_id,
            subject="The mill hums",
            tags=["mill"],
        ),
    )
    assert changed.version == 2
    assert (changed.assignee_name, changed.department_name, changed.subject) == ("Bob", "Support", "The mill hums")
    assert [tag.name for tag in changed.tags] == ["mill"]
    assert _names(screens.heard_by(acme.organization_id))[1:] == [
        "StatusChanged",
        "PriorityChanged",
        "TicketAssigned",
        "DepartmentChanged",
        "SubjectChanged",
        "TagsChanged",
    ]


async def test_a_change_to_what_it_is_already_changes_nothing(acme: Company, screens: Screens) -> None:
    ticket = await acme.ticket(tags=["grinder"])
    unchanged = await _change(acme, ticket, Changes(status=Status.OPEN, subject=ticket.subject, tags=["Grinder"]))
    assert unchanged == ticket
    assert _names(screens.heard_by(acme.organization_id)) == ["TicketOpened"]


async def test_a_new_requester_sees_it_and_the_old_one_no_longer(acme: Company) -> None:
    ticket = await _change(acme, await acme.ticket(), Changes(requester_id=acme.dave.user_id))
    async with acme.database.reading(acme.organization_id) as tx:
        assert (await tickets.find(tx, ticket.id, seen_by=acme.dave)).requester_name == "Dave"
        with pytest.raises(NotFound):
            await tickets.find(tx, ticket.id, seen_by=acme.carol)


async def test_a_customer_may_only_resolve(acme: Company) -> None:
    ticket = await acme.ticket()
    for changes in (Changes(priority=Priority.URGENT), Changes(status=Status.CLOSED), Changes(tags=["vip"])):
        with pytest.raises(Forbidden):
            await _change(acme, ticket, changes, by=acme.carol)
    assert await acme.now(ticket) == ticket
    assert (await _change(acme, ticket, Changes(status=Status.RESOLVED), by=acme.carol)).status is Status.RESOLVED


async def test_a_change_made_on_an_old_reading_is_refused(acme: Company) -> None:
    ticket = await acme.ticket()
    await _reply(acme, ticket, "First.")
    with pytest.raises(PreconditionFailed):
        async with acme.database.transaction(acme.organization_id) as tx:
            await tickets.hold(tx, ticket.id, seen_by=acme.bob, expecting=ticket.version)


async def test_two_changes_at_once_make_two_versions(acme: Company) -> None:
    ticket = await acme.ticket()
    await asyncio.gather(
        _change(acme, ticket, Changes(priority=Priority.URGENT)),
        _change(acme, ticket, Changes(status=Status.PENDING)),
        _reply(acme, ticket, "Meanwhile."),
    )
    now = await acme.now(ticket)
    assert (now.version, now.priority, now.status, now.comment_count) == (4, Priority.URGENT, Status.PENDING, 2)


async def test_into_the_bin_and_out_again(acme: Company) -> None:
    ticket = await acme.ticket()
    async with acme.database.transaction(acme.organization_id) as tx:
        await tickets.delete(tx, await tickets.hold(tx, ticket.id, seen_by=acme.mara), by=acme.mara)
    async with acme.database.reading(acme.organization_id) as tx:
        assert (await tickets.find(tx, ticket.id, seen_by=acme.bob)).deleted_at
        with pytest.raises(NotFound):
            await tickets.find(tx, ticket.id, seen_by=acme.carol)
    with pytest.raises(InBin):
        async with acme.database.transaction(acme.organization_id) as tx:
            await tickets.hold(tx, ticket.id, seen_by=acme.bob)
    async with acme.database.transaction(acme.organization_id) as tx:
        binned = await tickets.hold_in_bin(tx, ticket.id, seen_by=acme.mara)
        restored = await tickets.restore(tx, binned, by=acme.mara)
    assert (restored.deleted_at, restored.version, restored.status) == (None, 3, ticket.status)
    async with acme.database.reading(acme.organization_id) as tx:
        assert await tickets.find(tx, ticket.number, seen_by=acme.carol) == restored


async def test_the_timeline_tells_who_did_what(acme: Company) -> None:
    ticket = await acme.ticket()
    await _change(acme, ticket, Changes(priority=Priority.LOW))
    async with acme.database.reading(acme.organization_id) as tx:
        lines = await tickets.activities(tx, ticket, seen_by=acme.bob)
        assert await tickets.activities(tx, ticket, seen_by=acme.carol) == []
    assert [(line.name, line.actor_name) for line in lines] == [("TicketOpened", "Carol"), ("PriorityChanged", "Bob")]
    assert (lines[1].details["before"], lines[1].details["after"]) == ("MEDIUM", "LOW")


async def test_a_conversation_is_read_from_both_ends(acme: Company) -> None:
    ticket = await acme.ticket()
    for number in range(1, 6):
        await _reply(acme, ticket, f"Answer {number}")
    async with acme.database.reading(acme.organization_id) as tx:
        first = await tickets.comments(tx, ticket, tickets.Span(limit=2), seen_by=acme.bob)
        edge = (first[-1].created_at, first[-1].id)
        rest = await tickets.comments(tx, ticket, tickets.Span(after=edge), seen_by=acme.bob)
        last = await tickets.last_comments(tx, ticket, 2, seen_by=acme.bob)
        edge = (last[0].created_at, last[0].id)
        earlier = await tickets.comments(tx, ticket, tickets.Span(before=edge, limit=2), seen_by=acme.bob)
    assert [comment.text for comment in first + rest][1:] == [f"Answer {number}" for number in range(1, 6)]
    assert [comment.text for comment in earlier + last] == ["Answer 2", "Answer 3", "Answer 4", "Answer 5"]


async def test_the_opening_of_an_unknown_requester_is_refused(acme: Company) -> None:
    with pytest.raises(NotFound):
        async with acme.database.transaction(acme.organization_id) as tx:
            await tickets.open(tx, Opening("Hello", Words("Hello"), acme.organization_id), by=acme.bob)
