"""What makes people leave a helpdesk, replayed: answers to the wrong people, mails on the wrong ticket.

The first nine of fifteen; `test_rivals_pains_of_intake.py` has the mail that stops, loops or comes back.
"""

import asyncio
import base64
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from parlour import email
from parlour.email.reading import Address
from parlour.tickets import Status
from tests.builders import Company
from tests.email.post import mail
from tests.mail.desk import Desk, asked, desk_of, recipients
from tests.twins import mail_server


@pytest_asyncio.fixture
async def desk(acme: Company) -> AsyncIterator[Desk]:
    async with mail_server() as server:
        yield await desk_of(acme, server)


def first(number: int = 1, **others: str) -> str:
    """Carol's first mail, with Eve in copy."""
    return mail(more=f"Message-ID: <first{number}@customer.test>\nCc: Eve <eve@partner.test>\n", **others)


# 1. A reply was sent to the recipients of the newest outgoing message of the conversation rather than its own.


async def test_a_private_note_written_seconds_later_does_not_empty_the_copies_of_a_reply(desk: Desk) -> None:
    ticket = asked(await desk.bring(first()))
    fact = await desk.reply(ticket)
    await desk.note(ticket, "Between us: it was not plugged in.", [desk.company.mara.user_id], by=desk.company.bob)
    await desk.note(ticket, "For all agents.", by=desk.company.bob)
    taken = await desk.send(fact)
    assert recipients(taken) == (["carol@customer.test"], ["eve@partner.test"])
    assert taken.recipients == ["carol@customer.test", "eve@partner.test"]
    assert b"Between us" not in taken.raw
    assert len(desk.server.taken) == 1


async def test_a_later_reply_to_others_takes_nothing_from_one_that_waits(desk: Desk) -> None:
    ticket = asked(await desk.bring(first()))
    earlier = await desk.reply(ticket, "For both of you.")
    only_frank = email.Recipients(to=[Address("frank@partner.test")])
    later = await desk.reply(ticket, "For Frank.", email.Way(recipients=only_frank))
    taken = await desk.send(later)
    assert (recipients(taken), taken.recipients) == ((["frank@partner.test"], []), ["frank@partner.test"])
    taken = await desk.send(earlier)
    assert recipients(taken) == (["carol@customer.test"], ["eve@partner.test"])


# 2. People whom the customer wrote to were dropped from the reply; somebody was copied in unasked.


async def test_everybody_the_customer_wrote_to_gets_the_reply_and_nobody_else(desk: Desk) -> None:
    await desk.bring(mail(sender="Dave <dave@customer.test>", subject="Grinder"))
    more = f"To: {desk.mailbox.address}, Frank <frank@partner.test>\nCc: eve@partner.test\n"
    ticket = asked(await desk.bring(mail(more=more)))
    taken = await desk.answer(ticket)
    to, cc = recipients(taken)
    assert (to, sorted(cc)) == (["carol@customer.test"], ["eve@partner.test", "frank@partner.test"])
    assert sorted(taken.recipients) == ["carol@customer.test", "eve@partner.test", "frank@partner.test"]


async def test_whoever_is_left_out_of_a_reply_on_purpose_is_not_copied_in(desk: Desk) -> None:
    ticket = asked(await desk.bring(first()))
    only_eve = email.Recipients(to=[Address("eve@partner.test")], bcc=[Address("frank@partner.test")])
    taken = await desk.send(await desk.reply(ticket, "Not for Carol.", email.Way(recipients=only_eve)))
    assert recipients(taken) == (["eve@partner.test"], [])
    assert taken.recipients == ["eve@partner.test", "frank@partner.test"]
    assert b"carol@customer.test" not in taken.raw.split(b"\n\n")[0] and b"frank@" not in taken.raw


# 3. Copies were filled in from another conversation, or the sender was added to them again and again.


async def test_copies_belong_to_one_ticket_only(desk: Desk) -> None:
    with_eve = asked(await desk.bring(first()))
    alone = asked(await desk.bring(mail(subject="Another matter")))
    await desk.answer(with_eve)
    assert recipients(await desk.answer(alone)) == (["carol@customer.test"], [])


async def test_a_sender_who_copies_themselves_is_written_to_once(desk: Desk) -> None:
    ticket = asked(await desk.bring(first()))
    for number in range(3):
        more = f"In-Reply-To: <first1@customer.test>\nMessage-ID: <more{number}@customer.test>\n"
        more += f"To: {desk.mailbox.address}\nCc: CAROL@Customer.test, Eve@PARTNER.test, carol@customer.test\n"
        await desk.bring(mail(f"And {number}.", more=more))
    taken = await desk.answer(ticket)
    assert recipients(taken) == (["carol@customer.test"], ["eve@partner.test"])
    assert taken.recipients == ["carol@customer.test", "eve@partner.test"]


# 4. A reply already queued went to a new customer when the agent changed the customer right after sending.


async def test_a_change_of_customer_right_after_sending_does_not_redirect_the_reply(desk: Desk) -> None:
    ticket = asked(await desk.bring(mail()))
    fact = await desk.reply(ticket, "For Carol's eyes only.")
    await desk.change(ticket, requester_id=desk.company.dave.user_id)
    taken = await desk.send(fact)
    assert taken.recipients == ["carol@customer.test"]
    assert recipients(taken) == (["carol@customer.test"], [])


# 5. Agents' replies had no In-Reply-To, so customers' programs took each for a new conversation.


