"""Whatever somebody with the owner's password changes by hand: it is found, and the first broken record is named."""

from typing import LiteralString

import msgspec
import pytest
import pytest_asyncio
from psycopg.errors import InsufficientPrivilege

from parlour import audit
from parlour.foundation.crypto import Signer
from parlour.foundation.database import Database
from tests.audit.hand import hand, verdict, write
from tests.builders import Company


@pytest_asyncio.fixture(loop_scope="session")
async def trail(acme: Company) -> tuple[Company, int]:
    """Acme with a trail, and the position of a record in its middle."""
    await write(acme, *[f"record {number}" for number in range(1, 8)])
    before = await verdict(acme)
    assert before.is_whole
    return acme, before.last_position - 3


async def tampered(url: str, company: Company, *statements: LiteralString, **values: object) -> str:
    """What is said of the trail after somebody did this to it."""
    async with hand(url, company.organization_id) as one:
        for statement in statements:
            assert await one.does(statement, **values), statement
    found = await verdict(company)
    assert found.trouble
    return found.trouble


FIELDS: dict[str, LiteralString] = {
    "at": "at + interval '1 microsecond'",
    "act": "'SIGNED_IN'",
    "outcome": "'REFUSED'",
    "actor_id": "gen_random_uuid()",
    "actor_name": "'Mallory'",
    "actor_email": "null",
    "subject_kind": "'ticket'",
    "subject_id": "'1'",
    "subject_label": "subject_label || ' '",
    "address": "'192.0.2.66'",
    "user_agent": "''",
    "request_id": "'another'",
    "details": "details || '{\"more\": 1}'",
    "key_name": "'00000000'",
    "hash": "decode(repeat('ab', 32), 'hex')",
}


@pytest.mark.parametrize("field", FIELDS)
async def test_a_changed_field_is_found(trail: tuple[Company, int], owner_database_url: str, field: str) -> None:
    acme, position = trail
    trouble = await tampered(
        owner_database_url,
        acme,
        f"update audit_records set {field} = {FIELDS[field]} where position = %(position)s",
        position=position,
    )
    assert trouble.startswith(f"record {position} is broken")


async def test_every_column_of_a_record_is_under_its_hash(acme: Company) -> None:
    async with acme.database.reading(acme.organization_id) as tx:
        columns = await tx.values(
            "select attname::text from pg_attribute where attrelid = 'audit_records'::regclass and attnum > 0"
        )
    assert set(columns) == {*FIELDS, "organization_id", "position"}


async def test_a_record_deleted_in_the_middle_is_found(trail: tuple[Company, int], owner_database_url: str) -> None:
    acme, position = trail
    trouble = await tampered(
        owner_database_url, acme, "delete from audit_records where position = %(position)s", position=position
    )
    assert trouble == f"record {position} is missing: record {position + 1} comes in its place."


async def test_closing_the_gap_does_not_hide_it(trail: tuple[Company, int], owner_database_url: str) -> None:
    acme, position = trail
    trouble = await tampered(
        owner_database_url,
        acme,
        "delete from audit_records where position = %(position)s",
        "update audit_records set position = -position + 1000000 where position > %(position)s",
        "update audit_records set position = 1000000 - position - 1 where position > %(position)s",
        position=position,
    )
    assert trouble.startswith(f"record {position} is broken")


async def test_records_deleted_at_the_end_are_found(trail: tuple[Company, int], owner_database_url: str) -> None:
    acme, position = trail
    trouble = await tampered(
        owner_database_url, acme, "delete from audit_records where position > %(position)s", position=position
    )
    assert trouble == f"record {position + 1} is missing: the trail should go on to {position + 3}."


