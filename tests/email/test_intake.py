"""A mail of the ledger becomes a ticket, or joins one, exactly once."""

import asyncio

import pytest

from parlour import email, tickets
from parlour.tickets import Source, Status, Visibility
from tests.builders import Company
from tests.email.post import Post, close, mail, post_of


async def test_a_mail_becomes_a_ticket(post: Post) -> None:
    row = await post.bring(mail(more="Message-ID: <a@x.test>\n", sender="New Person <New@Customer.test>"))
    ticket = await post.ticket(row)
    assert (row.outcome, row.message_id, row.reason) == ("ADMITTED", "a@x.test", None)
    assert (ticket.subject, ticket.status, ticket.source) == ("Grinder", Status.OPEN, Source.EMAIL)
    assert (ticket.requester_name, ticket.requester_email) == ("New Person", "new@customer.test")
    [comment] = await post.comments(row)
    assert (comment.id, comment.text, comment.visibility) == (row.comment_id, "It hums.", Visibility.PUBLIC)


async def test_a_mail_goes_to_its_mailboxs_department(acme: Company) -> None:
    async with acme.database.transaction(acme.organization_id) as tx:
        mailbox = await email.add_mailbox(tx, f"billing@{acme.slug}.test", "", acme.billing_id)
    post = Post(acme, mailbox)
    assert (await post.ticket(await post.bring(mail()))).department_id == acme.billing_id


async def test_a_job_that_runs_again_does_nothing(post: Post) -> None:
    entry_id = await post.deliver(mail())
    first = await post.take_in(entry_id)
    assert await post.take_in(entry_id) == first
    assert await post.count() == 1


async def test_many_runs_at_once_make_one_ticket(post: Post) -> None:
    entry_id = await post.deliver(mail(more="Message-ID: <a@x.test>\n"))
    rows = await asyncio.gather(*(post.take_in(entry_id) for _ in range(3)))
    rows += [await post.take_in(entry_id) for _ in range(2)]
    assert {row.outcome for row in rows} == {"ADMITTED"}
    assert await post.count() == 1


async def test_the_same_mail_delivered_twice_is_one_ticket(post: Post) -> None:
    raw = mail(more="Message-ID: <a@x.test>\n")
    entries = [await post.deliver(raw) for _ in range(3)]
    rows = await asyncio.gather(*(post.take_in(entry) for entry in entries))
    assert sorted(row.outcome or "" for row in rows) == ["ADMITTED", "DUPLICATE", "DUPLICATE"]
    assert {row.reason for row in rows if row.outcome == "DUPLICATE"} == {"The same mail was delivered before."}
    assert len({row.ticket_id for row in rows}) == 1
    assert await post.count() == 1


async def test_different_mails_that_share_a_message_id_are_both_kept(post: Post) -> None:
    for text in ("One", "Two"):
        assert (await post.bring(mail(text, more="Message-ID: <same@x.test>\n"))).outcome == "ADMITTED"
    assert await post.count() == 2


@pytest.mark.parametrize("header", ["In-Reply-To: <a@x.test>\n", "References: <gone@x.test> <a@x.test>\n"])
async def test_an_answer_joins_by_its_references(post: Post, header: str) -> None:
    first = await post.bring(mail(more="Message-ID: <a@x.test>\n"))
    await close(post.company, await post.ticket(first))
    second = await post.bring(mail("Still hums.", subject="Re: something else", more=header))
    assert second.ticket_id == first.ticket_id
    assert [comment.text for comment in await post.comments(second)] == ["It hums.", "Still hums."]
    assert (await post.ticket(second)).status is Status.OPEN


async def test_an_answer_joins_by_the_number_in_its_subject(post: Post) -> None:
    first = await post.bring(mail())
    ticket = await post.ticket(first)
    assert (await post.bring(mail(subject=f"AW: Grinder [#{ticket.number}]"))).ticket_id == first.ticket_id


async def test_a_stranger_joins_neither_by_references_nor_by_number(post: Post) -> None:
    first = await post.bring(mail(more="Message-ID: <a@x.test>\n"))
    number = (await post.ticket(first)).number
    tricks = mail(
        "Let me in", sender="dave@customer.test", subject=f"Re: [#{number}]", more="In-Reply-To: <a@x.test>\n"
    )
    second = await post.bring(tricks)
    assert second.ticket_id != first.ticket_id
    assert len(await post.comments(first)) == 1


async def test_whoever_holds_the_signed_address_may_write_there(post: Post) -> None:
    first = await post.bring(mail())
    address = post.reply_address(await post.ticket(first)).upper()
    second = await post.bring(mail("I am her colleague.", sender="new@customer.test"), to=[address])
    assert second.ticket_id == first.ticket_id
    assert await post.participants(second) == ["carol@customer.test", "new@customer.test"]


async def test_a_neighbours_signed_address_and_message_ids_lead_nowhere(post: Post, globex: Company) -> None:
    theirs = await post_of(globex)
    first = await theirs.bring(mail(more="Message-ID: <a@x.test>\n"))
    bait = theirs.reply_address(await theirs.ticket(first))
    second = await post.bring(mail(subject="[#1]", more=f"To: {bait}\nIn-Reply-To: <a@x.test>\n"), to=[bait])
    assert (await post.ticket(second)).number == 1
    assert second.ticket_id != first.ticket_id
    assert len(await theirs.comments(first)) == 1
    again = await post.bring(mail(more="Message-ID: <a@x.test>\n"))
    assert again.outcome == "ADMITTED"


