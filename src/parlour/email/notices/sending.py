"""Notices on their way: tried again with growing patience until a server has them, or they are of no use any more."""

import asyncio
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode, urlsplit
from uuid import UUID

import msgspec

from parlour import access, people
from parlour.email import domains, sources, wording
from parlour.email.addresses import without_mark
from parlour.email.mailboxes import Mailbox, find_mailbox
from parlour.email.reading import Address
from parlour.email.sending import composing
from parlour.email.sending.composing import Letter
from parlour.email.sending.posting import NotTaken, Parcel, Report, leave_in_outbox, post
from parlour.email.sending.relays import RELAYS, Busy
from parlour.email.servers import Server, installation_server
from parlour.email.sources import Trouble
from parlour.email.wording import Text
from parlour.foundation import clock
from parlour.foundation.database import Transaction
from parlour.foundation.errors import NotFound
from parlour.foundation.installation import Installation
from parlour.foundation.jobs import TryAgain, outward
from parlour.foundation.settings import Settings
from parlour.people import portal_hosts

_WAITS: Final = tuple(timedelta(seconds=s) for s in (2, 5, 15, 60, 180, 600, 1800, 3600))
_OVERDUE: Final = timedelta(minutes=2)
_TO_A_MAILBOX: Final = "It is addressed to a mailbox of this installation, where it would become a ticket."
_TOO_LATE: Final = "No server took it in time."


class _Claimed(msgspec.Struct, frozen=True):
    id: UUID
    kind: str
    mailbox_id: UUID | None
    address: str
    words: Text
    scene: dict[str, str]
    language: str
    path: str
    purpose: str
    link_id: UUID | None
    message_id: str
    attempts: int
    created_at: datetime


@outward
async def send_notice(installation: Installation, organization_id: UUID, *, notice_id: UUID) -> None:
    """Job: one mail, under the same Message-ID however often it is tried."""
    lease = timedelta(seconds=2 * installation.settings.mail_send_seconds)
    async with installation.database.transaction(organization_id) as tx:
        claimed = await tx.maybe(_Claimed, _CLAIM, id=notice_id, now=clock.now(), lease_ends_at=clock.now() + lease)
    if claimed is None:
        return
    if await installation.database.doorways.mailbox_by_address(without_mark(claimed.address)):
        await _over(installation, organization_id, notice_id, _TO_A_MAILBOX)
        return
    try:
        report = await _hand_over(installation, organization_id, claimed)
    except (NotTaken, Trouble, Busy) as trouble:
        is_over = isinstance(trouble, NotTaken) and trouble.for_good
        await _not_sent(installation, organization_id, claimed, trouble.words or "", is_over=is_over)
        return
    if not report.taken:
        words = "; ".join({**report.refused, **report.waiting}.values())
        await _not_sent(installation, organization_id, claimed, words, is_over=not report.waiting)
        return
    async with installation.database.transaction(organization_id) as tx:
        await tx.run(_SENT, id=notice_id, now=clock.now())


async def resume_notices(installation: Installation) -> None:
    """Look for notices whose job was lost, and give up those that are of no use any more."""
    before = clock.now() - _OVERDUE
    for organization_id in await installation.database.doorways.organizations_with_notices_due(before):
        async with installation.database.transaction(organization_id) as tx:
            await tx.run(_EXPIRE, words=_TOO_LATE, now=clock.now())
            for notice_id in await tx.values(_DUE, before=before):
                tx.queue(send_notice, notice_id=notice_id)


async def _hand_over(installation: Installation, organization_id: UUID, claimed: _Claimed) -> Report:
    async with installation.database.reading(organization_id) as tx:
        organization = await people.this_organization(tx)
        mailbox = await _mailbox(tx, claimed.mailbox_id)
    sender = mailbox.address if mailbox else own_address(installation.settings)
    letter = _letter(installation, organization, claimed, Address(sender, (mailbox and mailbox.name) or ""))
    raw = await asyncio.to_thread(composing.compose, letter)
    raw = await domains.signed(installation, organization_id, sender, raw)
    # Nothing may come back from a mail that a program has sent (RFC 3834, section 3.3).
    parcel = Parcel(claimed.id, "", [claimed.address], raw)
    server = await _server(installation, organization_id, mailbox)
    if server is None:
        return await leave_in_outbox(installation.settings, parcel)
    relay = RELAYS.of(server, installation.settings.sending_concurrency)
    async with relay.turn():
        try:
            report = await post(relay, parcel, installation.settings.mail_send_seconds)
        except NotTaken as answer:
            if answer.is_servers_fault:
                relay.failed(answer.words)
            raise
        relay.worked()
        return report


