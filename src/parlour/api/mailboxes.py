"""Mailboxes: how mail comes in and goes out, and how each of them is."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from parlour import email
from parlour.api import shapes
from parlour.api.conventions import Body
from parlour.api.operations import Answer, operation, shown_once
from parlour.email import ImapSettings, MailboxKind, OutgoingSettings, PushSettings, sources
from parlour.entrance import Request
from parlour.people import Permission

Secret = Annotated[str, Meta(max_length=5000)]
Address = Annotated[str, Meta(max_length=254, examples=["support@acme.example"])]
Name = Annotated[str, Meta(max_length=120)]
Authority = Annotated[str, Meta(max_length=255, description="Whose Authentication-Results are believed.")]


class Secrets(Body, frozen=True, kw_only=True):
    """They are sealed, and never shown again. An empty one is forgotten; what is left out stays."""

    imap_password: Secret | UnsetType = UNSET
    client_secret: Secret | UnsetType = UNSET
    refresh_token: Secret | UnsetType = UNSET
    outgoing_password: Secret | UnsetType = UNSET
    signing_key: Secret | UnsetType = UNSET
    push_password: Secret | UnsetType = UNSET


class NewMailbox(Body, frozen=True, kw_only=True):
    """A mailbox to add. `imap` is needed where its kind is IMAP."""

    address: Address
    name: Name = ""
    department_id: UUID | None = None
    kind: MailboxKind = MailboxKind.SMTP
    is_active: bool = True
    imap: ImapSettings | None = None
    outgoing: OutgoingSettings | None = None
    push: PushSettings | None = None
    trusted_authserv_id: Authority | None = None
    acknowledges: bool | None = None
    secrets: Secrets = Secrets()


class MailboxChanges(Body, frozen=True, kw_only=True):
    """What to change; what is left out stays. With another host its passwords must be entered again."""

    address: Address | UnsetType = UNSET
    name: Name | UnsetType = UNSET
    department_id: UUID | None | UnsetType = UNSET
    kind: MailboxKind | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET
    imap: ImapSettings | None | UnsetType = UNSET
    outgoing: OutgoingSettings | None | UnsetType = UNSET
    push: PushSettings | None | UnsetType = UNSET
    trusted_authserv_id: Authority | None | UnsetType = UNSET
    acknowledges: bool | None | UnsetType = UNSET
    secrets: Secrets = Secrets()


class MailboxHealth(shapes.Shape, frozen=True):
    """How it is. `words` say what is wrong, `advice` what to do; `behind` counts messages not brought in yet."""

    state: sources.State
    seen_at: datetime | None
    last_mail_at: datetime | None
    behind: int
    failures: int
    failing_since: datetime | None
    words: str | None
    advice: str | None


class Mailbox(shapes.Shape, frozen=True):
    """An address customers write to. `secrets` names those that are set."""

    id: UUID
    address: str
    name: str
    department_id: UUID | None
    kind: MailboxKind
    is_active: bool
    imap: ImapSettings | None
    outgoing: OutgoingSettings | None
    push: PushSettings | None
    trusted_authserv_id: str | None
    acknowledges: bool | None
    secrets: list[str]
    created_at: datetime
    health: MailboxHealth


class Mailboxes(shapes.Shape, frozen=True):
    """All of them, the oldest first."""

    items: list[Mailbox]


class Finding(shapes.Shape, frozen=True):
    """One step of a test."""

    step: sources.Step
    is_well: bool
    words: str
    advice: str


class Findings(shapes.Shape, frozen=True):
    """What a test found, in the order it was tried."""

    items: list[Finding]


class PushAddress(shapes.Shape, frozen=True):
    """Where a provider's webhook hands in mail. It is a secret, shown this once."""

    address: str


@operation("GET /email/mailboxes", Permission.MANAGE_MAIL)
async def list_mailboxes(request: Request) -> Mailboxes:
    """List mailboxes"""
    async with request.reading() as tx:
        health = await sources.mailbox_health(tx)
        return Mailboxes([_as_mailbox(each, health[each.id]) for each in await email.mailboxes(tx)])


