"""What the database alone can't show: a trail that is gone as a whole, or is put back as it truly once was."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import LiteralString
from uuid import UUID

import pytest

from parlour import audit
from parlour.foundation import clock
from parlour.foundation.errors import NotFound
from parlour.foundation.installation import Installation
from tests.audit.hand import TABLES, Hand, hand, verdict, write
from tests.audit.test_command import run
from tests.builders import Company, build_company

WIPED: tuple[LiteralString, ...] = (
    "delete from audit_records where organization_id = current_organization()",
    "delete from audit_trails where organization_id = current_organization()",
    "delete from audit_checkpoints where organization_id = current_organization()",
)


async def anchor(company: Company) -> None:
    await audit.anchor_trail(company.installation, company.organization_id)


async def put_back(url: str, company: Company, meanwhile: Callable[[], Awaitable[None]]) -> None:
    """Head, records and checkpoints as they are now, each with its true seal, after something has happened."""
    async with hand(url, company.organization_id) as one:
        for table in TABLES:
            await one.does(f"create temporary table was_{table} as select * from {table}")  # type: ignore[arg-type]
        await meanwhile_committed(one, company.organization_id, meanwhile)
        for statement in WIPED:
            await one.does(statement)
        for table in TABLES:
            await one.does(
                f"insert into {table} select * from was_{table} where organization_id = current_organization()"  # type: ignore[arg-type]
            )
            await one.does(f"drop table was_{table}")  # type: ignore[arg-type]


async def meanwhile_committed(one: Hand, organization_id: UUID, meanwhile: Callable[[], Awaitable[None]]) -> None:
    for table in TABLES:
        await one.does(f"alter table {table} enable trigger user")  # type: ignore[arg-type]
    await one._connection.commit()
    await meanwhile()
    for table in TABLES:
        await one.does(f"alter table {table} disable trigger user")  # type: ignore[arg-type]
    await one.does("select set_config('parlour.organization_id', %(id)s, true)", id=str(organization_id))


async def wiped(url: str, company: Company) -> None:
    async with hand(url, company.organization_id) as one:
        for statement in WIPED:
            await one.does(statement)


async def test_a_trail_that_is_gone_as_a_whole_is_not_whole(acme: Company, owner_database_url: str) -> None:
    await wiped(owner_database_url, acme)
    assert (await verdict(acme)).trouble == "record 1 is broken: the head of the trail is gone."


async def test_nor_is_one_that_begins_again_afterwards(acme: Company, owner_database_url: str) -> None:
    await wiped(owner_database_url, acme)
    await write(acme, "as if nothing had been")
    expected = "record 1 is broken: a trail begins with the founding of its organization."
    assert (await verdict(acme)).trouble == expected


async def test_an_earlier_head_put_back_is_found(acme: Company, owner_database_url: str) -> None:
    await write(acme, "kept")
    before = await verdict(acme)

    async def more() -> None:
        await write(acme, "to be hidden", "and this")
        await anchor(acme)

    await put_back(owner_database_url, acme, more)
    found = await verdict(acme)
    assert (found.last_position, found.last_hash) == (before.last_position, before.last_hash)
    last = before.last_position
    assert str(found.trouble).startswith(f"record {last + 1} is missing: the trail went on to {last + 2} at 20")


async def test_what_is_recorded_after_that_covers_nothing_up(acme: Company, owner_database_url: str) -> None:
    last = (await verdict(acme)).last_position

    async def more() -> None:
        await write(acme, "to be hidden", "and this")
        await anchor(acme)

    await put_back(owner_database_url, acme, more)
    await write(acme, "new", "newer", "newest")
    # The clock goes on, and the anchor stays where it is.
    await anchor(acme)
    assert str((await verdict(acme)).trouble).startswith(f"record {last + 2} is broken: another stood there at 20")


async def test_an_earlier_checkpoint_put_back_is_found(running: Installation, owner_database_url: str) -> None:
    """Its seal is true; what was removed under a later one is missing."""
    with clock.frozen(clock.now() - timedelta(days=3000)):
        acme = await build_company(running, "Acme")
    with clock.frozen(clock.now() - timedelta(days=1000)):
        await write(acme, "less old")
    async with acme.database.transaction(acme.organization_id) as tx:
        await audit.set_keep_days(tx, 2000)
    await audit.trim_trail(acme.installation, acme.organization_id)
    async with acme.database.transaction(acme.organization_id) as tx:
        await audit.set_keep_days(tx, 90)
    await audit.trim_trail(acme.installation, acme.organization_id)
    async with acme.database.reading(acme.organization_id) as tx:
        earlier, later = await tx.values("select position from audit_checkpoints order by position")
    assert (await verdict(acme)).is_whole
    async with hand(owner_database_url, acme.organization_id) as one:
        assert await one.does("delete from audit_checkpoints where position = %(later)s", later=later) == 1
    expected = f"record {earlier + 1} is missing: record {later + 1} comes in its place."
    assert (await verdict(acme)).trouble == expected


async def test_retention_past_an_anchor_leaves_a_trail_whole(running: Installation) -> None:
    with clock.frozen(clock.now() - timedelta(days=3000)):
        acme = await build_company(running, "Acme")
        await write(acme, "old")
        await anchor(acme)
    await write(acme, "new")
    assert (await verdict(acme)).is_whole
    await audit.trim_trail(acme.installation, acme.organization_id)
    assert (await verdict(acme)).is_whole
    await anchor(acme)
    await write(acme, "newer")
    assert (await verdict(acme)).is_whole


@pytest.mark.parametrize("forgery", ["changed", "another's", "nonsense"])
async def test_an_anchor_that_is_not_ours_is_none(acme: Company, globex: Company, forgery: str) -> None:
    for company in acme, globex:
        await anchor(company)
    name = "audit-anchors/{}.json"
    blobs = acme.installation.blobs
    own = await blobs.noted(name.format(acme.organization_id))
    put = {
        "changed": own.replace(b'"position":', b'"position":1'),
        "another's": await blobs.noted(name.format(globex.organization_id)),
        "nonsense": b"\xff{",
    }[forgery]
    await blobs.note(name.format(acme.organization_id), put)
    assert (await verdict(acme)).trouble == "the anchor of the trail is not sealed by this installation."
    # A new one takes its place, at a trail that is whole.
    await anchor(acme)
    assert (await verdict(acme)).is_whole


async def test_the_clock_anchors_what_has_moved_and_on_the_hour_everything(
    running: Installation, globex: Company
) -> None:
    with clock.frozen(clock.now() - timedelta(days=40)):
        acme = await build_company(running, "Acme")

    async def are_anchored(minute: int) -> list[bool]:
        with clock.frozen(clock.now().replace(minute=minute) + timedelta(hours=1)):
            await audit.anchor_trails(running)
        return [await is_anchored(company) for company in (acme, globex)]

    async def is_anchored(company: Company) -> bool:
        try:
            return bool(await running.blobs.noted(f"audit-anchors/{company.organization_id}.json"))
        except NotFound:
            return False

    assert await are_anchored(minute=10) == [False, True]
    assert await are_anchored(minute=0) == [True, True]


async def test_whoever_puts_a_backup_back_says_so(acme: Company, owner_database_url: str) -> None:
    async def more() -> None:
        await write(acme, "lost with the disk")
        await anchor(acme)

    await put_back(owner_database_url, acme, more)
    assert not (await verdict(acme)).is_whole
    code, said = await run(acme, "accept", "--organization", acme.slug)
    found = await verdict(acme)
    assert (code, said) == (
        0,
        f"whole  {acme.slug}: {found.records:,} records, the last is {found.last_position} "
        f"{found.last_hash.hex()[:16]}\n",
    )
    async with acme.database.reading(acme.organization_id) as tx:
        assert await tx.value("select act from audit_records order by position desc limit 1") == "TRAIL_ACCEPTED"
