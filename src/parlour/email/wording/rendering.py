"""A text with its placeholders filled: as plain text, and as HTML that is safe to send and to show."""

from typing import Final

import msgspec

from parlour.email.wording.kinds import Text
from parlour.email.wording.placeholders import LINK_URL, PORTAL_URL, Values, fill, fill_html
from parlour.foundation import html

# What is ours to say may become a link; what a stranger wrote in a name or subject never does.
_OURS: Final = ("mailbox.address", PORTAL_URL, LINK_URL)


class Rendered(msgspec.Struct, frozen=True):
    """What goes out. An empty subject means that of the ticket."""

    text: str
    html: str
    subject: str = ""


def render(text: Text, values: Values) -> Rendered:
    """Every placeholder filled."""
    # Filled first and cleaned then: no value can become an address that does something.
    markup = html.clean(markup_of(text, values))
    return Rendered(fill(text.text, values), markup, " ".join(fill(text.subject, values).split()))


def markup_of(text: Text, values: Values) -> str:
    """HTML that is still to be cleaned. Placeholders that `values` does not name stay as they are."""
    if text.html:
        return fill_html(text.html, values)
    ours = {name: value for name, value in values.items() if name in _OURS and value}
    return fill_html(html.from_text(fill(text.text, ours)), values)
