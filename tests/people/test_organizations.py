"""What an organization says of itself: short names and their past, zones, logos."""

import io
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from PIL import Image

from parlour import people
from parlour.foundation import clock
from parlour.foundation.errors import Invalid, NotFound
from parlour.people import Organization, OrganizationChanges, SlugTaken
from tests.builders import Company
from tests.pictures import picture

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


async def changed(company: Company, **changes: str) -> Organization:
    async with company.database.transaction(company.organization_id) as tx:
        return await people.change_organization(tx, OrganizationChanges(**changes))


async def known(company: Company) -> Organization:
    async with company.database.reading(company.organization_id) as tx:
        return await people.this_organization(tx)


async def leads_to(company: Company, slug: str) -> tuple[object, object]:
    doorways = company.database.doorways
    return await doorways.organization_by_slug(slug), await doorways.organization_by_former_slug(slug, clock.now())


async def test_a_short_name_of_before_leads_here_for_ninety_days(acme: Company) -> None:
    new = f"{acme.slug}-new"
    with clock.frozen(NOON):
        assert (await changed(acme, slug=new)).slug == new
        assert await leads_to(acme, acme.slug) == (None, acme.organization_id)
        assert await leads_to(acme, new) == (acme.organization_id, None)
    with clock.frozen(NOON + timedelta(days=90)):
        assert await leads_to(acme, acme.slug) == (None, None)


async def test_nobody_else_can_take_a_short_name_that_still_leads_somewhere(acme: Company, globex: Company) -> None:
    with clock.frozen(NOON):
        await changed(acme, slug=f"{acme.slug}-new")
        for taken in (acme.slug, f"{acme.slug}-new"):
            with pytest.raises(SlugTaken):
                await changed(globex, slug=taken)
        assert (await known(globex)).slug == globex.slug
    with clock.frozen(NOON + timedelta(days=91)):
        assert (await changed(globex, slug=acme.slug)).slug == acme.slug


async def test_an_organization_can_go_back_to_its_own_short_name(acme: Company) -> None:
    new = f"{acme.slug}-new"
    with clock.frozen(NOON):
        await changed(acme, slug=new)
        await changed(acme, slug=acme.slug)
        async with acme.database.reading(acme.organization_id) as tx:
            assert [one.slug for one in await people.former_slugs(tx)] == [new]


@pytest.mark.parametrize(
    ("field", "value"),
    [("slug", "No Spaces"), ("slug", "api"), ("colour", "red"), ("time_zone", "Europe/Atlantis"), ("name", "  ")],
)
async def test_what_cannot_be_is_refused_and_nothing_is_changed(field: str, value: str, acme: Company) -> None:
    before = await known(acme)
    with pytest.raises(Invalid):
        await changed(acme, **{"name": "Another", field: value})
    assert await known(acme) == before


async def test_a_zone_is_where_people_live(acme: Company) -> None:
    zones = people.time_zones()
    assert zones[0] == "UTC"
    assert {"Europe/Berlin", "America/Argentina/Ushuaia", "Asia/Kolkata"} <= set(zones)
    assert not [zone for zone in zones if zone.startswith(("Etc/", "posix", "US/"))]
    organization = await changed(acme, time_zone="Europe/Berlin")
    assert people.zone_of(organization) == ZoneInfo("Europe/Berlin")
    assert people.zone_of(msgspec.structs.replace(organization, time_zone="Europe/Atlantis")) is UTC


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
async def test_a_logo_is_drawn_anew_as_png(kind: str) -> None:
    logo = await people.drawn(picture(size=(1600, 400), kind=kind))
    with Image.open(io.BytesIO(logo.content)) as drawn:
        assert (drawn.format, drawn.size) == ("PNG", (512, 128))


async def test_nothing_but_the_picture_is_left_of_a_file() -> None:
    logo = await people.drawn(picture() + b"<script>alert(1)</script>")
    assert b"script" not in logo.content


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "Choose a picture first."),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "Save an SVG as PNG first."),
        (b"GIF89a" + bytes(40), "PNG, JPEG or WebP"),
        (b"\x89PNG\r\n\x1a\n" + bytes(40), "broken"),
        (picture()[:-30], "broken"),
        (picture(size=(8, 64)), "too small"),
        (picture(size=(6000, 5000)), "24 million pixels"),
        (picture() + bytes(2 * 1024 * 1024), "larger than 2 MB"),
    ],
)
async def test_what_is_no_logo_is_refused_in_words(content: bytes, words: str) -> None:
    with pytest.raises(Invalid) as refused:
        await people.drawn(content)
    assert words in str((refused.value.details or {})["logo"])


async def test_a_logo_lies_encrypted_and_another_takes_its_place(acme: Company) -> None:
    blobs = acme.installation.blobs
    teal, plum = await people.drawn(picture("teal")), await people.drawn(picture("plum"))
    before = await known(acme)
    assert await people.logo_of(blobs, before) is None
    async with acme.database.transaction(acme.organization_id) as tx:
        first = await people.set_logo(tx, blobs, teal)
    assert await blobs.key_version(f"{acme.organization_id}/logo/{teal.name}") is not None
    async with acme.database.transaction(acme.organization_id) as tx:
        second = await people.set_logo(tx, blobs, plum)
    await people.forget_logo(blobs, first, second)
    assert await people.logo_of(blobs, second) == plum.content
    with pytest.raises(NotFound):
        await people.logo_of(blobs, first)
