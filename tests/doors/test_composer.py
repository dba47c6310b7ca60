"""What agents send from a ticket's page: to whom, when, taken back, held where somebody wrote; and their drafts."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from parlour import email, tickets
from parlour.foundation import clock
from parlour.people import Actor
from parlour.tickets import Comment, Draft, Source, Status, Ticket, Words
from tests.builders import Company
from tests.doors.conftest import Connect
from tests.doors.test_dashboard import STREAM, desk

ASKED = "It hums, but nothing comes out."


async def send(
    client: httpx.AsyncClient, ticket: Ticket, body: str = "Switch it on.", stream: bool = True, **more: Any
) -> httpx.Response:
    headers = STREAM if stream else {}
    form = {"body": body, **more}
    return await client.post(f"/dashboard/tickets/{ticket.number}/reply", data=form, headers=headers)


async def last(company: Company, ticket: Ticket) -> Comment:
    async with company.database.reading(company.organization_id) as tx:
        return (await tickets.last_comments(tx, ticket, 1, seen_by=company.alice))[-1]


async def sending(company: Company, comment: Comment) -> email.Sending | None:
    async with company.database.reading(company.organization_id) as tx:
        return (await email.sendings(tx, [comment.id])).get(comment.id)


async def draft(company: Company, ticket: Ticket, actor: Actor) -> Draft | None:
    async with company.database.reading(company.organization_id) as tx:
        return await tickets.draft_of(tx, ticket, by=actor)


async def writes(company: Company, ticket: Ticket, text: str, actor: Actor) -> Comment:
    async with company.database.transaction(company.organization_id) as tx:
        held = await tickets.hold(tx, ticket.id, seen_by=actor)
        return await tickets.reply(tx, held, Words(text), by=actor, source=Source.EMAIL)


async def mailbox(company: Company) -> str:
    address = f"support@{company.slug}.test"
    async with company.database.transaction(company.organization_id) as tx:
        await email.add_mailbox(tx, address)
    return address


async def without_undo(company: Company) -> None:
    async with company.database.transaction(company.organization_id) as tx:
        await email.set_undo_seconds(tx, 0)


async def test_recipients_stand_in_the_form_as_the_room_computes_them(acme: Company, connect: Connect) -> None:
    ticket = await acme.ticket()
    async with acme.database.transaction(acme.organization_id) as tx:
        await tickets.add_participants(tx, ticket.id, [acme.dave.user_id])
    page = (await (await desk(connect, acme, acme.alice)).get(f"/dashboard/tickets/{ticket.number}")).text
    assert 'name="to" value="Carol &lt;carol@customer.test&gt;"' in page
    assert 'name="cc" value="Dave &lt;dave@customer.test&gt;"' in page
    assert 'name="bcc" value=""' in page


async def test_a_reply_waits_for_ten_seconds_and_goes_to_whom_the_form_names(acme: Company, connect: Connect) -> None:
    await mailbox(acme)
    ticket = await acme.ticket()
    alice = await desk(connect, acme, acme.alice)
    to, bcc = 'Carol <carol@customer.test>, "Doe, Jo" <Jo@partner.test>', "audit@partner.test"
    answer = await send(alice, ticket, to=to, cc="", bcc=bcc)
    assert answer.status_code == 200
    assert 'data-stay="10"' in answer.text
    assert "Your reply goes out in 10 seconds. Press z to undo." in answer.text
    comment = await last(acme, ticket)
    assert comment.held_at is not None
    found = await sending(acme, comment)
    assert found
    assert (found.to, found.cc, found.bcc) == (["carol@customer.test", "jo@partner.test"], [], ["audit@partner.test"])
    assert "Bcc</span> audit@partner.test" in answer.text


async def test_a_stranger_joins_the_ticket_once_the_reply_is_said_and_not_if_it_is_undone(
    acme: Company, connect: Connect
) -> None:
    await mailbox(acme)
    ticket = await acme.ticket()
    alice = await desk(connect, acme, acme.alice)
    lines = {"to": "carol@customer.test", "cc": "jo@partner.test", "bcc": "audit@partner.test"}
    await send(alice, ticket, **lines)
    comment = await last(acme, ticket)
    assert await _participants(acme, ticket) == ["carol@customer.test"]
    await alice.post(f"/dashboard/tickets/{ticket.number}/comments/{comment.id}/undo", headers=STREAM)
    assert await _participants(acme, ticket) == ["carol@customer.test"]
    await send(alice, ticket, **lines)
    comment = await last(acme, ticket)
    with clock.frozen(clock.now() + timedelta(seconds=11)):
        await email.release_reply(acme.installation, acme.organization_id, comment_id=comment.id)
    assert await _participants(acme, ticket) == ["carol@customer.test", "jo@partner.test"]


async def test_undone_its_words_are_the_draft_of_whoever_wrote_them(acme: Company, connect: Connect) -> None:
    await mailbox(acme)
    ticket = await acme.ticket()
    alice, bob = await desk(connect, acme, acme.alice), await desk(connect, acme, acme.bob)
    await send(alice, ticket, "Oops", to="carol@customer.test", cc="jo@partner.test", bcc="")
    comment = await last(acme, ticket)
    path = f"/dashboard/tickets/{ticket.number}/comments/{comment.id}/undo"
    answer = await bob.post(path, headers=STREAM)
    assert "Not sent. Alice finds the words as a draft." in answer.text
    assert (await last(acme, ticket)).text == ASKED
    kept = await draft(acme, ticket, acme.alice)
    assert kept
    assert (kept.text, kept.recipients) == (
        "Oops",
        tickets.DraftRecipients("Carol <carol@customer.test>", "jo@partner.test"),
    )
    assert await draft(acme, ticket, acme.bob) is None
    assert (await bob.get(f"/dashboard/tickets/{ticket.number}/draft")).status_code == 404
    mine = (await alice.get(f"/dashboard/tickets/{ticket.number}/draft")).json()
    assert (mine["mode"], mine["text"], mine["recipients"]["cc"]) == ("reply", "Oops", "jo@partner.test")
    assert "Oops</textarea>" in (await alice.get(f"/dashboard/tickets/{ticket.number}")).text
    assert "Oops" not in (await bob.get(f"/dashboard/tickets/{ticket.number}")).text
    again = await alice.post(path, headers=STREAM)
    assert again.status_code == 409
    assert "Somebody has taken this reply back already." in again.text


async def test_it_is_sent_later_shown_as_such_and_sent_now(acme: Company, connect: Connect) -> None:
    await mailbox(acme)
    ticket = await acme.ticket()
    alice = await desk(connect, acme, acme.alice)
    at = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)
    answer = await send(alice, ticket, send_at=at.isoformat(), unless_answered="yes", then="PENDING")
    assert "Scheduled" in answer.text
    assert "unless the customer writes first" in answer.text
    assert "data-stay" not in answer.text
    comment = await last(acme, ticket)
    found = await sending(acme, comment)
    assert found
    assert (found.send_at, found.unless_answered) == (at, True)
    assert (await acme.now(ticket)).status is Status.OPEN
    await alice.post(f"/dashboard/tickets/{ticket.number}/comments/{comment.id}/send", headers=STREAM)
    assert (await last(acme, ticket)).held_at is None
    assert (await acme.now(ticket)).status is Status.PENDING
    twice = await alice.post(f"/dashboard/tickets/{ticket.number}/comments/{comment.id}/send", headers=STREAM)
    assert twice.status_code == 409
    assert "There is nothing to send again." in twice.text


async def test_a_moment_that_has_passed_or_is_none_is_refused_and_the_words_are_kept(
    acme: Company, connect: Connect
) -> None:
    ticket = await acme.ticket()
    alice = await desk(connect, acme, acme.alice)
    for moment in ("2001-01-01T09:00", "tomorrow"):
        answer = await send(alice, ticket, f"At {moment}", send_on=moment)
        assert answer.status_code == 422
        assert "Choose a day and a time that are still to come." in answer.text
        kept = await draft(acme, ticket, acme.alice)
        assert kept
        assert kept.text == f"At {moment}"
    assert (await acme.now(ticket)).version == ticket.version


async def test_a_reply_begun_before_somebody_wrote_is_held_until_its_writer_has_seen_that(
    acme: Company, connect: Connect
) -> None:
    ticket = await acme.ticket()
    alice = await desk(connect, acme, acme.alice)
    seen = (await last(acme, ticket)).id
    newer = await writes(acme, ticket, "Never mind, it works.", acme.carol)
    version = (await acme.now(ticket)).version
    answer = await send(alice, ticket, seen=str(seen), then="RESOLVED")
    assert answer.status_code == 409
    assert "Carol wrote while you did." in answer.text
    assert f'name="seen_now" value="{newer.id}"' in answer.text
    assert '<input type="hidden" name="then" value="RESOLVED">' in answer.text
    assert (await acme.now(ticket)).version == version
    anyway = await send(alice, ticket, seen=str(seen), seen_now=str(newer.id))
    assert anyway.status_code == 200
    assert (await last(acme, ticket)).text == "Switch it on."
    assert await draft(acme, ticket, acme.alice) is None


async def test_before_javascript_what_is_held_stands_in_the_form_again_with_what_came(
    acme: Company, connect: Connect
) -> None:
    ticket = await acme.ticket()
    alice = await desk(connect, acme, acme.alice)
    seen = (await last(acme, ticket)).id
    await writes(acme, ticket, "Never mind, it works.", acme.carol)
    answer = await send(alice, ticket, "Long and dear", stream=False, seen=str(seen))
    assert answer.status_code == 303
    page = (await alice.get(answer.headers["location"])).text
    assert "Long and dear</textarea>" in page
    assert "Carol wrote while you did." in page
    assert "Send anyway" in page


async def test_our_own_address_and_what_is_none_are_refused_with_words(acme: Company, connect: Connect) -> None:
    ours = await mailbox(acme)
    ticket = await acme.ticket()
    alice = await desk(connect, acme, acme.alice)
    for typed, words in ((ours, f"{ours} is a mailbox of yours"), ("dave", "“dave” is not an e-mail address.")):
        asked = await alice.get(f"/dashboard/tickets/{ticket.number}/recipients", params={"one": typed})
        assert asked.status_code == 422
        sent = await send(alice, ticket, to="carol@customer.test", cc=typed, bcc="")
        assert sent.status_code == 422
        assert words in sent.text
    assert (await send(alice, ticket, to="", cc="", bcc="")).status_code == 422
    assert (await acme.now(ticket)).version == ticket.version


async def test_one_is_told_who_is_new_and_whose_mail_comes_back(acme: Company, connect: Connect) -> None:
    ticket = await acme.ticket()
    async with acme.database.transaction(acme.organization_id) as tx:
        await tx.run(
            "update users set mail_state = 'BOUNCING', mail_state_words = '550 no such user' where id = %(id)s",
            id=acme.dave.user_id,
        )
    alice = await desk(connect, acme, acme.alice)
    asked = await alice.get(f"/dashboard/tickets/{ticket.number}/recipients", params={"one": "Dave@customer.test"})
    assert asked.json()["known"] == [
        {"email": "dave@customer.test", "name": "Dave", "isNew": True, "bounced": "550 no such user"}
    ]
    usual = (await alice.get(f"/dashboard/tickets/{ticket.number}/recipients")).json()
    assert usual["everyone"] == {"to": "Carol <carol@customer.test>", "cc": "", "bcc": ""}
    assert usual["known"] == [{"email": "carol@customer.test", "name": "Carol", "isNew": False, "bounced": None}]


async def test_customers_reply_in_the_portal_and_not_here(acme: Company, connect: Connect) -> None:
    ticket = await acme.ticket()
    carol = await desk(connect, acme, acme.carol)
    assert (await send(carol, ticket)).status_code == 403
    assert (await acme.now(ticket)).version == ticket.version


async def test_a_reply_that_failed_is_sent_again_from_its_comment(acme: Company, connect: Connect) -> None:
    await without_undo(acme)
    await mailbox(acme)
    ticket = await acme.ticket()
    alice = await desk(connect, acme, acme.alice)
    await send(alice, ticket)
    comment = await last(acme, ticket)
    async with acme.database.transaction(acme.organization_id) as tx:
        await tx.run(
            "update outbound_messages set state = 'FAILED', last_error = '550 denied' where comment_id = %(id)s",
            id=comment.id,
        )
    page = (await alice.get(f"/dashboard/tickets/{ticket.number}")).text
    assert "550 denied" in page
    assert "Send again" in page
    await alice.post(f"/dashboard/tickets/{ticket.number}/comments/{comment.id}/send", headers=STREAM)
    found = await sending(acme, comment)
    assert found
    assert (found.state, found.last_error) == (email.SendingState.QUEUED, None)


async def _participants(company: Company, ticket: Ticket) -> list[str]:
    async with company.database.reading(company.organization_id) as tx:
        return sorted(user.email for user in await tickets.participants(tx, ticket.id))
