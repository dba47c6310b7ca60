"""`Idempotency-Key`: a write that is repeated happens once, and is answered the same."""

import asyncio

import httpx
import pytest

from parlour import access
from parlour.foundation import ids
from parlour.people import Permission
from tests.builders import Company
from tests.doors.conftest import Clients, Connect, failure

BODY = {"subject": "Leak", "body": "Water"}


async def _numbers(client: httpx.AsyncClient) -> list[int]:
    return [ticket["number"] for ticket in (await client.get("/api/tickets")).json()["items"]]


async def test_a_repeat_is_answered_as_the_first_was(at_acme: Clients) -> None:
    bob, key = await at_acme.program("bob"), {"idempotency-key": ids.new().hex}
    first = await bob.post("/api/tickets", json=BODY, headers=key)
    again = await bob.post("/api/tickets", json=BODY, headers=key)
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    for name in ("etag", "location", "content-type"):
        assert first.headers[name] == again.headers[name]
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert await _numbers(bob) == [1]


async def test_many_at_once_have_one_effect(at_acme: Clients) -> None:
    bob, key = await at_acme.program("bob"), {"idempotency-key": ids.new().hex}
    answers = await asyncio.gather(*(bob.post("/api/tickets", json=BODY, headers=key) for _ in range(6)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert sorted(answer.headers.get("idempotency-replayed", "first") for answer in answers) == ["first"] + ["true"] * 5
    assert await _numbers(bob) == [1]


async def test_a_key_names_one_request_only(acme: Company, at_acme: Clients) -> None:
    bob, key = await at_acme.program("bob"), {"idempotency-key": ids.new().hex}
    assert (await bob.post("/api/tickets", json=BODY, headers=key)).status_code == 201
    other = await bob.post("/api/tickets", json={**BODY, "subject": "Another"}, headers=key)
    assert other.status_code == 422
    assert failure(other)["error"].startswith("This Idempotency-Key was used for a different request.")
    elsewhere = await bob.post("/api/tickets/1/reply", json={"body": "Hm"}, headers=key)
    assert elsewhere.status_code == 422
    assert await _numbers(bob) == [1]


async def test_a_key_is_its_users_own(acme: Company, at_acme: Clients, at_globex: Clients) -> None:
    key = {"idempotency-key": ids.new().hex}
    clients = [await at_acme.program("bob"), await at_acme.program("alice"), await at_globex.program("bob")]
    answers = [await client.post("/api/tickets", json=BODY, headers=key) for client in clients]
    assert len({answer.json()["id"] for answer in answers}) == 3


async def test_what_was_refused_may_be_tried_again(at_acme: Clients) -> None:
    bob, key = await at_acme.program("bob"), {"idempotency-key": ids.new().hex}
    assert (await bob.post("/api/tickets", json={"subject": " ", "body": "x"}, headers=key)).status_code == 422
    assert (await bob.post("/api/tickets", json=BODY, headers=key)).status_code == 201


async def test_every_kind_of_write_takes_a_key(acme: Company, at_acme: Clients) -> None:
    ticket, mara = await acme.ticket(), await at_acme.program("mara")
    for method, path, body in (
        ("POST", f"tickets/{ticket.id}/reply", {"body": "Once"}),
        ("POST", f"tickets/{ticket.id}/comments", {"body": "Once"}),
        ("PUT", f"tickets/{ticket.id}", {"priority": "LOW"}),
        ("POST", "tags", {"name": "once"}),
        ("POST", "departments", {"name": "Once"}),
        ("DELETE", f"tickets/{ticket.id}", None),
        ("POST", f"tickets/{ticket.id}/restore", None),
    ):
        key = {"idempotency-key": ids.new().hex}
        answers = [await mara.request(method, f"/api/{path}", json=body, headers=key) for _ in range(2)]
        assert answers[0].status_code == answers[1].status_code < 300, answers[1].text
        assert answers[0].content == answers[1].content
        assert answers[1].headers["idempotency-replayed"] == "true"
    assert (await acme.now(ticket)).version == 6


async def test_an_upload_is_kept_once(at_acme: Clients) -> None:
    bob, key = await at_acme.program("bob"), {"idempotency-key": ids.new().hex}
    files = {"file": ("a.txt", b"hello")}
    # Each has a boundary of its own.
    first = await bob.post("/api/attachments", files=files, headers=key)
    again = await bob.post("/api/attachments", files=files, headers=key)
    assert (first.status_code, first.json()) == (again.status_code, again.json())


@pytest.mark.parametrize("key", ["", " ", "x" * 201, "\x07", "ä".encode()])
async def test_a_key_that_is_none_is_refused(key: str | bytes, at_acme: Clients) -> None:
    bob = await at_acme.program("bob")
    answer = await bob.post("/api/tickets", json=BODY, headers={"idempotency-key": key})
    assert answer.status_code == 400, answer.text
    failure(answer)
    assert await _numbers(bob) == []


async def test_a_token_that_may_do_less_is_not_told_what_a_wider_one_was(acme: Company, connect: Connect) -> None:
    async with acme.database.transaction(acme.organization_id) as tx:
        _, wide = await access.create_token(tx, acme.alice.user_id, "wide")
        _, same = await access.create_token(tx, acme.alice.user_id, "as wide")
        narrow_to = frozenset({Permission.READ_TICKETS, Permission.OPEN_TICKETS})
        _, narrow = await access.create_token(tx, acme.alice.user_id, "narrow", allowed=narrow_to)
    key, body = {"idempotency-key": ids.new().hex}, BODY

    async def opened(token: str) -> httpx.Response:
        return await connect(authorization=f"Bearer {token}").post("/api/tickets", json=body, headers=key)

    first = await opened(wide)
    assert first.status_code == 201
    assert (await opened(same)).json() == first.json()
    refused = await opened(narrow)
    assert refused.status_code == 422
    assert failure(refused)["error"].startswith("This Idempotency-Key was used for a different request.")
    assert first.json()["id"] not in refused.text


async def test_what_is_kept_nowhere_is_kept_nowhere_the_second_time_either(acme: Company, at_acme: Clients) -> None:
    alice, key = await at_acme.browser("alice"), {"idempotency-key": ids.new().hex}
    answers = [await alice.post("/api/tokens", json={"name": "Report"}, headers=key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201], answers[1].text
    assert answers[0].json() == answers[1].json()
    assert answers[1].headers["idempotency-replayed"] == "true"
    assert [answer.headers["cache-control"] for answer in answers] == ["no-store"] * 2
