"""From an assertion to what counts here: who, with which address, name and groups."""

from typing import Any, Final

from parlour.access.providers.saml import parsing
from parlour.access.providers.saml.connections import Connection
from parlour.access.providers.shown import Shown, refused

_TRANSIENT: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
_EMAILS: Final = (
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
    "urn:oid:0.9.2342.19200300.100.1.3",
    "email",
    "mail",
)
_NAMES: Final = (
    "http://schemas.microsoft.com/identity/claims/displayname",
    "urn:oid:2.16.840.1.113730.3.1.241",
    "displayName",
    "name",
)
_METHODS: Final = "http://schemas.microsoft.com/claims/authnmethodsreferences"
_SECOND_FACTOR: Final = frozenset(
    {
        "https://refeds.org/profile/mfa",
        "http://schemas.microsoft.com/claims/multipleauthn",
        "urn:oasis:names:tc:SAML:2.0:ac:classes:MobileTwoFactorContract",
        "urn:oasis:names:tc:SAML:2.0:ac:classes:MobileTwoFactorUnregistered",
    }
)
_MOST_GROUPS: Final = 500


def shown_in(assertion: Any, connection: Connection, groups_attribute: str) -> Shown:
    """Raises `NotVouchedFor`."""
    subject, is_transient = _subject(assertion)
    if is_transient:
        raise refused("The NameID is transient. Have the provider send a persistent one, or the e-mail address.")
    said = _attributes(assertion)
    email = _first(said, (connection.email_attribute,) if connection.email_attribute else _EMAILS)
    if not email and not connection.email_attribute and "@" in subject:
        email = subject
    names = _first(said, (connection.name_attribute,) if connection.name_attribute else _NAMES)
    classes = {
        parsing.text(each)
        for each in parsing.found(assertion, "saml:AuthnStatement/saml:AuthnContext/saml:AuthnContextClassRef")
    }
    return Shown(
        subject=subject,
        email=email.lower()[:254],
        name=names[:200],
        groups=tuple(said.get(groups_attribute, []))[:_MOST_GROUPS],
        has_second_factor=bool(_SECOND_FACTOR & (classes | set(said.get(_METHODS, [])))),
    )


def _subject(assertion: Any) -> tuple[str, bool]:
    every = parsing.found(assertion, "saml:Subject/saml:NameID")
    subject = parsing.text(every[0]) if len(every) == 1 else ""
    if not 1 <= len(subject) <= 255 or not subject.isprintable():
        raise refused("The assertion names nobody: it needs one NameID of at most 255 characters.")
    return subject, every[0].get("Format") == _TRANSIENT


def _attributes(assertion: Any) -> dict[str, list[str]]:
    said: dict[str, list[str]] = {}
    for each in parsing.found(assertion, "saml:AttributeStatement/saml:Attribute"):
        values = [parsing.text(value) for value in parsing.found(each, "saml:AttributeValue")]
        said.setdefault(each.get("Name", ""), []).extend(value for value in values if value)
    return said


def _first(said: dict[str, list[str]], names: tuple[str, ...]) -> str:
    return next((said[name][0] for name in names if said.get(name)), "")
