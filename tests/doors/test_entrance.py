"""What every door shares: who asks, from where, how much, and what every answer carries."""

import asyncio
import gzip

import httpx
import pytest

from parlour import people
from parlour.foundation.settings import Settings
from parlour.people import UserChanges, UserStatus
from tests.builders import Company
from tests.doors.conftest import HOST, Clients, Connect, failure, started, token_of


@pytest.mark.parametrize(
    "authorization", ["Bearer parlour_wrong", "Bearer", "Basic YWxpY2U6eA==", "Bearer  ", "parlour_x", "Bearer \x7f"]
)
async def test_a_wrong_token_is_refused_with_a_sentence(authorization: str, connect: Connect) -> None:
    answer = await connect(authorization=authorization).get("/api/tickets")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    failure(answer)


async def test_a_revoked_token_opens_nothing_at_once(acme: Company, at_acme: Clients) -> None:
    bob = await at_acme.program("bob")
    made = (await bob.post("/api/tokens", json={"name": "second"})).json()
    second = {"authorization": f"Bearer {made['token']}"}
    assert (await bob.get("/api/me", headers=second)).status_code == 200
    assert (await bob.delete(f"/api/tokens/{made['id']}")).status_code == 204
    assert (await bob.get("/api/me", headers=second)).status_code == 401
    assert [token["name"] for token in (await bob.get("/api/tokens")).json()["items"]] == ["test"]


async def test_an_inactive_user_is_out_everywhere_at_once(acme: Company, at_acme: Clients) -> None:
    alice, bob, page = await at_acme.program("alice"), await at_acme.program("bob"), await at_acme.browser("bob")
    assert (await bob.get("/api/me")).status_code == (await page.get("/api/me")).status_code == 200
    changed = await alice.put(f"/api/users/{acme.bob.user_id}", json={"status": "INACTIVE"})
    assert (changed.status_code, changed.json()["status"]) == (200, "INACTIVE")
    assert (await bob.get("/api/me")).status_code == (await page.get("/api/me")).status_code == 401


async def test_what_another_process_changed_counts_within_two_seconds(acme: Company, at_acme: Clients) -> None:
    bob = await at_acme.program("bob")
    assert (await bob.get("/api/me")).status_code == 200
    async with acme.database.transaction(acme.organization_id) as tx:
        user = await people.find_user(tx, acme.bob.user_id)
        await people.change_user(tx, user, UserChanges(status=UserStatus.INACTIVE), by=None)
    async with asyncio.timeout(2.5):
        while (await bob.get("/api/me")).status_code == 200:
            await asyncio.sleep(0.1)


async def test_a_session_writes_only_with_its_csrf_token(acme: Company, at_acme: Clients) -> None:
    ticket = await acme.ticket()
    path, change = f"/api/tickets/{ticket.id}", {"priority": "LOW"}
    with_token, without = await at_acme.browser("bob"), await at_acme.browser("bob", with_csrf=False)
    others_token = (await at_acme.browser("alice")).headers["x-csrf-token"]
    assert (await without.get(path)).status_code == 200
    for headers in ({}, {"x-csrf-token": "x"}, {"x-csrf-token": others_token}, {"x-csrf-token": "ä".encode()}):
        refused = await without.put(path, json=change, headers=headers)
        assert refused.status_code == 403, refused.text
    assert (await acme.now(ticket)).priority == "MEDIUM"
    assert (await with_token.put(path, json=change)).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": HOST}, 200),
        ({"sec-fetch-site": "same-origin", "origin": HOST}, 200),
        ({"sec-fetch-site": "none"}, 200),
        ({"origin": "https://evil.test"}, 403),
        ({"origin": "null"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "cross-site", "origin": "https://evil.test"}, 403),
        ({"sec-fetch-site": "same-site", "origin": "http://other.parlour.test"}, 403),
    ],
)
async def test_another_sites_page_can_not_write_for_somebody(
    headers: dict[str, str], status: int, acme: Company, at_acme: Clients
) -> None:
    ticket, page = await acme.ticket(), await at_acme.browser("bob")
    answer = await page.put(f"/api/tickets/{ticket.id}", json={"priority": "LOW"}, headers=headers)
    assert answer.status_code == status, answer.text


