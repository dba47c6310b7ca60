"""Records are added, one after the other, without a gap and without a fork."""

import asyncio
import json
from datetime import UTC, datetime

import pytest
from psycopg.errors import InsufficientPrivilege

from parlour import audit
from parlour.audit import Act, Outcome, Subject, chain
from parlour.foundation import circumstances, clock, ids
from parlour.foundation.circumstances import Circumstances
from tests.audit.hand import record, verdict, write
from tests.audit.reading import Row, rows
from tests.builders import Company

NOON = datetime(2026, 5, 4, 12, 30, 15, 123456, tzinfo=UTC)


async def test_a_record_says_who_did_what_to_whom_from_where(acme: Company) -> None:
    before = await verdict(acme)
    came = Circumstances("192.0.2.7", "Mozilla/5.0 (Test)", "req-12345678")
    with clock.frozen(NOON), circumstances.under(came):
        await write(acme, "Bob")
    written = (await rows(acme))[-1]
    assert written == Row(
        position=before.last_position + 1,
        at=NOON,
        act="ROLE_CHANGED",
        outcome="DONE",
        actor_id=acme.alice.user_id,
        actor_name="Alice",
        actor_email="alice@acme.test",
        subject_kind="user",
        subject_id=str(acme.bob.user_id),
        subject_label="Bob",
        address="192.0.2.7",
        user_agent="Mozilla/5.0 (Test)",
        request_id="req-12345678",
        details={"before": {"role": "AGENT"}, "after": {"role": "MANAGER"}},
    )
    after = await verdict(acme)
    assert (after.trouble, after.records) == (None, before.records + 1)


async def test_whoever_asks_is_the_actor_where_nobody_else_is_named(acme: Company, globex: Company) -> None:
    with circumstances.under(Circumstances("192.0.2.7")):
        circumstances.asked_by(acme.mara, "192.0.2.7")
        async with acme.database.transaction(acme.organization_id) as tx:
            await audit.record(tx, Act.TRAIL_TRIMMED)
        # Somebody of another organization is nobody here.
        async with globex.database.transaction(globex.organization_id) as tx:
            await audit.record(tx, Act.TRAIL_TRIMMED)
    async with acme.database.transaction(acme.organization_id) as tx:
        await audit.record(tx, Act.TRAIL_TRIMMED)
    assert [row.actor_id for row in (await rows(acme))[-2:]] == [acme.mara.user_id, None]
    assert (await rows(globex))[-1].actor_id is None


async def test_what_is_undone_is_not_recorded(acme: Company) -> None:
    before = await rows(acme)
    with pytest.raises(RuntimeError, match="undone"):
        async with acme.database.transaction(acme.organization_id) as tx:
            await record(tx, acme, "Bob")
            raise RuntimeError("undone")
    assert await rows(acme) == before
    assert (await verdict(acme)).is_whole


async def test_a_transaction_that_only_reads_records_nothing(acme: Company) -> None:
    with pytest.raises(RuntimeError, match="Open a transaction"):
        async with acme.database.reading(acme.organization_id) as tx:
            await record(tx, acme, "Bob")


async def test_several_records_of_one_transaction_keep_their_order(acme: Company) -> None:
    async with acme.database.transaction(acme.organization_id) as tx:
        for label in ("first", "second", "third"):
            await record(tx, acme, label)
    assert [row.subject_label for row in (await rows(acme))[-3:]] == ["first", "second", "third"]
    assert (await verdict(acme)).is_whole


async def test_twenty_writers_at_once_make_neither_gap_nor_fork(acme: Company) -> None:
    before = await verdict(acme)

    async def writer(name: str) -> None:
        await write(acme, *[f"{name} {number}" for number in range(10)])

    await asyncio.gather(*(writer(f"writer {number}") for number in range(20)))
    after = await verdict(acme)
    assert (after.trouble, after.records) == (None, before.records + 200)
    positions = [row.position for row in await rows(acme)]
    assert positions == list(range(1, len(positions) + 1))
    written = [row.subject_label for row in await rows(acme)][-200:]
    assert sorted(filter(None, written)) == sorted(f"writer {w} {n}" for w in range(20) for n in range(10))


