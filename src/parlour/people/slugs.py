"""An organization's short name in addresses: what it may be, and how long an earlier one still leads here."""

import re
from datetime import datetime, timedelta
from typing import Final

import msgspec
from psycopg.errors import UniqueViolation

from parlour.foundation import clock
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Conflict, Invalid

LEADS_HERE_FOR: Final = timedelta(days=90)
"""An earlier short name: links in mails that were sent lie in mailboxes for long."""
_SLUG: Final = re.compile(r"[a-z0-9](-?[a-z0-9])*")
_RESERVED: Final = frozenset(
    {"api", "dashboard", "portal", "static", "sign-in", "sign-up", "sign-out", "dev", "www", "metrics"}
)


class SlugTaken(Conflict):
    """Another organization has this short name already. Choose a different one."""


class FormerSlug(msgspec.Struct, frozen=True):
    """A short name of before."""

    slug: str
    until: datetime


def slug_from(name: str) -> str:
    """A short name made of a long one: `Acme & Sons Ltd` becomes `acme-sons-ltd`."""
    return "-".join(re.findall(r"[a-z0-9]+", name.lower()))[:60].strip("-")


def check_slug(slug: str) -> None:
    """Raises `Invalid`."""
    if not _SLUG.fullmatch(slug) or len(slug) > 60 or slug in _RESERVED:
        raise Invalid(details={"slug": "A short name has letters a to z, digits and single hyphens, 60 at most."})


async def claim_slug(tx: Transaction, write: str, slug: str, **values: object) -> None:
    """Run the statement that gives the organization this short name. Raises `SlugTaken`."""
    try:
        async with tx.savepoint():
            await tx.run(write, slug=slug, **values)
            # Only now: whoever gave it up a moment ago has been waited for, and is to be seen.
            if await tx.value(_ANOTHERS, slug=slug, now=clock.now()):
                raise SlugTaken(details={"slug": SlugTaken.__doc__})
    except UniqueViolation as taken:
        raise SlugTaken(details={"slug": SlugTaken.__doc__}) from taken


async def change_slug(tx: Transaction, before: str, slug: str) -> None:
    """The one of before leads here for a while, and is nobody else's until then. Raises `Invalid`, `SlugTaken`."""
    check_slug(slug)
    # What is over is forgotten here, where it might be in the way.
    await tx.run("delete from former_slugs where slug = %(slug)s or until <= %(now)s", slug=slug, now=clock.now())
    await claim_slug(tx, "update organizations set slug = %(slug)s where id = current_organization()", slug)
    await tx.run(_LEAVE, slug=before, until=clock.now() + LEADS_HERE_FOR)


async def former_slugs(tx: Transaction) -> list[FormerSlug]:
    """Those that still lead here, the latest first."""
    return await tx.all(
        FormerSlug,
        "select slug, until from former_slugs where until > %(now)s order by until desc, slug",
        now=clock.now(),
    )


_ANOTHERS: Final = """
    select exists (
        select 1 from doorway_organization_by_former_slug(%(slug)s, %(now)s) id where id <> current_organization()
        union all
        select 1 from doorway_erasure_by_slug(%(slug)s, %(now)s)
    )
"""
_LEAVE: Final = """
    insert into former_slugs (organization_id, slug, until)
    values (current_organization(), %(slug)s, %(until)s)
"""
