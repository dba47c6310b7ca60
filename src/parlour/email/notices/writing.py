"""A notice before it is sent: its words are chosen with the change that it tells of, and its job rides along."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final
from uuid import UUID

import msgspec
from psycopg.types.json import Jsonb

from parlour import people
from parlour.email import wording
from parlour.email.mailboxes import Mailbox, mailboxes
from parlour.email.notices.sending import send_notice
from parlour.email.notices.unchangeable import Unchangeable, fixed_text
from parlour.email.wording import Kind, Text
from parlour.foundation import clock, ids
from parlour.foundation.database import Transaction

INSTALLATION: Final = "Parlour"
PATIENCE: Final = timedelta(hours=48)
_LONGEST: Final = 500


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be said to whom. A link leads to `path`, and is signed for `purpose` and `link_id`."""

    kind: Kind | Unchangeable
    email: str
    name: str = ""
    path: str = ""
    purpose: str = ""
    link_id: UUID | None = None
    lasts: timedelta = PATIENCE
    more: Mapping[str, str] = {}
    """Placeholders that only this kind has."""
    id: UUID | None = None
    """Where a job may come twice: the second time nothing is written."""
    of_installation: bool = False
    """By its server, in its name and its words: nobody's own server or words see a link that opens others too."""


async def write_notice(tx: Transaction, notice: Notice) -> UUID:
    """Goes out from the organization's first mailbox, where it has one."""
    said_by, mailbox = await _sender(tx, notice)
    language, words = await _words(tx, notice, mailbox)
    notice_id, now = notice.id or ids.new(), clock.now()
    scene = wording.Scene(
        customer_name=notice.name,
        customer_email=notice.email,
        ticket_number=0,
        ticket_subject="",
        organization_name=said_by,
        mailbox_address=mailbox.address if mailbox else "",
        portal_url="",
    ).values()
    more = {name: wording.tame(value)[:_LONGEST] for name, value in notice.more.items()}
    is_new = await tx.run(
        _WRITE,
        id=notice_id,
        kind=notice.kind,
        mailbox_id=mailbox.id if mailbox else None,
        address=notice.email,
        words=Jsonb(msgspec.to_builtins(words)),
        scene=Jsonb({**scene, **more}),
        language=language,
        path=notice.path,
        purpose=notice.purpose,
        link_id=notice.link_id,
        message_id=f"notice-{notice_id.hex}",
        now=now,
        expires_at=now + notice.lasts,
    )
    if is_new:
        tx.queue(send_notice, notice_id=notice_id)
    return notice_id


async def _sender(tx: Transaction, notice: Notice) -> tuple[str, Mailbox | None]:
    if notice.of_installation:
        return INSTALLATION, None
    return (await people.this_organization(tx)).name, next(iter(await mailboxes(tx)), None)


async def _words(tx: Transaction, notice: Notice, mailbox: Mailbox | None) -> tuple[str, Text]:
    if isinstance(notice.kind, Unchangeable):
        return await fixed_text(tx, notice.kind)
    if notice.of_installation:
        return await wording.built_in_text(tx, notice.kind)
    return await wording.automatic_text(tx, notice.kind, mailbox.id if mailbox else None, None)


_WRITE: Final = """
    insert into notices (organization_id, id, kind, mailbox_id, address, words, scene, language, path, purpose,
        link_id, message_id, created_at, next_attempt_at, expires_at)
    values (current_organization(), %(id)s, %(kind)s, %(mailbox_id)s, %(address)s, %(words)s, %(scene)s,
        %(language)s, %(path)s, %(purpose)s, %(link_id)s, %(message_id)s, %(now)s, %(now)s, %(expires_at)s)
    on conflict (organization_id, id) do nothing
"""
