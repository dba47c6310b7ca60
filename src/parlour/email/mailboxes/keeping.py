"""Mailboxes: the addresses customers write to, and how mail gets from there to here."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType
from psycopg.errors import ForeignKeyViolation, UniqueViolation
from psycopg.types.json import Jsonb

from parlour import audit, people
from parlour.audit import Act, Subject
from parlour.email.mailboxes import trail
from parlour.email.mailboxes.settings import (
    ImapSettings,
    Kind,
    OutgoingSettings,
    PushSettings,
    checked_imap,
    checked_outgoing,
    checked_push,
)
from parlour.email.mailboxes.vault import BY_HAND, put_secret
from parlour.foundation import clock, crypto, ids
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Conflict, Invalid
from parlour.foundation.sealing import Sealer


class MailboxTaken(Conflict):
    """Another mailbox has this address already. Choose a different one."""


class Mailbox(msgspec.Struct, frozen=True):
    """An address of the organization. Mail to it opens tickets in its department, where it has one."""

    id: UUID
    address: str
    name: str
    department_id: UUID | None
    created_at: datetime
    kind: Kind = Kind.SMTP
    is_active: bool = True
    imap: ImapSettings | None = None
    outgoing: OutgoingSettings | None = None
    push: PushSettings | None = None
    revision: int = 1
    trusted_authserv_id: str | None = None
    acknowledges: bool | None = None
    secrets: list[str] = []
    """The names of those that are set."""


class NewMailbox(msgspec.Struct, frozen=True, kw_only=True):
    """A mailbox to set up. `secrets` by name, see `vault.BY_HAND`."""

    address: str
    name: str = ""
    department_id: UUID | None = None
    kind: Kind = Kind.SMTP
    is_active: bool = True
    imap: ImapSettings | None = None
    outgoing: OutgoingSettings | None = None
    push: PushSettings | None = None
    trusted_authserv_id: str | None = None
    acknowledges: bool | None = None
    secrets: Mapping[str, str] = {}


class MailboxChanges(msgspec.Struct, frozen=True, kw_only=True):
    """What to change; what is UNSET stays. An empty secret is forgotten."""

    address: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    department_id: UUID | None | UnsetType = UNSET
    kind: Kind | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET
    imap: ImapSettings | None | UnsetType = UNSET
    outgoing: OutgoingSettings | None | UnsetType = UNSET
    push: PushSettings | None | UnsetType = UNSET
    trusted_authserv_id: str | None | UnsetType = UNSET
    acknowledges: bool | None | UnsetType = UNSET
    secrets: Mapping[str, str] = {}


_COLUMNS: Final = """
    m.id, m.address, m.name, m.department_id, m.created_at, m.kind, m.is_active, m.imap, m.outgoing, m.push, m.revision,
    m.trusted_authserv_id, m.acknowledges,
    array(
        select s.name from mailbox_secrets s
        where s.organization_id = m.organization_id and s.mailbox_id = m.id order by s.name
    ) as secrets
