"""Deleting the organization: asked for, looked at, called off."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from parlour import access, erasure, people
from parlour.api import shapes
from parlour.api.conventions import Body
from parlour.api.operations import operation
from parlour.entrance import Request
from parlour.people import Permission


class NewDeletion(Body, frozen=True, kw_only=True):
    """The organization's short name, to say that it is meant."""

    slug: Annotated[str, Meta(max_length=60, examples=["acme-coffee"])]


class Deletion(shapes.Shape, frozen=True):
    """Since when the organization is closed, and when everything in it is erased; `null` while nobody asks for that."""

    asked_at: datetime | None = None
    asked_by: Annotated[str | None, Meta(description="Their name.")] = None
    erase_at: datetime | None = None


@operation("GET /organization/deletion", Permission.DELETE_ORGANIZATION)
async def read_deletion(request: Request) -> Deletion:
    """Read whether the organization is to be deleted"""
    async with request.reading() as tx:
        closing = await people.closing_of(tx)
    return _as_deletion(closing) if closing else Deletion()


@operation(
    "POST /organization/deletion",
    Permission.DELETE_ORGANIZATION,
    status=201,
    fresh=True,
    example={"slug": "acme-coffee"},
)
async def ask_for_deletion(request: Request, body: NewDeletion) -> Deletion:
    """Ask for the organization's deletion

    It is closed at once for everybody but administrators, mail to it is refused, and after some days everything in it
    is erased for good. Until then any administrator may call it off.
    """
    days = request.installation.settings.erase_after_days
    async with request.transaction() as tx:
        closing = await erasure.close_for_deletion(tx, body.slug, days, by=request.actor)
    await access.announce(request.installation.cache, request.actor.organization_id, None)
    return _as_deletion(closing)


@operation("DELETE /organization/deletion", Permission.DELETE_ORGANIZATION, status=204)
async def call_off_deletion(request: Request) -> None:
    """Call the organization's deletion off

    It is open again at once.
    """
    async with request.transaction() as tx:
        await erasure.call_off(tx, by=request.actor)
    await access.announce(request.installation.cache, request.actor.organization_id, None)


def _as_deletion(closing: people.Closing) -> Deletion:
    return Deletion(closing.asked_at, closing.asked_by_name, closing.erase_at)
