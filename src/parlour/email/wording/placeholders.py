"""Placeholders: the few things a text may leave open, `{{customer.first_name|there}}`, and how they are filled.

Nothing here runs: a placeholder is one of a closed list of names, and what stands there where it has no value.
"""

import re
from collections.abc import Collection, Mapping
from html import escape
from typing import Final

from parlour.foundation.errors import Invalid

PORTAL_URL: Final = "portal.url"
LINK_URL: Final = "link.url"
INVITATION_MESSAGE: Final = "invitation.message"
OF_TICKETS: Final = ("ticket.number", "ticket.subject")
TOKEN_NAME: Final = "token.name"  # noqa: S105
TOKEN_OWNER: Final = "token.owner"  # noqa: S105
TOKEN_ENDS_ON: Final = "token.ends_on"  # noqa: S105
OF_TOKENS: Final = (TOKEN_NAME, TOKEN_OWNER, TOKEN_ENDS_ON)
OF_NOTICES: Final = (LINK_URL, INVITATION_MESSAGE, *OF_TOKENS)
KNOWN: Final = {
    "customer.name": "The customer’s name",
    "customer.first_name": "The customer’s first name",
    "agent.name": "The agent who writes",
    "ticket.number": "The ticket’s number",
    "ticket.subject": "The ticket’s subject",
    "organization.name": "Your organization",
    "mailbox.address": "The address it is sent from",
    PORTAL_URL: "The customers’ portal",
    LINK_URL: "The link that the mail is sent for",
    INVITATION_MESSAGE: "What whoever invites has written",
    TOKEN_NAME: "The API token’s name",
    TOKEN_OWNER: "Whose API token it is",
    TOKEN_ENDS_ON: "The day on which the API token ends",
}
"""Every one there is, and what it stands for."""

Values = Mapping[str, str]
"""A value for each of them; empty where there is none."""

_ANY: Final = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_ONE: Final = re.compile(r"( ?)\{\{([a-z_.]+)(?:\|([^{}|\n]*))?\}\}(?=(.?))")
_FORM: Final = re.compile(r"\s*([^\s|{}]+)\s*(?:\|\s*([^{}|\n]*?)\s*)?")
_BRACES: Final = re.compile(r"([{}])\1+")
_MOST_SHOWN: Final = 3
_SHOWN_LENGTH: Final = 40


def canonical(text: str, field: str, *, without: Collection[str] = ()) -> str:
    """The text with its placeholders written tightly. Raises `Invalid`, naming those that are unknown or `without`."""
    unknown: list[str] = []

    def tight(found: re.Match[str]) -> str:
        form = _FORM.fullmatch(found[1])
        name = form[1] if form else ""
        if form is None or name not in KNOWN or name in without:
            unknown.append(found[0])
            return found[0]
        return f"{{{{{name}|{form[2]}}}}}" if form[2] else f"{{{{{name}}}}}"

    written = _ANY.sub(tight, text)
    if unknown:
        raise Invalid(details={field: _unknown(unknown, without)})
    if "{{" in _ANY.sub("", written) or "}}" in _ANY.sub("", written):
        raise Invalid(details={field: "A placeholder is not complete: it is written {{customer.name}}."})
    return written


def fill(text: str, values: Values) -> str:
    """As plain text. What has no entry in `values` at all stays as it is."""
    return _filled(text, values, is_markup=False)


def fill_html(markup: str, values: Values) -> str:
    """The same in HTML, each value escaped: also between the quotation marks of an attribute."""
    return _filled(markup, values, is_markup=True)


def tame(value: str) -> str:
    """A value as one line without control characters, in which no placeholder can hide."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in value).split())
    return _BRACES.sub(r"\1", line)


def _filled(text: str, values: Values, *, is_markup: bool) -> str:
    def filled(found: re.Match[str]) -> str:
        space, name, fallback, after = found[1], found[2], found[3] or "", found[4]
        if name not in values:
            return found[0]
        value = escape(values[name]) if is_markup else values[name]
        value = value or fallback
        # "Hello {{customer.first_name}}," without a name is "Hello,".
        return f"{space}{value}" if value or after not in tuple(",.;:!?") else ""

    return _ONE.sub(filled, text)


def _unknown(found: list[str], without: Collection[str]) -> str:
    shown = [" ".join(one.split())[:_SHOWN_LENGTH] for one in dict.fromkeys(found)]
    named = ", ".join(shown[:_MOST_SHOWN]) + (" …" if len(shown) > _MOST_SHOWN else "")
    known = ", ".join(f"{{{{{name}}}}}" for name in KNOWN if name not in without)
    return f"There is no placeholder {named}. There are {known}."
