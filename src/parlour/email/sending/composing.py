"""A reply as a mail (RFC 5322): text and HTML, files, and the headers that keep it in its thread."""

import re
from collections.abc import Sequence
from datetime import datetime
from email import headerregistry
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from html import escape
from typing import Any, Final, cast
from uuid import UUID

import msgspec

from parlour.email.reading import Address
from parlour.email.wording import attribution
from parlour.foundation import html
from parlour.foundation.mail_headers import SEVEN_BITS, LinePolicy, one_line

_REFERENCES_LIMIT: Final = 20
_QUOTE_LIMIT: Final = 2000
_SUBJECT_LIMIT: Final = 200
_DELIMITER: Final = re.compile(r"^-- ?$", re.MULTILINE)


class Enclosure(msgspec.Struct, frozen=True):
    """A file that goes along. With a Content-ID it may stand inside the HTML."""

    name: str
    content_type: str
    content: bytes
    content_id: str | None = None


class Quotation(msgspec.Struct, frozen=True):
    """What is being answered."""

    author: str
    at: datetime
    text: str


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a mail says, decided before it is written down."""

    message_id: str
    sender: Address
    reply_to: str
    to: Sequence[Address]
    cc: Sequence[Address] = ()
    subject: str
    date: datetime
    in_reply_to: str | None = None
    references: Sequence[str] = ()
    organization_name: str
    text: str
    html: str | None = None
    quotation: Quotation | None = None
    enclosures: Sequence[Enclosure] = ()
    signature: str = ""
    signature_html: str = ""
    signature_language: str = ""
    language: str = ""
    thread_topic: str = ""
    thread_index: str = ""
    automatic: bool = False
    """It answers a mail."""
    generated: bool = False
    """A program sends it by itself."""


def compose(letter: Letter) -> bytes:
    """The mail as it goes over the wire. Addresses outside ASCII need a server with SMTPUTF8 (RFC 6531)."""
    message = EmailMessage(policy=_policy_for(letter))
    _write_headers(message, letter)
    message.set_content(_text(letter), cte=None)
    message.add_alternative(_html(letter), subtype="html")
    markup = letter.html or ""
    inside = [each for each in letter.enclosures if _is_shown(each, markup)]
    for enclosure in inside:
        _add_inside(message, enclosure)
    for enclosure in letter.enclosures:
        if enclosure not in inside:
            _add_beside(message, enclosure)
    if letter.language:
        # RFC 3282. Last: whatever is called Content- moves into a part when the next one comes.
        message["Content-Language"] = letter.language
    return message.as_bytes()


def message_id_for(comment_id: UUID, mailbox: str) -> str:
    """The same for every attempt to send a comment, so that a retry is the same message and not a second one."""
    return f"comment-{comment_id.hex}@{_ascii_domain(mailbox)}"


def marked(subject: str, number: int) -> str:
    """`We have your message [#42]`: words of our own, by whose mark an answer still finds its ticket."""
    mark = f"[#{number}]"
    words = " ".join(subject.replace(mark, "").split())[:_SUBJECT_LIMIT]
    return f"{words} {mark}"


def subject_for(subject: str, number: int) -> str:
    """`Re: Printer on fire [#42]`, however often it has been answered."""
    mark = f"[#{number}]"
    words = " ".join(subject.replace(mark, "").split())[:_SUBJECT_LIMIT]
    return f"{words} {mark}" if words.lower().startswith("re:") else f"Re: {words} {mark}"


def sender_name(agent: str, organization: str) -> str:
    return f"{one_line(agent)} ({one_line(organization)})"


class _ThreadPolicy(LinePolicy):
    """Folds threading headers between ids only: the library would encode a long id as a word, and break the thread."""

    def fold(self, name: str, value: Any) -> str:
        if name.lower() in _THREAD_HEADERS:
            return f"{name}: " + "\r\n ".join(str(value).split()) + "\r\n"
        folded: str = super().fold(name, value)
        return folded

    def fold_binary(self, name: str, value: Any) -> bytes:
        if name.lower() in _THREAD_HEADERS:
            return self.fold(name, value).encode("utf-8" if self.utf8 else "ascii", "replace")
        return super().fold_binary(name, value)


_THREAD_HEADERS: Final = frozenset({"message-id", "in-reply-to", "references", "reply-to"})
_POLICY: Final = _ThreadPolicy(
    linesep=SEVEN_BITS.linesep, max_line_length=SEVEN_BITS.max_line_length, cte_type=SEVEN_BITS.cte_type
)


def _policy_for(letter: Letter) -> EmailPolicy:
    addresses = [letter.sender, *letter.to, *letter.cc]
    is_ascii = all(address.email.isascii() for address in addresses) and letter.reply_to.isascii()
    return _POLICY if is_ascii else _POLICY.clone(utf8=True)


def _write_headers(message: EmailMessage, letter: Letter) -> None:
    message["From"] = _address(letter.sender)
    message["To"] = [_address(address) for address in letter.to]
    if letter.cc:
        message["Cc"] = [_address(address) for address in letter.cc]
    message["Reply-To"] = letter.reply_to
    message["Subject"] = one_line(letter.subject)
    message["Date"] = format_datetime(letter.date)
    message["Message-ID"] = f"<{letter.message_id}>"
    if letter.in_reply_to:
        message["In-Reply-To"] = f"<{letter.in_reply_to}>"
    references = _bounded(letter.references)
    if references:
        message["References"] = " ".join(f"<{reference}>" for reference in references)
    if letter.thread_topic:
        message["Thread-Topic"] = one_line(letter.thread_topic)
    if letter.thread_index:
        message["Thread-Index"] = one_line(letter.thread_index)
    if letter.automatic:
        # RFC 3834 section 5, and what Exchange and older programs understand instead.
        message["Auto-Submitted"] = "auto-replied"
        message["X-Auto-Response-Suppress"] = "All"
        message["Precedence"] = "auto_reply"
    if letter.generated:
        message["Auto-Submitted"] = "auto-generated"
        message["X-Auto-Response-Suppress"] = "All"


def _bounded(references: Sequence[str]) -> list[str]:
    # The first one names the thread and the last ones its end; programs cut the middle too.
    unique = list(dict.fromkeys(references))
    return unique if len(unique) <= _REFERENCES_LIMIT else [unique[0], *unique[1 - _REFERENCES_LIMIT :]]


def _address(address: Address) -> headerregistry.Address:
    local, _, domain = address.email.rpartition("@")
    return headerregistry.Address(one_line(address.name), local, domain)


def _text(letter: Letter) -> str:
    quotation = letter.quotation
    pieces = [letter.text.strip("\n"), ""]
    if letter.signature:
        # RFC 3676 section 4.3: with its space, by which programs cut it off again. Once, if its writer has begun one.
        pieces += [letter.signature, ""] if _DELIMITER.search(letter.text) else ["-- ", letter.signature, ""]
    if quotation:
        quoted = [f"> {line}".rstrip() for line in _shortened(quotation.text).split("\n")]
        pieces += [_attribution(quotation, letter.language), *quoted, ""]
    return "\n".join(pieces)


def _html(letter: Letter) -> str:
    body = _with_contents(letter.html) if letter.html else html.from_text(letter.text)
    quotation = letter.quotation
    quoted = (
        f'<div class="gmail_quote"><p style="color:#667085">{escape(_attribution(quotation, letter.language))}</p>'
        '<blockquote type="cite" style="margin:0;padding-left:12px;border-left:2px solid #d0d5dd;color:#667085">'
        f"{html.from_text(_shortened(quotation.text))}</blockquote></div>"
        if quotation
        else ""
    )
    return (
        f'<!doctype html><html{_language(letter.language)}><head><meta charset="utf-8"></head>'
        "<body style=\"font:15px/1.5 -apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,sans-serif;color:#1d2939\">"
        f'<div dir="auto">{body}</div>{_foot(letter)}{quoted}</body></html>'
    )


def _foot(letter: Letter) -> str:
    """The signature; where there is none, at least who writes."""
    style = "margin-top:24px;font-size:13px;color:#667085"
    if not letter.signature:
        return f'<p style="{style}">{escape(letter.organization_name)}</p>'
    markup = _with_contents(letter.signature_html) if letter.signature_html else html.from_text(letter.signature)
    # The class by which mail programs know a signature.
    return (
        f'<div class="gmail_signature"{_language(letter.signature_language)} dir="auto" style="{style}">{markup}</div>'
    )


def _language(code: str) -> str:
    return f' lang="{escape(code)}"' if code else ""


def _with_contents(cleaned: str) -> str:
    return cleaned.replace('data-cid="', 'src="cid:').replace('data-remote-src="', 'src="')


def _attribution(quotation: Quotation, language: str) -> str:
    return attribution(one_line(quotation.author), quotation.at, language)


def _shortened(text: str) -> str:
    text = text.strip()
    return text if len(text) <= _QUOTE_LIMIT else f"{text[:_QUOTE_LIMIT].rsplit(' ', 1)[0]} …"


def _is_shown(enclosure: Enclosure, markup: str) -> bool:
    return bool(enclosure.content_id) and f'data-cid="{escape(enclosure.content_id or "")}"' in markup


def _add_inside(message: EmailMessage, enclosure: Enclosure) -> None:
    markup = cast(EmailMessage, message.get_body(("html",)))
    main, sub = _type_of(enclosure)
    markup.add_related(
        enclosure.content,
        main,
        sub,
        cid=f"<{enclosure.content_id}>",
        filename=one_line(enclosure.name),
        disposition="inline",
    )


def _add_beside(message: EmailMessage, enclosure: Enclosure) -> None:
    main, sub = _type_of(enclosure)
    message.add_attachment(enclosure.content, main, sub, filename=one_line(enclosure.name))


def _type_of(enclosure: Enclosure) -> tuple[str, str]:
    main, _, sub = enclosure.content_type.partition("/")
    # These may not be encoded in base64 (RFC 2046 5.2.1), and what is inside them is not ours to judge.
    return ("application", "octet-stream") if main in ("message", "multipart") or not sub else (main, sub)


def _ascii_domain(mailbox: str) -> str:
    domain = mailbox.rpartition("@")[2]
    return domain if domain.isascii() else domain.encode("punycode").decode("ascii")