async def _mailbox(tx: Transaction, mailbox_id: UUID | None) -> Mailbox | None:
    try:
        return await find_mailbox(tx, mailbox_id) if mailbox_id else None
    except NotFound:
        return None


async def _server(installation: Installation, organization_id: UUID, mailbox: Mailbox | None) -> Server | None:
    own = await sources.outgoing_server(installation, organization_id, mailbox.id) if mailbox else None
    return own or installation_server(installation.settings)


def _letter(
    installation: Installation, organization: people.Organization, claimed: _Claimed, sender: Address
) -> Letter:
    # Whoever it was written for: an organization, or the installation.
    said_by = claimed.scene["organization.name"]
    values = {**claimed.scene, wording.LINK_URL: _link(installation, organization, claimed)}
    rendered = wording.render(claimed.words, values)
    return Letter(
        message_id=f"{claimed.message_id}@{sender.email.rpartition('@')[2]}",
        sender=Address(sender.email, sender.name or said_by),
        reply_to=sender.email,
        to=[Address(claimed.address)],
        subject=rendered.subject or said_by,
        date=clock.now(),
        organization_name=said_by,
        text=rendered.text,
        html=rendered.html,
        language=claimed.language,
        generated=True,
    )


def _link(installation: Installation, organization: people.Organization, claimed: _Claimed) -> str:
    if claimed.link_id is None:
        return ""
    text = access.link_text(installation.signer, claimed.purpose, organization.id, claimed.link_id)
    origin = installation.settings.public_url
    if claimed.path.startswith("/portal/"):
        origin = portal_hosts.origin_of(organization, origin)
    return f"{origin}{claimed.path}?{urlencode({'token': text})}"


def own_address(settings: Settings) -> str:
    """The installation's, for organizations that have no mailbox."""
    if settings.mail_from:
        return settings.mail_from
    host = urlsplit(settings.public_url).hostname or ""
    is_name = "." in host and not host.replace(".", "").isdigit()
    return f"no-reply@{host if is_name else 'parlour.test'}"


async def _not_sent(
    installation: Installation, organization_id: UUID, claimed: _Claimed, words: str, *, is_over: bool
) -> None:
    wait = _WAITS[min(claimed.attempts, len(_WAITS)) - 1]
    if is_over:
        await _over(installation, organization_id, claimed.id, words)
        return
    async with installation.database.transaction(organization_id) as tx:
        is_left = await tx.run(_WAIT, id=claimed.id, words=words[:1000], next_attempt_at=clock.now() + wait)
        if not is_left:
            await tx.run(_FAIL, id=claimed.id, words=words[:1000])
    if is_left:
        raise TryAgain(after=wait)


async def _over(installation: Installation, organization_id: UUID, notice_id: UUID, words: str) -> None:
    async with installation.database.transaction(organization_id) as tx:
        await tx.run(_FAIL, id=notice_id, words=words[:1000])


_CLAIM: Final = """
    update notices
    set state = 'SENDING', attempts = attempts + 1, next_attempt_at = %(lease_ends_at)s
    where id = %(id)s and state in ('QUEUED', 'SENDING') and next_attempt_at <= %(now)s and expires_at > %(now)s
    returning id, kind, mailbox_id, address, words, scene, language, path, purpose, link_id, message_id, attempts,
        created_at
"""
_SENT: Final = "update notices set state = 'SENT', sent_at = %(now)s, last_error = null where id = %(id)s"
_FAIL: Final = "update notices set state = 'FAILED', last_error = %(words)s where id = %(id)s"
_WAIT: Final = """
    update notices set state = 'QUEUED', last_error = %(words)s, next_attempt_at = %(next_attempt_at)s
    where id = %(id)s and expires_at > %(next_attempt_at)s
"""
_EXPIRE: Final = """
    update notices set state = 'FAILED', last_error = coalesce(last_error, %(words)s)
    where state in ('QUEUED', 'SENDING') and expires_at <= %(now)s
"""
_DUE: Final = """
    select id from notices
    where state in ('QUEUED', 'SENDING') and next_attempt_at <= %(before)s
    order by next_attempt_at
    limit 1000
"""
