"""Raw bytes into what a mail says (RFC 5322, RFC 2045 to 2049). Never raises, whatever the bytes."""

import mimetypes
import re
from datetime import datetime
from typing import Final

import msgspec

from parlour.email.reading import calendars, charsets, flowed, parts, winmail
from parlour.email.reading.automatic import is_automatic, is_robot
from parlour.email.reading.headers import Address, Headers
from parlour.email.reading.parts import Part
from parlour.foundation import html

TEXT_LIMIT: Final = 200_000
HTML_LIMIT: Final = 1_000_000
SUBJECT_LIMIT: Final = 300
_NAME_LIMIT: Final = 150
_DELIVERED_TO: Final = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-forwarded-to")
_ORIGINAL_SENDER: Final = ("x-original-from", "x-original-sender")


class MailAttachment(msgspec.Struct, frozen=True):
    """A file in a mail. `inline` where the HTML shows it by its Content-ID."""

    name: str
    content_type: str
    content_id: str | None
    inline: bool
    content: bytes


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """What a mail says. Addresses are in lower case, message ids without angle brackets, times in UTC."""

    message_id: str | None
    in_reply_to: str | None
    references: tuple[str, ...]
    sender: Address | None
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    reply_to: tuple[Address, ...]
    subject: str
    date: datetime | None
    text: str
    html: str | None
    attachments: tuple[MailAttachment, ...]
    automatic: bool
    fields: Headers = msgspec.field(default_factory=lambda: Headers(b""))
    """The header fields, for whoever asks for others than these."""

    @property
    def delivered_to(self) -> tuple[Address, ...]:
        """The addresses that servers on its way say it was for."""
        return tuple(address for name in _DELIVERED_TO for address in self.fields.addresses(name))

    @property
    def original_senders(self) -> tuple[Address, ...]:
        """Who wrote, where a group or list has put its own address into From."""
        return tuple(address for name in _ORIGINAL_SENDER for address in self.fields.addresses(name))

    @property
    def is_from_list(self) -> bool:
        """Whether a list has put its own address into From, as many do so that DMARC lets the mail pass."""
        posted = self.fields.raw("list-post").lower()
        return self.sender is not None and f"mailto:{self.sender.email}" in posted

    @property
    def is_from_robot(self) -> bool:
        """Whether it comes from an address that says nobody reads it."""
        return self.sender is not None and is_robot(self.sender.email)

    @property
    def ancestors(self) -> tuple[str, ...]:
        """The mails this one answers, the nearest first."""
        nearest = (self.in_reply_to,) if self.in_reply_to else ()
        return tuple(dict.fromkeys((*nearest, *reversed(self.references))))


def parse(raw: bytes, *, envelope_sender: str | None = None) -> Mail:
    """What a mail says. Its `html` is as the stranger wrote it: clean it before showing it.

    An empty envelope sender marks a bounce; None says that it is unknown.
    """
    root = parts.read(raw)
    fields = root.headers
    text, markup = _words(root)
    attachments = _attachments(root, markup or "")
    if not text.strip():
        text, markup = _other_words(root, text, markup)
    replied_to = fields.message_ids("in-reply-to")
    ids = fields.message_ids("message-id")
    return Mail(
        message_id=ids[0] if ids else None,
        in_reply_to=replied_to[0] if replied_to else None,
        references=fields.message_ids("references"),
        sender=_sender(fields, envelope_sender),
        to=fields.addresses("to"),
        cc=fields.addresses("cc"),
        reply_to=fields.addresses("reply-to"),
        subject=fields.text("subject")[:SUBJECT_LIMIT],
        date=fields.date("date"),
        text=text.strip()[:TEXT_LIMIT],
        html=markup,
        attachments=attachments,
        automatic=is_automatic(root, envelope_sender),
        fields=fields,
    )


def _sender(fields: Headers, envelope_sender: str | None) -> Address | None:
    named = fields.addresses("from") or fields.addresses("sender")
    if named:
        return named[0]
    return Address(envelope_sender.lower()) if envelope_sender and "@" in envelope_sender else None


def _words(part: Part) -> tuple[str, str | None]:
    """The body as plain text and, where the mail has any, as HTML."""
    text, markup = _body(part)
    if text is None:
        text = html.to_text(markup[:HTML_LIMIT]) if markup else ""
    return text, markup[:HTML_LIMIT] if markup else None


