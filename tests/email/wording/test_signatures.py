"""What stands under a reply: whose signature, in which language, once; and it is cut off again."""

import email as mails
from email.message import EmailMessage
from email.policy import default

from parlour import email, tickets
from parlour.email import wording
from parlour.email.reading import split, split_html
from parlour.email.wording import Draft, Kind, Owner, Text
from parlour.people import Actor
from parlour.tickets import Ticket, Words
from tests.builders import Company
from tests.email.desk import Desk, desk, server

__all__ = ["desk", "server"]


async def write(company: Company, owner: Owner, by: Actor | None = None, **texts: str) -> wording.Wording:
    draft = Draft(Kind.SIGNATURE, {language: Text(text) for language, text in texts.items()}, owner)
    async with company.database.transaction(company.organization_id) as tx:
        return await wording.add_wording(tx, draft, by=by or company.alice)


async def mailbox_of(company: Company) -> email.Mailbox:
    async with company.database.reading(company.organization_id) as tx:
        return (await email.mailboxes(tx))[0]


async def sent(desk: Desk, ticket: Ticket, text: str = "Switch it on.") -> EmailMessage:
    comment = await desk.answer(ticket, text)
    return await written(desk, comment.id)


async def written(desk: Desk, comment_id: object) -> EmailMessage:
    """The bytes of its mail."""
    await desk.deliver(comment_id)  # type: ignore[arg-type]
    async with desk.company.database.reading(desk.company.organization_id) as tx:
        key = await tx.value("select blob_key from outbound_messages where comment_id = %(id)s", id=comment_id)
    message = mails.message_from_bytes(await desk.installation.blobs.get(key), policy=default)
    assert isinstance(message, EmailMessage)
    return message


def body(message: EmailMessage, kind: str = "plain") -> str:
    part = message.get_body((kind,))
    assert part is not None
    content: str = part.get_content()
    return content.replace("\r\n", "\n")


def above_the_quotation(message: EmailMessage) -> str:
    return body(message).partition("\nOn ")[0]


async def test_the_agents_own_stands_above_the_organizations_footer(acme: Company, desk: Desk) -> None:
    await write(acme, Owner(), en="{{organization.name}} · {{portal.url}}")
    await write(acme, Owner(user_id=acme.bob.user_id), by=acme.bob, en="{{agent.name}}, at your service")
    message = await sent(desk, await acme.ticket())
    portal = f"{desk.installation.settings.public_url}/portal/{acme.slug}"
    assert above_the_quotation(message) == f"Switch it on.\n\n-- \nBob, at your service\n\nAcme · {portal}\n"
    markup = body(message, "html")
    assert '<div class="gmail_signature" lang="en"' in markup
    assert "<p>Bob, at your service</p>" in markup
    assert portal in markup
    assert markup.count("Bob, at your service") == 1


async def test_a_mailboxs_footer_stands_in_place_of_the_organizations(acme: Company, desk: Desk) -> None:
    await write(acme, Owner(), en="Acme Group")
    await write(acme, Owner(mailbox_id=(await mailbox_of(acme)).id), en="Acme Kettles")
    await write(acme, Owner(user_id=acme.mara.user_id), by=acme.mara, en="Mara")
    message = await sent(desk, await acme.ticket())
    assert above_the_quotation(message) == "Switch it on.\n\n-- \nAcme Kettles\n"


async def test_it_is_in_the_customers_language_else_in_the_organizations_first(acme: Company, desk: Desk) -> None:
    async with acme.database.transaction(acme.organization_id) as tx:
        await wording.set_languages(tx, ["fr", "en"])
    await write(acme, Owner(), en="Kind regards", fr="Cordialement", de="Freundliche Grüße")
    german = "Unsere Kaffeemühle brummt seit gestern sehr laut, aber es kommt leider kein Kaffee heraus."
    message = await sent(desk, await acme.ticket(words=Words(german)))
    assert "-- \nFreundliche Grüße\n" in body(message)
    assert 'lang="de"' in body(message, "html")
    swedish = "Kaffekvarnen surrar väldigt högt sedan igår men det kommer tyvärr inget kaffe ur den."
    message = await sent(desk, await acme.ticket(words=Words(swedish)))
    assert "-- \nCordialement\n" in body(message)


