"""Closing an organization: from the day an administrator asks for its deletion only administrators come in."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from parlour import audit
from parlour.audit import Act, Subject
from parlour.foundation import clock
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Conflict, Gone, Invalid
from parlour.people.actor import Actor
from parlour.people.organizations import Organization, this_organization


class OrganizationClosed(Gone):
    """This organization is closed, and will be deleted. Until then its administrators can open it again."""


class ClosedAlready(Conflict):
    """Somebody has asked for this already."""


class NotClosed(Conflict):
    """Nobody has asked for the deletion of this organization."""


class TooLate(Conflict):
    """The organization is being erased: there is no way back any more."""


class Closing(msgspec.Struct, frozen=True):
    """When it was asked for, by whom, and when everything will be erased. `asked_by` is None: by the installation."""

    asked_at: datetime
    asked_by: UUID | None
    asked_by_name: str
    erase_at: datetime
    erasing_since: datetime | None


async def closing_of(tx: Transaction) -> Closing | None:
    """None where the organization is open."""
    return await tx.maybe(Closing, _SELECT)


async def close(tx: Transaction, written_slug: str, days: int, *, by: Actor) -> Closing:
    """Everything is to be erased after so many days. `written_slug` is the short name, as it was typed to be sure.

    Raises `Invalid` where that is another one, `ClosedAlready`.
    """
    organization = await this_organization(tx)
    if written_slug.strip() != organization.slug:
        raise Invalid(details={"slug": f"Write {organization.slug} to say that you mean this organization."})
    asked = await _write(tx, by.user_id, by.name, clock.now() + timedelta(days=days))
    if asked is None:
        raise ClosedAlready()
    details = {"eraseAt": asked.erase_at.isoformat()}
    await audit.record(tx, Act.DELETION_ASKED, by=by, on=_subject(organization), details=details)
    return asked


async def close_at_once(tx: Transaction, who: str) -> Closing:
    """By the installation itself, whatever was asked before: what follows is the erasing."""
    await _write(tx, None, who, clock.now())
    await tx.run("update closings set erase_at = least(erase_at, %(now)s)", now=clock.now())
    return await tx.one(Closing, _SELECT)


async def open_again(tx: Transaction, *, by: Actor) -> None:
    """Everything is as it was. Raises `NotClosed`, or `TooLate`."""
    closing = await tx.maybe(Closing, f"{_SELECT} for update")
    if closing is None:
        raise NotClosed()
    if closing.erasing_since:
        raise TooLate()
    await tx.run("delete from closings")
    await audit.record(tx, Act.DELETION_CALLED_OFF, by=by, on=_subject(await this_organization(tx)))


async def _write(tx: Transaction, by: UUID | None, name: str, erase_at: datetime) -> Closing | None:
    return await tx.maybe(
        Closing,
        """
        insert into closings (organization_id, asked_at, asked_by, asked_by_name, erase_at)
        values (current_organization(), %(now)s, %(by)s, %(name)s, %(erase_at)s)
        on conflict do nothing
        returning asked_at, asked_by, asked_by_name, erase_at, erasing_since
        """,
        now=clock.now(),
        by=by,
        name=name,
        erase_at=erase_at,
    )


def _subject(organization: Organization) -> Subject:
    return Subject("organization", organization.id, organization.name)


_SELECT = "select asked_at, asked_by, asked_by_name, erase_at, erasing_since from closings"
