"""A customer writes, an agent answers, the customer answers back: all by mail, through the real worker."""

from email.message import EmailMessage
from email.utils import make_msgid

from parlour import email
from parlour.tickets import Source, Status
from tests.journeys.desk import Journey
from tests.waiting import until


def question(to: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Zoë Carol <carol@customer.test>"
    message["To"] = to
    message["Subject"] = "The grinder hums"
    message["Message-ID"] = make_msgid(domain="customer.test")
    message.set_content("It hums, but nothing comes out.\n")
    message.add_attachment(b"GIF89a", "image", "gif", filename="grinder.gif")
    return message


def answer_to(message: EmailMessage, text: str) -> EmailMessage:
    """What a mail program makes of the button Reply."""
    answer = EmailMessage()
    answer["From"] = message["To"]
    answer["To"] = message["Reply-To"]
    answer["Subject"] = message["Subject"]
    answer["Message-ID"] = make_msgid(domain="customer.test")
    answer["In-Reply-To"] = message["Message-ID"]
    answer["References"] = f"{message['References']} {message['Message-ID']}"
    body = message.get_body(("plain",))
    assert body is not None
    quoted = "".join(f"> {line}\n" for line in body.get_content().splitlines())
    answer.set_content(f"{text}\n\nOn Monday, {message['From']} wrote:\n{quoted}")
    return answer


async def test_a_conversation_by_mail_stays_on_one_ticket_and_in_one_thread(journey: Journey) -> None:
    asked = question(journey.address)
    await journey.write(asked)
    ticket = await journey.one_ticket()
    assert (ticket.subject, ticket.source, ticket.status) == ("The grinder hums", Source.EMAIL, Status.OPEN)
    [opened] = await journey.comments(ticket)
    assert [file.name for file in opened.attachments] == ["grinder.gif"]

    comment_id = await journey.reply(ticket, "Switch it on first.", journey.company.bob)
    [taken] = await journey.server.mails(1)
    mail = taken.message
    assert taken.recipients == ["carol@customer.test"]
    assert mail["In-Reply-To"] == asked["Message-ID"]
    assert mail["References"] == asked["Message-ID"]
    assert mail["Subject"] == "Re: The grinder hums [#1]"
    assert mail["From"] == f'"Bob (Acme)" <{journey.address}>'
    assert mail.get_content_type() == "multipart/alternative"

    async def is_sent() -> bool:
        sending = await journey.sending(comment_id)
        return sending is not None and sending.state is email.SendingState.SENT

    assert await until(is_sent)
    await journey.write(answer_to(mail, "That was it, thank you!"))

    async def three() -> bool:
        return len(await journey.comments(ticket)) == 3

    await until(three)
    back = (await journey.comments(ticket))[2]
    assert (back.text, back.source) == ("That was it, thank you!", Source.EMAIL)
    assert back.author_email == "carol@customer.test"
    assert "> Switch it on first." in (back.quoted_text or "")
    assert len(await journey.tickets()) == 1

    second_id = await journey.reply(ticket, "You are welcome.", journey.company.bob)
    [_, again] = await journey.server.mails(2)
    assert again.message["References"].split()[0] == asked["Message-ID"]
    assert again.message["Message-ID"] == f"<comment-{second_id.hex}@{journey.company.slug}.test>"