async def test_every_reply_of_an_agent_names_what_it_answers(desk: Desk) -> None:
    ticket = asked(await desk.bring(first()))
    seen = ["<first1@customer.test>"]
    for number in range(4):
        message = (await desk.answer(ticket, f"Step {number}.")).message
        assert message["In-Reply-To"] == "<first1@customer.test>"
        assert message["References"].split() == seen
        seen.append(message["Message-ID"])


async def test_a_ticket_that_did_not_begin_by_mail_is_a_thread_from_the_second_reply_on(desk: Desk) -> None:
    ticket = await desk.company.ticket()
    one = (await desk.answer(ticket.id, "One.")).message
    two = (await desk.answer(ticket.id, "Two.")).message
    assert (one["In-Reply-To"], two["In-Reply-To"]) == (None, one["Message-ID"])
    assert two["References"] == one["Message-ID"]


# 6. Replies landed in an unrelated conversation, often one closed long ago.


@pytest.mark.parametrize(
    ("subject", "more"),
    [
        ("Grinder", ""),
        ("Re: Grinder", ""),
        ("Order #1", ""),
        ("Re: [#1] is taken from a newsletter", "In-Reply-To: <first1@customer.test>\n"),
    ],
)
async def test_what_a_stranger_writes_alike_opens_a_ticket_of_its_own(desk: Desk, subject: str, more: str) -> None:
    await _is_apart(desk, mail("Something else.", sender="dave@customer.test", subject=subject, more=more))


@pytest.mark.parametrize("subject", ["Grinder", "Re: Grinder", "Fwd: Grinder", "Order #1", "Invoice (#1)"])
async def test_what_the_same_customer_writes_alike_opens_a_ticket_of_its_own(desk: Desk, subject: str) -> None:
    more = "Message-ID: <second@customer.test>\nIn-Reply-To: <never-seen@customer.test>\n"
    await _is_apart(desk, mail("Something else.", subject=subject, more=more))


async def _is_apart(desk: Desk, raw: str) -> None:
    old = asked(await desk.bring(first()))
    await desk.change(old, status=Status.CLOSED)
    row = await desk.bring(raw)
    assert asked(row) != old
    assert await desk.texts(asked(row)) == ["Something else."]
    before = await desk.find(old)
    assert (before.status, await desk.texts(old)) == (Status.CLOSED, ["It hums."])


# 7. One message with an empty Message-ID pulled every later mail into its conversation.


@pytest.mark.parametrize("nothing", ["Message-ID: <>\n", "Message-ID:\n", "", "Message-ID: < >\n"])
async def test_mails_without_a_message_id_stay_apart(desk: Desk, nothing: str) -> None:
    found = set()
    for number in range(3):
        more = f"{nothing}In-Reply-To: <>\nReferences: <> < >\n"
        found.add(asked(await desk.bring(mail(f"Matter {number}.", subject=f"Matter {number}", more=more))))
    assert len(found) == 3


# 8. Some programs rewrite References, so a new ticket opened; Outlook threads by a header of its own.


async def test_an_answer_with_rewritten_headers_and_subject_finds_its_ticket_by_the_address(desk: Desk) -> None:
    ticket = asked(await desk.bring(first()))
    answered = (await desk.answer(ticket)).message
    more = "Message-ID: <new@icloud.test>\nReferences: <made-up@icloud.test>\n"
    row = await desk.bring(mail("Thanks!", subject="Fwd: danke", more=more), to=[answered["Reply-To"]])
    assert asked(row) == ticket
    # The address alone is enough: a relay may have kept it in the header only.
    row = await desk.bring(mail("Again!", subject="", more=f"To: {answered['Reply-To'].upper()}\n"))
    assert asked(row) == ticket


async def test_all_replies_of_a_ticket_share_outlooks_thread_index(desk: Desk) -> None:
    ticket = asked(await desk.bring(first()))
    one, two = [(await desk.answer(ticket, text)).message for text in ("One.", "Two.")]
    other = (await desk.answer(asked(await desk.bring(mail(subject="Another"))))).message
    begins = [base64.b64decode(message["Thread-Index"])[:22] for message in (one, two, other)]
    assert begins[0] == begins[1] != begins[2]
    assert one["Thread-Topic"] == two["Thread-Topic"] == "Grinder [#1]"


# 9. One mail to two mailboxes of the desk made up to eight conversations; one of ours in copy was missed.


async def test_one_mail_to_two_of_our_mailboxes_is_one_ticket(desk: Desk) -> None:
    billing = await desk.mailbox_beside("billing")
    more = f"Message-ID: <both@customer.test>\nTo: {desk.mailbox.address}, {billing.mailbox.address}\n"
    entries = [
        (box, await box.deliver(f"Received: from mx by {box.mailbox.address}; {number}\n{mail(more=more)}"))
        for number, box in enumerate((desk, billing, desk, billing))
    ]
    rows = await asyncio.gather(*(box.take_in(entry) for box, entry in entries))
    assert sorted(row.outcome or "" for row in rows) == ["ADMITTED", "DUPLICATE", "DUPLICATE", "DUPLICATE"]
    assert await desk.count() == 1
    [ticket] = {asked(row) for row in rows}
    assert await desk.participants(rows[0]) == ["carol@customer.test"]
    assert recipients(await desk.answer(ticket)) == (["carol@customer.test"], [])


async def test_a_mailbox_of_ours_in_copy_takes_the_mail_in(desk: Desk) -> None:
    more = f"To: frank@partner.test\nCc: {desk.mailbox.address}\n"
    row = await desk.bring(mail(more=more))
    assert (await desk.ticket(row)).requester_email == "carol@customer.test"
    assert sorted(await desk.participants(row)) == ["carol@customer.test", "frank@partner.test"]
