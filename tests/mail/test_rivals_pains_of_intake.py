"""What makes people leave a helpdesk, replayed: mail that stops coming without a word, loops, or comes back.

The last six of fifteen; those that need a mailbox on a real server are in `test_rivals_pains_of_mailboxes.py`.
"""

import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from parlour.tickets import Status
from tests.builders import Company
from tests.email.post import mail
from tests.mail.desk import Desk, asked, desk_of
from tests.twins import mail_server


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

AWAY = "Auto-Submitted: auto-replied\nPrecedence: bulk\nX-Auto-Response-Suppress: All\n"


async def test_an_out_of_office_answer_neither_reopens_nor_is_answered(desk: Desk) -> None:
    ticket = asked(await desk.bring(mail(more="Message-ID: <first@customer.test>\n")))
    sent = (await desk.answer(ticket)).message
    await desk.change(ticket, status=Status.CLOSED)
    away = mail("I am away.", subject="Out of office", more=f"{AWAY}In-Reply-To: {sent['Message-ID']}\n")
    await desk.bring(away, to=[sent["Reply-To"]])
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
