"""Drafts: what an agent has begun to write is kept for them alone, and nothing is lost."""

from datetime import timedelta

from parlour import tickets
from parlour.foundation import clock
from parlour.tickets import DraftKind, NewDraft
from tests.builders import Company
from tests.doors.conftest import Connect
from tests.doors.test_composer import draft
from tests.doors.test_dashboard import STREAM, desk


async def test_a_draft_is_kept_for_its_writer_and_ticket_alone_and_dropped_when_it_is_sent(
    acme: Company, connect: Connect
) -> None:
    ticket, other = await acme.ticket(), await acme.ticket("Another")
    alice, bob = await desk(connect, acme, acme.alice), await desk(connect, acme, acme.bob)
    form = {"mode": "note", "body": "Half a thought", "to": "carol@customer.test, jo@", "cc": "", "bcc": ""}
    kept = await alice.post(f"/dashboard/tickets/{ticket.number}/draft", data=form)
    assert kept.status_code == 204
    assert (await bob.get(f"/dashboard/tickets/{ticket.number}/draft")).status_code == 404
    assert (await alice.get(f"/dashboard/tickets/{other.number}/draft")).status_code == 404
    mine = (await alice.get(f"/dashboard/tickets/{ticket.number}/draft")).json()
    assert (mine["mode"], mine["text"], mine["recipients"]["to"]) == ("note", "Half a thought", form["to"])
    await alice.post(f"/dashboard/tickets/{ticket.number}/note", data={"body": "A thought"}, headers=STREAM)
    assert (await alice.get(f"/dashboard/tickets/{ticket.number}/draft")).status_code == 404
    await alice.post(f"/dashboard/tickets/{ticket.number}/draft", data=form)
    await alice.post(f"/dashboard/tickets/{ticket.number}/draft", data=form | {"body": " "})
    assert await draft(acme, ticket, acme.alice) is None


async def test_whoever_may_no_longer_see_a_ticket_leaves_no_draft_on_it(acme: Company, connect: Connect) -> None:
    ticket = await acme.ticket(department_id=acme.support_id)
    erin = await desk(connect, acme, acme.erin)
    assert (await erin.post(f"/dashboard/tickets/{ticket.number}/draft", data={"body": "Mine"})).status_code == 404
    assert await draft(acme, ticket, acme.erin) is None


async def test_a_file_that_waits_in_a_draft_is_not_swept_away(acme: Company) -> None:
    ticket = await acme.ticket()
    blobs = acme.installation.blobs
    async with acme.database.transaction(acme.organization_id) as tx:
        one, other = [
            await tickets.store_attachment(tx, blobs, tickets.Upload(name, "text/plain", b"x"), by=acme.bob)
            for name in ("kept.txt", "left.txt")
        ]
        await tickets.keep_draft(tx, ticket, NewDraft(text="", attachment_ids=[one.id]), by=acme.bob)
        assert await tickets.discard_unsent(tx, blobs, clock.now() + timedelta(days=1)) == 1
        kept = await tickets.draft_of(tx, ticket, by=acme.bob)
    assert kept
    assert [file.name for file in kept.attachments] == ["kept.txt"]
    assert other.id != one.id


async def test_what_was_begun_since_stands_behind_what_is_taken_back_and_a_note_stays_a_note(acme: Company) -> None:
    ticket = await acme.ticket()
    async with acme.database.transaction(acme.organization_id) as tx:
        await tickets.keep_draft(tx, ticket, NewDraft(text="And this"), by=acme.bob)
        await tickets.put_back(tx, ticket, NewDraft(text="Hello"), by=acme.bob)
        reply = await tickets.draft_of(tx, ticket, by=acme.bob)
        await tickets.keep_draft(tx, ticket, NewDraft(kind=DraftKind.NOTE, text="He is rude"), by=acme.bob)
        await tickets.put_back(tx, ticket, NewDraft(text="Hello"), by=acme.bob)
        note = await tickets.draft_of(tx, ticket, by=acme.bob)
    assert reply
    assert (reply.kind, reply.text) == (DraftKind.REPLY, "Hello\n\nAnd this")
    assert note
    assert (note.kind, note.text) == (DraftKind.NOTE, "Hello\n\nHe is rude")