async def test_a_head_that_is_moved_back_does_not_hide_it(trail: tuple[Company, int], owner_database_url: str) -> None:
    acme, position = trail
    statements: tuple[LiteralString, ...] = (
        "delete from audit_records where position > %(position)s",
        """
        update audit_trails t set last_position = r.position, last_hash = r.hash
        from audit_records r where r.organization_id = current_organization() and r.position = %(position)s
        """,
    )
    trouble = await tampered(owner_database_url, acme, *statements, position=position)
    assert trouble == f"record {position} is broken: the head of the trail is not sealed by us."
    # And what is recorded next does not cover it up.
    await write(acme, "later", "later still")
    found = (await verdict(acme)).trouble
    assert found
    assert found.startswith(f"record {position + 1} is broken")


async def test_two_records_that_change_places_are_found(trail: tuple[Company, int], owner_database_url: str) -> None:
    acme, position = trail
    trouble = await tampered(
        owner_database_url,
        acme,
        "update audit_records set position = 1000000 where position = %(position)s",
        "update audit_records set position = %(position)s where position = %(position)s + 1",
        "update audit_records set position = %(position)s + 1 where position = 1000000",
        position=position,
    )
    assert trouble.startswith(f"record {position} is broken")


COPY: LiteralString = """
    insert into audit_records
    select organization_id, %(to)s, at, act, outcome, actor_id, actor_name, actor_email, subject_kind, subject_id,
        'Smuggled', address, user_agent, request_id, details, key_name, hash
    from audit_records where organization_id = current_organization() and position = %(position)s
"""


async def test_a_record_put_in_is_found(trail: tuple[Company, int], owner_database_url: str) -> None:
    acme, position = trail
    trouble = await tampered(
        owner_database_url,
        acme,
        "update audit_records set position = -position + 1000000 where position > %(position)s",
        "update audit_records set position = 1000000 - position + 1 where position > %(position)s",
        COPY,
        position=position,
        to=position + 1,
    )
    assert trouble.startswith(f"record {position + 1} is broken")


async def test_a_record_put_at_the_end_is_found(trail: tuple[Company, int], owner_database_url: str) -> None:
    acme, position = trail
    trouble = await tampered(owner_database_url, acme, COPY, position=position, to=position + 4)
    assert trouble.startswith(f"record {position + 4} is broken")


async def test_a_head_that_is_gone_is_found(trail: tuple[Company, int], owner_database_url: str) -> None:
    acme, position = trail
    trouble = await tampered(owner_database_url, acme, "delete from audit_trails")
    assert trouble == f"record {position + 3} is broken: the head of the trail is gone."


async def test_a_forged_checkpoint_excuses_nothing(trail: tuple[Company, int], owner_database_url: str) -> None:
    acme, position = trail
    trouble = await tampered(
        owner_database_url,
        acme,
        """
        insert into audit_checkpoints (organization_id, position, hash, made_at, key_name, seal)
        select organization_id, position, hash, now(), key_name, hash from audit_records
        where organization_id = current_organization() and position = %(position)s
        """,
        "delete from audit_records where position <= %(position)s",
        position=position,
    )
    assert trouble == (
        f"checkpoint {position} is not sealed by this installation: records were removed by other means."
    )


async def test_the_owners_own_slip_is_refused(trail: tuple[Company, int], owner_database_url: str) -> None:
    acme, _ = trail
    slips: tuple[LiteralString, ...] = (
        "update audit_records set subject_label = 'Mallory'",
        "delete from audit_records",
        "truncate audit_records",
        "delete from audit_trails",
    )
    for slip in slips:
        with pytest.raises(InsufficientPrivilege):
            async with hand(owner_database_url, acme.organization_id) as one:
                for table in ("audit_records", "audit_trails"):
                    await one.does(f"alter table {table} enable trigger user")
                await one.does(slip)
    assert (await verdict(acme)).is_whole


async def test_another_installations_key_verifies_nothing(trail: tuple[Company, int], database_url: str) -> None:
    acme, _ = trail
    stranger = Database(database_url, signer=Signer("the secret of somebody else"), pool_size=1)
    await stranger.open()
    found = await audit.verify(msgspec.structs.replace(acme.installation, database=stranger), acme.organization_id)
    await stranger.close()
    assert found.trouble
    assert "names the key" in found.trouble
