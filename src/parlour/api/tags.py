"""Tags: words that group tickets."""

from typing import Annotated, Literal
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from parlour import tickets
from parlour.api import shapes
from parlour.api.conventions import Body
from parlour.api.operations import Answer, operation
from parlour.entrance import Request
from parlour.people import Permission

TagName = Annotated[str, Meta(min_length=1, max_length=50, examples=["billing"])]
Colour = Literal["grey", "red", "orange", "yellow", "green", "teal", "blue", "purple", "pink"]


class NewTag(Body, frozen=True, kw_only=True):
    """A tag to add. Without a colour it gets one that follows from its name."""

    name: TagName
    colour: Colour | None = None


class TagChanges(Body, frozen=True, kw_only=True):
    """What to change; what is left out stays."""

    name: TagName | UnsetType = UNSET
    colour: Colour | UnsetType = UNSET


class Tags(shapes.Shape, frozen=True):
    """All of them, by name."""

    items: list[shapes.Tag]


@operation("GET /tags", Permission.READ_TAGS)
async def list_tags(request: Request) -> Tags:
    """List tags"""
    async with request.reading() as tx:
        return Tags([shapes.as_tag(tag) for tag in await tickets.tags(tx)])


@operation("POST /tags", Permission.MANAGE_TAGS, status=201, example={"name": "billing", "colour": "green"})
async def add_tag(request: Request, body: NewTag) -> Answer[shapes.Tag]:
    """Add a tag"""
    async with request.transaction() as tx:
        tag = await tickets.add_tag(tx, body.name, body.colour)
    return Answer(shapes.as_tag(tag))


@operation("PUT /tags/{id}", Permission.MANAGE_TAGS, example={"colour": "teal"})
async def change_tag(request: Request, id: UUID, body: TagChanges) -> shapes.Tag:  # noqa: A002
    """Change a tag

    Every ticket that wears it shows the change.
    """
    async with request.transaction() as tx:
        tag = await tickets.find_tag(tx, id)
        name = tag.name if body.name is UNSET else body.name
        colour = tag.colour if body.colour is UNSET else body.colour
        return shapes.as_tag(await tickets.change_tag(tx, tag, name, colour))


@operation("DELETE /tags/{id}", Permission.MANAGE_TAGS, status=204)
async def remove_tag(request: Request, id: UUID) -> None:  # noqa: A002
    """Remove a tag

    Tickets lose it.
    """
    async with request.transaction() as tx:
        await tickets.remove_tag(tx, await tickets.find_tag(tx, id))
