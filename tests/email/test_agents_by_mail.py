"""An agent answers, orders and passes on from their own mail program."""

import msgspec
import pytest

from parlour import email, people, tickets
from parlour.email import accounting
from parlour.email.admitting import Arrival, admit
from parlour.email.agents import Command, read_orders
from parlour.email.intake import arrival_of
from parlour.email.safety import Authentication
from parlour.tickets import Priority, Status, Visibility
from tests.email.post import Post, Row, mail

BOB = "Bob <bob@acme.test>"


async def bring_proved(post: Post, raw: str, to: str) -> Row:
    """As `bring`, where the sender's domain vouches for the mail."""
    installation, organization_id = post.company.installation, post.company.organization_id
    entry_id = await post.deliver(raw, sender="bob@acme.test", to=[to])
    async with installation.database.transaction(organization_id) as tx:
        begun = await accounting.begin(tx, entry_id)
    assert begun is not None
    arrival, _ = await arrival_of(installation, organization_id, begun.entry)
    verdict = msgspec.structs.replace(arrival.verdict, authentication=Authentication(dmarc="pass"))
    async with installation.database.transaction(organization_id) as tx:
        assert await accounting.claim(tx, entry_id, None, None)
        conclusion = await admit(tx, installation, Arrival(begun.entry, arrival.understood, verdict))
        await accounting.conclude(tx, entry_id, conclusion)
    return await post.row(entry_id)


async def test_a_proved_agent_who_holds_the_address_answers_the_customer(post: Post) -> None:
    first = await post.bring(mail())
    row = await bring_proved(post, mail("Switch it on.", sender=BOB), post.reply_address(await post.ticket(first)))
    assert row.ticket_id == first.ticket_id
    answer = (await post.comments(first))[1]
    assert (answer.text, answer.visibility, answer.author_name) == ("Switch it on.", Visibility.PUBLIC, "Bob")
    async with post.company.database.reading(post.company.organization_id) as tx:
        sending = (await email.sendings(tx, [answer.id]))[answer.id]
    assert [str(to) for to in sending.to] == ["carol@customer.test"]


async def test_an_agent_nobody_vouches_for_stays_among_agents_and_orders_nothing(post: Post) -> None:
    first = await post.bring(mail())
    to = post.reply_address(await post.ticket(first))
    row = await post.bring(mail("#close\nFrom my phone.", sender=BOB), sender="bob@acme.test", to=[to])
    assert row.ticket_id == first.ticket_id
    second = (await post.comments(first))[1]
    assert (second.text, second.visibility) == ("#close\nFrom my phone.", Visibility.INTERNAL)
    assert (await post.ticket(first)).status is Status.OPEN


async def test_an_agent_without_the_address_joins_only_where_proved_and_only_among_agents(post: Post) -> None:
    first = await post.bring(mail(more="Message-ID: <a@x.test>\n"))
    raw = mail("I know her.", sender=BOB, more="In-Reply-To: <a@x.test>\n")
    proved = await bring_proved(post, raw, post.mailbox.address)
    assert proved.ticket_id == first.ticket_id
    assert (await post.comments(first))[1].visibility is Visibility.INTERNAL
    forged = await post.bring(raw, sender="bob@acme.test")
    assert forged.ticket_id != first.ticket_id
    assert len(await post.comments(first)) == 2
    [older] = await related(post, forged)
    assert (older.id, older.relation, older.is_older) == (first.ticket_id, tickets.Relation.MENTION, True)


async def related(post: Post, row: Row) -> list[tickets.RelatedTicket]:
    ticket = await post.ticket(row)
    async with post.company.database.reading(post.company.organization_id) as tx:
        return await tickets.related(tx, ticket, seen_by=post.company.alice)


async def test_commands_at_the_top_are_carried_out_and_not_sent(post: Post) -> None:
    first = await post.bring(mail())
    text = "#assign mara\n#priority high\n#tag late, Grinder\n#resolve\n\nSwitch it on.\n\n#close is no order here"
    await bring_proved(post, mail(text, sender=BOB), post.reply_address(await post.ticket(first)))
    ticket = await post.ticket(first)
    assert (ticket.assignee_id, ticket.priority, ticket.status) == (
        post.company.mara.user_id,
        Priority.HIGH,
        Status.RESOLVED,
    )
    assert [tag.name for tag in ticket.tags] == ["Grinder", "late"]
    comments = await post.comments(first)
    assert [comment.text for comment in comments[1:]] == ["Switch it on.\n\n#close is no order here"]


async def test_a_note_by_mail_is_for_agents(post: Post) -> None:
    first = await post.bring(mail())
    to = post.reply_address(await post.ticket(first))
    row = await bring_proved(post, mail("#note\nShe is angry.\n#close", sender=BOB), to)
    note = (await post.comments(first))[1]
    assert (note.id, note.text, note.visibility) == (row.comment_id, "She is angry.\n#close", Visibility.INTERNAL)
    assert note.source is tickets.Source.EMAIL
    assert (await post.ticket(first)).status is Status.OPEN


async def test_a_mail_of_nothing_but_orders_writes_nothing(post: Post) -> None:
    first = await post.bring(mail())
    row = await bring_proved(post, mail("#close", sender=BOB), post.reply_address(await post.ticket(first)))
    assert (row.outcome, row.ticket_id, row.comment_id) == ("ADMITTED", first.ticket_id, None)
    assert (await post.ticket(first)).status is Status.CLOSED
    assert len(await post.comments(first)) == 1


