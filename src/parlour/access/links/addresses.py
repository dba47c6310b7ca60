"""One's own address: shown to be read by whoever says it is theirs, before it counts."""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from psycopg.errors import UniqueViolation

from parlour import audit, people
from parlour.access.links.keeping import LinkOver, Purpose, end_links, find_link, make_link, read_link, use_link
from parlour.audit import Act
from parlour.foundation import ids
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Forbidden
from parlour.foundation.installation import Installation
from parlour.people import Actor, Organization, User


class ConfirmYourAddress(Forbidden):
    """Confirm your own address first: open the link we sent you. Your profile sends it again."""


class NewAddress(msgspec.Struct, frozen=True):
    """What a link leads to: an address for somebody, who has another one or none confirmed so far."""

    organization: Organization
    user: User
    email: str


async def ask_for_address(tx: Transaction, user_id: UUID, email: str) -> UUID | None:
    """A link to be sent to that address. None where somebody else has it, which the asker is not told, or where enough
    are under way. Raises `Invalid`.
    """
    address = people.normal_email(email)
    user = await people.find_user(tx, user_id)
    known = await people.user_by_email(tx, address)
    if known and known.id != user.id:
        return None
    link_id = ids.new()
    made = await make_link(tx, link_id, msgspec.structs.replace(user, email=address), Purpose.ADDRESS)
    return link_id if made else None


async def address_by_link(installation: Installation, text: str) -> NewAddress:
    """Nothing is used up, however often somebody looks. Raises `LinkOver`."""
    where = read_link(installation.signer, Purpose.ADDRESS, text)
    async with installation.database.reading(where.organization_id) as tx:
        link = await find_link(tx, where.id, Purpose.ADDRESS)
        user = await people.find_user(tx, link.user_id)
        return NewAddress(await people.this_organization(tx), user, link.email)


async def confirm_address(tx: Transaction, link_id: UUID) -> tuple[User, str]:
    """It is theirs from now on. Gives the user, and the address they had before. Raises `LinkOver`."""
    link = await use_link(tx, link_id, Purpose.ADDRESS)
    user = await people.find_user(tx, link.user_id)
    try:
        async with tx.savepoint():
            await tx.run(_CONFIRM, id=user.id, email=link.email)
    except UniqueViolation as taken:
        # Somebody else came to have it meanwhile.
        raise LinkOver() from taken
    # What was sent to the old address opens nothing any more.
    await end_links(tx, user.id)
    changed = msgspec.structs.replace(user, email=link.email)
    details = audit.changes({"email": user.email}, {"email": changed.email})
    await audit.record(tx, Act.ADDRESS_CONFIRMED, on=people.subject_of(changed), details=details)
    return changed, user.email


async def is_unconfirmed(tx: Transaction, user_id: UUID) -> bool:
    """Whether they signed an organization up and have not shown yet that their address is theirs."""
    since: datetime | None = await tx.value("select unconfirmed_since from users where id = %(id)s", id=user_id)
    return since is not None


async def must_be_confirmed(tx: Transaction, actor: Actor) -> None:
    """Raises `ConfirmYourAddress`: whoever may be anybody has us write to no stranger."""
    if await is_unconfirmed(tx, actor.user_id):
        raise ConfirmYourAddress()


_CONFIRM: Final = "update users set email = %(email)s, unconfirmed_since = null where id = %(id)s"
