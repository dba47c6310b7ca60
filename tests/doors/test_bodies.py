"""What programs send that they should not: each gets a clear answer in the shape of all errors, and changes nothing."""

from typing import Any

import pytest

from tests.builders import Company
from tests.doors.conftest import Clients, failure

JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        (b"", 400, None),
        (b"{", 400, None),
        (b"not json", 400, None),
        (b'{"subject": "a"} trailing', 400, None),
        (b'{"subject": "\xff\xfe", "body": "x"}', 400, None),
        (b'{"subject": "a\x00b", "body": "x"}', 400, None),
        (b'{"subject": "\\ud800", "body": "x"}', 400, None),
        ("\ufeff{}".encode(), 400, None),
        ('{"subject": "a", "body": "x"}'.encode("utf-16"), 400, None),
        (b"[" * 100_000, 422, "body"),
        (b'{"subject":' + b"[" * 100_000, 422, "subject"),
        (b'{"tags":' + b"[" * 900 + b'"\\u0000"' + b"]" * 900 + b"}", 400, None),
        (b"null", 422, "body"),
        (b"[]", 422, "body"),
        (b"7", 422, "body"),
        (b'"text"', 422, "body"),
        (b"{}", 422, "subject"),
        (b'{"subject": "a\\u0000b", "body": "x"}', 422, "subject"),
        (b'{"subject": "a", "body": "x\\u0000"}', 422, "body"),
        (b'{"subject": "a", "body": "x", "requester": {"email": "a\\u0000@b.c"}}', 422, "requester.email"),
        (b'{"subject": "a", "body": "x", "a\\u0000b": 1}', 422, "body"),
        (b'{"subject": 7, "body": "x"}', 422, "subject"),
        (b'{"subject": "", "body": "x"}', 422, "subject"),
        (b'{"subject": "  ", "body": "x"}', 422, "subject"),
        (b'{"subject": "a"}', 422, "body"),
        (b'{"subject": "a", "body": "x", "priority": "HUGE"}', 422, "priority"),
        (b'{"subject": "a", "body": "x", "colour": "red"}', 422, "colour"),
        (b'{"subject": "a", "body": "x", "requester": {"email": "c@d.test", "age": 7}}', 422, "requester.age"),
        (b'{"subject": "a", "body": "x", "requester": {}}', 422, "requester.email"),
        (b'{"subject": "a", "body": "x", "assigneeId": "7"}', 422, "assigneeId"),
        (b'{"subject": "a", "body": "x", "tags": "vip"}', 422, "tags"),
        (b'{"subject": "a", "body": "x", "tags": ["ok", 7]}', 422, "tags[1]"),
        (b'{"subject": "' + b"a" * 501 + b'", "body": "x"}', 422, "subject"),
        (b'{"subject": "a", "body": "' + b"x" * 200_001 + b'"}', 422, "body"),
        (b'{"subject": "a", "body": "' + b"x" * 1_100_000 + b'"}', 413, None),
    ],
)
async def test_a_body_that_can_not_be_taken_is_refused_clearly(
    body: bytes, status: int, field: str | None, acme: Company, at_acme: Clients
) -> None:
    bob = await at_acme.program("bob")
    answer = await bob.post("/api/tickets", content=body, headers=JSON)
    assert answer.status_code == status, answer.text
    told = failure(answer)
    assert list(told.get("details", {})) == ([field] if field else [])
    assert (await bob.get("/api/tickets")).json() == {"items": []}


async def test_a_backslash_before_the_escape_is_no_nul(at_acme: Clients) -> None:
    bob = await at_acme.program("bob")
    answer = await bob.post("/api/tickets", content=b'{"subject": "a\\\\u0000b", "body": "x"}', headers=JSON)
    assert (answer.status_code, answer.json()["subject"]) == (201, "a\\u0000b")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "", "application/jsonp"])
async def test_only_json_is_taken_as_json(kind: str, at_acme: Clients) -> None:
    bob = await at_acme.program("bob")
    answer = await bob.post("/api/tickets", content=b'{"subject": "a"}', headers={"content-type": kind})
    assert answer.status_code == 415
    assert failure(answer)["error"] == "Send the body as `Content-Type: application/json`."


async def test_a_body_is_cut_off_while_it_comes(acme: Company, at_acme: Clients) -> None:
    bob = await at_acme.program("bob")
    sent = 0

    async def endless() -> Any:
        nonlocal sent
        while sent < 100_000_000:
            sent += 65_536
            yield b"x" * 65_536

    answer = await bob.post("/api/tickets", content=endless(), headers=JSON)
    assert answer.status_code == 413
    assert failure(answer)["error"] == "That is too large: at most 1,048,576 bytes are accepted here."


@pytest.mark.parametrize(
    "query",
    [
        "q=%00",
        "q=a%00b",
        "q=%ff%fe",
        "q=%ED%A0%80",
        "%00=1",
        "limit=99999999999999999999999999",
        "limit=-1",
        "limit=1e3",
        "limit=",
        "total=1",
        "total=null",
        "createdFrom=0.5",
        "createdFrom=null",
        "priority=null",
        "createdFrom=9999999-01-01T00:00:00Z",
        "createdFrom=0000-00-00T00:00:00Z",
        "createdFrom=0001-01-01T00:00:00%2B00:01",
        "createdFrom=9999-12-31T23:59:59-00:01",
        "&".join(f"a{index}=1" for index in range(200)),
        "status=" + "OPEN," * 10_000 + "X",
    ],
)
async def test_a_broken_query_is_refused(query: str, at_acme: Clients) -> None:
    bob = await at_acme.program("bob")
    answer = await bob.get(f"/api/tickets?{query}")
    assert answer.status_code == 400, answer.text
    failure(answer)


@pytest.mark.parametrize(
    "q", ["'", '"', "\\", ":*", "&|!()", "a & b", "%", "_", "#", "@", "é" * 100, "你好 世界", "🔥"]
)
async def test_any_words_can_be_searched_for(q: str, acme: Company, at_acme: Clients) -> None:
    await acme.ticket()
    for first in ("bob", "carol"):
        client = await at_acme.program(first)
        answer = await client.get("/api/tickets", params={"q": q, "total": "true"})
        assert answer.status_code == 200, answer.text
        assert answer.json() == {"items": [], "total": 0}


@pytest.mark.parametrize("path", ["/api/tickets/%00", "/api/tickets/1%00", "/api/%ff", "/api/tickets/%F0%9F%94%A5"])
async def test_a_strange_address_is_no_error_of_ours(path: str, at_acme: Clients) -> None:
    bob = await at_acme.program("bob")
    answer = await bob.get(path)
    assert answer.status_code in (400, 404), answer.text
    failure(answer)


async def test_parameters_that_nobody_knows_are_named(at_acme: Clients) -> None:
    bob = await at_acme.program("bob")
    answer = await bob.get("/api/tags?page=2")
    assert answer.status_code == 400
    assert failure(answer)["details"] == {"page": "There is no such parameter here."}
