"""The audit trail for programs."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from parlour import audit, people
from parlour.audit import Act, Outcome, Subject
from parlour.foundation import circumstances, clock
from parlour.foundation.circumstances import Circumstances
from parlour.people import AT_MOST, Reach, Role, RoleDraft, UserChanges
from tests.audit.hand import hand
from tests.audit.reading import last, rows
from tests.builders import Company
from tests.doors.conftest import Clients, failure

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


async def write(company: Company, label: str, *, act: Act = Act.ROLE_CHANGED, minutes: int = 0, **more: Any) -> None:
    """A record some minutes after noon."""
    with clock.frozen(NOON + timedelta(minutes=minutes)), circumstances.under(Circumstances(more.pop("address", None))):
        async with company.database.transaction(company.organization_id) as tx:
            await audit.record(tx, act, on=Subject("user", company.bob.user_id, label), **{"by": company.mara, **more})


@pytest.fixture
def around_noon() -> dict[str, str]:
    return {"from": NOON.isoformat(), "to": (NOON + timedelta(hours=1)).isoformat()}


async def test_a_page_shows_the_newest_first_and_the_next_one_goes_on(
    acme: Company, at_acme: Clients, around_noon: dict[str, str]
) -> None:
    for number in range(5):
        # Two at the same moment: their positions decide.
        await write(acme, f"record {number}", minutes=number // 2)
    program = await at_acme.program("alice")
    seen: list[str] = []
    after: dict[str, str] = {}
    for _ in range(3):
        page = (await program.get("/api/audit", params={**around_noon, "limit": 2, **after})).json()
        seen += [item["subject"]["label"] for item in page["items"]]
        after = {"after": page["next"]} if "next" in page else {}
    assert seen == ["record 4", "record 3", "record 2", "record 1", "record 0"]
    assert after == {}
    first = (await program.get("/api/audit", params={**around_noon, "limit": 1})).json()["items"][0]
    assert {name: first[name] for name in ("at", "act", "words", "outcome", "address", "details")} == {
        "at": "2026-05-04T12:02:00Z",
        "act": "ROLE_CHANGED",
        "words": "Changed a role",
        "outcome": "DONE",
        "address": None,
        "details": {},
    }
    assert first["actor"] == {"id": str(acme.mara.user_id), "name": "Mara", "email": "mara@acme.test"}
    assert first["subject"] == {"kind": "user", "id": str(acme.bob.user_id), "label": "record 4"}
    assert len(bytes.fromhex(first["hash"])) == 32


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"act": "TOKEN_MADE"}, ["token"]),
        ({"act": "TOKEN_MADE,ROLE_CHANGED"}, ["percent 100%", "token", "role"]),
        ({"group": "TOKENS"}, ["token"]),
        ({"outcome": "REFUSED"}, ["failed"]),
        ({"address": "192.0.2.9"}, ["failed"]),
        ({"actor": "{bob}"}, ["token"]),
        ({"actor": "bob@acme.test"}, ["token"]),
        ({"q": "MARA@"}, ["percent 100%", "role"]),
        ({"q": "0%"}, ["percent 100%"]),
        ({"q": "_"}, []),
        ({"subject": "{bob}", "outcome": "REFUSED", "group": "SIGN_IN", "q": "fail"}, ["failed"]),
        ({"subject": "nobody"}, []),
    ],
)
async def test_filters_find_what_they_name(
    acme: Company, at_acme: Clients, around_noon: dict[str, str], asked: dict[str, str], expected: list[str]
) -> None:
    refused = {"by": None, "outcome": Outcome.REFUSED, "address": "192.0.2.9"}
    await write(acme, "role")
    await write(acme, "failed", act=Act.SIGN_IN_REFUSED, minutes=1, **refused)
    await write(acme, "token", act=Act.TOKEN_MADE, minutes=2, by=acme.bob)
    await write(acme, "percent 100%", minutes=3)
    program = await at_acme.program("alice")
    filled = {name: value.format(bob=acme.bob.user_id) for name, value in asked.items()}
    answer = await program.get("/api/audit", params={**around_noon, **filled})
    assert answer.status_code == 200, answer.text
    assert [item["subject"]["label"] for item in answer.json()["items"]] == expected


@pytest.mark.parametrize(
    "asked", [{"act": "DREAMT"}, {"after": "x"}, {"from": "yesterday"}, {"limit": "0"}, {"colour": "red"}]
)
async def test_what_makes_no_sense_is_refused(acme: Company, at_acme: Clients, asked: dict[str, str]) -> None:
    program = await at_acme.program("alice")
    before = await last(acme)
    answer = await program.get("/api/audit", params=asked)
    assert answer.status_code == 400
    assert failure(answer)
    assert await last(acme) == before


@pytest.mark.parametrize("first", ["mara", "bob", "carol"])
@pytest.mark.parametrize("path", ["", "/export", "/verify", "/retention"])
async def test_only_administrators_look(acme: Company, at_acme: Clients, first: str, path: str) -> None:
    program = await at_acme.program(first)
    before = await last(acme)
    assert (await program.get(f"/api/audit{path}")).status_code == 403
    assert await last(acme) == before


async def test_a_look_is_recorded_with_what_was_asked_and_the_same_look_only_once(
    acme: Company, at_acme: Clients
) -> None:
    program = await at_acme.program("alice")
    before = await last(acme)
    for _ in range(3):
        await program.get("/api/audit", params={"group": "MAIL", "q": "bob"})
    await program.get("/api/audit")
    looks = await rows(acme, after=before)
    assert [(row.act, row.actor_id, row.details) for row in looks] == [
        ("TRAIL_VIEWED", acme.alice.user_id, {"groups": ["MAIL"], "words": "bob"}),
        ("TRAIL_VIEWED", acme.alice.user_id, {}),
    ]
    with clock.frozen(clock.now() + timedelta(minutes=11)):
        async with acme.database.transaction(acme.organization_id) as tx:
            await audit.note_look(tx, audit.TrailFilter(), by=acme.alice)
    assert len(await rows(acme, after=before)) == 3


async def test_a_neighbour_sees_none_of_it(acme: Company, globex: Company, at_globex: Clients) -> None:
    await write(acme, "quokka")
    program = await at_globex.program("alice")
    for path in ("/api/audit", "/api/audit/export", "/api/audit/export?format=jsonl"):
        answer = await program.get(path, params={"q": "quokka"})
        assert answer.status_code == 200
        assert "quokka" not in answer.text.replace("q=quokka", "").replace('"words":"quokka"', "")


FORMULAS = ["=1+1", "+1", "-1", "@sum", "\tx", "  =x", "＝1"]


async def test_a_spreadsheet_takes_no_word_for_a_formula(
    acme: Company, at_acme: Clients, around_noon: dict[str, str]
) -> None:
    labels = [*FORMULAS, 'plain "quoted", with comma\nand line', "café"]
    for label in labels:
        await write(acme, label, details={"before": {"a": 1}})
    program = await at_acme.program("alice")
    answer = await program.get("/api/audit/export", params=around_noon)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith('attachment; filename="audit-')
    assert answer.headers["cache-control"] == "private, no-store"
    read = list(csv.DictReader(io.StringIO(answer.content.decode(), newline="")))
    assert [row["subject_label"] for row in read] == [*(f"'{formula}" for formula in FORMULAS), *labels[-2:]]
    assert read[0]["details"] == '{"before":{"a":1}}'
    assert (read[0]["at"], read[0]["words"]) == ("2026-05-04T12:00:00.000000Z", "Changed a role")
    assert (await rows(acme))[-1].act == "TRAIL_EXPORTED"


async def test_json_lines_hold_every_field_as_it_is(
    acme: Company, at_acme: Clients, around_noon: dict[str, str]
) -> None:
    await write(acme, "=1+1", details={"after": {"a": [1, None]}})
    program = await at_acme.program("alice")
    answer = await program.get("/api/audit/export", params={**around_noon, "format": "jsonl"})
    (line,) = [json.loads(line) for line in answer.text.splitlines()]
    (written,) = [row for row in await rows(acme) if row.at == NOON]
    assert (line["subject_label"], line["details"]) == ("=1+1", {"after": {"a": [1, None]}})
    assert (line["position"], line["actor_email"]) == (written.position, "mara@acme.test")


async def test_an_export_of_many_records_leaves_none_out(acme: Company, at_acme: Clients) -> None:
    async with acme.database.transaction(acme.organization_id) as tx:
        for number in range(2500):
            await audit.record(tx, Act.TICKET_DELETED, details={"number": number})
    program = await at_acme.program("alice")
    answer = await program.get("/api/audit/export", params={"format": "jsonl", "act": "TICKET_DELETED"})
    assert [json.loads(line)["details"]["number"] for line in answer.text.splitlines()] == list(range(2500))


async def test_how_long_it_is_kept_is_read_and_changed(acme: Company, at_acme: Clients) -> None:
    program = await at_acme.program("alice")
    assert (await program.get("/api/audit/retention")).json() == {"keepDays": 730}
    assert (await program.put("/api/audit/retention", json={"keepDays": 365})).json() == {"keepDays": 365}
    refused = await program.put("/api/audit/retention", json={"keepDays": 30})
    assert refused.status_code == 422
    assert "keepDays" in failure(refused)["details"]
    assert (await program.get("/api/audit/retention")).json() == {"keepDays": 365}


async def test_only_an_administrator_says_how_long_it_is_kept(acme: Company, at_acme: Clients) -> None:
    draft = RoleDraft("Keeper", "", Role.AGENT, Reach.ORGANIZATION, AT_MOST[Role.AGENT])
    async with acme.database.transaction(acme.organization_id) as tx:
        role = await people.add_custom_role(tx, draft, by=acme.alice)
        bob = await people.find_user(tx, acme.bob.user_id)
        await people.change_user(tx, bob, UserChanges(custom_role_id=role.id), by=acme.alice)
    program, browser = await at_acme.program("bob"), await at_acme.browser("bob")
    assert (await program.get("/api/audit/retention")).json() == {"keepDays": 730}
    assert (await program.put("/api/audit/retention", json={"keepDays": 90})).status_code == 403
    assert (await browser.post("/dashboard/settings/audit/retention", data={"keep_days": "90"})).status_code == 403
    assert 'action="/dashboard/settings/audit/retention"' not in (await browser.get("/dashboard/settings/audit")).text
    assert (await program.get("/api/audit/retention")).json() == {"keepDays": 730}


async def test_the_chain_is_verified_on_request(acme: Company, at_acme: Clients, owner_database_url: str) -> None:
    program = await at_acme.program("alice")
    position = await last(acme)
    whole = (await program.get("/api/audit/verify")).json()
    assert whole == {"isWhole": True, "records": position, "lastPosition": position, "trouble": None}
    async with hand(owner_database_url, acme.organization_id) as one:
        await one.does("update audit_records set actor_name = 'Mallory' where position = 3")
    broken = (await program.get("/api/audit/verify")).json()
    assert (broken["isWhole"], broken["records"]) == (False, 2)
    assert broken["trouble"].startswith("record 3 is broken")
