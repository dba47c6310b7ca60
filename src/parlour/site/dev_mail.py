"""The local outbox in the browser, and a customer's pen: for development, where no mail leaves the machine."""

import asyncio
import base64
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from html import escape
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import MediaType, Response, get, post
from litestar.datastructures import FormMultiDict, UploadFile
from litestar.params import FromPath
from litestar.response import Redirect

from parlour import email
from parlour.entrance import POLICY, Request, pages, public
from parlour.foundation import clock, ids
from parlour.foundation.errors import NotFound
from parlour.foundation.settings import Settings

_MOST_SHOWN: Final = 100
# The page shows the mail in a frame; the frame may be styled, its links may be followed, and nothing else.
_PAGE: Final = {"content-security-policy": f"{POLICY}; frame-src 'self'"}
_STYLED_ONLY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; "
    "sandbox allow-top-navigation-by-user-activation"
)
_FRAME: Final = {
    "content-security-policy": _STYLED_ONLY,
    "x-frame-options": "SAMEORIGIN",
}


class OutboxMail(msgspec.Struct, frozen=True):
    """A mail as it would have left."""

    id: UUID
    sent_at: datetime
    mail: email.Mail
    headers: list[tuple[str, str]]


class Draft(msgspec.Struct, frozen=True):
    """A customer's mail before it is sent."""

    sender: str = "Carol <carol@customer.test>"
    to: str = "support@acme.test"
    subject: str = ""
    body: str = ""
    in_reply_to: str = ""
    references: str = ""


@get("/dev/mail", opt=public())
async def outbox(request: Request) -> Response[str]:
    """The newest mails of the outbox."""
    mails = await asyncio.to_thread(_all, _folder(request))
    return pages.render(request, "site/dev_mail.html", mails=mails, mail=None, draft=Draft(), error=None)


@get("/dev/mail/{mail_id:uuid}", opt=public())
async def outbox_mail(request: Request, mail_id: FromPath[UUID]) -> Response[str]:
    """One mail as its reader sees it, and an answer to it."""
    mails = await asyncio.to_thread(_all, _folder(request))
    mail = await asyncio.to_thread(_one, _folder(request) / f"{mail_id}.eml")
    return pages.render(
        request,
        "site/dev_mail.html",
        mails=mails,
        mail=mail,
        headers=_PAGE,
        draft=_answer_to(mail.mail),
        error=None,
    )


@get("/dev/mail/{mail_id:uuid}/html", opt=public())
async def outbox_mail_html(request: Request, mail_id: FromPath[UUID]) -> Response[str]:
    """The mail's own HTML, for the frame around it."""
    mail = await asyncio.to_thread(_one, _folder(request) / f"{mail_id}.eml")
    return Response(_as_shown(mail.mail), media_type=MediaType.HTML, headers=_FRAME)


@post("/dev/mail", opt=public() | {"uploads": True})
async def write_mail(request: Request) -> Response[Any]:
    """Write as a customer: through the very port that real mail comes in by."""
    folder = _folder(request)
    form = await request.form()
    draft = msgspec.convert({name: str(form.get(name, "")) for name in Draft.__struct_fields__}, Draft)
    try:
        message = await _message(draft, form)
        await _hand_over(request.installation.settings, message)
    except (ValueError, email.NotTaken) as refused:
        mails = await asyncio.to_thread(_all, folder)
        error = f"This mail was not taken. {refused}"
        return pages.render(request, "site/dev_mail.html", status=422, mails=mails, mail=None, draft=draft, error=error)
    answer: Redirect = pages.redirect("/dev/mail", f"Sent to {draft.to}.")
    return answer


ROUTES: Final = [outbox, outbox_mail, outbox_mail_html, write_mail]


def _folder(request: Request) -> Path:
    settings = request.installation.settings
    if not settings.development:
        raise NotFound()
    return email.outbox(settings)


def _all(folder: Path) -> list[OutboxMail]:
    # Their names are ordered by time.
    files = sorted(folder.glob("*.eml"), reverse=True)[:_MOST_SHOWN]
    return [_one(file) for file in files]


def _one(file: Path) -> OutboxMail:
    if not file.exists():
        raise NotFound()
    raw = file.read_bytes()
    block = raw.partition(b"\r\n\r\n")[0].decode("utf-8", "replace").replace("\r\n ", " ")
    headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in block.split("\r\n"))]
    sent_at = datetime.fromtimestamp(file.stat().st_mtime, UTC)
    return OutboxMail(UUID(file.stem), sent_at, email.parse(raw), headers)


def _as_shown(mail: email.Mail) -> str:
    """The HTML with its inner pictures in it."""
    markup = '<base target="_top">' + (mail.html or "")
    for file in mail.attachments:
        if file.content_id and file.content_type.startswith("image/"):
            content = base64.b64encode(file.content).decode()
            markup = markup.replace(f'"cid:{escape(file.content_id)}"', f'"data:{file.content_type};base64,{content}"')
    return markup


def _answer_to(mail: email.Mail) -> Draft:
    reader = mail.to[0] if mail.to else email.Address("")
    to = (mail.reply_to or ((mail.sender,) if mail.sender else ()))[:1]
    ids = [*mail.references, *([mail.message_id] if mail.message_id else [])]
    return Draft(
        sender=f"{reader.name} <{reader.email}>" if reader.name else reader.email,
        to=", ".join(address.email for address in to),
        subject=mail.subject,
        in_reply_to=f"<{mail.message_id}>" if mail.message_id else "",
        references=" ".join(f"<{one}>" for one in ids),
    )


async def _message(draft: Draft, form: FormMultiDict) -> EmailMessage:
    """Raises `ValueError` where a field can't stand in a header."""
    message = EmailMessage()
    message["From"] = draft.sender
    message["To"] = draft.to
    message["Subject"] = draft.subject
    message["Date"] = format_datetime(clock.now())
    message["Message-ID"] = make_msgid(domain="customer.test")
    if draft.in_reply_to:
        message["In-Reply-To"] = draft.in_reply_to
        message["References"] = draft.references
    message.set_content(draft.body)
    for file in form.getall("files", []):
        if isinstance(file, UploadFile) and file.filename:
            main, _, sub = (file.content_type or "application/octet-stream").partition("/")
            message.add_attachment(await file.read(), main, sub or "octet-stream", filename=file.filename)
    return message


async def _hand_over(settings: Settings, message: EmailMessage) -> None:
    """Raises `email.NotTaken` with the words of our own listener."""
    is_everywhere = settings.smtp_host in ("", "0.0.0.0", "::")  # noqa: S104
    host = "127.0.0.1" if is_everywhere else settings.smtp_host
    raw = message.as_bytes(policy=SMTP)
    mail = email.parse(raw)
    if mail.sender is None or not mail.to:
        raise ValueError("It needs a sender and a recipient.")
    parcel = email.Parcel(ids.new(), mail.sender.email, [address.email for address in mail.to], raw)
    await email.post(settings.model_copy(update={"smtp_url": f"smtp://{host}:{settings.smtp_port}"}), parcel)
