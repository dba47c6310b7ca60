"""What the form of a mailbox holds, read from a mailbox or from what somebody typed. Secrets only go in."""

from enum import StrEnum
from typing import Any, Final, TypeVar
from uuid import UUID

import msgspec
from litestar.datastructures import FormMultiDict
from msgspec import UNSET, UnsetType

from parlour.dashboard.settings.sheet import words
from parlour.email import (
    Begin,
    ImapSettings,
    Mailbox,
    MailboxChanges,
    MailboxKind,
    NewMailbox,
    OutgoingSettings,
    Provider,
    PushSettings,
    SignIn,
    servers,
)
from parlour.foundation.errors import Invalid

SECRETS: Final = (
    "imap_password",
    "client_secret",
    "refresh_token",
    "signing_key",
    "push_password",
    "outgoing_password",
)
_OUTGOING: Final = ("host", "port", "security", "username", "sign_in")
_CHOOSE: Final = "Choose one of the list."
Choice = TypeVar("Choice", bound=StrEnum)


def typed(form: FormMultiDict) -> dict[str, str]:
    """What to show again after a refusal: everything but the secrets."""
    return {
        name: value for name, value in form.multi_items() if isinstance(value, str) and name not in (*SECRETS, "csrf")
    }


def written_of(mailbox: Mailbox) -> dict[str, str]:
    """The form of a mailbox as it is."""
    server = mailbox.imap
    written = {
        "address": mailbox.address,
        "name": mailbox.name,
        "department_id": str(mailbox.department_id or ""),
        "trusted_authserv_id": mailbox.trusted_authserv_id or "",
    }
    if server:
        named = ("host", "port", "security", "username", "folder", "sign_in", "client_id", "tenant")
        written |= {name: str(getattr(server, name)) for name in named}
    if own := mailbox.outgoing:
        written |= {f"outgoing_{name}": str(getattr(own, name)) for name in _OUTGOING}
    if push := mailbox.push:
        written |= {"provider": push.provider, "topics": "\n".join(push.topics), "public_key": push.public_key}
    return written


def new_mailbox(form: FormMultiDict) -> NewMailbox:
    """Raises `Invalid`."""
    kind = one_of(MailboxKind, words(form, "kind"), "kind")
    return NewMailbox(
        address=words(form, "address"),
        name=words(form, "name"),
        department_id=_department(form),
        kind=kind,
        imap=_imap(form, one_of(Begin, words(form, "begin"), "begin")) if kind is MailboxKind.IMAP else None,
        push=_push(form) if kind is MailboxKind.PUSH else None,
        outgoing=_outgoing(form) or None,
        trusted_authserv_id=words(form, "trusted_authserv_id"),
        secrets={name: text for name, text in _secrets(form).items() if text},
    )


def changes(form: FormMultiDict, mailbox: Mailbox) -> MailboxChanges:
    """An empty secret stays as it is, unless its box says that it is to be forgotten. Raises `Invalid`."""
    forgotten = dict.fromkeys(set(form.getall("forget", [])) & set(SECRETS), "")
    return MailboxChanges(
        address=words(form, "address"),
        name=words(form, "name"),
        department_id=_department(form),
        imap=_imap(form, mailbox.imap.begin) if mailbox.imap else None,
        push=_push(form) if mailbox.kind is MailboxKind.PUSH else None,
        outgoing=_outgoing(form),
        trusted_authserv_id=words(form, "trusted_authserv_id"),
        secrets=forgotten | {name: text for name, text in _secrets(form).items() if text},
    )


def one_of(choices: type[Choice], value: str, field: str) -> Choice:
    """Raises `Invalid`."""
    try:
        return choices(value)
    except ValueError as strange:
        raise Invalid(details={field: _CHOOSE}) from strange


def _imap(form: FormMultiDict, begin: Begin) -> ImapSettings:
    settings = ImapSettings(
        host=words(form, "host"),
        port=_port(words(form, "port")),
        security=one_of(servers.Security, words(form, "security"), "imap.security"),
        username=words(form, "username"),
        folder=words(form, "folder") or "INBOX",
        sign_in=one_of(SignIn, words(form, "sign_in"), "imap.signIn"),
        client_id=words(form, "client_id"),
        begin=begin,
    )
    tenant = words(form, "tenant")
    return msgspec.structs.replace(settings, tenant=tenant) if tenant else settings


def _outgoing(form: FormMultiDict) -> OutgoingSettings | UnsetType | None:
    """UNSET where the form did not ask: it asks administrators only."""
    if "outgoing_host" not in form:
        return UNSET
    if not words(form, "outgoing_host"):
        return None
    return OutgoingSettings(
        host=words(form, "outgoing_host"),
        port=_port(words(form, "outgoing_port"), "outgoing.port"),
        security=one_of(servers.Security, words(form, "outgoing_security"), "outgoing.security"),
        username=words(form, "outgoing_username"),
        sign_in=one_of(SignIn, words(form, "outgoing_sign_in"), "outgoing.signIn"),
    )


def _push(form: FormMultiDict) -> PushSettings:
    return PushSettings(
        provider=one_of(Provider, words(form, "provider"), "push.provider"),
        topics=words(form, "topics").split(),
        public_key=words(form, "public_key"),
    )


def _port(written: str, field: str = "imap.port") -> int:
    if not written:
        return 0
    if not (written.isascii() and written.isdigit() and len(written) <= 5):
        raise Invalid(details={field: "A port is a number up to 65535."})
    return int(written)


def _department(form: FormMultiDict) -> UUID | None:
    written = words(form, "department_id")
    try:
        return UUID(written) if written else None
    except ValueError as strange:
        raise Invalid(details={"departmentId": _CHOOSE}) from strange


def _secrets(form: FormMultiDict) -> dict[str, str]:
    entered: dict[str, Any] = {name: form.get(name) for name in SECRETS}
    return {name: text for name, text in entered.items() if isinstance(text, str)}
