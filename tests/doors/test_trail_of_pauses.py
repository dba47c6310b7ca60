"""Too many wrong guesses: that a pause has begun is in the trail, once, wherever the address is known."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from parlour import access
from parlour.access import Identity, WrongCode
from parlour.foundation import clock, ids
from parlour.foundation.errors import TooManyRequests
from tests.access.outbox import AS_THE_WORKER
from tests.access.test_second_factor import set_up
from tests.audit.reading import last, rows
from tests.builders import Company
from tests.doors.conftest import Connect


async def run_notes(company: Company, address: str, times: int = 1) -> int:
    """Runs what was queued about this address, as often as a worker may. How many jobs there were."""
    async with company.database.transaction(company.organization_id) as tx:
        await tx.run(AS_THE_WORKER)
        found = await tx.values(
            """
            delete from procrastinate_jobs
            where task_name = 'access.note_pause' and args ->> 'email' = %(address)s returning args
            """,
            address=address,
        )
    for said in found * times:
        more = {name: value for name, value in said.items() if name != "organization_id"}
        await access.JOBS[0](company.installation, UUID(said["organization_id"]), **more)
    return len(found)


async def pauses(company: Company, after: int) -> list[tuple[str, str, str | None, str | None]]:
    found = await rows(company, after=after)
    return [(row.act, row.outcome, row.subject_id, row.address) for row in found if row.act == "SIGN_IN_PAUSED"]


async def test_a_pause_is_written_down_once_wherever_the_address_is_known(
    acme: Company, globex: Company, connect: Connect, limited: Any
) -> None:
    address, stranger = f"{ids.new().hex}@both.test", f"{ids.new().hex}@nowhere.test"
    for company in acme, globex:
        async with company.database.transaction(company.organization_id) as tx:
            await tx.run("update users set email = %(to)s where id = %(id)s", to=address, id=company.bob.user_id)
    before = {company.slug: await last(company) for company in (acme, globex)}
    client = connect(limited, address="192.0.2.201")
    for email, place in ((address, "192.0.2.201"), (stranger, "192.0.2.202")):
        client = connect(limited, address=place)
        said = [
            (await client.post("/api/auth/sign-in", json={"email": email, "password": "a guess"})).status_code
            for _ in range(8)
        ]
        assert said == [401] * 5 + [429] * 3
    # The job is there for both: the door does not know who is known.
    assert (await run_notes(acme, address, times=2), await run_notes(acme, stranger)) == (1, 1)
    for company in acme, globex:
        expected = ("SIGN_IN_PAUSED", "REFUSED", str(company.bob.user_id), "192.0.2.201")
        assert await pauses(company, before[company.slug]) == [expected]


async def test_another_pause_is_another_record(acme: Company, connect: Connect, limited: Any) -> None:
    address, before, at = f"{ids.new().hex}@acme.test", await last(acme), clock.now()
    async with acme.database.transaction(acme.organization_id) as tx:
        await tx.run("update users set email = %(to)s where id = %(id)s", to=address, id=acme.bob.user_id)
    for number in range(2):
        with clock.frozen(at + timedelta(minutes=5 * number)):
            client = connect(limited, address=f"192.0.2.{210 + number}")
            for _ in range(7):
                await client.post("/api/auth/sign-in", json={"email": address, "password": "a guess"})
    assert await run_notes(acme, address) == 2
    assert len(await pauses(acme, before)) == 2


async def test_guessing_codes_is_written_down_where_they_are_asked_for(acme: Company) -> None:
    await set_up(acme, acme.bob)
    before, identity = await last(acme), Identity(acme.organization_id, acme.bob.user_id, ())
    for _ in range(5):
        with pytest.raises(WrongCode):
            await access.by_code("000000")(acme.installation, identity)
    for _ in range(3):
        with pytest.raises(TooManyRequests):
            await access.by_code("000000")(acme.installation, identity)
    assert await pauses(acme, before) == [("SIGN_IN_PAUSED", "REFUSED", str(acme.bob.user_id), None)]
