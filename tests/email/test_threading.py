"""A mail joins only where it belongs; what it may not join, it points at."""

from datetime import timedelta

import pytest

from parlour import email, tickets
from parlour.foundation import clock
from parlour.tickets import Relation, Status
from tests.builders import Company
from tests.email.post import Post, Row, close, mail, post_of

ID = "Message-ID: <a@x.test>\n"
ANSWER = "In-Reply-To: <a@x.test>\n"


async def related(post: Post, row: Row) -> list[tuple[object, Relation, bool]]:
    ticket = await post.ticket(row)
    async with post.company.database.reading(post.company.organization_id) as tx:
        found = await tickets.related(tx, ticket, seen_by=post.company.alice)
    return [(one.id, one.relation, one.is_older) for one in found]


async def test_a_strangers_answer_opens_a_ticket_that_points_at_the_old_one(post: Post) -> None:
    first = await post.bring(mail(more=ID))
    second = await post.bring(mail("Me too", sender="dave@customer.test", more=ANSWER))
    assert await related(post, second) == [(first.ticket_id, Relation.MENTION, True)]
    assert await related(post, first) == [(second.ticket_id, Relation.MENTION, False)]


async def test_customers_see_only_related_tickets_of_their_own(post: Post) -> None:
    first = await post.bring(mail(more=ID))
    await post.bring(mail("Me too", sender="dave@customer.test", more=ANSWER))
    ticket = await post.ticket(first)
    async with post.company.database.reading(post.company.organization_id) as tx:
        assert await tickets.related(tx, ticket, seen_by=post.company.carol) == []


async def test_an_old_closed_ticket_is_followed_up(post: Post, globex: Company) -> None:
    first = await post.bring(mail(more=ID))
    await close(post.company, await post.ticket(first))
    with clock.frozen(clock.now() + timedelta(days=15)):
        second = await post.bring(mail("It hums again.", more=ANSWER))
        third = await post.bring(mail("And it smokes.", more=ANSWER))
    assert second.ticket_id != first.ticket_id
    assert (await post.ticket(first)).status is Status.CLOSED
    assert await related(post, second) == [(first.ticket_id, Relation.FOLLOW_UP, True)]
    assert third.ticket_id == second.ticket_id
    theirs = await post_of(globex)
    assert await related(theirs, await theirs.bring(mail(more=ANSWER))) == []


@pytest.mark.parametrize(("days", "age", "is_new"), [(14, 13, False), (3, 4, True), (0, 1, True), (None, 3000, False)])
async def test_when_a_follow_up_is_due_is_the_organizations_choice(
    post: Post, days: int | None, age: int, is_new: bool
) -> None:
    company = post.company
    async with company.database.transaction(company.organization_id) as tx:
        await tickets.set_follow_up_days(tx, days)
        assert await tickets.follow_up_days(tx) == days
    first = await post.bring(mail())
    ticket = await post.ticket(first)
    await close(company, ticket)
    with clock.frozen(clock.now() + timedelta(days=age)):
        second = await post.bring(mail("Again."), to=[post.reply_address(ticket)])
    assert (second.ticket_id != first.ticket_id) is is_new
    assert (await post.ticket(first)).status is (Status.CLOSED if is_new else Status.OPEN)


async def test_an_automatic_answer_follows_nothing_up(post: Post) -> None:
    first = await post.bring(mail(more=ID))
    await close(post.company, await post.ticket(first))
    with clock.frozen(clock.now() + timedelta(days=99)):
        second = await post.bring(mail("I am away.", more="Auto-Submitted: auto-replied\n" + ANSWER))
    assert second.ticket_id == first.ticket_id
    assert (await post.ticket(first)).status is Status.CLOSED


async def test_a_reused_message_id_threads_nothing(post: Post) -> None:
    first = await post.bring(mail("One", more=ID))
    second = await post.bring(mail("Two", more=ID))
    third = await post.bring(mail("Which?", more=ANSWER))
    assert len({first.ticket_id, second.ticket_id, third.ticket_id}) == 3