async def test_a_ticket_in_the_bin_stays_there(post: Post) -> None:
    first = await post.bring(mail(more="Message-ID: <a@x.test>\n"))
    ticket = await post.ticket(first)
    async with post.company.database.transaction(post.company.organization_id) as tx:
        await tickets.delete(tx, await tickets.hold(tx, ticket.id, seen_by=post.company.alice), by=post.company.alice)
    second = await post.bring(mail("Again"), to=[post.reply_address(ticket)])
    assert second.ticket_id != first.ticket_id


async def test_the_people_in_copy_take_part_and_our_own_addresses_do_not(post: Post) -> None:
    ours = post.mailbox.address
    more = (
        f"To: {ours}, Eve <eve@x.test>\nCc: {ours.replace('@', '+t.abc@')}, frank@x.test, carol@customer.test, bad@x\n"
    )
    row = await post.bring(mail(more=more))
    assert sorted(await post.participants(row)) == ["carol@customer.test", "eve@x.test", "frank@x.test"]


async def test_automatic_mail_is_kept_but_does_not_reopen(post: Post) -> None:
    first = await post.bring(mail(more="Message-ID: <a@x.test>\n"))
    await close(post.company, await post.ticket(first))
    second = await post.bring(mail("I am away.", more="Auto-Submitted: auto-replied\nIn-Reply-To: <a@x.test>\n"))
    assert (await post.ticket(second)).status is Status.CLOSED
    assert [comment.text for comment in await post.comments(first)] == ["It hums.", "I am away."]


async def test_what_is_quoted_is_set_apart(post: Post) -> None:
    first = await post.bring(mail("It hums.\n\n-- \nCarol, +49 1", more="Message-ID: <a@x.test>\n"))
    answer = "Thanks!\n\n-- \nCarol, +49 1\n\nOn Monday, Bob wrote:\n> Switch it on."
    second = await post.bring(mail(answer, more="In-Reply-To: <a@x.test>\n"))
    opened, reply = await post.comments(second)
    assert (opened.text, opened.quoted_text) == ("It hums.\n\n--\nCarol, +49 1", None)
    assert (reply.text, reply.quoted_text) == (
        "Thanks!",
        "--\nCarol, +49 1\n\nOn Monday, Bob wrote:\n> Switch it on.",
    )
    assert first.ticket_id == second.ticket_id


async def test_html_is_cleaned_and_files_and_pictures_are_kept(post: Post) -> None:
    body = (
        "--b\nContent-Type: text/html\n\n<p onclick=x()>Look <img src='cid:shot@x'><script>x()</script></p>\n"
        "--b\nContent-Type: image/png; name=shot.png\nContent-ID: <shot@x>\n"
        "Content-Transfer-Encoding: base64\n\niVBORw0KGgo=\n"
        "--b\nContent-Type: application/pdf; name=plan.pdf\n\n%PDF\n--b--"
    )
    row = await post.bring(mail(body, more="MIME-Version: 1.0\nContent-Type: multipart/related; boundary=b\n"))
    [comment] = await post.comments(row)
    assert comment.html is not None
    assert comment.html.strip() == '<p>Look <img data-cid="shot@x"></p>'
    assert [(file.name, file.content_type, file.size, file.content_id) for file in comment.attachments] == [
        ("shot.png", "image/png", 8, "shot@x"),
        ("plan.pdf", "application/pdf", 4, None),
    ]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("Subject: x\n\nx", "The mail names nobody outside as its sender, so there is nobody to answer."),
        ("From: me@nowhere\n\nx", "That is not an e-mail address."),
    ],
)
async def test_what_can_not_be_admitted_stays_in_the_ledger_with_the_reason(post: Post, raw: str, reason: str) -> None:
    row = await post.bring(raw, sender="")
    assert (row.outcome, row.reason, row.ticket_id) == ("REFUSED", reason, None)
    assert await post.count() == 0


async def test_a_form_that_writes_from_our_own_mailbox_is_answered_where_it_asks(post: Post) -> None:
    row = await post.bring(mail(sender=post.mailbox.address, more="Reply-To: Eve <eve@x.test>\n"))
    assert (await post.ticket(row)).requester_email == "eve@x.test"
    looped = await post.bring(mail(sender=post.mailbox.address))
    assert looped.outcome == "REFUSED"


@pytest.mark.parametrize(
    "raw",
    [
        b"From: a@x.test",
        b"From: a@x.test\r\nSubject: " + b"x" * 5000 + b"\r\n\r\n" + b"y " * 500_000,
        b"From: a@x.test\r\n\r\n\x00\xff\xfe\x00" * 10,
        "From: a@x.test\nSubject: =?utf-8?b?AA==?=\nContent-Type: text/html\n\n<p></p>",
    ],
)
async def test_strange_mail_is_admitted_all_the_same(post: Post, raw: str | bytes) -> None:
    assert (await post.bring(raw)).outcome == "ADMITTED"


async def test_a_mailbox_belongs_to_one_organization(acme: Company, globex: Company) -> None:
    address = f"help@{acme.slug}.test"
    async with acme.database.transaction(acme.organization_id) as tx:
        mailbox = await email.add_mailbox(tx, address)
    with pytest.raises(email.MailboxTaken):
        async with globex.database.transaction(globex.organization_id) as tx:
            await email.add_mailbox(tx, address.upper())
    doorways = acme.database.doorways
    for asked in (address, address.upper(), address.replace("@", "+t.abc@"), address.replace("@", "+news@")):
        found = await doorways.mailbox_by_address(asked)
        assert found is not None
        assert (found.organization_id, found.id) == (acme.organization_id, mailbox.id)
    assert await doorways.mailbox_by_address(f"nobody@{acme.slug}.test") is None