async def test_it_is_frozen_with_the_reply(acme: Company, desk: Desk) -> None:
    signature = await write(acme, Owner(), en="Before")
    comment = await desk.answer(await acme.ticket())
    async with acme.database.transaction(acme.organization_id) as tx:
        draft = Draft(Kind.SIGNATURE, {"en": Text("After")})
        await wording.change_wording(tx, signature, draft, by=acme.alice)
    assert "-- \nBefore\n" in body(await written(desk, comment.id))


async def test_it_is_never_said_twice(acme: Company, desk: Desk) -> None:
    await write(acme, Owner(user_id=acme.bob.user_id), by=acme.bob, en="Bob, at your service")
    await write(acme, Owner(), en="Acme Inc.")
    message = await sent(desk, await acme.ticket(), "Switch it on.\n\nBob,  at your service\n")
    assert body(message).count("at your service") == 1
    assert "-- \nAcme Inc.\n" in body(message)
    message = await sent(desk, await acme.ticket(), "Switch it on.\n\n-- \nBobby")
    assert "at your service" not in body(message)
    assert above_the_quotation(message) == "Switch it on.\n\n-- \nBobby\n\nAcme Inc.\n"


async def test_neither_note_nor_ticket_nor_portal_repeat_it(acme: Company, desk: Desk) -> None:
    await write(acme, Owner(), en="Acme Inc.")
    ticket = await acme.ticket()
    await sent(desk, ticket)
    async with acme.database.transaction(acme.organization_id) as tx:
        held = await tickets.hold(tx, ticket.id, seen_by=acme.bob)
        await tickets.note(tx, held, Words("Check the fuse"), by=acme.bob)
    said = ["It hums, but nothing comes out.", "Switch it on.", "Check the fuse"]
    assert await desk.seen_by(ticket, acme.alice) == said
    assert await desk.seen_by(ticket, acme.carol) == said[:2]


async def test_our_own_recognition_cuts_it_off_again(acme: Company, desk: Desk) -> None:
    await write(acme, Owner(), en="Acme Inc.\n1 Kettle Road")
    message = await sent(desk, await acme.ticket())
    pieces = split(body(message))
    assert pieces.new == "Switch it on."
    assert pieces.signature == "--\nAcme Inc.\n1 Kettle Road"
    assert "nothing comes out" in pieces.quoted
    # And as a customer's program quotes it below and above their answer.
    quoted = "\n".join(f"> {line}".rstrip() for line in body(message).split("\n"))
    answer = f"Thank you.\n\nOn 25 November 2026 at 10:30 UTC, Bob wrote:\n{quoted}"
    assert split(answer).new == "Thank you."
    assert split(f"{quoted}\n\nThank you.").new == "Thank you."
    fields = "From: Bob\nSent: Monday\nTo: Carol\nSubject: Grinder\n\n"
    assert split(f"Thank you.\n\n{fields}{body(message)}").new == "Thank you."
    assert (
        "Kettle Road" not in split_html(f'<p>Thank you.</p><div class="gmail_quote">{body(message, "html")}</div>')[0]
    )


async def test_without_one_a_reply_is_as_before(acme: Company, desk: Desk) -> None:
    message = await sent(desk, await acme.ticket())
    assert above_the_quotation(message) == "Switch it on.\n"
    assert "-- \n" not in body(message)
    assert "gmail_signature" not in body(message, "html")


async def test_html_of_its_own_is_cleaned_and_its_text_is_for_everybody_else(acme: Company, desk: Desk) -> None:
    markup = '<b>{{organization.name}}</b> <a href="{{portal.url}}">Help</a><script>alert(1)</script>'
    draft = Draft(Kind.SIGNATURE, {"en": Text("Acme in text", html=markup)})
    async with acme.database.transaction(acme.organization_id) as tx:
        await wording.add_wording(tx, draft, by=acme.alice)
    message = await sent(desk, await acme.ticket())
    assert "-- \nAcme in text\n" in body(message)
    assert "<b>Acme</b>" in body(message, "html")
    assert f'<a href="{desk.installation.settings.public_url}/portal/{acme.slug}"' in body(message, "html")
    assert "script" not in body(message, "html")