@operation(
    "POST /email/mailboxes",
    Permission.MANAGE_MAIL,
    status=201,
    headers={"Location": "The new mailbox."},
    example={
        "address": "support@acme.example",
        "kind": "IMAP",
        "imap": {"host": "imap.acme.example", "security": "TLS", "username": "support"},
        "secrets": {"imapPassword": "open sesame"},
    },
)
async def add_mailbox(request: Request, body: NewMailbox) -> Answer[Mailbox]:
    """Add a mailbox

    It is read within seconds.
    """
    new = email.NewMailbox(**{**_fields(body), "secrets": _given(body.secrets)})
    async with request.transaction() as tx:
        email.check_outgoing(None, new.outgoing, by=request.actor)
        mailbox = await email.set_up_mailbox(tx, request.installation.sealer, new)
        shown = _as_mailbox(mailbox, (await sources.mailbox_health(tx))[mailbox.id])
    return Answer(shown, {"location": f"/api/email/mailboxes/{mailbox.id}"})


@operation("GET /email/mailboxes/{id}", Permission.MANAGE_MAIL)
async def read_mailbox(request: Request, id: UUID) -> Mailbox:  # noqa: A002
    """Read a mailbox"""
    async with request.reading() as tx:
        mailbox = await email.find_mailbox(tx, id)
        return _as_mailbox(mailbox, (await sources.mailbox_health(tx))[id])


@operation("PATCH /email/mailboxes/{id}", Permission.MANAGE_MAIL, example={"isActive": False})
async def change_mailbox(request: Request, id: UUID, body: MailboxChanges) -> Mailbox:  # noqa: A002
    """Change a mailbox"""
    changes = email.MailboxChanges(**{**_fields(body), "secrets": _given(body.secrets)})
    async with request.transaction() as tx:
        mailbox = await email.find_mailbox(tx, id)
        email.check_outgoing(mailbox.outgoing, changes.outgoing, by=request.actor)
        mailbox = await email.change_mailbox(tx, request.installation.sealer, mailbox, changes)
        return _as_mailbox(mailbox, (await sources.mailbox_health(tx))[id])


@operation("DELETE /email/mailboxes/{id}", Permission.MANAGE_MAIL, status=204)
async def remove_mailbox(request: Request, id: UUID) -> None:  # noqa: A002
    """Remove a mailbox

    Its ledger stays.
    """
    async with request.transaction() as tx:
        await email.remove_mailbox(tx, request.installation.sealer, await email.find_mailbox(tx, id))


@operation("POST /email/mailboxes/{id}/test", Permission.MANAGE_MAIL)
async def test_mailbox(request: Request, id: UUID) -> Findings:  # noqa: A002
    """Test a mailbox

    Tries each step and says in words what is wrong. Nothing is fetched or sent.
    """
    async with request.transaction() as tx:
        # An Idempotency-Key is used up here: nobody talks to a mail server inside a transaction.
        await email.find_mailbox(tx, id)
    found = await sources.examine(request.installation, request.actor.organization_id, id)
    return Findings([Finding(each.step, each.is_well, each.words, each.advice) for each in found])


@operation("POST /email/mailboxes/{id}/push-address", Permission.MANAGE_MAIL)
async def make_push_address(request: Request, id: UUID) -> Answer[PushAddress]:  # noqa: A002
    """Make a mailbox's webhook address

    For a mailbox of kind PUSH. An earlier one takes nothing any more.
    """
    async with request.transaction() as tx:
        secret = await email.new_push_secret(tx, await email.find_mailbox(tx, id))
    return shown_once(PushAddress(f"{request.installation.settings.public_url}/api/email/hooks/{secret}/mime"))


def _fields(body: NewMailbox | MailboxChanges) -> dict[str, Any]:
    return {name: value for name, value in msgspec.structs.asdict(body).items() if value is not UNSET}


def _given(secrets: Secrets) -> dict[str, str]:
    return {name: text for name, text in msgspec.structs.asdict(secrets).items() if text is not UNSET}


def _as_mailbox(mailbox: email.Mailbox, health: sources.Health) -> Mailbox:
    return Mailbox(
        id=mailbox.id,
        address=mailbox.address,
        name=mailbox.name,
        department_id=mailbox.department_id,
        kind=mailbox.kind,
        is_active=mailbox.is_active,
        imap=mailbox.imap,
        outgoing=mailbox.outgoing,
        push=mailbox.push,
        trusted_authserv_id=mailbox.trusted_authserv_id,
        acknowledges=mailbox.acknowledges,
        secrets=[shapes.camel({name: None}).popitem()[0] for name in mailbox.secrets],
        created_at=mailbox.created_at,
        health=MailboxHealth(**msgspec.structs.asdict(health)),
    )