"""


async def add_mailbox(tx: Transaction, address: str, name: str = "", department_id: UUID | None = None) -> Mailbox:
    """One that the listener takes mail for. Raises `Invalid` where it is no address, `MailboxTaken`."""
    return await _added(tx, await _insert(tx, NewMailbox(address=address, name=name, department_id=department_id)))


async def set_up_mailbox(tx: Transaction, sealer: Sealer, new: NewMailbox) -> Mailbox:
    """One of any kind. Raises `Invalid` where something is missing, `MailboxTaken` where any organization has it."""
    mailbox_id = await _insert(tx, _checked(new))
    for name, text in new.secrets.items():
        await put_secret(tx, sealer, mailbox_id, name, text)
    return await _added(tx, mailbox_id)


async def change_mailbox(tx: Transaction, sealer: Sealer, mailbox: Mailbox, changes: MailboxChanges) -> Mailbox:
    """Raises `Invalid` or `MailboxTaken`. Whoever reads it begins anew with the changed settings within seconds."""
    after = _checked(_with(mailbox, changes))
    moved = _reads_from(mailbox.imap) != _reads_from(after.imap)
    await _write(tx, mailbox.id, after, _UPDATE)
    if moved:
        # Numbers of another folder say nothing here: all of it is counted, by what the ledger knows.
        await tx.run(
            "update mailbox_states set uid_validity = null, last_uid = 0, recount_until = 0 where mailbox_id = %(id)s",
            id=mailbox.id,
        )
    secrets = {**_not_for_other_hosts(mailbox, after), **changes.secrets}
    if secrets or moved:
        secrets["access_token"] = ""
    for name, text in secrets.items():
        await put_secret(tx, sealer, mailbox.id, name, text)
    changed = await find_mailbox(tx, mailbox.id)
    await trail.mailbox_changed(tx, _subject(changed), mailbox, changed, secrets)
    return changed


async def remove_mailbox(tx: Transaction, sealer: Sealer, mailbox: Mailbox) -> None:
    """It takes no mail any more and its secrets are forgotten; its ledger stays."""
    for name in mailbox.secrets:
        await put_secret(tx, sealer, mailbox.id, name, "")
    await tx.run(
        """
        update mailboxes
        set removed_at = %(at)s, is_active = false, push_digest = null, revision = revision + 1
        where id = %(id)s
        """,
        id=mailbox.id,
        at=clock.now(),
    )
    await audit.record(tx, Act.MAILBOX_REMOVED, on=_subject(mailbox))


async def mailboxes(tx: Transaction) -> list[Mailbox]:
    """All of them, the oldest first."""
    return await tx.all(Mailbox, f"select {_COLUMNS} from mailboxes m where m.removed_at is null order by m.id")


async def find_mailbox(tx: Transaction, mailbox_id: UUID) -> Mailbox:
    """Raises `NotFound`, also where it was removed."""
    return await tx.one(
        Mailbox,
        f"select {_COLUMNS} from mailboxes m where m.id = %(id)s and m.removed_at is null",
        id=mailbox_id,
    )


async def new_push_secret(tx: Transaction, mailbox: Mailbox) -> str:
    """The last part of the address that a webhook calls, shown this once. An earlier one opens nothing any more."""
    secret = crypto.new_secret()
    await tx.run(
        "update mailboxes set push_digest = %(digest)s where id = %(id)s",
        id=mailbox.id,
        digest=crypto.digest(secret),
    )
    await trail.secrets_changed(tx, _subject(mailbox), set_=["push_address"])
    return secret


async def _added(tx: Transaction, mailbox_id: UUID) -> Mailbox:
    mailbox = await find_mailbox(tx, mailbox_id)
    details = {**trail.settings_of(mailbox), "secrets": mailbox.secrets}
    await audit.record(tx, Act.MAILBOX_ADDED, on=_subject(mailbox), details=details)
    return mailbox


def _subject(mailbox: Mailbox) -> Subject:
    return Subject("mailbox", mailbox.id, mailbox.address)


def _checked(new: NewMailbox) -> NewMailbox:
    address = people.normal_email(new.address)
    unknown = sorted(set(new.secrets) - set(BY_HAND))
    if unknown:
        raise Invalid(details={f"secrets.{name}": "There is no such secret." for name in unknown})
    if new.kind is Kind.IMAP and new.imap is None:
        raise Invalid(details={"imap": "Say on which server this mailbox is."})
    if len(new.name.strip()) > 120:
        raise Invalid(details={"name": "A name has at most 120 characters."})
    return msgspec.structs.replace(
        new,
        address=address,
        imap=checked_imap(new.imap, address) if new.imap else None,
        outgoing=checked_outgoing(new.outgoing) if new.outgoing else None,
        push=checked_push(new.push or PushSettings()) if new.kind is Kind.PUSH else None,
        trusted_authserv_id=(new.trusted_authserv_id or "").strip() or None,
    )


def _with(mailbox: Mailbox, changes: MailboxChanges) -> NewMailbox:
    named = [name for name in NewMailbox.__struct_fields__ if name != "secrets"]
    asked: dict[str, Any] = {name: getattr(changes, name) for name in named}
    values = {name: getattr(mailbox, name) if value is UNSET else value for name, value in asked.items()}
    return NewMailbox(**values, secrets=changes.secrets)


def _reads_from(imap: ImapSettings | None) -> tuple[str, str, str] | None:
    return (imap.host, imap.username, imap.folder) if imap else None


def _not_for_other_hosts(before: Mailbox, after: NewMailbox) -> dict[str, str]:
    """A password was entered for one server: it is forgotten before it is shown to another."""
    forgotten: dict[str, str] = {}
    if before.imap and after.imap and before.imap.host != after.imap.host:
        forgotten |= {"imap_password": "", "refresh_token": ""}
    if before.outgoing and after.outgoing and before.outgoing.host != after.outgoing.host:
        forgotten["outgoing_password"] = ""
    return forgotten


async def _insert(tx: Transaction, new: NewMailbox) -> UUID:
    mailbox_id = ids.new()
    await _write(tx, mailbox_id, new, _INSERT)
    await people.check_mailboxes(tx)
    await tx.run(
        "insert into mailbox_states (organization_id, mailbox_id) values (current_organization(), %(id)s)",
        id=mailbox_id,
    )
    return mailbox_id


async def _write(tx: Transaction, mailbox_id: UUID, mailbox: NewMailbox, statement: str) -> None:
    try:
        async with tx.savepoint():
            await tx.run(
                statement,
                id=mailbox_id,
                address=people.normal_email(mailbox.address),
                name=mailbox.name.strip(),
                department_id=mailbox.department_id,
                kind=mailbox.kind,
                is_active=mailbox.is_active,
                imap=_json(mailbox.imap),
                outgoing=_json(mailbox.outgoing),
                push=_json(mailbox.push),
                trusted_authserv_id=mailbox.trusted_authserv_id,
                acknowledges=mailbox.acknowledges,
                now=clock.now(),
            )
    except UniqueViolation as taken:
        raise MailboxTaken(details={"address": MailboxTaken.__doc__}) from taken
    except ForeignKeyViolation as unknown:
        raise Invalid(details={"departmentId": "There is no such department."}) from unknown


def _json(settings: msgspec.Struct | None) -> Jsonb | None:
    return Jsonb(msgspec.to_builtins(settings)) if settings else None


_INSERT: Final = """
    insert into mailboxes
        (organization_id, id, address, name, department_id, kind, is_active, imap, outgoing, push,
         trusted_authserv_id, acknowledges, created_at)
    values
        (current_organization(), %(id)s, %(address)s, %(name)s, %(department_id)s, %(kind)s, %(is_active)s, %(imap)s,
         %(outgoing)s, %(push)s, %(trusted_authserv_id)s, %(acknowledges)s, %(now)s)
"""
_UPDATE: Final = """
    update mailboxes
    set address = %(address)s, name = %(name)s, department_id = %(department_id)s, kind = %(kind)s,
        is_active = %(is_active)s, imap = %(imap)s, outgoing = %(outgoing)s, push = %(push)s,
        trusted_authserv_id = %(trusted_authserv_id)s, acknowledges = %(acknowledges)s, revision = revision + 1
    where id = %(id)s
"""
