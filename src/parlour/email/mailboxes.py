"""Mailboxes: the addresses customers write to."""

from datetime import datetime
from uuid import UUID

import msgspec
from psycopg.errors import UniqueViolation

from parlour import people
from parlour.foundation import clock, ids
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Conflict


class MailboxTaken(Conflict):
    """Another mailbox has this address already. Choose a different one."""


class Mailbox(msgspec.Struct, frozen=True):
    """An address of the organization. Mail to it opens tickets in its department, where it has one."""

    id: UUID
    address: str
    name: str
    department_id: UUID | None
    created_at: datetime


_COLUMNS = "id, address, name, department_id, created_at"


async def add_mailbox(tx: Transaction, address: str, name: str = "", department_id: UUID | None = None) -> Mailbox:
    """Raises `Invalid` where it is no address, `MailboxTaken` where any organization has it."""
    try:
        async with tx.savepoint():
            return await tx.one(
                Mailbox,
                f"""
                insert into mailboxes (organization_id, id, address, name, department_id, created_at)
                values (current_organization(), %(id)s, %(address)s, %(name)s, %(department_id)s, %(created_at)s)
                returning {_COLUMNS}
                """,
                id=ids.new(),
                address=people.normal_email(address),
                name=name.strip(),
                department_id=department_id,
                created_at=clock.now(),
            )
    except UniqueViolation as taken:
        raise MailboxTaken(details={"address": MailboxTaken.__doc__}) from taken


async def mailboxes(tx: Transaction) -> list[Mailbox]:
    """All of them, the oldest first."""
    return await tx.all(Mailbox, f"select {_COLUMNS} from mailboxes order by id")
