"""A company with a mailbox on the twin of a mail server."""

from contextlib import AbstractAsyncContextManager

import msgspec

from parlour.email.mailboxes import (
    Begin,
    ImapSettings,
    Kind,
    Mailbox,
    MailboxChanges,
    NewMailbox,
    change_mailbox,
    set_up_mailbox,
)
from parlour.email.servers import Security
from parlour.foundation.installation import Installation
from parlour.listeners import imap
from tests.builders import Company
from tests.imap_twin import ImapTwin


class Row(msgspec.Struct):
    outcome: str | None
    reason: str | None
    envelope_sender: str
    envelope_recipients: list[str]
    source: str
    blob_key: str


class State(msgspec.Struct):
    uid_validity: int | None
    last_uid: int
    failures: int
    trouble: str | None
    words: str | None
    behind: int


class Desk:
    """A company with a mailbox on the twin, and what its ledger holds."""

    def __init__(self, company: Company, twin: ImapTwin) -> None:
        self.company = company
        self.twin = twin
        quick = {
            "private_hosts": "allow",
            "imap_retry_seconds": 0.02,
            "imap_poll_seconds": 0.05,
            "worker_stalled_after": 1.5,
            "worker_heartbeat": 0.1,
            "mail_size_limit": 100_000,
        }
        settings = company.installation.settings.model_copy(update=quick)
        self.installation: Installation = msgspec.structs.replace(company.installation, settings=settings)

    async def mailbox(self, begin: Begin = Begin.NEW, **more: object) -> Mailbox:
        server = ImapSettings(host="127.0.0.1", port=self.twin.port, security=Security.NONE, begin=begin)
        new = NewMailbox(
            address=f"support@{self.company.slug}.test",
            kind=Kind.IMAP,
            imap=server,
            secrets={"imap_password": self.twin.password},
            **more,
        )
        async with self.company.database.transaction(self.company.organization_id) as tx:
            return await set_up_mailbox(tx, self.installation.sealer, new)

    async def change(self, mailbox: Mailbox, **changes: object) -> Mailbox:
        async with self.company.database.transaction(self.company.organization_id) as tx:
            return await change_mailbox(tx, self.installation.sealer, mailbox, MailboxChanges(**changes))

    def fetching(self) -> AbstractAsyncContextManager[imap.Fetchers]:
        return imap.fetching(self.installation)

    async def rows(self) -> list[Row]:
        async with self.company.database.reading(self.company.organization_id) as tx:
            return await tx.all(
                Row,
                """
                select outcome, reason, envelope_sender, envelope_recipients, source, blob_key
                from inbound_messages order by id
                """,
            )

    async def subjects(self) -> list[str]:
        """Of all messages in the ledger, sorted."""
        raws = [await self.installation.blobs.get(row.blob_key) for row in await self.rows()]
        return sorted(raw.partition(b"Subject: ")[2].partition(b"\r\n")[0].decode() for raw in raws)

    async def has(self, *subjects: str) -> bool:
        return await self.subjects() == sorted(subjects)

    async def state(self) -> State:
        async with self.company.database.reading(self.company.organization_id) as tx:
            return await tx.one(
                State, "select uid_validity, last_uid, failures, trouble, words, behind from mailbox_states"
            )

    async def trouble(self) -> str | None:
        return (await self.state()).words


def mail(subject: str, text: str = "Hello", more: str = "") -> bytes:
    head = f"From: Carol <carol@customer.test>\nSubject: {subject}\nMessage-ID: <{subject}@customer.test>"
    raw = f"{head}\n{more}\n{text}\n"
    return raw.replace("\n", "\r\n").encode()
