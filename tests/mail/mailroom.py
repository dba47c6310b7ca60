"""A company whose mailbox is on a real Dovecot, and the worker that reads it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from parlour import tickets
from parlour.email.mailboxes import (
    ImapSettings,
    Kind,
    Mailbox,
    MailboxChanges,
    NewMailbox,
    change_mailbox,
    set_up_mailbox,
)
from parlour.email.servers import Security
from parlour.tickets import Filter, Span, Ticket
from tests.builders import Company
from tests.journeys.background import Background, background
from tests.mail.dovecot import PASSWORD, Dovecot
from tests.mail.wire import Wire, wire
from tests.waiting import until


class Account(msgspec.Struct):
    """What the ledger says of a mailbox."""

    seen: int
    accounted: int
    admitted: int


class State(msgspec.Struct):
    """How a mailbox is doing."""

    failures: int
    trouble: str | None
    words: str | None
    last_uid: int


class Mailroom:
    """What a test does to a mailbox that is read."""

    def __init__(self, company: Company, dovecot: Dovecot, line: Wire, worker: Background) -> None:
        self.company = company
        self.dovecot = dovecot
        self.line = line
        self.worker = worker
        self.address = f"support@{company.slug}.test"
        dovecot.mailbox(self.address)

    @property
    def plain(self) -> ImapSettings:
        """How the mailbox is reached over the wire that can be cut."""
        return ImapSettings(host="127.0.0.1", port=self.line.port, security=Security.NONE)

    async def set_up(self, imap: ImapSettings | None = None, **secrets: str) -> Mailbox:
        """From now on it is read."""
        company = self.company
        new = NewMailbox(
            address=self.address,
            kind=Kind.IMAP,
            imap=imap or self.plain,
            secrets=secrets or {"imap_password": PASSWORD},
        )
        async with company.database.transaction(company.organization_id) as tx:
            return await set_up_mailbox(tx, company.installation.sealer, new)

    async def change(self, mailbox: Mailbox, **changes: Any) -> None:
        company = self.company
        async with company.database.transaction(company.organization_id) as tx:
            await change_mailbox(tx, company.installation.sealer, mailbox, MailboxChanges(**changes))

    async def deliver(self, *mails: bytes) -> None:
        await asyncio.to_thread(self.dovecot.deliver, self.address, *mails)

    async def tickets(self, count: int, within: float = 20) -> list[Ticket]:
        """All of them, once there are so many."""

        async def enough() -> list[Ticket]:
            async with self.company.database.reading(self.company.organization_id) as tx:
                page = await tickets.list_page(tx, Filter(), seen_by=self.company.alice, limit=100)
                return list(page.tickets) if len(page.tickets) >= count else []

        return await until(enough, within)

    async def texts(self, ticket: Ticket) -> list[str]:
        async with self.company.database.reading(self.company.organization_id) as tx:
            return [one.text for one in await tickets.comments(tx, ticket, Span(), seen_by=self.company.alice)]

    async def account(self) -> Account:
        async with self.company.database.reading(self.company.organization_id) as tx:
            return await tx.one(
                Account,
                """
                select count(*) as seen, count(processed_at) as accounted,
                    count(*) filter (where outcome = 'ADMITTED') as admitted
                from inbound_messages
                """,
            )

    async def state(self, mailbox_id: UUID) -> State:
        async with self.company.database.reading(self.company.organization_id) as tx:
            return await tx.one(
                State,
                "select failures, trouble, words, last_uid from mailbox_states where mailbox_id = %(id)s",
                id=mailbox_id,
            )

    async def is_read_up_to(self, mailbox: Mailbox, uid: int) -> None:
        """Returns once the worker has got so far."""

        async def so_far() -> bool:
            return (await self.state(mailbox.id)).last_uid >= uid

        await until(so_far)

    async def trouble(self, mailbox: Mailbox) -> State:
        """What is wrong, once something is."""

        async def wrong() -> State | None:
            state = await self.state(mailbox.id)
            return state if state.failures else None

        return await until(wrong)


@asynccontextmanager
async def mailroom(company: Company, dovecot: Dovecot, log: Path, **environment: str) -> AsyncIterator[Mailroom]:
    """A worker that looks for mailboxes to read, with short waits."""
    quick = {
        "PARLOUR_PRIVATE_HOSTS": "allow",
        "PARLOUR_MAIL_CA_FILE": str(dovecot.certificate),
        "PARLOUR_IMAP_RETRY_SECONDS": "0.1",
    }
    async with (
        wire(dovecot.imap_port) as line,
        background(company.installation, "", log, **quick, **environment) as worker,
    ):
        yield Mailroom(company, dovecot, line, worker)


def letter(number: int, more: str = "") -> bytes:
    """One of Carol's many matters."""
    return (
        f"From: Carol <carol@customer.test>\r\nSubject: Matter {number}\r\nMessage-ID: <{number}@customer.test>\r\n"
        f"{more}\r\nWords {number}.\r\n"
    ).encode()
