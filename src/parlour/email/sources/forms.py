"""A webhook's form as bytes: a mail in a field is no text, and must come out as it went in."""

import re
from email.message import EmailMessage
from typing import Final
from urllib.parse import parse_qsl

import msgspec

from parlour.foundation.mail_headers import SEVEN_BITS, one_line

_BOUNDARY: Final = re.compile(r'boundary="?([^";]{1,200})"?', re.IGNORECASE)
_NAME: Final = re.compile(rb'\bname="([^"]*)"', re.IGNORECASE)
_FILENAME: Final = re.compile(rb'\bfilename="([^"]*)"', re.IGNORECASE)
_TYPE: Final = re.compile(rb"^content-type:[ \t]*([\w.+/-]+)", re.IGNORECASE | re.MULTILINE)
_MOST_FIELDS: Final = 500
_OURS: Final = frozenset({"content-type", "content-transfer-encoding", "mime-version", "bcc"})


class File(msgspec.Struct, frozen=True):
    """What was attached."""

    name: str
    content_type: str
    content: bytes


class Form(msgspec.Struct, frozen=True):
    """Fields by name, and files."""

    fields: dict[str, bytes]
    files: list[File]

    def text(self, name: str) -> str:
        return self.fields.get(name, b"").decode("utf-8", "replace")


def form_of(content_type: str, body: bytes) -> Form:
    """`multipart/form-data` or `application/x-www-form-urlencoded`; anything else has no fields."""
    if content_type.lower().startswith("application/x-www-form-urlencoded"):
        pairs = parse_qsl(
            body.decode("latin-1"), keep_blank_values=True, encoding="latin-1", max_num_fields=_MOST_FIELDS
        )
        return Form({name: value.encode("latin-1") for name, value in pairs}, [])
    boundary = _BOUNDARY.search(content_type)
    if boundary is None:
        return Form({}, [])
    form = Form({}, [])
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary[1].encode())[1:_MOST_FIELDS]:
        head, found, content = part.partition(b"\r\n\r\n")
        name = _NAME.search(head)
        if not found or name is None:
            continue
        filename, kind = _FILENAME.search(head), _TYPE.search(head)
        if filename:
            shown = filename[1].decode("utf-8", "replace")
            form.files.append(File(shown, kind[1].decode() if kind else "application/octet-stream", content))
        else:
            form.fields[name[1].decode("utf-8", "replace")] = content
    return form


def composed(headers: list[tuple[str, str]], text: str, html: str, files: list[File]) -> bytes:
    """A mail put together again, for a provider that hands in only its pieces."""
    message = EmailMessage(policy=SEVEN_BITS)
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    for file in files:
        main, _, sub = file.content_type.partition("/")
        kind = (main, sub) if sub and main not in ("multipart", "message") else ("application", "octet-stream")
        message.add_attachment(file.content, *kind, filename=one_line(file.name) or "file")
    kept = [(name, _line(value)) for name, value in headers if name.lower() not in _OURS]
    # Written as they came: the library would refuse what some programs call an address.
    lines = [f"{name}: {value}" for name, value in kept if re.fullmatch(r"[!-9;-~]+", name)]
    return "\r\n".join([*lines, ""]).encode() + message.as_bytes()


def _line(text: str) -> str:
    return " ".join(text.replace("\0", "").split())
