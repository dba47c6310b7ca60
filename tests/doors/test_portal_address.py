"""A portal under its own name: set up by an administrator, served there and nothing else, and named in mails."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from parlour.email import wording
from parlour.entrance import COOKIE
from parlour.foundation.settings import Settings
from parlour.people import this_organization
from tests.builders import Company
from tests.dns_twin import NameServer, name_server
from tests.doors.conftest import Clients, Connect, failure, session_of, started

PAGE = "/dashboard/settings/portal-address"
API = "/api/organization/portal-address"
HTML = {"accept": "text/html"}
DESK = "desk.host.example"


@pytest_asyncio.fixture
async def dns() -> AsyncIterator[NameServer]:
    async with name_server() as twin:
        yield twin


@pytest_asyncio.fixture
async def public(settings: Settings, dns: NameServer) -> AsyncIterator[Any]:
    """The app as it stands behind a proxy, under a name of its own."""
    known = {"rate_limits": "off", "mail_dns": dns.address, "base_url": f"https://{DESK}"}
    async with started(settings.model_copy(update=known)) as asgi:
        yield asgi


async def verified(alice: httpx.AsyncClient, dns: NameServer, host: str) -> str:
    asked = (await alice.put(API, json={"host": host})).json()
    text, alias = asked["records"]
    assert (alias["name"], alias["value"]) == (host, DESK)
    dns.text(text["name"], text["value"])
    dns.records[host, "CNAME"] = [f"{DESK}."]
    assert (await alice.post(f"{API}/check")).json()["verifiedAt"] is not None
    return host


async def at_desk(clients: Clients, public: Any, first: str = "alice") -> httpx.AsyncClient:
    client = await clients.program(first, public)
    client.headers["host"] = DESK
    return client


async def test_an_administrator_sets_it_up_over_the_api(
    acme: Company, at_acme: Clients, public: Any, dns: NameServer
) -> None:
    alice, host = await at_desk(at_acme, public), f"help.{acme.slug}.example"
    assert (await alice.get(API)).status_code == 404
    wrong = await alice.put(API, json={"host": DESK})
    assert (wrong.status_code, list(failure(wrong)["details"])) == (422, ["host"])
    asked = (await alice.put(API, json={"host": host})).json()
    assert [(each["type"], each["state"]) for each in asked["records"]] == [
        ("TXT", "UNCHECKED"),
        ("CNAME", "UNCHECKED"),
    ]
    unproven = (await alice.post(f"{API}/check")).json()
    assert [each["state"] for each in unproven["records"]] == ["MISSING", "MISSING"]
    assert unproven["verifiedAt"] is None
    await verified(alice, dns, host)
    assert (await alice.get("/api/organization")).json()["host"] == host
    assert (await alice.delete(API)).status_code == 204
    assert (await alice.get("/api/organization")).json()["host"] is None


@pytest.mark.parametrize("first", ["carol", "bob", "mara"])
async def test_it_is_for_administrators_only(first: str, acme: Company, at_acme: Clients) -> None:
    program, browser = await at_acme.program(first), await at_acme.browser(first)
    for method, path in (("GET", API), ("PUT", API), ("DELETE", API), ("POST", f"{API}/check")):
        body = {"json": {"host": "theirs.example"}} if method == "PUT" else {}
        assert (await program.request(method, path, **body)).status_code == 403
    assert (await browser.get(PAGE)).status_code == 403
    assert (await browser.post(PAGE, data={"host": "theirs.example"})).status_code == 403


async def test_the_page_shows_the_records_and_says_what_is_missing(
    acme: Company, at_acme: Clients, connect: Connect, public: Any, dns: NameServer
) -> None:
    alice, host = await at_acme.browser("alice"), f"page.{acme.slug}.example"
    known = {name: alice.headers[name] for name in ("x-csrf-token", "cookie", "accept")}
    # Over https the cookie has the prefix.
    known["cookie"] = f"__Host-{known['cookie']}"
    alice = connect(public, host=DESK, **known)
    assert f"https://{DESK}/portal/{acme.slug}" in (await alice.get(PAGE)).text
    wrong = await alice.post(PAGE, data={"host": "no name"})
    assert (wrong.status_code, "Enter a name of a domain of yours" in wrong.text) == (422, True)
    assert 'value="no name"' in wrong.text
    assert (await alice.post(PAGE, data={"host": host})).headers["location"] == PAGE
    text = (await alice.get(PAGE)).text
    assert f"_parlour-portal.{host}" in text and "parlour-portal=" in text and "Waiting for the DNS" in text
    assert (await alice.post(f"{PAGE}/check")).headers["location"] == PAGE
    assert "Not there yet" in (await alice.get(PAGE)).text
    await verified(await at_desk(at_acme, public), dns, host)
    text = (await alice.get(PAGE)).text
    assert "In use" in text and f"https://{host}/portal/{acme.slug}" in text
    assert (await alice.post(f"{PAGE}/remove")).headers["location"] == PAGE
    assert host not in (await alice.get(PAGE)).text


async def test_its_own_name_serves_the_portal_and_nothing_else(
    acme: Company, globex: Company, at_acme: Clients, connect: Connect, public: Any, dns: NameServer
) -> None:
    host = await verified(await at_desk(at_acme, public), dns, f"own.{acme.slug}.example")
    nobody = connect(public, host=host, **HTML)
    home = await nobody.get("/")
    assert (home.status_code, home.headers["location"]) == (303, f"/portal/{acme.slug}")
    door = await nobody.get(f"/portal/{acme.slug}/sign-in")
    assert (door.status_code, "Acme" in door.text) == (200, True)
    # Of the other names of their domain nothing is known.
    assert door.headers["strict-transport-security"] == "max-age=31536000"
    for path in ("/dashboard", "/api/me", "/sign-up", "/sign-in", "/metrics", "/switch", "/images", "/portal"):
        answer = await nobody.get(path)
        assert (answer.status_code, answer.text) == (404, "This page is not here.\n"), path
    assert (await nobody.get(f"/portal/{globex.slug}/sign-in")).status_code == 404
    assert (await nobody.get("/api/health")).status_code in (200, 503)
    away = await nobody.get(f"/sign-in/at/{acme.slug}/x?next=%2Fportal")
    assert (away.status_code, away.headers["location"]) == (
        303,
        f"https://{DESK}/sign-in/at/{acme.slug}/x?next=%2Fportal",
    )
    cookie, token = await session_of(acme, acme.carol)
    mine = {"cookie": f"__Host-{COOKIE}={cookie}", "x-csrf-token": token}
    carol = connect(public, host=host, **HTML, **mine)
    ticket = await acme.ticket("Under their own name")
    assert "Under their own name" in (await carol.get(f"/portal/{acme.slug}")).text
    reply, page = {"body": "From their own name"}, f"/portal/{acme.slug}/tickets/{ticket.number}/reply"
    # The installation's pages are other people's as well: only the name's own may write.
    foreign = await carol.post(page, data=reply, headers={"origin": f"https://{DESK}"})
    assert foreign.status_code == 403
    own = await carol.post(page, data=reply, headers={"origin": f"https://{host}"})
    assert own.status_code == 303
    stranger = connect(
        public, host=host, **HTML, cookie=f"__Host-{COOKIE}={(await session_of(globex, globex.carol))[0]}"
    )
    assert "/sign-in" in (await stranger.get(f"/portal/{acme.slug}")).headers["location"]


async def test_links_of_before_lead_to_the_new_short_name_there_too(
    acme: Company, globex: Company, at_acme: Clients, connect: Connect, public: Any, dns: NameServer
) -> None:
    alice = await at_desk(at_acme, public)
    host = await verified(alice, dns, f"moved.{acme.slug}.example")
    assert (await alice.put("/api/organization", json={"slug": f"{acme.slug}-two"})).status_code == 200
    answer = await connect(public, host=host, **HTML).get(f"/portal/{acme.slug}/sign-in")
    assert answer.headers["location"].startswith(f"/portal/{acme.slug}-two/sign-in")


async def test_links_in_mails_name_it(acme: Company, at_acme: Clients, public: Any, dns: NameServer) -> None:
    ticket = await acme.ticket()
    host = await verified(await at_desk(at_acme, public), dns, f"mails.{acme.slug}.example")
    async with acme.database.reading(acme.organization_id) as tx:
        scene = await wording.scene_of(tx, ticket, public_url=f"https://{DESK}")
        assert scene.portal_url == f"https://{host}/portal/{acme.slug}"
        assert wording.portal_url(f"https://{DESK}", await this_organization(tx)) == scene.portal_url


async def test_certificates_are_had_for_names_that_were_shown_only(
    acme: Company, at_acme: Clients, connect: Connect, public: Any, dns: NameServer
) -> None:
    alice = await at_desk(at_acme, public)
    # As the proxy knows this process.
    proxy = connect(public, host="127.0.0.1:8000")

    async def asked(domain: str) -> int:
        return (await proxy.get("/tls/ask", params={"domain": domain})).status_code

    await alice.put(API, json={"host": f"wanted.{acme.slug}.example"})
    assert await asked(f"wanted.{acme.slug}.example") == 404
    host = await verified(alice, dns, f"tls.{acme.slug}.example")
    assert [await asked(each) for each in (host, host.upper(), DESK)] == [200, 200, 200]
    for other in ("", "example.com", f"x.{host}", f"{host}:443", "127.0.0.1", f"*.{acme.slug}.example", "a\x00b"):
        assert await asked(other) == 404, other
