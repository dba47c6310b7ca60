"""A reply that waits for its moment: undone, sent later, called off. What was taken back nobody outside ever sees."""

from datetime import timedelta

import pytest

from parlour import email, tickets
from parlour.email import Address, Recipients, SendingState, Way
from parlour.foundation import clock
from parlour.foundation.errors import Invalid
from parlour.foundation.jobs import TryAgain
from parlour.tickets import SaidAlready, Seen, SomebodyWrote, Status, Words
from tests.builders import Screens
from tests.email.desk import Desk, in_seconds
from tests.twins import MailServer

ASKED = "It hums, but nothing comes out."


async def test_until_its_moment_a_reply_is_seen_by_agents_only(desk: Desk, server: MailServer) -> None:
    acme = desk.company
    ticket = await acme.ticket()
    reply = await desk.answer(ticket, "Not yet", Way(send_at=in_seconds(10), status=Status.RESOLVED))
    assert reply.held_at is not None
    assert await desk.seen_by(ticket, acme.erin if acme.erin.sees_all_tickets else acme.alice) == [ASKED, "Not yet"]
    assert await desk.seen_by(ticket, acme.carol) == [ASKED]
    now = await acme.now(ticket)
    assert (now.preview, now.comment_count, now.status, now.first_replied_at) == (
        ticket.preview, 1, Status.OPEN, None,
    )  # fmt: skip
    sending = await desk.sending_of(reply.id)
    assert sending is not None
    assert (sending.state, sending.to) == (SendingState.QUEUED, ["carol@customer.test"])
    assert sending.send_at is not None
    with pytest.raises(TryAgain):
        await desk.release(reply.id)
    await email.resume_mail(desk.installation)
    assert server.attempts == 0


async def test_when_its_moment_comes_it_is_said_and_sent_once(desk: Desk, server: MailServer) -> None:
    acme = desk.company
    ticket = await acme.ticket()
    reply = await desk.answer(ticket, "Now", Way(send_at=in_seconds(10), status=Status.PENDING))
    with clock.frozen(in_seconds(11)):
        for _ in range(2):
            await desk.release(reply.id)
        sending = await desk.deliver(reply.id)
    assert await desk.seen_by(ticket, acme.carol) == [ASKED, "Now"]
    now = await acme.now(ticket)
    assert (now.preview, now.comment_count, now.status) == ("Now", 2, Status.PENDING)
    assert now.first_replied_at is not None
    assert sending is not None
    assert (sending.state, sending.send_at) == (SendingState.SENT, None)
    assert len(server.taken) == 1
    with pytest.raises(SaidAlready):
        await desk.undo(ticket, reply.id)


async def test_undone_it_is_a_draft_again_with_its_recipients_and_files(desk: Desk, server: MailServer) -> None:
    acme = desk.company
    ticket = await acme.ticket()
    async with acme.database.transaction(acme.organization_id) as tx:
        upload = tickets.Upload("plan.pdf", "application/pdf", b"%PDF")
        file = await tickets.store_attachment(tx, desk.installation.blobs, upload, by=acme.bob)
        held = await tickets.hold(tx, ticket.id, seen_by=acme.bob)
        recipients = Recipients([Address("carol@customer.test")], [], [Address("audit@partner.test")])
        way = Way(recipients=recipients, send_at=in_seconds(10))
        words = Words("Oops", None, [file.id])
        reply = await email.answer(tx, held, words, way, by=acme.bob, source=tickets.Source.API)
    draft = await desk.undo(ticket, reply.id)
    assert draft.words == Words("Oops", None, [file.id])
    assert [one.email for one in draft.recipients.everyone] == ["carol@customer.test", "audit@partner.test"]
    assert await desk.seen_by(ticket, acme.bob) == [ASKED]
    with clock.frozen(in_seconds(60)):
        await desk.release(reply.id)
    assert server.attempts == 0
    again = await desk.answer(ticket, "Better")
    async with acme.database.transaction(acme.organization_id) as tx:
        # The file may go with another reply.
        held = await tickets.hold(tx, ticket.id, seen_by=acme.bob)
        await tickets.reply(tx, held, Words("See", None, [file.id]), by=acme.bob, source=tickets.Source.API)
    await desk.deliver(again.id)
    assert server.taken[0].message["References"] is None


async def test_screens_hear_of_it_and_customers_do_not(desk: Desk, screens: Screens) -> None:
    ticket = await desk.company.ticket()
    reply = await desk.answer(ticket, way=Way(send_at=in_seconds(10)))
    await desk.undo(ticket, reply.id)
    heard = screens.heard_by(desk.company.organization_id)[-2:]
    assert [(fact.name, fact.version, fact.shown_to_customers) for fact in heard] == [
        ("ReplyHeld", 2, False), ("ReplyTakenBack", 3, False),
    ]  # fmt: skip


async def test_a_lost_job_is_found_by_its_deadline(desk: Desk) -> None:
    acme = desk.company
    reply = await desk.answer(await acme.ticket(), way=Way(send_at=in_seconds(10)))
    async with acme.database.transaction(acme.organization_id) as tx:
        await tx.run("delete from procrastinate_jobs where args ->> 'comment_id' = %(id)s", id=str(reply.id))
    await email.release_due_replies(desk.installation)
    assert await _jobs(desk, reply.id) == []
    with clock.frozen(in_seconds(11)):
        await email.release_due_replies(desk.installation)
    assert await _jobs(desk, reply.id) == ["email.release_reply"]