async def test_a_program_needs_no_csrf_token_wherever_it_runs(acme: Company, at_acme: Clients) -> None:
    ticket, bob = await acme.ticket(), await at_acme.program("bob")
    headers = {"origin": "https://their-tool.test", "sec-fetch-site": "cross-site"}
    answer = await bob.put(f"/api/tickets/{ticket.id}", json={"priority": "LOW"}, headers=headers)
    assert answer.status_code == 200


WHO_MAY = [
    ("GET", "tickets", "carol bob mara alice"),
    ("GET", "organization", "carol bob mara alice"),
    ("GET", "tickets/1/activities", "bob mara alice"),
    ("GET", "users", "bob mara alice"),
    ("GET", "departments", "bob mara alice"),
    ("GET", "tags", "bob mara alice"),
    ("GET", "tokens", "bob mara alice"),
    ("GET", "notifications", "bob mara alice"),
    ("PUT", "tickets/1", "bob mara alice"),
    ("POST", "tickets/1/comments", "bob mara alice"),
    ("POST", "users", "bob mara alice"),
    ("POST", "tags", "mara alice"),
    ("POST", "departments", "mara alice"),
    ("DELETE", "tickets/1", "mara alice"),
    ("PUT", "organization", "alice"),
]


@pytest.mark.parametrize(("method", "path", "allowed"), WHO_MAY)
async def test_each_role_may_do_what_is_theirs(
    method: str, path: str, allowed: str, acme: Company, at_acme: Clients
) -> None:
    await acme.ticket()
    for first in ("carol", "bob", "mara", "alice"):
        client = await at_acme.program(first)
        # An empty body is refused later than the role: a 422 or 409 says that the role was enough.
        answer = await client.request(method, f"/api/{path}", json={} if method in ("PUT", "POST") else None)
        assert (answer.status_code != 403) == (first in allowed.split()), (first, answer.text)


async def test_only_an_administrator_makes_agents(acme: Company, at_acme: Clients) -> None:
    mara, alice = await at_acme.program("mara"), await at_acme.program("alice")
    body = {"name": "Fay", "email": "fay@acme.test", "role": "AGENT"}
    assert (await mara.post("/api/users", json=body)).status_code == 403
    promoted = await mara.put(f"/api/users/{acme.carol.user_id}", json={"role": "AGENT"})
    assert promoted.status_code == 403
    assert (await mara.put(f"/api/users/{acme.bob.user_id}", json={"role": "CUSTOMER"})).status_code == 403
    assert (await alice.post("/api/users", json=body)).status_code == 201
    own = await alice.put(f"/api/users/{acme.alice.user_id}", json={"role": "AGENT"})
    assert own.status_code == 403
    assert (await alice.get(f"/api/users/{acme.alice.user_id}")).json()["role"] == "ADMIN"


async def test_every_answer_carries_an_id_and_is_safe_in_a_browser(at_acme: Clients, connect: Connect) -> None:
    bob = await at_acme.program("bob")
    for answer in (await bob.get("/api/tickets"), await bob.get("/api/nothing"), await connect().get("/sign-in")):
        assert len(answer.headers["x-request-id"]) == 16
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert "private" in answer.headers["cache-control"] or "no-store" in answer.headers["cache-control"]
    own = await bob.get("/api/nothing", headers={"x-request-id": "trace-12345"})
    assert own.headers["x-request-id"] == own.json()["requestId"] == "trace-12345"
    forged = await bob.get("/api/nothing", headers={"x-request-id": "a b\tc<script>"})
    assert len(forged.headers["x-request-id"]) == 16


async def test_a_person_gets_a_page_and_a_program_gets_json(connect: Connect) -> None:
    person = connect(accept="text/html")
    page = await person.get("/nothing")
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    sent_on = await person.get("/dashboard")
    assert (sent_on.status_code, sent_on.headers["location"]) == (303, "/sign-in?next=/dashboard")
    assert failure(await connect().get("/nothing"))["error"] == "There is nothing here, or it is not yours to see."
    assert (await person.get("/api/tickets")).headers["content-type"] == "application/json"


async def test_an_address_answers_only_to_its_methods(at_acme: Clients) -> None:
    bob = await at_acme.program("bob")
    wrong = await bob.patch("/api/tickets")
    assert wrong.status_code == 405
    assert set(wrong.headers["allow"].replace(" ", "").split(",")) >= {"GET", "POST"}
    failure(wrong)
    options = await bob.options("/api/tickets")
    assert options.status_code == 204
    head = await bob.head("/api/tickets")
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["content-length"]) > 0


