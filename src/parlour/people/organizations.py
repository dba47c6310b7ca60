"""Organizations: the tenants."""

import re
from datetime import UTC, datetime, tzinfo
from functools import cache
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import msgspec
from msgspec import UNSET, UnsetType

from parlour import audit
from parlour.audit import Act, Subject
from parlour.foundation import clock
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Invalid
from parlour.people.slugs import change_slug, check_slug, claim_slug

_COLOUR: Final = re.compile(r"#[0-9a-f]{6}")
_PARTS_OF_THE_WORLD: Final = (
    *("Africa/", "America/", "Antarctica/", "Arctic/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/"),
    "Pacific/",
)
"""Other names of the tz database are for machines, or are kept for old programs only."""


class Organization(msgspec.Struct, frozen=True):
    """A company whose customers write here. `colour` is `#rrggbb`; `host` is its portal's own name, if it has one."""

    id: UUID
    slug: str
    name: str
    colour: str
    host: str | None
    created_at: datetime
    time_zone: str
    """As the tz database names it; what the server writes for people is in it."""
    logo: str | None
    """Names the picture; another picture has another name."""


class OrganizationChanges(msgspec.Struct, frozen=True, kw_only=True):
    """What to change; what is unset stays."""

    name: str | UnsetType = UNSET
    slug: str | UnsetType = UNSET
    colour: str | UnsetType = UNSET
    time_zone: str | UnsetType = UNSET


COLUMNS: Final = "id, slug, name, colour, host, created_at, time_zone, logo"


async def insert_organization(tx: Transaction, name: str, slug: str) -> None:
    """The organization that the transaction was begun for. Raises `Invalid` or `SlugTaken`."""
    name = _checked_name(name)
    check_slug(slug)
    await claim_slug(tx, _FOUND, slug, id=tx.organization_id, name=name, created_at=clock.now())
    await tx.run("insert into ticket_counters (organization_id) values (%(id)s)", id=tx.organization_id)
    on = Subject("organization", tx.organization_id, name)
    await audit.record(tx, Act.ORGANIZATION_FOUNDED, on=on, details={"slug": slug})


async def this_organization(tx: Transaction) -> Organization:
    """The organization the transaction is inside of. Raises `NotFound`."""
    return await tx.one(Organization, f"select {COLUMNS} from organizations where id = %(id)s", id=tx.organization_id)


async def change_organization(tx: Transaction, changes: OrganizationChanges) -> Organization:
    """Raises `Invalid` where something can't be as it is wanted, `SlugTaken`."""
    # Two who change it at once take turns, so that each sees what it was.
    await tx.run("select 1 from organizations where id = %(id)s for update", id=tx.organization_id)
    before = await this_organization(tx)
    after = _changed(before, changes)
    if after.slug != before.slug:
        await change_slug(tx, before.slug, after.slug)
    await tx.run(
        """
        update organizations
        set name = %(name)s, colour = %(colour)s, time_zone = %(time_zone)s
        where id = %(id)s
        """,
        id=tx.organization_id,
        name=after.name,
        colour=after.colour,
        time_zone=after.time_zone,
    )
    await record_change(tx, before, after)
    return after


async def record_change(tx: Transaction, before: Organization, after: Organization) -> None:
    """What is different of it, in the audit trail."""
    details = audit.changes(*(msgspec.structs.asdict(each) for each in (before, after)))
    if details["after"]:
        await audit.record(
            tx, Act.ORGANIZATION_CHANGED, on=Subject("organization", after.id, after.name), details=details
        )


def zone_of(organization: Organization) -> tzinfo:
    """Its zone; UTC where this machine has not heard of it, for a mail must go out all the same."""
    try:
        return ZoneInfo(organization.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


@cache
def time_zones() -> list[str]:
    """Every zone there is, `UTC` and then by name."""
    return ["UTC", *sorted(name for name in available_timezones() if name.startswith(_PARTS_OF_THE_WORLD))]


def _changed(before: Organization, changes: OrganizationChanges) -> Organization:
    wanted = {name: value for name, value in msgspec.structs.asdict(changes).items() if value is not UNSET}
    after = msgspec.structs.replace(before, **wanted)
    colour = after.colour.lower()
    if not _COLOUR.fullmatch(colour):
        raise Invalid(details={"colour": "A colour is written #rrggbb, for example #3f5bd9."})
    if after.time_zone != before.time_zone and after.time_zone not in time_zones():
        raise Invalid(details={"timeZone": "Choose a time zone of the list, for example Europe/Berlin."})
    if after.slug != before.slug:
        check_slug(after.slug)
    return msgspec.structs.replace(after, name=_checked_name(after.name), colour=colour)


def _checked_name(name: str) -> str:
    if not 1 <= len(name.strip()) <= 120:
        raise Invalid(details={"name": "The organization's name has 1 to 120 characters."})
    return name.strip()


_FOUND: Final = """
    insert into organizations (id, slug, name, created_at, all_sealed)
    values (%(id)s, %(slug)s, %(name)s, %(created_at)s, true)
"""