def _body(part: Part) -> tuple[str | None, str | None]:
    if not part.children:
        return _leaf_body(part)
    bodies = [body for child in part.children if (body := _body(child)) != (None, None)]
    if part.content_type == "multipart/alternative":
        text = next((text for text, _ in bodies if text is not None and text.strip()), None)
        return text, next((markup for _, markup in reversed(bodies) if markup is not None), None)
    return _together(bodies)


def _together(bodies: list[tuple[str | None, str | None]]) -> tuple[str | None, str | None]:
    # Parts beside one another are read one after the other, as Apple Mail writes around a picture.
    if len(bodies) <= 1:
        return bodies[0] if bodies else (None, None)
    texts = [text if text is not None else html.to_text((markup or "")[:HTML_LIMIT]) for text, markup in bodies]
    if all(markup is None for _, markup in bodies):
        return "\n\n".join(texts), None
    markups = [markup if markup is not None else html.from_text(text or "") for text, markup in bodies]
    return "\n\n".join(texts), "\n".join(markups)


def _leaf_body(part: Part) -> tuple[str | None, str | None]:
    if _is_file(part):
        return None, None
    content = part.content()[: 4 * HTML_LIMIT]
    charset = part.parameters.get("charset", "")
    if part.content_type == "text/html":
        return None, charsets.decode(content, charset or charsets.declared_in_html(content))
    text = charsets.decode(content, charset).replace("\r\n", "\n").replace("\r", "\n")
    if part.parameters.get("format", "").lower() == "flowed":
        text = flowed.unflow(text, part.parameters.get("delsp", "").lower() == "yes")
    return text, None


def _is_file(part: Part) -> bool:
    disposition, parameters = part.headers.parameters("content-disposition")
    is_named = bool(parameters.get("filename") or part.parameters.get("name"))
    is_words = part.content_type in ("text/plain", "text/html") or part.content_type.startswith("multipart/")
    return not is_words or disposition == "attachment" or is_named


def _attachments(root: Part, markup: str) -> tuple[MailAttachment, ...]:
    files = [part for part in root.leaves() if _is_file(part)]
    return tuple(
        file for number, part in enumerate(files, start=1) for file in _opened(_attachment(part, number, markup))
    )


def _opened(file: MailAttachment) -> tuple[MailAttachment, ...]:
    """The files inside a winmail.dat in its place; any other file as it is."""
    inside = winmail.unpacked(file.content)
    if inside is None:
        return (file,)
    return tuple(MailAttachment(_safe(name), kind, None, False, content) for name, kind, content in inside.files)


def _other_words(root: Part, text: str, markup: str | None) -> tuple[str, str | None]:
    """What a mail without words says all the same: in an invitation, or in a winmail.dat."""
    for part in root.leaves():
        if part.content_type == "text/calendar":
            calendar = charsets.decode(part.content()[:HTML_LIMIT], part.parameters.get("charset", ""))
            if words := calendars.in_words(calendar):
                return words, None
        if _is_file(part) and (inside := winmail.unpacked(part.content())):
            return inside.text, None
    return text, markup


def _attachment(part: Part, number: int, markup: str) -> MailAttachment:
    ids = part.headers.raw("content-id").strip().strip("<>").strip()[:_NAME_LIMIT]
    return MailAttachment(
        name=_file_name(part, number),
        content_type=part.content_type,
        content_id=ids or None,
        inline=bool(ids) and f"cid:{ids}".lower() in markup.lower(),
        content=part.content(),
    )


def _file_name(part: Part, number: int) -> str:
    _, parameters = part.headers.parameters("content-disposition")
    given = parameters.get("filename") or part.parameters.get("name") or ""
    if name := _safe(given):
        return name
    endings = {"message/rfc822": ".eml", "text/calendar": ".ics", "message/delivery-status": ".txt"}
    return (
        f"attachment-{number}{endings.get(part.content_type) or mimetypes.guess_extension(part.content_type) or '.bin'}"
    )


def _safe(given: str) -> str:
    # Only the last step of a path, and nothing that a terminal or a header would act on.
    name = re.sub(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]", "", re.split(r"[/\\]", given)[-1]).strip(" .")
    stem, dot, ending = name.rpartition(".")
    return name if len(name) <= _NAME_LIMIT else f"{stem[: _NAME_LIMIT - 20]}{dot}{ending[:19]}"
