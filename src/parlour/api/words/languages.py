"""Texts by language, as programs give and get them."""

from typing import Annotated

from msgspec import Meta

from parlour.api import shapes
from parlour.api.conventions import Body
from parlour.email import wording

PLACEHOLDERS = (
    "May hold {{customer.name}}, {{customer.first_name}}, {{agent.name}}, {{ticket.number}}, {{ticket.subject}}, "
    "{{organization.name}}, {{mailbox.address}} and {{portal.url}}; with what stands there where there is none: "
    "{{customer.first_name|there}}."
)
Language = Annotated[
    str, Meta(pattern="^[a-z]{2,3}(-[A-Za-z0-9]{2,8})?$", max_length=12, description="A code such as de or pt-BR.")
]
Words = Annotated[str, Meta(min_length=1, max_length=20_000, description=PLACEHOLDERS)]
Markup = Annotated[str, Meta(max_length=50_000, description="Cleaned before it is sent. Empty: made of the text.")]
Subject = Annotated[str, Meta(max_length=200, description="Empty: Re: and the subject of the ticket.")]
SEVERAL = Meta(min_length=1, max_length=40, description="By language.")


class NewSignatureText(Body, frozen=True, kw_only=True):
    """A signature in one language."""

    text: Words
    html: Markup = ""


class NewMailText(Body, frozen=True, kw_only=True):
    """An automatic mail in one language."""

    text: Words
    html: Markup = ""
    subject: Subject = ""


class SignatureText(shapes.Shape, frozen=True):
    """A signature in one language. Without `html` it is made of the text."""

    text: str
    html: str


class MailText(shapes.Shape, frozen=True):
    """An automatic mail in one language. With an empty subject it has that of the ticket."""

    text: str
    html: str
    subject: str


def as_mail_texts(texts: dict[str, wording.Text]) -> dict[str, MailText]:
    return {language: MailText(one.text, one.html, one.subject) for language, one in texts.items()}