async def test_an_order_that_can_not_be_carried_out_is_told_to_agents(post: Post) -> None:
    first = await post.bring(mail())
    text = "#assign nobody\n#priority huge\n#close"
    await bring_proved(post, mail(text, sender=BOB), post.reply_address(await post.ticket(first)))
    complaint = (await post.comments(first))[1]
    assert complaint.visibility is Visibility.INTERNAL
    assert complaint.text == (
        "“#assign nobody” was not carried out: There is no active agent called nobody.\n"
        "“#priority huge” was not carried out: A priority is low, medium, high or urgent."
    )
    assert (await post.ticket(first)).status is Status.CLOSED


async def test_a_customers_commands_are_words(post: Post) -> None:
    row = await post.bring(mail("#close\n#priority urgent\nplease"))
    ticket = await post.ticket(row)
    assert (ticket.status, ticket.priority) == (Status.OPEN, Priority.MEDIUM)
    assert [comment.text for comment in await post.comments(row)] == ["#close\n#priority urgent\nplease"]


@pytest.mark.parametrize(
    ("text", "commands", "rest"),
    [
        ("#close\n\nBye", [Command("#close", "close", "")], "Bye"),
        ("\n#Assign: Bob\nBye", [Command("#Assign: Bob", "assign", "Bob")], "Bye"),
        ("#1 thing to do", [], "#1 thing to do"),
        ("#assign\nBob", [], "#assign\nBob"),
        ("#close the door\nBob", [], "#close the door\nBob"),
        ("#grinders\nBob", [], "#grinders\nBob"),
        ("Bob\n#close", [], "Bob\n#close"),
    ],
)
def test_only_what_is_surely_a_command_is_one(text: str, commands: list[Command], rest: str) -> None:
    orders = read_orders(text)
    assert (list(orders.commands), orders.text, orders.is_note) == (commands, rest, False)


async def test_what_an_agent_passes_on_is_the_customers(post: Post) -> None:
    forward = (
        "Please have a look.\n\n---------- Forwarded message ---------\nFrom: Eve Stone <Eve@x.test>\n"
        "Date: Mon, 23 Nov 2026 at 10:00\nSubject: No coffee\nTo: Bob <bob@acme.test>\n\n\nThe machine is dead.\n"
    )
    row = await post.bring(mail(forward, sender=BOB, subject="Fwd: No coffee"), sender="bob@acme.test")
    ticket = await post.ticket(row)
    assert (ticket.subject, ticket.requester_name, ticket.requester_email) == ("No coffee", "Eve Stone", "eve@x.test")
    words, note = await post.comments(row)
    assert (words.id, words.text, words.author_email) == (row.comment_id, "The machine is dead.", "eve@x.test")
    assert (note.text, note.visibility, note.author_name) == ("Please have a look.", Visibility.INTERNAL, "Bob")
    assert await post.participants(row) == ["eve@x.test"]


async def test_what_a_customer_passes_on_stays_theirs(post: Post) -> None:
    forward = "---------- Forwarded message ---------\nFrom: Eve <eve@x.test>\nDate: x\nSubject: y\nTo: z\n\nDead."
    row = await post.bring(mail(forward, subject="Fwd: y"))
    assert (await post.ticket(row)).requester_email == "carol@customer.test"


async def test_a_mail_attached_whole_is_the_customers_with_its_files(post: Post) -> None:
    inner = (
        "From: Eve <eve@x.test>\nTo: bob@acme.test\nSubject: No coffee\nMessage-ID: <in@x.test>\nMIME-Version: 1.0\n"
        "Content-Type: multipart/mixed; boundary=i\n\n--i\n\nThe machine is dead.\n"
        "--i\nContent-Type: application/pdf; name=bill.pdf\n\n%PDF\n--i--\n"
    )
    body = f"--b\n\nFor you.\n--b\nContent-Type: message/rfc822\n\n{inner}\n--b--\n"
    more = "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n"
    row = await post.bring(mail(body, sender=BOB, subject="FW: No coffee", more=more), sender="bob@acme.test")
    ticket = await post.ticket(row)
    assert (ticket.subject, ticket.requester_email) == ("No coffee", "eve@x.test")
    words, note = await post.comments(row)
    assert (words.text, [file.name for file in words.attachments]) == ("The machine is dead.", ["bill.pdf"])
    assert (note.text, note.visibility) == ("For you.", Visibility.INTERNAL)


async def test_an_agent_who_has_left_proves_nothing(post: Post) -> None:
    first = await post.bring(mail())
    company = post.company
    async with company.database.transaction(company.organization_id) as tx:
        user = await people.find_user(tx, company.bob.user_id)
        await people.change_user(tx, user, people.UserChanges(status=people.UserStatus.INACTIVE), by=None)
    await bring_proved(post, mail("#close\nBye", sender=BOB), post.reply_address(await post.ticket(first)))
    assert (await post.comments(first))[1].visibility is Visibility.INTERNAL
    assert (await post.ticket(first)).status is Status.OPEN


async def test_the_origin_of_a_comment_says_who_wrote_to_whom(post: Post) -> None:
    raw = mail("Die Mühle brummt und brummt, es kommt nichts heraus.", more="To: Desk <desk@x.test>\nCc: eve@x.test\n")
    row = await post.bring(raw)
    assert row.comment_id is not None
    async with post.company.database.reading(post.company.organization_id) as tx:
        origin = (await email.origins(tx, [row.comment_id]))[row.comment_id]
    assert origin.sender == email.Address("carol@customer.test", "Carol")
    assert (origin.to, origin.cc) == ([email.Address("desk@x.test", "Desk")], [email.Address("eve@x.test")])
    assert (origin.language, origin.automatic, origin.authentication) == (
        "de",
        None,
        {"spf": "none", "dkim": "none", "dmarc": "none", "alignedDomain": None, "source": ""},
    )
