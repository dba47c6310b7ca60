"""What makes people leave a helpdesk, replayed: mail that stops coming without a word, loops, or comes back.

The last six of fifteen; those that need a mailbox on a real server are in `test_rivals_pains_of_mailboxes.py`.
"""

import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from parlour.email import safety
from parlour.email.safety import MailRules
from parlour.tickets import Status
from tests.builders import Company
from tests.email.post import mail
from tests.mail.desk import Desk, asked, desk_of
from tests.twins import Taken, mail_server


@pytest_asyncio.fixture
async def desk(acme: Company) -> AsyncIterator[Desk]:
    async with mail_server() as server:
        yield await desk_of(acme, server)


BROKEN = "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n"


# 10. Mail was not fetched, without a line in a log: a broken attachment held up the rest.


@pytest.mark.parametrize(
    "attachment",
    [
        "Content-Type: application/pdf; name=plan.pdf\nContent-Transfer-Encoding: base64\n\n!!!! no base64 !!!!\n",
        "Content-Type: application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: base64\n\neJ8+IgAA\n",
        "Content-Type: image/png; name*0*=utf-8''%ff%fe; name*1=x\nContent-ID: <\n\n\x00\x01\n",
        "Content-Type: message/rfc822\n\nContent-Type: multipart/mixed; boundary=b\n\n--b\n",
        "Content-Type: text/plain; charset=no-such-charset\nContent-Disposition: attachment\n\n\xe9\n",
    ],
)
async def test_a_broken_attachment_holds_up_neither_its_mail_nor_the_next(desk: Desk, attachment: str) -> None:
    body = f"--b\nContent-Type: text/plain\n\nSee the plan.\n--b\n{attachment}--b--"
    rows = [await desk.bring(mail(body, more=BROKEN)), await desk.bring(mail("The next one."))]
    assert [row.outcome for row in rows] == ["ADMITTED", "ADMITTED"]
    assert [await desk.texts(asked(row)) for row in rows] == [["See the plan."], ["The next one."]]


# 12. One bad message stopped the whole mailbox, or sent the cleaner of HTML round in an endless loop.


@pytest.mark.parametrize(
    "markup",
    [
        "<div>" * 20_000 + "deep",
        "<" * 200_000,
        "<table><tr><td>" * 5_000 + "cells",
        "<a href='" + "x" * 500_000,
        "<!--" * 50_000,
        "<p style='" + "a:b;" * 50_000 + "'>styled</p>",
        "&" * 300_000 + "amp;" * 100,
    ],
    ids=["deep", "brackets", "tables", "long attribute", "comments", "styles", "entities"],
)
async def test_html_made_to_hang_a_cleaner_is_read_within_seconds(desk: Desk, markup: str) -> None:
    begun = time.monotonic()
    row = await desk.bring(mail(markup, more="MIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n"))
    assert row.outcome in ("ADMITTED", "REFUSED")
    assert time.monotonic() - begun < 10
    assert (await desk.bring(mail("The next one."))).outcome == "ADMITTED"


@pytest.mark.parametrize("raw", [b"", b"\r\n", b"\x00" * 1000, b"\xff\xfe" * 5000, b"From", b"\r\n\r\n--b"])
async def test_what_is_no_mail_at_all_is_accounted_for_and_the_next_is_taken_in(desk: Desk, raw: bytes) -> None:
    bad = await desk.bring(raw, sender="")
    good = await desk.bring(mail("The next one."))
    assert (bad.outcome, good.outcome) == ("REFUSED", "ADMITTED")
    assert bad.reason


# 14. Loops: with no-reply senders, with bounces, with people who are away, and with another helpdesk.

BOUNCE = """From: Mail Delivery System <mailer-daemon@mx.test>
To: {sender}
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b

carol@customer.test: host mx.customer.test said: 550 5.1.1 No such user
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.test

Final-Recipient: rfc822; carol@customer.test
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 No such user
--b
Content-Type: text/rfc822-headers

Message-ID: {message_id}
--b--
"""
AWAY = "Auto-Submitted: auto-replied\nPrecedence: bulk\nX-Auto-Response-Suppress: All\n"


def bounce_of(taken: Taken) -> str:
    """What the customer's server makes of an answer."""
    return BOUNCE.format(sender=taken.sender, message_id=taken.message["Message-ID"])