@pytest.mark.parametrize("empty", ["Message-ID: <>\nIn-Reply-To: <>\n", "Message-ID:\nReferences:\n", ""])
async def test_an_empty_message_id_threads_nothing(post: Post, empty: str) -> None:
    rows = [await post.bring(mail(text, more=empty)) for text in ("One", "Two", "Three")]
    assert [row.outcome for row in rows] == ["ADMITTED"] * 3
    assert len({row.ticket_id for row in rows}) == 3


async def test_a_mail_that_answers_itself_is_new(post: Post) -> None:
    rows = [await post.bring(mail(text, more=ID + ANSWER)) for text in ("One", "Two")]
    assert rows[0].ticket_id != rows[1].ticket_id


async def test_nobody_takes_over_the_name_of_a_mail_of_ours(post: Post) -> None:
    """A stranger who reuses the Message-ID of our reply changes nothing for those who answer it."""
    first = await post.bring(mail())
    ticket = await post.ticket(first)
    company = post.company
    async with company.database.transaction(company.organization_id) as tx:
        held = await tickets.hold(tx, ticket.id, seen_by=company.bob)
        words = tickets.Words("Switch it on.")
        comment = await tickets.reply(tx, held, words, by=company.bob, source=tickets.Source.API)
    fact = tickets.AgentReplied(**tickets.about(ticket, company.bob.user_id), comment_id=comment.id)
    await email.send_reply(company.installation, company.organization_id, fact=fact)
    async with company.database.reading(company.organization_id) as tx:
        ours = await tx.value("select message_id from outbound_messages where comment_id = %(id)s", id=comment.id)
    await post.bring(mail("Bait", sender="dave@customer.test", more=f"Message-ID: <{ours}>\n"))
    answer = await post.bring(mail("It works.", more=f"In-Reply-To: <{ours}>\n"))
    assert answer.ticket_id == first.ticket_id


async def test_one_mail_through_two_mailboxes_is_one_ticket(post: Post) -> None:
    company = post.company
    async with company.database.transaction(company.organization_id) as tx:
        billing = Post(company, await email.add_mailbox(tx, f"billing@{company.slug}.test"))
    raw = mail(
        more=f"{ID}Date: Mon, 23 Nov 2026 10:00:00 +0100\nTo: {post.mailbox.address}, {billing.mailbox.address}\n"
    )
    first = await post.bring("Received: from a by b; x\n" + raw)
    second = await billing.bring("Delivered-To: billing\nReceived: from a by c; y\n" + raw)
    assert (second.outcome, second.ticket_id) == ("DUPLICATE", first.ticket_id)
    assert await post.participants(first) == ["carol@customer.test"]


async def test_one_mail_directly_and_through_a_list_is_one_ticket(post: Post) -> None:
    date = "Date: Mon, 23 Nov 2026 10:00:00 +0100\n"
    first = await post.bring(mail(more=ID + date))
    footer = f"It hums.\n{'_' * 47}\nUsers mailing list -- users@lists.x.test\nTo unsubscribe send a mail\n"
    second = await post.bring(
        mail(footer, subject="[Users] Grinder", more=ID + date + "List-Id: <users.lists.x.test>\n")
    )
    assert (second.outcome, second.ticket_id) == ("DUPLICATE", first.ticket_id)


async def test_the_same_bytes_without_a_message_id_are_one_mail_where_they_are_dated(post: Post) -> None:
    dated = mail(more="Date: Mon, 23 Nov 2026 10:00:00 +0100\n")
    assert [(await post.bring(dated)).outcome for _ in range(2)] == ["ADMITTED", "DUPLICATE"]
    assert [(await post.bring(mail())).outcome for _ in range(2)] == ["ADMITTED", "ADMITTED"]


async def test_a_group_that_writes_for_people_is_not_the_sender(post: Post) -> None:
    ours = post.mailbox.address
    more = f"X-Original-From: Eve <eve@x.test>\nReply-To: Desk <{ours}>\nList-Id: <support.acme.test>\n"
    row = await post.bring(mail(sender=f"'Eve' via Support <{ours}>", more=more))
    assert (await post.ticket(row)).requester_email == "eve@x.test"


async def test_a_form_that_nobody_reads_is_answered_where_it_asks(post: Post) -> None:
    row = await post.bring(mail(sender="no-reply@forms.test", more="Reply-To: Eve <eve@x.test>\n"))
    assert (await post.ticket(row)).requester_email == "eve@x.test"
