"""Words before they are kept: their length, their placeholders, and the link without which a mail is of no use."""

from typing import Final

from parlour.email.wording.kinds import Kind, Text
from parlour.email.wording.placeholders import (
    INVITATION_MESSAGE,
    LINK_URL,
    OF_NOTICES,
    OF_TICKETS,
    OF_TOKENS,
    canonical,
)
from parlour.foundation.errors import Invalid

TEXT_LIMIT: Final = 20_000
HTML_LIMIT: Final = 50_000
SUBJECT_LIMIT: Final = 200


def checked_text(kind: Kind, text: Text, place: str = "") -> Text:
    """Its placeholders written tightly. Raises `Invalid` with what is wrong, the field's name behind `place`."""
    without = unknown_to(kind)
    for field, limit in (("text", TEXT_LIMIT), ("html", HTML_LIMIT), ("subject", SUBJECT_LIMIT)):
        written = getattr(text, field)
        if len(written) > limit:
            raise Invalid(details={f"{place}{field}": f"That is too long: {limit:,} characters at most."})
        if "\x00" in written:
            raise Invalid(details={f"{place}{field}": "Text can't hold NUL characters."})
    if not text.text.strip():
        raise Invalid(details={f"{place}text": "Write something. The text is what everybody can read."})
    if text.subject and not kind.is_automatic:
        raise Invalid(details={f"{place}subject": "Only an automatic mail has a subject of its own."})
    if text.html and kind is Kind.TEMPLATE:
        raise Invalid(details={f"{place}html": "A template is inserted as text."})
    return _with_link(kind, place, _canonical(text, place, without))


def unknown_to(kind: Kind) -> tuple[str, ...]:
    """The placeholders that have no meaning in such a text."""
    if kind is Kind.ACKNOWLEDGEMENT:
        # No agent writes an automatic mail.
        return "agent.name", *OF_NOTICES
    if not kind.is_notice:
        return OF_NOTICES
    foreign = [*OF_TICKETS]
    if not kind.has_link:
        foreign.append(LINK_URL)
    if kind is not Kind.INVITATION:
        foreign += ["agent.name", INVITATION_MESSAGE]
    return (*foreign, *(() if kind is Kind.TOKEN_ENDS else OF_TOKENS))


def _canonical(text: Text, place: str, without: tuple[str, ...]) -> Text:
    return Text(
        text=canonical(text.text.replace("\r\n", "\n").strip("\n"), f"{place}text", without=without),
        html=canonical(text.html.strip(), f"{place}html", without=without),
        # A subject is one line, whatever was sent.
        subject=canonical(" ".join(text.subject.split()), f"{place}subject", without=without),
    )


def _with_link(kind: Kind, place: str, text: Text) -> Text:
    if kind.has_link:
        for field in ("text", "html"):
            written = getattr(text, field)
            if written and f"{{{{{LINK_URL}}}}}" not in written:
                raise Invalid(details={f"{place}{field}": f"It has to hold the link: write {{{{{LINK_URL}}}}}."})
    return text