async def wants_acknowledgements(desk: Desk) -> None:
    company = desk.company
    async with company.database.transaction(company.organization_id) as tx:
        await safety.change_mail_rules(tx, MailRules(acknowledges=True))


@pytest.mark.parametrize(
    "sender", ["no-reply@shop.test", "noreply@shop.test", "do-not-reply@shop.test", "mailer-daemon@shop.test"]
)
async def test_a_sender_that_nobody_reads_is_never_written_to_by_a_program(desk: Desk, sender: str) -> None:
    await wants_acknowledgements(desk)
    row = await desk.bring(mail("Your order is on its way.", sender=sender), sender=sender)
    if row.ticket_id:
        assert await desk.acknowledge(row) is None
    assert desk.server.taken == []


async def test_two_helpdesks_that_acknowledge_everything_stop_after_one_mail(desk: Desk, globex: Company) -> None:
    other = await desk_of(globex, desk.server)
    for each in (desk, other):
        await wants_acknowledgements(each)
    # A desk that answers by itself and says so nowhere: only the other one can end it.
    theirs = mail("We have received your mail.", sender=f"Globex <{other.mailbox.address}>", subject="Received")
    told = await desk.acknowledge(await desk.bring(theirs, sender=other.mailbox.address))
    assert told and told.recipients == [other.mailbox.address]
    answer = await other.bring(told.raw, sender="", to=[other.mailbox.address])
    assert (answer.outcome, await other.count()) in (("AUTOMATIC", 0), ("ADMITTED", 1))
    if answer.ticket_id:
        assert await other.acknowledge(answer) is None
    assert len(desk.server.taken) == 1


async def test_an_out_of_office_answer_neither_reopens_nor_is_answered(desk: Desk) -> None:
    ticket = asked(await desk.bring(mail(more="Message-ID: <first@customer.test>\n")))
    sent = (await desk.answer(ticket)).message
    await desk.change(ticket, status=Status.CLOSED)
    away = mail("I am away.", subject="Out of office", more=f"{AWAY}In-Reply-To: {sent['Message-ID']}\n")
    await desk.bring(away, to=[sent["Reply-To"]])
    assert (await desk.find(ticket)).status is Status.CLOSED
    assert len(desk.server.taken) == 1


async def test_a_bounce_is_told_on_the_answer_and_makes_no_mail_of_its_own(desk: Desk) -> None:
    ticket = asked(await desk.bring(mail(more="Message-ID: <first@customer.test>\n")))
    await desk.change(ticket, assignee_id=desk.company.bob.user_id)
    taken = await desk.answer(ticket)
    await desk.change(ticket, status=Status.CLOSED)
    row = await desk.bring(bounce_of(taken), sender="", to=[taken.sender])
    assert (row.outcome, row.ticket_id) == ("BOUNCE", ticket)
    assert await desk.texts(ticket) == ["It hums.", "Switch it on."]
    assert (await desk.find(ticket)).status is Status.CLOSED
    assert len(desk.server.taken) == 1


async def test_what_another_helpdesk_answers_by_itself_is_not_answered_and_opens_nothing(desk: Desk) -> None:
    theirs = "Globex Support <support@globex.test>"
    ticket = asked(await desk.bring(mail(sender=theirs)))
    taken = await desk.answer(ticket)
    await desk.change(ticket, status=Status.CLOSED)
    for number in range(5):
        more = f"Auto-Submitted: auto-replied\nIn-Reply-To: {taken.message['Message-ID']}\n"
        more += f"Message-ID: <{number}@globex.test>\n"
        received = mail(f"We have received mail {number}.", sender=theirs, subject=f"[#90{number}] Received", more=more)
        await desk.bring(received, to=[taken.sender])
    assert await desk.count() == 1
    assert (await desk.find(ticket)).status is Status.CLOSED
    assert len(desk.server.taken) == 1


# 15. A deleted conversation came back at the next look at the mailbox, or could not be deleted at all.


async def test_a_deleted_ticket_does_not_come_back_with_the_same_mail(desk: Desk) -> None:
    raw = mail(more="Message-ID: <first@customer.test>\n")
    ticket = asked(await desk.bring(raw))
    await desk.delete(ticket)
    again = await desk.bring(raw)
    assert (again.outcome, again.ticket_id) == ("DUPLICATE", ticket)
    assert await desk.in_inbox() == []