async def test_the_customers_words_call_off_what_was_to_be_sent_unless_they_write(
    desk: Desk, server: MailServer, screens: Screens
) -> None:
    acme = desk.company
    ticket = await acme.ticket()
    way = Way(send_at=in_seconds(3600), unless_answered=True)
    reminder, other = (
        await desk.answer(ticket, "Still there?", way),
        await desk.answer(ticket, "News", Way(send_at=in_seconds(3600))),
    )
    await desk.customer_writes(ticket, "I am away", automatic=True)
    assert await desk.state_of(reminder.id) is SendingState.QUEUED
    await desk.customer_writes(ticket, "Solved!")
    sending = await desk.sending_of(reminder.id)
    assert sending is not None
    assert (sending.state, sending.last_error) == (
        SendingState.CANCELLED, "The customer wrote first. Read it, then send the reply or take it back.",
    )  # fmt: skip
    assert await desk.state_of(other.id) is SendingState.QUEUED
    assert screens.heard_by(acme.organization_id)[-1].name == "ReplyCancelled"
    with clock.frozen(in_seconds(3601)):
        await desk.release(reminder.id)
    assert "Still there?" not in await desk.seen_by(ticket, acme.carol)
    draft = await desk.undo(ticket, reminder.id)
    assert draft.words.text == "Still there?"
    assert server.attempts == 0


async def test_even_if_nobody_looked_before_the_moment_came(desk: Desk) -> None:
    acme = desk.company
    ticket = await acme.ticket()
    reminder = await desk.answer(ticket, "Still there?", Way(send_at=in_seconds(5), unless_answered=True))
    async with acme.database.transaction(acme.organization_id) as tx:
        held = await tickets.hold(tx, ticket.id, seen_by=acme.carol)
        await tickets.reply(tx, held, Words("Here"), by=acme.carol, source=tickets.Source.EMAIL)
    with clock.frozen(in_seconds(6)):
        await desk.release(reminder.id)
    assert await desk.state_of(reminder.id) is SendingState.CANCELLED


async def test_what_waits_or_was_called_off_can_be_sent_at_once(desk: Desk, server: MailServer) -> None:
    ticket = await desk.company.ticket()
    reminder = await desk.answer(ticket, "Still there?", Way(send_at=in_seconds(3600), unless_answered=True))
    await desk.customer_writes(ticket)
    await desk.send_now(ticket, reminder.id)
    await desk.deliver(reminder.id)
    assert await desk.seen_by(ticket, desk.company.carol) == [ASKED, "Wait!", "Still there?"]
    assert len(server.taken) == 1


async def test_nothing_is_sent_from_the_bin(desk: Desk) -> None:
    acme = desk.company
    ticket = await acme.ticket()
    reply = await desk.answer(ticket, way=Way(send_at=in_seconds(5)))
    async with acme.database.transaction(acme.organization_id) as tx:
        held = await tickets.hold(tx, ticket.id, seen_by=acme.alice)
        await tickets.delete(tx, held, by=acme.alice)
    with clock.frozen(in_seconds(6)):
        await desk.release(reply.id)
    assert await desk.state_of(reply.id) is SendingState.CANCELLED


async def test_more_than_a_year_is_too_late(desk: Desk) -> None:
    ticket = await desk.company.ticket()
    with pytest.raises(Invalid):
        await desk.answer(ticket, way=Way(send_at=clock.now() + timedelta(days=400)))
    assert await desk.seen_by(ticket, desk.company.bob) == [ASKED]


async def test_a_reply_begun_before_newer_words_is_held_until_they_are_seen(desk: Desk, server: MailServer) -> None:
    acme = desk.company
    ticket = await acme.ticket()
    async with acme.database.reading(acme.organization_id) as tx:
        [asked] = await tickets.comments(tx, ticket, tickets.Span(), seen_by=acme.bob)
    newer = await desk.customer_writes(ticket, "Forget it")
    for seen in (Seen(version=ticket.version), Seen(comment_id=asked.id)):
        with pytest.raises(SomebodyWrote) as refused:
            await desk.answer(ticket, way=Way(seen=seen))
        assert refused.value.details == {"newerCommentIds": [str(newer.id)]}
    assert await desk.seen_by(ticket, acme.bob) == [ASKED, "Forget it"]
    version = (await acme.now(ticket)).version
    await desk.answer(ticket, "One", Way(seen=Seen(version=version)))
    await desk.answer(ticket, "Two", Way(seen=Seen(comment_id=newer.id)))
    # One's own words need not be seen again, notes hold nothing up, a colleague's reply does.
    with pytest.raises(SomebodyWrote):
        await desk.answer(ticket, "Three", Way(seen=Seen(comment_id=newer.id)), by=acme.alice)


async def test_how_long_a_reply_can_be_undone_is_the_organizations_to_say(desk: Desk) -> None:
    acme = desk.company
    async with acme.database.transaction(acme.organization_id) as tx:
        assert await email.undo_seconds(tx) == 10
        for seconds in (0, 30):
            await email.set_undo_seconds(tx, seconds)
            assert await email.undo_seconds(tx) == seconds
        with pytest.raises(Invalid):
            await email.set_undo_seconds(tx, 121)


async def _jobs(desk: Desk, comment_id: object) -> list[str]:
    async with desk.company.database.reading(desk.company.organization_id) as tx:
        return await tx.values(
            "select task_name from procrastinate_jobs where args ->> 'comment_id' = %(id)s", id=str(comment_id)
        )
