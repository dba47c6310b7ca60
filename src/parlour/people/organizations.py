"""Organizations: the tenants."""

import re
from datetime import datetime
from uuid import UUID

import msgspec
from psycopg.errors import UniqueViolation

from parlour import audit
from parlour.audit import Act, Subject
from parlour.foundation import clock
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Conflict, Invalid

_SLUG = re.compile(r"[a-z0-9](-?[a-z0-9])*")
_COLOUR = re.compile(r"#[0-9a-f]{6}")
_RESERVED = frozenset(
    {"api", "dashboard", "portal", "static", "sign-in", "sign-up", "sign-out", "dev", "www", "metrics"}
)


class SlugTaken(Conflict):
    """Another organization has this short name already. Choose a different one."""


class Organization(msgspec.Struct, frozen=True):
    """A company whose customers write here. `colour` is `#rrggbb`; `host` is its portal's own name, if it has one."""

    id: UUID
    slug: str
    name: str
    colour: str
    host: str | None
    created_at: datetime


_COLUMNS = "id, slug, name, colour, host, created_at"


async def insert_organization(tx: Transaction, name: str, slug: str) -> None:
    """The organization that the transaction was begun for. Raises `Invalid` or `SlugTaken`."""
    _check_name(name)
    _check_slug(slug)
    try:
        async with tx.savepoint():
            await tx.run(
                """
                insert into organizations (id, slug, name, created_at, all_sealed)
                values (%(id)s, %(slug)s, %(name)s, %(created_at)s, true)
                """,
                id=tx.organization_id,
                slug=slug,
                name=name.strip(),
                created_at=clock.now(),
            )
    except UniqueViolation as taken:
        raise SlugTaken(details={"slug": SlugTaken.__doc__}) from taken
    await tx.run("insert into ticket_counters (organization_id) values (%(id)s)", id=tx.organization_id)
    on = Subject("organization", tx.organization_id, name.strip())
    await audit.record(tx, Act.ORGANIZATION_FOUNDED, on=on, details={"slug": slug})


async def this_organization(tx: Transaction) -> Organization:
    """The organization the transaction is inside of. Raises `NotFound`."""
    return await tx.one(Organization, f"select {_COLUMNS} from organizations where id = %(id)s", id=tx.organization_id)


async def change_organization(tx: Transaction, name: str, colour: str) -> Organization:
    """Raises `Invalid` where the name is empty or the colour is not `#rrggbb`."""
    _check_name(name)
    if not _COLOUR.fullmatch(colour.lower()):
        raise Invalid(details={"colour": "A colour is written #rrggbb, for example #3f5bd9."})
    before = await this_organization(tx)
    changed = await tx.one(
        Organization,
        f"update organizations set name = %(name)s, colour = %(colour)s where id = %(id)s returning {_COLUMNS}",
        id=tx.organization_id,
        name=name.strip(),
        colour=colour.lower(),
    )
    details = audit.changes(*(msgspec.structs.asdict(each) for each in (before, changed)))
    if details["after"]:
        on = Subject("organization", changed.id, changed.name)
        await audit.record(tx, Act.ORGANIZATION_CHANGED, on=on, details=details)
    return changed


def slug_from(name: str) -> str:
    """A short name made of a long one: `Acme & Sons Ltd` becomes `acme-sons-ltd`."""
    return "-".join(re.findall(r"[a-z0-9]+", name.lower()))[:60].strip("-")


def _check_name(name: str) -> None:
    if not 1 <= len(name.strip()) <= 120:
        raise Invalid(details={"name": "The organization's name has 1 to 120 characters."})


def _check_slug(slug: str) -> None:
    if not _SLUG.fullmatch(slug) or len(slug) > 60 or slug in _RESERVED:
        raise Invalid(details={"slug": "A short name has letters a to z, digits and single hyphens, 60 at most."})
