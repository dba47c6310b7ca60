"""A mail's bytes as the words that go on a ticket."""

import asyncio
from typing import Final

import msgspec

from parlour.email.reading import Mail, language_of, parse, split, split_html
from parlour.foundation import html

# Larger ones are read on another thread, so that the rest of the process goes on.
_SMALL: Final = 50_000
_NO_WORDS: Final = "(This mail has no text.)"


class Understood(msgspec.Struct, frozen=True):
    """A mail, and what is new in it. `markup` has been cleaned; `language` is None where too little was said."""

    mail: Mail
    text: str
    markup: str | None
    quoted_text: str | None
    signature: str
    language: str | None = None


async def understand(raw: bytes, envelope_sender: str) -> Understood:
    """Never raises, whatever the bytes."""
    if len(raw) < _SMALL:
        return _understood(raw, envelope_sender)
    return await asyncio.to_thread(_understood, raw, envelope_sender)


def understood_of(mail: Mail) -> Understood:
    """What is new in a mail that has been read."""
    pieces = split(mail.text)
    text, quoted, markup = pieces.new, pieces.quoted, None
    if mail.html:
        new, below = split_html(mail.html)
        if below and not quoted:
            text, quoted = html.to_text(new) or text, html.to_text(below)
        # Where only the text shows what was quoted, the HTML would repeat it; its pictures are worth that.
        if below or not quoted or "cid:" in mail.html:
            markup = html.clean(new)
    if not text.strip() and not mail.attachments:
        text = _NO_WORDS
    return Understood(mail, text, markup, quoted or None, pieces.signature, language_of(text))


def _understood(raw: bytes, envelope_sender: str) -> Understood:
    return understood_of(parse(raw, envelope_sender=envelope_sender))
