"""The mails about somebody's own address: to the new one, and to the one before."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from parlour import access
from parlour.access import Purpose
from parlour.email.notices.writing import Notice, write_notice
from parlour.email.wording import Kind
from parlour.foundation.database import Transaction
from parlour.foundation.installation import Installation

PAGE: Final = "/address"


async def send_address_link(tx: Transaction, user_id: UUID, name: str, email: str) -> None:
    """To the address that is to be confirmed. Whether it was sent is not told. Raises `Invalid`."""
    link_id = await access.ask_for_address(tx, user_id, email)
    if link_id is None:
        return
    await write_notice(
        tx,
        Notice(
            kind=Kind.ADDRESS_LINK,
            email=email.strip().lower(),
            name=name,
            path=PAGE,
            purpose=Purpose.ADDRESS,
            link_id=link_id,
            lasts=timedelta(hours=access.ADDRESS_HOURS),
        ),
    )


async def confirm_address(installation: Installation, text: str) -> tuple[UUID, UUID]:
    """The address is theirs; the one before is told. Gives organization and user. Raises `LinkOver`."""
    where = access.read_link(installation.signer, Purpose.ADDRESS, text)
    async with installation.database.transaction(where.organization_id) as tx:
        user, before = await access.confirm_address(tx, where.id)
        if before != user.email:
            await tell_of_new_address(tx, before, user.name)
    await access.announce(installation.cache, where.organization_id, user.id)
    return where.organization_id, user.id


async def tell_of_new_address(tx: Transaction, before: str, name: str) -> None:
    """To the one they had before, in case it was not they who wanted another."""
    await write_notice(tx, Notice(kind=Kind.ADDRESS_CHANGED, email=before, name=name))
