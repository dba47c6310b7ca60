"""Tags, and which tickets wear them."""

import hashlib
from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec
from psycopg.errors import UniqueViolation

from parlour.foundation import clock, ids
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Conflict, Invalid
from parlour.tickets.models import Tag

COLOURS: Final = ("grey", "red", "orange", "yellow", "green", "teal", "blue", "purple", "pink")
_MOST_TAGS: Final = 30


class TagNameTaken(Conflict):
    """There is a tag of this name already."""


class TagChange(msgspec.Struct, frozen=True):
    """Which tags a ticket got and lost."""

    added: tuple[UUID, ...]
    removed: tuple[UUID, ...]


async def tags(tx: Transaction) -> list[Tag]:
    """All of them, by name."""
    return await tx.all(Tag, "select id, name, colour from tags order by lower(name)")


async def find_tag(tx: Transaction, tag_id: UUID) -> Tag:
    """Raises `NotFound`."""
    return await tx.one(Tag, "select id, name, colour from tags where id = %(id)s", id=tag_id)


async def add_tag(tx: Transaction, name: str, colour: str | None = None) -> Tag:
    """Raises `Invalid` or `TagNameTaken`."""
    tag = Tag(ids.new(), _checked_name(name), _checked_colour(colour or _colour_for(name)))
    try:
        async with tx.savepoint():
            await tx.run(_INSERT, created_at=clock.now(), **msgspec.structs.asdict(tag))
    except UniqueViolation as taken:
        raise TagNameTaken(details={"name": TagNameTaken.__doc__}) from taken
    return tag


async def change_tag(tx: Transaction, tag: Tag, name: str, colour: str) -> Tag:
    """Raises `Invalid` or `TagNameTaken`."""
    changed = Tag(tag.id, _checked_name(name), _checked_colour(colour))
    try:
        async with tx.savepoint():
            await tx.run(
                "update tags set name = %(name)s, colour = %(colour)s where id = %(id)s",
                **msgspec.structs.asdict(changed),
            )
    except UniqueViolation as taken:
        raise TagNameTaken(details={"name": TagNameTaken.__doc__}) from taken
    return changed


async def remove_tag(tx: Transaction, tag: Tag) -> None:
    """Tickets lose it."""
    await tx.run("delete from tags where id = %(id)s", id=tag.id)


async def set_tags(tx: Transaction, ticket_id: UUID, names: Sequence[str]) -> TagChange:
    """Exactly these tags; a new name makes a new tag. Raises `Invalid`."""
    wanted = {name.lower(): name for name in map(_checked_name, names)}
    if len(wanted) > _MOST_TAGS:
        raise Invalid(details={"tags": f"A ticket wears at most {_MOST_TAGS} tags."})
    for name in wanted.values():
        tag = Tag(ids.new(), name, _colour_for(name))
        await tx.run(f"{_INSERT} on conflict do nothing", created_at=clock.now(), **msgspec.structs.asdict(tag))
    removed = await tx.values(
        """
        delete from ticket_tags worn using tags tag
        where tag.organization_id = worn.organization_id and tag.id = worn.tag_id
            and worn.ticket_id = %(ticket_id)s and lower(tag.name) <> all(%(names)s)
        returning worn.tag_id
        """,
        ticket_id=ticket_id,
        names=list(wanted),
    )
    added = await tx.values(
        """
        insert into ticket_tags (organization_id, ticket_id, tag_id)
        select organization_id, %(ticket_id)s, id from tags where lower(name) = any(%(names)s)
        on conflict do nothing
        returning tag_id
        """,
        ticket_id=ticket_id,
        names=list(wanted),
    )
    return TagChange(tuple(added), tuple(removed))


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not 1 <= len(name) <= 50:
        raise Invalid(details={"tags": "A tag's name has 1 to 50 characters."})
    return name


def _checked_colour(colour: str) -> str:
    if colour not in COLOURS:
        raise Invalid(details={"colour": f"A tag's colour is one of {', '.join(COLOURS)}."})
    return colour


def _colour_for(name: str) -> str:
    # The same name gets the same colour, in every organization.
    return COLOURS[1 + hashlib.sha256(name.lower().encode()).digest()[0] % (len(COLOURS) - 1)]


_INSERT = """
    insert into tags (organization_id, id, name, colour, created_at)
    values (current_organization(), %(id)s, %(name)s, %(colour)s, %(created_at)s)
"""