@pytest.mark.parametrize(
    ("accepts", "encoding"),
    [
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip, br", "br"),
        ("gzip", "gzip"),
        ("zstd;q=0, gzip;q=0.5", "gzip"),
        ("identity", None),
        ("", None),
    ],
)
async def test_long_answers_are_compressed_as_the_client_likes(
    accepts: str, encoding: str | None, acme: Company, at_acme: Clients
) -> None:
    for index in range(5):
        await acme.ticket(f"Ticket {index}")
    bob = await at_acme.program("bob")
    async with bob.stream("GET", "/api/tickets", headers={"accept-encoding": accepts}) as answer:
        raw = b"".join([piece async for piece in answer.aiter_raw()])
    assert answer.headers.get("content-encoding") == encoding
    assert int(answer.headers["content-length"]) == len(raw)
    assert "accept-encoding" in answer.headers["vary"]
    if encoding == "gzip":
        assert b'"Ticket 4"' in gzip.decompress(raw)
    short = await bob.get("/api/me", headers={"accept-encoding": accepts})
    assert "content-encoding" not in short.headers


async def test_the_api_is_limited_by_client(acme: Company, settings: Settings, connect: Connect) -> None:
    async with started(settings.model_copy(update={"rate_limits": "on", "api_limit": "5/hour"})) as asgi:
        bob = connect(asgi, authorization=f"Bearer {await token_of(acme, acme.bob)}")
        told = [(await bob.get("/api/me")) for _ in range(6)]
        assert [answer.status_code for answer in told] == [200] * 5 + [429]
        assert [answer.headers["ratelimit-remaining"] for answer in told] == ["4", "3", "2", "1", "0", "0"]
        assert {answer.headers["ratelimit-limit"] for answer in told} == {"5"}
        assert 0 < int(told[5].headers["retry-after"]) == int(told[5].headers["ratelimit-reset"]) <= 2 * 3600
        assert failure(told[5])["error"] == "Too many requests. Wait a moment, then try again."
        # Somebody else, and the same one with another token.
        other = connect(asgi, authorization=f"Bearer {await token_of(acme, acme.alice)}")
        again = connect(asgi, authorization=f"Bearer {await token_of(acme, acme.bob)}")
        assert ((await other.get("/api/me")).status_code, (await again.get("/api/me")).status_code) == (200, 429)
        assert (await bob.get("/api/health")).status_code == 503


async def test_opening_tickets_is_limited_on_its_own(acme: Company, settings: Settings, connect: Connect) -> None:
    async with started(settings.model_copy(update={"rate_limits": "on", "ticket_limit": "2/hour"})) as asgi:
        bob = connect(asgi, authorization=f"Bearer {await token_of(acme, acme.bob)}")
        body = {"subject": "Leak", "body": "Water"}
        statuses = [(await bob.post("/api/tickets", json=body)).status_code for _ in range(3)]
        assert statuses == [201, 201, 429]
        assert (await bob.get("/api/tickets")).status_code == 200
        assert len((await bob.get("/api/tickets")).json()["items"]) == 2


async def test_guessing_tokens_is_limited_by_address(settings: Settings, connect: Connect) -> None:
    async with started(settings.model_copy(update={"rate_limits": "on", "api_limit": "3/hour"})) as asgi:

        async def guess(index: int, address: str) -> int:
            transport = httpx.ASGITransport(asgi, client=(address, 5))
            async with httpx.AsyncClient(transport=transport, base_url=HOST) as client:
                headers = {"authorization": f"Bearer parlour_{index}"}
                return (await client.get("/api/me", headers=headers)).status_code

        assert [await guess(index, "203.0.113.7") for index in range(4)] == [401, 401, 401, 429]
        assert await guess(5, "203.0.113.8") == 401


async def test_limits_let_everybody_pass_when_valkey_is_away(acme: Company, settings: Settings) -> None:
    away = settings.model_copy(update={"rate_limits": "on", "redis_url": "redis://127.0.0.1:1/0"})
    async with started(away) as asgi:
        transport = httpx.ASGITransport(asgi)
        headers = {"authorization": f"Bearer {await token_of(acme, acme.bob)}"}
        async with httpx.AsyncClient(transport=transport, base_url=HOST, headers=headers) as bob:
            assert (await bob.get("/api/me")).status_code == 200
            health = await bob.get("/api/health")
            assert (health.status_code, health.json()["checks"]["redis"]) == (503, "unhealthy")
