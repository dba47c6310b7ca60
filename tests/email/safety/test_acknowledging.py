"""Whoever opens a ticket by mail is told so once, in their language; no program ever is."""

import pytest

from parlour import email, tickets
from parlour.email import safety, wording
from parlour.email.safety import MailRules
from parlour.email.wording import Draft, Owner, Text
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


async def test_the_organizations_own_words_are_used_and_the_mailboxs_before_them(post: Post) -> None:
    await wanted(post)
    company, kind = post.company, wording.Kind.ACKNOWLEDGEMENT
    texts = {"en": Text("Hello {{customer.first_name|there}}", subject="We have it"), "sv": Text("Hej")}
    async with company.database.transaction(company.organization_id) as tx:
        await wording.add_wording(tx, Draft(kind, texts), by=company.alice)
        await wording.add_wording(tx, Draft(wording.Kind.SIGNATURE, {"en": Text("Acme Inc.")}), by=company.alice)
    [told] = await answers(post, await post.bring(mail("It hums.")))
    assert told == "carol@customer.test|We have it [#1]||Hello Carol"
    own = Draft(kind, {"en": Text("From this mailbox")}, Owner(mailbox_id=post.mailbox.id))
    async with company.database.transaction(company.organization_id) as tx:
        kept = await wording.add_wording(tx, own, by=company.alice)
    [told] = await answers(post, await post.bring(mail("It hums.")))
    assert told == "carol@customer.test|Re: Grinder [#2]||From this mailbox"
    async with company.database.transaction(company.organization_id) as tx:
        await wording.remove_wording(tx, kept, by=company.alice)
    [told] = await answers(post, await post.bring(mail("It hums.")))
    assert told.endswith("|We have it [#3]||Hello Carol")
    async with company.database.reading(company.organization_id) as tx:
        kept_in = await tx.values("select concat_ws('|', language, html, signature) from outbound_messages order by id")
    assert kept_in[0] == "en|<p>Hello Carol</p>|Acme Inc."


async def test_a_language_nobody_wrote_in_has_the_built_in_words(post: Post) -> None:
    await wanted(post)
    company = post.company
    async with company.database.transaction(company.organization_id) as tx:
        draft = Draft(wording.Kind.ACKNOWLEDGEMENT, {"en": Text("Hello")})
        await wording.add_wording(tx, draft, by=company.alice)
    german = "Guten Tag, unsere Kaffeemühle brummt seit gestern sehr laut, aber es kommt leider kein Kaffee heraus."
    [told] = await answers(post, await post.bring(mail(german)))
    assert "|Wir haben Ihre Nachricht erhalten" in told


def test_every_built_in_text_does_what_is_asked_of_others() -> None:
    built_in = wording.BUILT_IN[wording.Kind.ACKNOWLEDGEMENT]
    assert len(built_in) >= 10
    for language, text in built_in.items():
        assert wording.checked_text(wording.Kind.ACKNOWLEDGEMENT, text) == text
        assert "#{{ticket.number}}" in text.text, language


async def test_an_agent_is_not_told(post: Post) -> None:
    await wanted(post)
    assert await answers(post, await post.bring(mail(sender="bob@acme.test"))) == []
