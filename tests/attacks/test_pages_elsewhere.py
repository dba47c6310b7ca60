"""CORS: whose pages may read the API's answers. CSRF: whose may write."""

import httpx
import pytest

from parlour import people
from parlour.entrance import COOKIE
from tests.builders import Company
from tests.doors.conftest import Clients, Connect, failure, session_of, token_of

SHOP = "https://shop.acme.test"
EVIL = "https://evil.test"


def _asks(origin: str, method: str = "POST") -> dict[str, str]:
    wanted = {"access-control-request-method": method, "access-control-request-headers": "authorization"}
    return {"origin": origin, **wanted}


async def _allow(company: Company, *origins: str) -> None:
    async with company.database.transaction(company.organization_id) as tx:
        await people.set_allowed_origins(tx, origins)


async def test_a_named_page_may_read_what_a_token_of_that_organization_asks(
    acme: Company, globex: Company, at_acme: Clients, at_globex: Clients, connect: Connect
) -> None:
    shop = f"https://shop.{acme.slug}.test"
    await _allow(acme, shop)
    beforehand = await connect().options("/api/tickets", headers=_asks(shop))
    assert beforehand.status_code == 204
    assert beforehand.headers["access-control-allow-origin"] == shop
    assert "authorization" in beforehand.headers["access-control-allow-headers"]
    assert "POST" in beforehand.headers["access-control-allow-methods"]
    assert "origin" in beforehand.headers["vary"]
    answer = await (await at_acme.program("bob")).get("/api/tickets", headers={"origin": shop})
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, shop)
    assert "etag" in answer.headers["access-control-expose-headers"]
    assert "origin" in answer.headers["vary"]
    refused = await (await at_acme.program("bob")).get("/api/tickets/nothing", headers={"origin": shop})
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (404, shop)
    theirs = await (await at_globex.program("bob")).get("/api/tickets", headers={"origin": shop})
    assert theirs.status_code == 200
    assert "access-control-allow-origin" not in theirs.headers


@pytest.mark.parametrize("origin", [EVIL, "null", "*", f"{SHOP}.evil.test", "http://shop.acme.test", f"{SHOP}:444"])
async def test_any_other_page_may_read_nothing(origin: str, acme: Company, at_acme: Clients, connect: Connect) -> None:
    await _allow(acme, SHOP)
    for answer in (
        await connect().options("/api/tickets", headers=_asks(origin)),
        await (await at_acme.program("bob")).get("/api/tickets", headers={"origin": origin}),
    ):
        assert not [name for name in answer.headers if name.startswith("access-control-")]


async def test_a_cookie_counts_for_no_page_elsewhere_whatever_is_allowed(acme: Company, connect: Connect) -> None:
    await _allow(acme, SHOP)
    cookie, token = await session_of(acme, acme.bob)
    bob = connect(cookie=f"{COOKIE}={cookie}", origin=SHOP)
    read = await bob.get("/api/me")
    assert not [name for name in read.headers if name.startswith("access-control-")]
    headers = {"x-csrf-token": token, "sec-fetch-site": "cross-site"}
    written = await bob.post("/api/tags", json={"name": "theirs"}, headers=headers)
    assert (written.status_code, failure(written)["error"][:14]) == (403, "This form was ")
    beforehand = await connect().options("/api/tags", headers=_asks(SHOP))
    assert "access-control-allow-credentials" not in beforehand.headers


async def test_pages_of_ours_that_are_no_api_are_for_nobody_elsewhere(acme: Company, connect: Connect) -> None:
    await _allow(acme, SHOP)
    token = await token_of(acme, acme.bob)
    for path in ("/dashboard/settings", f"/portal/{acme.slug}/sign-in", "/sign-in"):
        asked = connect(authorization=f"Bearer {token}", origin=SHOP)
        for answer in (await asked.get(path), await connect().options(path, headers=_asks(SHOP, "GET"))):
            assert "access-control-allow-origin" not in answer.headers


async def test_an_administrator_names_them_in_the_settings_and_through_the_api(acme: Company, at_acme: Clients) -> None:
    alice, page = await at_acme.program("alice"), await at_acme.browser("alice")
    set_ = await alice.put("/api/organization/origins", json={"origins": ["HTTPS://Shop.Acme.test:443/", SHOP]})
    assert (set_.status_code, set_.json()) == (200, {"origins": [SHOP]})
    sent = await page.post(
        "/dashboard/settings/organization/origins", data={"origins": f"{SHOP}\nhttp://localhost:3000"}
    )
    assert sent.status_code == 303
    assert (await alice.get("/api/organization/origins")).json() == {"origins": ["http://localhost:3000", SHOP]}
    assert SHOP in (await page.get("/dashboard/settings/organization")).text
    for first in ("bob", "carol", "mara"):
        assert (await (await at_acme.program(first)).get("/api/organization/origins")).status_code == 403


@pytest.mark.parametrize(
    "written",
    ["*", "https://*.acme.test", "null", "http://shop.acme.test", "https://shop.acme.test/path", "javascript:alert(1)",
     "https://a@b.test", "shop.acme.test", "https://", "https://shop.acme.test:x", "https://shop.acme.test?x", "file:///"],
)  # fmt: skip
async def test_what_is_no_origin_is_refused_and_changes_nothing(written: str, acme: Company, at_acme: Clients) -> None:
    await _allow(acme, SHOP)
    alice = await at_acme.program("alice")
    answer = await alice.put("/api/organization/origins", json={"origins": [written]})
    assert answer.status_code == 422
    assert "origins" in failure(answer)["details"]
    assert (await alice.get("/api/organization/origins")).json() == {"origins": [SHOP]}
    page = await at_acme.browser("alice")
    typed = await page.post("/dashboard/settings/organization/origins", data={"origins": written})
    assert typed.status_code == 422
    assert "is no origin" in typed.text


@pytest.mark.parametrize("how", ["no token", "another's token", "a token of another session", "garbage"])
async def test_a_form_without_the_sessions_own_token_changes_nothing(how: str, acme: Company, connect: Connect) -> None:
    cookie, _ = await session_of(acme, acme.alice)
    _, of_bob = await session_of(acme, acme.bob)
    _, of_other_session = await session_of(acme, acme.alice)
    sent = {"no token": "", "another's token": of_bob, "a token of another session": of_other_session, "garbage": "%%"}
    alice: httpx.AsyncClient = connect(cookie=f"{COOKIE}={cookie}", accept="text/html")
    form = {"name": "Stolen", "colour": "#000000", "csrf": sent[how]}
    answer = await alice.post("/dashboard/settings/organization", data=form)
    assert answer.status_code == 403
    async with acme.database.reading(acme.organization_id) as tx:
        assert (await people.this_organization(tx)).name == "Acme"
