"""An organization's logo: looked at closely, drawn anew, kept encrypted like every other file."""

import asyncio
import importlib
import io
import secrets
import warnings
from contextlib import suppress
from functools import cache
from typing import Any, Final
from uuid import UUID

import msgspec

from parlour.foundation.database import Transaction
from parlour.foundation.errors import Invalid, NotFound
from parlour.foundation.storage import Blobs
from parlour.people.organizations import Organization, record_change, this_organization

MOST_BYTES: Final = 2 * 1024 * 1024
_MOST_PIXELS: Final = 24_000_000
"""As many as a camera's: unpacked they are a hundred megabytes for a moment, which is enough."""
_LEAST: Final = 16
_DRAWN: Final = 512
"""The longer side, as it is kept: four times of what any page shows."""
_KINDS: Final = ("PNG", "JPEG", "WEBP")
_BEGINNINGS: Final = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF")
_BYTES: Final = 16


class Logo(msgspec.Struct, frozen=True):
    """A picture that may be shown: PNG, as this program itself has drawn it."""

    name: str
    content: bytes


async def drawn(content: bytes) -> Logo:
    """The picture anew, so that nothing but the picture is left of the file. Raises `Invalid`.

    What a file calls itself says nothing: its bytes do.
    """
    if not content:
        raise _refused("Choose a picture first.")
    if len(content) > MOST_BYTES:
        raise _refused("That file is larger than 2 MB. Save the logo in a smaller size.")
    if not content.startswith(_BEGINNINGS):
        raise _refused("A logo is a PNG, JPEG or WebP picture. Save an SVG as PNG first.")
    return await asyncio.to_thread(_drawn, content)


async def set_logo(tx: Transaction, blobs: Blobs, logo: Logo) -> Organization:
    """The one of before stays where it was until `forget_logo`: pages that are open still show it."""
    await blobs.put(_key(tx.organization_id, logo.name), logo.content)
    return await _write(tx, logo.name)


async def remove_logo(tx: Transaction) -> Organization:
    return await _write(tx, None)


async def logo_of(blobs: Blobs, organization: Organization) -> bytes | None:
    """A PNG; None where there is none."""
    return await blobs.get(_key(organization.id, organization.logo)) if organization.logo else None


async def forget_logo(blobs: Blobs, before: Organization, after: Organization) -> None:
    """Once it is committed that there is another one, or none."""
    if before.logo and before.logo != after.logo:
        # After a restore of the rows alone it may not be there.
        with suppress(FileNotFoundError, NotFound):
            await blobs.delete(_key(before.id, before.logo))


async def _write(tx: Transaction, name: str | None) -> Organization:
    await tx.run("select 1 from organizations where id = %(id)s for update", id=tx.organization_id)
    before = await this_organization(tx)
    await tx.run("update organizations set logo = %(logo)s where id = %(id)s", id=tx.organization_id, logo=name)
    after = msgspec.structs.replace(before, logo=name)
    await record_change(tx, before, after)
    return after


def _drawn(content: bytes) -> Logo:
    pictures = _library("PIL.Image")
    try:
        with warnings.catch_warnings():
            # Only what is small enough is unpacked at all; the library's own bound is looser.
            warnings.simplefilter("ignore")
            with pictures.open(io.BytesIO(content), formats=_KINDS) as picture:
                _measure(*picture.size)
                picture.draft("RGB", (_DRAWN * 2, _DRAWN * 2))
                upright = _library("PIL.ImageOps").exif_transpose(picture).convert("RGBA")
    except Invalid:
        raise
    except Exception as broken:
        # Strangers' pictures break a reader in many ways, and all of them mean the same.
        raise _refused("That file is broken: no picture can be read from it. Save it anew, as PNG.") from broken
    upright.thumbnail((_DRAWN, _DRAWN))
    written = io.BytesIO()
    upright.save(written, "PNG", optimize=True)
    return Logo(secrets.token_hex(_BYTES), written.getvalue())


def _measure(width: int, height: int) -> None:
    if width * height > _MOST_PIXELS:
        raise _refused("That picture has more than 24 million pixels. Save the logo in a smaller size.")
    if min(width, height) < _LEAST:
        raise _refused("That picture is too small to be seen: 16 by 16 pixels at least.")


def _refused(why: str) -> Invalid:
    return Invalid(details={"logo": why})


def _key(organization_id: UUID, name: str) -> str:
    return f"{organization_id}/logo/{name}"


@cache
def _library(name: str) -> Any:
    # Needed when somebody brings a logo, which is seldom.
    return importlib.import_module(name)
