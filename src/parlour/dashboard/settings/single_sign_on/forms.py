"""What administrators fill in about an identity provider, read."""

from typing import Any, Final, TypeVar
from uuid import UUID

import msgspec

from parlour.access import providers
from parlour.dashboard.settings.sheet import words
from parlour.foundation import ids
from parlour.foundation.errors import Invalid
from parlour.foundation.installation import Installation
from parlour.people import Role

Choice = TypeVar("Choice", providers.Kind, Role)


NOBODY: Final = "NOBODY"
"""What newcomers become where only people who are here already come in."""


CUSTOM: Final = "custom:"
"""Before the id of a role of the organization's own, where a built-in one has its name."""


class Written(msgspec.Struct, frozen=True):
    """A form as it was filled in."""

    name: str = ""
    issuer: str = ""
    client_id: str = ""
    newcomers_are: str = ""
    groups_claim: str = "groups"
    counts_as_second_factor: bool = False
    is_active: bool = True
    metadata: str = ""
    email_attribute: str = ""
    name_attribute: str = ""
    encrypted_only: bool = False
    takes_unasked: bool = False
    offers_sign_out: bool = True


def written_of(provider: providers.Provider, connection: providers.Connection | None = None) -> Written:
    return Written(
        provider.name,
        provider.issuer,
        provider.client_id,
        provider.newcomers_are or "",
        provider.groups_claim,
        provider.counts_as_second_factor,
        provider.is_active,
        email_attribute=connection.email_attribute if connection else "",
        name_attribute=connection.name_attribute if connection else "",
        encrypted_only=bool(connection and connection.encrypted_only),
        takes_unasked=bool(connection and connection.takes_unasked),
        offers_sign_out=provider.offers_sign_out,
    )


def typed(form: Any) -> Written:
    return Written(
        name=words(form, "name"),
        issuer=words(form, "issuer"),
        client_id=words(form, "client_id"),
        newcomers_are=words(form, "newcomers_are"),
        groups_claim=words(form, "groups_claim"),
        counts_as_second_factor=bool(form.get("counts_as_second_factor")),
        is_active=bool(form.get("is_active")),
        metadata=words(form, "metadata"),
        email_attribute=words(form, "email_attribute"),
        name_attribute=words(form, "name_attribute"),
        encrypted_only=bool(form.get("encrypted_only")),
        takes_unasked=bool(form.get("takes_unasked")),
        offers_sign_out=bool(form.get("offers_sign_out")),
    )


async def draft_of(form: Any, kind: providers.Kind, installation: Installation) -> providers.Draft:
    """An address in the metadata's place is fetched. Raises `Invalid`."""
    written = typed(form)
    metadata = written.metadata if kind is providers.Kind.SAML else ""
    if metadata and not metadata.startswith("<"):
        metadata = await providers.fetched_metadata(installation, metadata)
    return providers.Draft(
        kind=kind,
        name=written.name,
        issuer=written.issuer,
        client_id=written.client_id,
        secret=words(form, "secret"),
        newcomers_are=chosen(Role, written.newcomers_are, "newcomersAre")
        if written.newcomers_are not in ("", NOBODY)
        else None,
        groups_claim=written.groups_claim or "groups",
        counts_as_second_factor=written.counts_as_second_factor,
        is_active=written.is_active,
        metadata=metadata,
        email_attribute=written.email_attribute,
        name_attribute=written.name_attribute,
        encrypted_only=written.encrypted_only,
        takes_unasked=written.takes_unasked,
        offers_sign_out=written.offers_sign_out,
    )


def _newcomers(written: str) -> Role | None:
    return None if written in ("", NOBODY) else chosen(Role, written, "newcomersAre")


def rules_in(form: Any) -> list[providers.GroupRule]:
    """Rows without a group's name are left out. Raises `Invalid`."""
    rows = zip(form.getall("group", []), form.getall("role", []), form.getall("department", []), strict=False)
    return [
        providers.GroupRule(
            str(name).strip(),
            None if _is_custom(role) or not role else chosen(Role, str(role), "groups"),
            _id(str(department)) if department else None,
            _id(str(role).removeprefix(CUSTOM)) if _is_custom(role) else None,
        )
        for name, role, department in rows
        if str(name).strip()
    ]


def _is_custom(role: object) -> bool:
    return str(role).startswith(CUSTOM)


def chosen(kind: type[Choice], value: str, field: str) -> Choice:
    """Raises `Invalid`."""
    try:
        return kind(value)
    except ValueError as wrong:
        raise Invalid(details={field: "Choose one from the list."}) from wrong


def new_id(form: Any) -> UUID:
    """The one the page has shown an address for."""
    written = words(form, "id")
    return _id(written) if written else ids.new()


def person_in(form: Any) -> UUID | None:
    """Raises `Invalid`."""
    written = words(form, "except_for")
    return _id(written) if written else None


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as wrong:
        raise Invalid(details={"groups": "Choose one from the list."}) from wrong
