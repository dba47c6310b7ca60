"""What is old is removed under a seal, and nothing else is."""

import asyncio
import os
import signal
import sys
from datetime import timedelta

import pytest
import pytest_asyncio
from psycopg.errors import InsufficientPrivilege

from parlour import audit
from parlour.foundation import clock
from parlour.foundation.errors import Invalid
from parlour.foundation.installation import Installation
from tests.audit.hand import hand, verdict, write
from tests.audit.reading import rows
from tests.builders import Company, build_company


@pytest_asyncio.fixture(loop_scope="session")
async def acme(running: Installation) -> Company:
    """Founded long ago: its trail begins with what nobody keeps any more."""
    with clock.frozen(clock.now() - timedelta(days=3000)):
        return await build_company(running, "Acme")


async def grow_old(company: Company, days: int, *labels: str) -> None:
    """Records that were written so many days ago."""
    with clock.frozen(clock.now() - timedelta(days=days)):
        await write(company, *labels)


async def kept(company: Company) -> list[str | None]:
    return [row.subject_label for row in await rows(company) if row.act == "ROLE_CHANGED"]


async def test_what_is_older_than_two_years_goes_and_the_rest_is_still_whole(acme: Company, globex: Company) -> None:
    await grow_old(acme, 731, "old", "older than kept")
    await grow_old(acme, 729, "still kept")
    await grow_old(globex, 100, "theirs")
    theirs = await rows(globex)
    gone = [row.position for row in await rows(acme)][:-1]
    await audit.trim_trail(acme.installation, acme.organization_id)
    assert await kept(acme) == ["still kept"]
    trimmed = (await rows(acme))[-1]
    assert (trimmed.act, trimmed.actor_id) == ("TRAIL_TRIMMED", None)
    assert (trimmed.details["up_to"], trimmed.details["removed"]) == (gone[-1], len(gone))
    assert (await verdict(acme)).is_whole
    assert await rows(globex) == theirs
    # Nothing more is to be done, and nothing more is written.
    await audit.trim_trail(acme.installation, acme.organization_id)
    assert (await rows(acme))[-1] == trimmed


async def test_the_clock_queues_it_for_those_who_have_something_old(acme: Company, globex: Company) -> None:
    await grow_old(acme, 731, "old")
    await write(globex, "new")
    await audit.trim_trails(acme.installation)
    queued = "select count(*) from procrastinate_jobs where lock = %(lock)s and task_name = 'audit.trim_trail'"
    for company, jobs in (acme, 1), (globex, 0):
        async with company.database.reading(company.organization_id) as tx:
            assert await tx.value(queued, lock=f"audit:{company.organization_id}") == jobs


async def test_a_whole_trail_may_grow_old_twice(acme: Company) -> None:
    await grow_old(acme, 2000, *[f"record {number}" for number in range(5)])
    await audit.trim_trail(acme.installation, acme.organization_id)
    await write(acme, "new")
    assert [row.act for row in await rows(acme)] == ["TRAIL_TRIMMED", "ROLE_CHANGED"]
    found = await verdict(acme)
    assert (found.trouble, found.records) == (None, 2)
    # The database knows what time it is: these are not old.
    with clock.frozen(clock.now() + timedelta(days=800)), pytest.raises(InsufficientPrivilege):
        await audit.trim_trail(acme.installation, acme.organization_id)
    assert await verdict(acme) == found


async def test_after_retention_a_deletion_by_hand_is_still_found(acme: Company, owner_database_url: str) -> None:
    await grow_old(acme, 1000, "old")
    await write(acme, "first", "second", "third")
    await audit.trim_trail(acme.installation, acme.organization_id)
    first = next(row.position for row in await rows(acme))
    async with hand(owner_database_url, acme.organization_id) as one:
        assert await one.does("delete from audit_records where position = %(first)s", first=first) == 1
    assert (await verdict(acme)).trouble == f"record {first} is missing: record {first + 1} comes in its place."


