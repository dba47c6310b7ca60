"""Whoever opens a ticket by mail is told so once, in their language; no program ever is."""

import pytest

from parlour import email, tickets
from parlour.email import safety
from parlour.email.safety import MailRules
from parlour.tickets import TicketOpened
from tests.email.post import Post, Row, mail, post

__all__ = ["post"]


async def wanted(post: Post) -> None:
    async with post.company.database.transaction(post.company.organization_id) as tx:
        await safety.change_mail_rules(tx, MailRules(acknowledges=True))


async def answers(post: Post, row: Row) -> list[str]:
    """What the ticket's opening leads to, its job run twice."""
    company, ticket = post.company, await post.ticket(row)
    fact = TicketOpened(**tickets.about(ticket, None), comment_id=row.comment_id, source=tickets.Source.EMAIL)
    for _ in range(2):
        await email.acknowledge(company.installation, company.organization_id, fact=fact)
    async with company.database.reading(company.organization_id) as tx:
        return await tx.values(
            """
            select concat_ws('|', array_to_string(to_addresses, ','), subject, coalesce(in_reply_to, ''), text)
            from outbound_messages where kind = 'AUTOMATIC' and ticket_id = %(ticket_id)s
            """,
            ticket_id=ticket.id,
        )


async def test_a_person_is_told_once_and_in_their_language(post: Post) -> None:
    await wanted(post)
    german = "Guten Tag, unsere Kaffeemühle brummt seit gestern sehr laut, aber es kommt leider kein Kaffee heraus."
    [told] = await answers(post, await post.bring(mail(german, more="Message-ID: <a@x.test>\n")))
    assert told.startswith("carol@customer.test|Re: Grinder [#1]|a@x.test|Wir haben Ihre Nachricht erhalten")
    assert "#1." in told
    [told] = await answers(post, await post.bring(mail("It hums.", sender="new@customer.test")))
    assert "|We have received your message" in told


async def test_nobody_is_told_unless_it_is_wanted(post: Post) -> None:
    assert await answers(post, await post.bring(mail())) == []
    async with post.company.database.transaction(post.company.organization_id) as tx:
        await tx.run("update mailboxes set acknowledges = true where id = %(id)s", id=post.mailbox.id)
    assert len(await answers(post, await post.bring(mail()))) == 1


@pytest.mark.parametrize(
    "more",
    [
        "Auto-Submitted: auto-generated\n",
        "List-Id: <x.test>\n",
        "X-Auto-Response-Suppress: All\n",
        "Precedence: bulk\n",
    ],
)
async def test_no_program_is_told(post: Post, more: str) -> None:
    await wanted(post)
    assert await answers(post, await post.bring(mail(more=more))) == []


async def test_nobody_is_told_all_day_long(post: Post) -> None:
    await wanted(post)
    told = [len(await answers(post, await post.bring(mail(f"Number {number}")))) for number in range(7)]
    assert told == [1, 1, 1, 1, 1, 0, 0]


async def test_an_agent_is_not_told(post: Post) -> None:
    await wanted(post)
    assert await answers(post, await post.bring(mail(sender="bob@acme.test"))) == []
