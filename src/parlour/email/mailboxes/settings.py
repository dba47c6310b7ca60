"""How a mailbox is reached: what an administrator sets up, and what is wrong with it before anything is tried."""

import re
from enum import StrEnum
from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from parlour.email.servers import Security
from parlour.foundation.errors import Forbidden, Invalid
from parlour.people import Actor, Role

_HOST: Final = re.compile(r"(?=.{1,253}$)[^\s/@:\[\]\\\x00-\x1f\x7f]+|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*")
_PORTS: Final = {Security.TLS: 993, Security.STARTTLS: 143, Security.OFFERED: 143, Security.NONE: 143}
_OUTGOING_PORTS: Final = {Security.TLS: 465, Security.STARTTLS: 587, Security.OFFERED: 25, Security.NONE: 25}


class Kind(StrEnum):
    """Which way mail comes in."""

    SMTP = "SMTP"
    """Other servers bring it to the listener."""
    IMAP = "IMAP"
    """We fetch it from another server."""
    PUSH = "PUSH"
    """A program or a provider's webhook hands it in over HTTP."""


class SignIn(StrEnum):
    """How we prove who we are to a mail server."""

    PASSWORD = "PASSWORD"  # noqa: S105
    GOOGLE = "GOOGLE"
    """XOAUTH2, with access tokens renewed at Google."""
    MICROSOFT = "MICROSOFT"
    """XOAUTH2, with access tokens renewed at Microsoft 365."""


class Begin(StrEnum):
    """Which mail is taken in when a mailbox is read for the first time."""

    NEW = "NEW"
    """What came within the day before the mailbox was added, and all that follows."""
    ALL = "ALL"


class Provider(StrEnum):
    """Whose webhook hands in mail, and how its signature is checked."""

    RAW = "RAW"
    """The message itself as the body, with nothing but the secret address."""
    MAILGUN = "MAILGUN"
    POSTMARK = "POSTMARK"
    SES = "SES"
    SENDGRID = "SENDGRID"


class ImapSettings(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A mailbox on another server (RFC 9051). `port` 0 is the usual one of `security`."""

    host: str
    port: int = 0
    security: Security = Security.TLS
    username: str = ""
    folder: str = "INBOX"
    sign_in: SignIn = SignIn.PASSWORD
    client_id: str = ""
    tenant: str = "common"
    begin: Begin = Begin.NEW


class OutgoingSettings(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The server that takes this mailbox's own answers. Without a username nobody signs in."""

    host: str
    port: int = 0
    security: Security = Security.STARTTLS
    username: str = ""
    sign_in: SignIn = SignIn.PASSWORD


class PushSettings(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Whose webhook it is. `topics` are the SNS topics that may deliver, `public_key` is SendGrid's."""

    provider: Provider = Provider.RAW
    topics: list[str] = []
    public_key: str = ""


def checked_imap(settings: ImapSettings, address: str) -> ImapSettings:
    """Completed. Raises `Invalid`."""
    wrong = _wrong_host(settings.host, settings.port, "imap.example.com")
    if settings.security is Security.OFFERED:
        wrong["security"] = "Reading a mailbox is encrypted or it is not: choose TLS, STARTTLS or NONE."
    if not settings.folder.strip() or _controls(settings.folder):
        wrong["folder"] = "Name the folder that is read, usually INBOX."
    if settings.sign_in is not SignIn.PASSWORD and not settings.client_id:
        wrong["clientId"] = "Enter the client id of the application that you registered with the provider."
    if not re.fullmatch(r"[A-Za-z0-9.-]{1,100}", settings.tenant):
        wrong["tenant"] = "A tenant is a domain, an id, or the word common."
    _raise(wrong, "imap")
    return msgspec.structs.replace(
        settings,
        host=settings.host.strip().lower(),
        port=settings.port or _PORTS[settings.security],
        username=settings.username.strip() or address,
        folder=settings.folder.strip(),
    )


class OnlyAdministratorsSend(Forbidden):
    """Only administrators choose the server that mail goes out by: links to sign in with go through it."""


def check_outgoing(before: OutgoingSettings | None, after: OutgoingSettings | UnsetType | None, *, by: Actor) -> None:
    """Whether `by` may have it so: a role of one's own making may hold the permission, and must not lead further.

    Raises `OnlyAdministratorsSend`.
    """
    if by.role is Role.ADMIN or after is UNSET:
        return
    if (checked_outgoing(after) if isinstance(after, OutgoingSettings) else None) != before:
        raise OnlyAdministratorsSend()


def checked_outgoing(settings: OutgoingSettings) -> OutgoingSettings:
    """Completed. Raises `Invalid`."""
    _raise(_wrong_host(settings.host, settings.port, "smtp.example.com"), "outgoing")
    return msgspec.structs.replace(
        settings,
        host=settings.host.strip().lower(),
        port=settings.port or _OUTGOING_PORTS[settings.security],
        username=settings.username.strip(),
    )


def checked_push(settings: PushSettings) -> PushSettings:
    """Raises `Invalid`."""
    wrong = {}
    if settings.provider is Provider.SES and not settings.topics:
        wrong["topics"] = "Name the SNS topic that delivers the mail, as arn:aws:sns:…"
    if any(not topic.startswith("arn:aws") for topic in settings.topics):
        wrong["topics"] = "A topic is written arn:aws:sns:region:account:name."
    _raise(wrong, "push")
    return settings


def _wrong_host(host: str, port: int, example: str) -> dict[str, str]:
    wrong = {}
    if not _HOST.fullmatch(host.strip()):
        wrong["host"] = f"Enter the name of the mail server, for example {example}."
    if not 0 <= port <= 65535:
        wrong["port"] = "A port is a number up to 65535; 0 is the usual one."
    return wrong


def _controls(text: str) -> bool:
    return any(ord(character) < 32 or ord(character) == 127 for character in text)


def _raise(wrong: dict[str, str], where: str) -> None:
    if wrong:
        raise Invalid(details={f"{where}.{name}": sentence for name, sentence in wrong.items()})