async def test_what_was_removed_can_not_be_put_back(acme: Company, owner_database_url: str) -> None:
    await grow_old(acme, 1000, "old")
    await write(acme, "new")
    async with hand(owner_database_url, acme.organization_id) as one:
        await one.does("create temporary table saved as select * from audit_records where subject_label = 'old'")
        await one.does("grant all on saved to public")
        await one._connection.commit()
        await audit.trim_trail(acme.installation, acme.organization_id)
        await one.does(
            "select set_config('parlour.organization_id', %(id)s, true)",
            id=str(acme.organization_id),
        )
        for table in ("audit_records",):
            await one.does(f"alter table {table} disable trigger user")
        await one.does(
            "insert into audit_records select * from saved where organization_id = current_organization() limit 1"
        )
    assert "should have been removed" in str((await verdict(acme)).trouble)


async def test_the_doorway_removes_nothing_young_whatever_it_is_told(acme: Company) -> None:
    await write(acme, "young")
    before = await rows(acme)
    with pytest.raises(InsufficientPrivilege, match="too young"):
        async with acme.database.transaction(acme.organization_id) as tx:
            await tx.run(
                "select doorway_forget_audit_records(%(up_to)s, %(hash)s, now(), 'x', %(hash)s)",
                up_to=before[-1].position,
                hash=bytes(32),
            )
    assert await rows(acme) == before


async def test_what_somebody_removes_through_the_doorway_without_the_key_is_found(acme: Company) -> None:
    await grow_old(acme, 1000, "old")
    await write(acme, "new")
    position = (await rows(acme))[0].position
    async with acme.database.transaction(acme.organization_id) as tx:
        await tx.run(
            "select doorway_forget_audit_records(%(up_to)s, %(hash)s, now(), 'x', %(hash)s)",
            up_to=position,
            hash=bytes(32),
        )
    assert str((await verdict(acme)).trouble).startswith(f"checkpoint {position} ")


@pytest.mark.parametrize("days", [0, 89, 3651])
async def test_too_short_and_too_long_are_refused(acme: Company, days: int) -> None:
    before = await rows(acme)
    with pytest.raises(Invalid):
        async with acme.database.transaction(acme.organization_id) as tx:
            await audit.set_keep_days(tx, days)
    async with acme.database.reading(acme.organization_id) as tx:
        assert await audit.keep_days(tx) == 730
    assert await rows(acme) == before


async def test_a_shorter_time_is_recorded_and_kept_to(acme: Company) -> None:
    await grow_old(acme, 91, "old")
    await grow_old(acme, 89, "young")
    async with acme.database.transaction(acme.organization_id) as tx:
        await audit.set_keep_days(tx, 90)
    async with acme.database.reading(acme.organization_id) as tx:
        assert await audit.keep_days(tx) == 90
    assert (await rows(acme))[-1].details == {"before": {"keep_days": 730}, "after": {"keep_days": 90}}
    await audit.trim_trail(acme.installation, acme.organization_id)
    assert await kept(acme) == ["young"]


WRITER = """
import asyncio, sys
from uuid import UUID
from parlour import audit
from parlour.audit import Act
from parlour.foundation.crypto import Signer
from parlour.foundation.database import Database

async def write(url, secret, organization_id):
    database = Database(url, signer=Signer(secret), pool_size=4)
    await database.open()
    async def one(number):
        while True:
            async with database.transaction(organization_id) as tx:
                await audit.record(tx, Act.ORGANIZATION_CHANGED)
            print(number, flush=True)
    await asyncio.gather(*(one(number) for number in range(4)))

asyncio.run(write(sys.argv[1], sys.argv[2], UUID(sys.argv[3])))
"""


async def test_a_process_that_is_killed_while_it_writes_leaves_the_chain_whole(acme: Company) -> None:
    before = await verdict(acme)
    settings = acme.installation.settings
    told = [settings.database_url, settings.secret_key, str(acme.organization_id)]
    writer = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WRITER, *told, stdout=asyncio.subprocess.PIPE, env=dict(os.environ)
    )
    assert writer.stdout
    said = 0
    while said < 50:
        assert await writer.stdout.readline()
        said += 1
    writer.send_signal(signal.SIGKILL)
    said += len((await writer.stdout.read()).splitlines())
    await writer.wait()
    await write(acme, "afterwards")
    after = await verdict(acme)
    assert after.is_whole
    # What was said to be done is there; at most one a writer was committed and not told.
    assert said < after.records - before.records <= said + 1 + 4