async def test_the_first_records_of_a_new_organization_may_come_at_once(acme: Company) -> None:
    organization_id = ids.new()
    async with acme.database.transaction(organization_id) as tx:
        await tx.run(
            "insert into organizations (id, slug, name) values (%(id)s, %(slug)s, 'New')",
            id=organization_id,
            slug=f"new-{organization_id.hex}",
        )

    async def first() -> None:
        async with acme.database.transaction(organization_id) as tx:
            await audit.record(tx, Act.ORGANIZATION_FOUNDED)

    before = await audit.verify(acme.installation, organization_id)
    assert (before.last_position, before.is_whole) == (0, False)
    await asyncio.gather(*(first() for _ in range(8)))
    found = await audit.verify(acme.installation, organization_id)
    assert (found.trouble, found.records, found.last_position) == (None, 8, 8)


async def test_a_neighbour_reads_and_verifies_only_its_own(acme: Company, globex: Company) -> None:
    await write(acme, "quokka")
    await write(globex, "ours")
    assert "quokka" not in [row.subject_label for row in await rows(globex)]
    assert (await verdict(globex)).organization_id == globex.organization_id
    async with globex.database.reading(globex.organization_id) as tx:
        assert await tx.values("select organization_id from audit_trails") == [globex.organization_id]


@pytest.mark.parametrize(
    "statement",
    [
        "update audit_records set subject_label = 'Somebody else'",
        "delete from audit_records",
        "truncate audit_records",
        "delete from audit_trails",
        "insert into audit_checkpoints (organization_id, position, hash, made_at, key_name, seal)"
        " values (current_organization(), 1, decode(repeat('00', 32), 'hex'), now(), 'x',"
        " decode(repeat('00', 32), 'hex'))",
        "update audit_checkpoints set position = 1",
        "delete from audit_checkpoints",
    ],
)
async def test_the_application_can_only_add(acme: Company, statement: str) -> None:
    await write(acme, "Bob")
    before = await rows(acme)
    with pytest.raises(InsufficientPrivilege):
        async with acme.database.transaction(acme.organization_id) as tx:
            await tx.run(statement)  # type: ignore[arg-type]
    assert await rows(acme) == before


async def test_any_words_and_values_are_kept_as_they_are_hashed(acme: Company) -> None:
    details = {
        "words": 'é “quoted” \\ \x00 \ud800 \u2028 \U0001f99c "x" \x1f\x7f',
        "large": 2**60,
        "fraction": 0.1,
        "none": None,
        "when": NOON,
        "set": {"b", "a"},
        "outcome": Outcome.REFUSED,
        "\U0001f99c": 1,
        "\ufb33": 2,
    }
    async with acme.database.transaction(acme.organization_id) as tx:
        await audit.record(tx, Act.ORGANIZATION_CHANGED, details=details, on=Subject("x", None, "a\x00b" * 400))
    written = (await rows(acme))[-1]
    assert written.details["words"] == 'é “quoted” \\  ? \u2028 \U0001f99c "x" \x1f\x7f'
    assert (written.details["large"], written.details["fraction"]) == (str(2**60), "0.1")
    assert (written.details["set"], written.details["when"]) == (["a", "b"], "2026-05-04T12:30:15.123456Z")
    assert written.subject_label == ("ab" * 400)[:300]
    assert (await verdict(acme)).is_whole


def test_the_encoding_is_canonical_json() -> None:
    # The order of keys and the escapes of RFC 8785, 3.2.2.2 and 3.2.3.
    assert chain.canonical({"\ufb33": 1, "\U0001f602": 2, "\r": '\b\t\n\x1f"\\/', "1": [True, None, -5]}) == (
        '{"\\r":"\\b\\t\\n\\u001f\\"\\\\/","1":[true,null,-5],"\U0001f602":2,"\ufb33":1}'.encode()
    )
    assert json.loads(chain.canonical({"a": {"c": 1, "b": 2}})) == {"a": {"b": 2, "c": 1}}
