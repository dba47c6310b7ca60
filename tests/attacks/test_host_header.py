"""The name a request says it has come to, as somebody would forge it."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from parlour.entrance import COOKIE
from parlour.foundation.settings import Settings
from tests.builders import Company
from tests.doors.conftest import Connect, session_of, started

DESK = "desk.host.example"
PAGE = {"accept": "text/html"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def public(settings: Settings) -> AsyncIterator[Any]:
    known = {"rate_limits": "off", "base_url": f"https://{DESK}"}
    async with started(settings.model_copy(update=known)) as asgi:
        yield asgi


async def _own_name(company: Company) -> str:
    host = f"help.{company.slug}.example"
    async with company.database.transaction(company.organization_id) as tx:
        await tx.run("update organizations set host = %(host)s", host=host)
    return host


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", f"{DESK}.evil.example", f"evil.{DESK}", f"evil.example@{DESK}", f"{DESK}@evil.example"),
        *(f"{DESK}/evil", f"{DESK}, evil.example", f"{DESK} evil.example", f"{DESK}:80:80", f"{DESK}:http", ""),
        *(f"{DESK}\\evil", "[evil]", "xn--evil.example", f"{DESK}%00.evil.example", "a" * 300 + ".example"),
    ],
)
async def test_a_name_that_is_nobodys_gets_a_plain_refusal(public: Any, connect: Connect, host: str) -> None:
    client = connect(public, host=host, **PAGE)
    for path in ("/", "/sign-in", "/dashboard", "/static/app.js", "/api/openapi.json"):
        answer = await client.get(path)
        assert (answer.status_code, answer.text) == (421, "Nothing is to be found under this name.\n"), path
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert "set-cookie" not in answer.headers


async def test_metrics_are_read_by_any_name_with_the_token_that_was_set(settings: Settings, connect: Connect) -> None:
    known = {"base_url": f"https://{DESK}", "metrics_token": "for-the-watch"}
    async with started(settings.model_copy(update=known)) as asgi:
        for host in ("parlour.watch.internal", DESK):
            for brought in ({}, {"authorization": "Bearer for-the-watc"}, {"authorization": "Basic for-the-watch"}):
                refused = await connect(asgi, host=host, **brought).get("/metrics")
                assert refused.status_code == 401
                assert "parlour_requests" not in refused.text
            told = await connect(asgi, host=host, authorization="Bearer for-the-watch").get("/metrics")
            assert (told.status_code, "parlour_requests_total" in told.text) == (200, True)


async def test_two_names_at_once_are_no_name(acme: Company, public: Any, connect: Connect) -> None:
    own = await _own_name(acme)
    for first, second in ((DESK, own), (own, DESK), (DESK, "evil.example")):
        client = connect(public)
        request = client.build_request("GET", "/sign-in", headers=PAGE)
        del request.headers["host"]
        raw = [(b"host", first.encode()), (b"host", second.encode())]
        request.headers = httpx.Headers([*request.headers.raw, *raw])
        assert (await client.send(request)).status_code == 421


async def test_the_name_is_not_believed_from_any_other_header(acme: Company, public: Any, connect: Connect) -> None:
    own = await _own_name(acme)
    for name in ("x-forwarded-host", "x-host", "x-original-host", "x-forwarded-server", "forwarded"):
        value = f"host={own}" if name == "forwarded" else own
        desk = await connect(public, host=DESK, **PAGE, **{name: value}).get("/")
        assert (desk.status_code, own in desk.text) == (200, False)
        evil = await connect(public, host="evil.example", **PAGE, **{name: value}).get("/")
        assert evil.status_code == 421


async def test_port_case_and_final_dot_make_no_other_name(acme: Company, public: Any, connect: Connect) -> None:
    own = await _own_name(acme)
    for written in (f"{own}:443", own.upper(), f"{own}.", f"{own.upper()}.:8443"):
        assert (await connect(public, host=written, **PAGE).get("/dashboard")).status_code == 404
        assert (await connect(public, host=written, **PAGE).get("/")).headers["location"] == f"/portal/{acme.slug}"


async def test_no_path_leads_from_a_portals_name_to_anything_else(
    acme: Company, globex: Company, public: Any, connect: Connect
) -> None:
    own = await _own_name(acme)
    cookie, token = await session_of(acme, acme.alice)
    alice = connect(public, host=own, cookie=f"__Host-{COOKIE}={cookie}", **{"x-csrf-token": token}, **PAGE)
    for path in (
        *("/dashboard", "/portal/../dashboard", "/portal/%2e%2e/dashboard", "/dashboard/", "/api/me"),
        *(f"/portal/{acme.slug}/../../dashboard", f"/portal/{globex.slug}", f"/portal/{acme.slug.upper()}/sign-in"),
        *("/portal//sign-in", f"/portal/{acme.slug}%2f..%2f..%2fdashboard", "/static/../dashboard"),
    ):
        answer = await alice.get(path)
        assert answer.status_code in (404, 405), (path, answer.status_code)
        assert "Inbox" not in answer.text
    assert (await alice.post("/api/tickets", json={"subject": "x", "body": "x"})).status_code == 404
    # Signed in as an agent one is a stranger to a portal.
    assert "/sign-in" in (await alice.get(f"/portal/{acme.slug}")).headers["location"]
