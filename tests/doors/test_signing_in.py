"""Signing in with JSON and with pages: second factors, cookies, limits, and what nobody can tell from outside."""

import re
import statistics
import time
from datetime import timedelta
from typing import Any

import httpx
import pytest

from parlour import access
from parlour.access import Client, Policy
from parlour.entrance import COOKIE
from parlour.entrance.arriving.clients import client_address
from parlour.foundation import clock, ids
from parlour.foundation.errors import TooManyRequests
from parlour.foundation.settings import Settings
from parlour.people import Actor, Role
from tests.access.authenticator import code
from tests.builders import Company
from tests.doors.conftest import Clients, Connect, failure, started

PASSWORD = "three words of nonsense"
PAGE = {"accept": "text/html"}


async def with_password(company: Company, actor: Actor, password: str = PASSWORD) -> str:
    """Gives somebody a password, and an address of their own."""
    address = f"{actor.name.lower()}-{ids.new().hex[-12:]}@acme.test"
    async with company.database.transaction(company.organization_id) as tx:
        await tx.run(
            "update users set email = %(email)s, password_hash = %(hash)s where id = %(id)s",
            id=actor.user_id,
            email=address,
            hash=await access.hashed_password(password),
        )
    return address


async def with_second_factor(company: Company, actor: Actor) -> tuple[str, list[str]]:
    """Set up a minute ago, so that the present code is good."""
    past = clock.now() - timedelta(minutes=2)
    with clock.frozen(past):
        async with company.database.transaction(company.organization_id) as tx:
            seed = (await access.begin_enrolment(tx, company.installation, actor.user_id)).seed
            codes = await access.confirm_enrolment(tx, company.installation, actor.user_id, code(seed, past))
    return seed, codes


async def sign_in(client: httpx.AsyncClient, **sent: Any) -> httpx.Response:
    return await client.post("/api/auth/sign-in", json=sent)


async def test_a_program_signs_in_looks_and_signs_out(acme: Company, connect: Connect) -> None:
    address, client = await with_password(acme, acme.bob), connect()
    answer = await sign_in(client, email=address, password=PASSWORD)
    assert answer.status_code == 200
    told = answer.json()
    assert (told["user"]["id"], told["organization"]["slug"]) == (str(acme.bob.user_id), acme.slug)
    assert (await client.get("/api/auth/session")).json()["user"]["email"] == address
    name = {"name": "Reports"}
    assert (await client.post("/api/tokens", json=name)).status_code == 403
    assert (await client.post("/api/tokens", json=name, headers={"x-csrf-token": told["csrfToken"]})).status_code == 201
    left = await client.post("/api/auth/sign-out", headers={"x-csrf-token": told["csrfToken"]})
    assert left.status_code == 204
    assert (await client.get("/api/auth/session")).status_code == 401


async def test_a_second_factor_is_asked_for_with_a_challenge(acme: Company, connect: Connect) -> None:
    address, client = await with_password(acme, acme.bob), connect()
    seed, codes = await with_second_factor(acme, acme.bob)
    answer = await sign_in(client, email=address, password=PASSWORD)
    assert answer.status_code == 401
    assert COOKIE not in str(answer.headers)
    details = failure(answer)["details"]
    assert (details["next"], set(details)) == ("totp", {"next", "challenge"})
    wrong = await sign_in(client, challenge=details["challenge"], code="000000")
    assert (wrong.status_code, "next" in failure(wrong)["details"]) == (401, False)
    stranger = connect(**{"user-agent": "somebody else"})
    taken = await sign_in(stranger, challenge=details["challenge"], code=code(seed, clock.now()))
    assert taken.status_code == 401
    assert COOKIE not in str(taken.headers)
    right = await sign_in(
        client, email=address, password=PASSWORD, challenge=details["challenge"], code=code(seed, clock.now())
    )
    assert (right.status_code, right.json()["secondFactor"]) == (200, True)
    again = await sign_in(connect(), challenge=details["challenge"], code=codes[0])
    assert again.status_code == 401


async def test_a_session_never_had_its_cookie_before(acme: Company, connect: Connect) -> None:
    """Whoever plants a cookie in somebody's browser gains nothing by it (session fixation)."""
    address, client = await with_password(acme, acme.bob), connect()
    planted = "a-value-an-attacker-knows"
    client.cookies.set(COOKIE, planted)
    answer = await sign_in(client, email=address, password=PASSWORD)
    given = answer.cookies[COOKIE]
    assert given != planted
    assert await access.session_of(acme.installation, planted) is None
    second = connect(cookie=f"{COOKIE}={given}")
    csrf = {"x-csrf-token": answer.json()["csrfToken"]}
    repeated = await second.post("/api/auth/sign-in", json={"email": address, "password": PASSWORD}, headers=csrf)
    assert repeated.status_code == 200
    assert await access.session_of(acme.installation, given) is None
    assert await access.session_of(acme.installation, repeated.cookies[COOKIE])


@pytest.mark.parametrize(
    "sender",
    [{"origin": "https://evil.test"}, {"sec-fetch-site": "cross-site"}, {"origin": "null"}],
)
async def test_no_other_site_signs_anybody_in(acme: Company, connect: Connect, sender: dict[str, str]) -> None:
    address = await with_password(acme, acme.bob)
    both = {"email": address, "password": PASSWORD}
    for answer in (
        await connect().post("/api/auth/sign-in", json=both, headers=sender),
        await connect().post("/sign-in", data=both, headers={**PAGE, **sender}),
        await connect().post(f"/portal/{acme.slug}/sign-in", data=both, headers={**PAGE, **sender}),
    ):
        assert answer.status_code == 403
        assert COOKIE not in str(answer.headers)


async def test_over_https_the_browser_itself_guards_the_cookie(
    acme: Company, connect: Connect, settings: Settings
) -> None:
    address = await with_password(acme, acme.bob)
    secure = settings.model_copy(update={"rate_limits": "off", "base_url": "https://parlour.test"})
    async with started(secure) as asgi:
        answer = await sign_in(connect(asgi), email=address, password=PASSWORD)
    (cookie,) = [line for line in answer.headers.get_list("set-cookie") if "parlour_session" in line]
    assert cookie.startswith("__Host-parlour_session=")
    said = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"secure", "httponly", "samesite=lax", "path=/"} <= said
    assert not any(part.startswith("domain") for part in said)


async def test_pages_ask_for_the_code_and_remember_the_browser(acme: Company, connect: Connect) -> None:
    address, browser = await with_password(acme, acme.bob), connect(**PAGE)
    seed, codes = await with_second_factor(acme, acme.bob)
    there = await browser.post("/sign-in", data={"email": address, "password": PASSWORD, "next": "/dashboard/settings"})
    assert (there.status_code, there.headers["location"]) == (303, "/sign-in/totp?next=/dashboard/settings")
    assert COOKIE not in browser.cookies
    page = await browser.get(there.headers["location"])
    assert 'autocomplete="one-time-code"' in page.text
    wrong = await browser.post("/sign-in/totp", data={"code": "12", "next": "/dashboard/settings"})
    assert (wrong.status_code, "That code is not right" in wrong.text) == (422, True)
    sent = {"code": code(seed, clock.now()), "remember": "on", "next": "/dashboard/settings"}
    inside = await browser.post("/sign-in/totp", data=sent)
    assert (inside.status_code, inside.headers["location"]) == (303, "/dashboard/settings")
    assert (await browser.get("/dashboard/settings/security")).status_code == 200
    browser.cookies.delete(COOKIE)
    again = await browser.post("/sign-in", data={"email": address, "password": PASSWORD})
    assert again.headers["location"] == "/dashboard"
    elsewhere = connect(**PAGE)
    first = await elsewhere.post(f"/portal/{acme.slug}/sign-in", data={"email": address, "password": PASSWORD})
    assert first.headers["location"].startswith(f"/portal/{acme.slug}/sign-in/totp")
    assert codes[0] not in page.text


async def test_what_is_asked_for_by_the_organization_is_set_up_on_the_way_in(acme: Company, connect: Connect) -> None:
    address, browser = await with_password(acme, acme.carol), connect(**PAGE)
    async with acme.database.transaction(acme.organization_id) as tx:
        await access.set_policy(tx, Policy(second_factor_for=(Role.CUSTOMER,)))
    program = await sign_in(connect(), email=address, password=PASSWORD)
    assert (program.status_code, failure(program)["details"]["next"]) == (401, "set-up")
    home = f"/portal/{acme.slug}"
    there = await browser.post(f"{home}/sign-in", data={"email": address, "password": PASSWORD})
    assert there.headers["location"].startswith(f"{home}/sign-in/set-up")
    page = await browser.get(there.headers["location"])
    seed = re.search(r'class="seed">([A-Z2-7 ]+)<', page.text)
    assert seed
    assert "<svg" in page.text
    done = await browser.post(f"{home}/sign-in/set-up", data={"code": code(seed[1].replace(" ", ""), clock.now())})
    assert done.status_code == 200
    assert len(re.findall(r"<li><code>[a-z2-9-]{14}</code>", done.text)) == 10
    assert (await browser.get(home)).status_code == 200


async def test_a_new_role_gets_a_new_cookie_and_the_old_one_fades(acme: Company, at_acme: Clients) -> None:
    browser, alice = await at_acme.browser("bob"), await at_acme.program("alice")
    old = browser.headers["cookie"].partition("=")[2]
    assert (await browser.get("/api/me")).json()["role"] == "AGENT"
    assert (await alice.put(f"/api/users/{acme.bob.user_id}", json={"role": "MANAGER"})).status_code == 200
    answer = await browser.get("/api/me")
    assert answer.json()["role"] == "MANAGER"
    new = answer.cookies[COOKIE]
    assert new != old
    assert COOKIE not in (await browser.get("/api/me")).cookies, "renewed by one request, not by each"
    assert await access.session_of(acme.installation, old)
    with clock.frozen(clock.now() + timedelta(seconds=10)):
        assert await access.session_of(acme.installation, old) is None


async def test_known_and_unknown_addresses_take_the_same_time_and_hear_the_same(
    acme: Company, connect: Connect
) -> None:
    known, client = await with_password(acme, acme.bob), connect()
    await sign_in(client, email=known, password="warm up")

    async def once(address: str) -> tuple[float, dict[str, Any]]:
        begun = time.perf_counter()
        answer = await sign_in(client, email=address, password="not the password")
        taken = time.perf_counter() - begun
        body = {name: value for name, value in answer.json().items() if name not in ("timestamp", "requestId")}
        return taken, {"status": answer.status_code, **body}

    times: dict[str, list[float]] = {"known": [], "unknown": []}
    said = []
    for _ in range(30):
        # In turns, so that whatever else the machine does weighs on both.
        for kind, address in (("known", known), ("unknown", f"nobody-{ids.new().hex}@acme.test")):
            taken, body = await once(address)
            times[kind].append(taken)
            said.append(body)
    assert all(body == said[0] for body in said)
    # The quickest are those that nothing disturbed.
    quick = {kind: statistics.mean(sorted(taken)[:10]) for kind, taken in times.items()}
    assert 0.75 < quick["known"] / quick["unknown"] < 1.33, quick


async def test_signing_up_with_an_address_that_is_known_elsewhere_says_nothing_of_it(
    acme: Company, connect: Connect
) -> None:
    known = await with_password(acme, acme.bob)
    answers = []
    for address in (known, f"new-{ids.new().hex}@acme.test"):
        fields = {"organization": f"Garden {ids.new().hex[-8:]}", "name": "Ada", "email": address, "password": PASSWORD}
        answers.append(await connect().post("/sign-up", data=fields, headers=PAGE))
    assert {(answer.status_code, answer.headers["location"]) for answer in answers} == {(303, "/dashboard")}
    assert {answer.text for answer in answers} == {""}


async def test_two_processes_count_guesses_together_and_pauses_grow(acme: Company, processes: list[str]) -> None:
    address = await with_password(acme, acme.bob)

    async def guess(number: int, password: str = "a guess", **headers: str) -> httpx.Response:
        # From an address of loopback that no other test has used up.
        way = httpx.AsyncHTTPTransport(local_address="127.0.0.77")
        async with httpx.AsyncClient(base_url=processes[number % 2], headers=headers, transport=way) as client:
            return await client.post("/api/auth/sign-in", json={"email": address, "password": password})

    assert [(await guess(number)).status_code for number in range(5)] == [401] * 5
    stopped = await guess(5)
    assert stopped.status_code == 429
    assert 1 <= int(stopped.headers["retry-after"]) <= 60
    assert (await guess(6, PASSWORD)).status_code == 429


async def test_pauses_grow_and_strangers_never_keep_an_owner_out(acme: Company) -> None:
    installation, address = acme.installation, f"owner-{ids.new().hex}@acme.test"
    mark = access.known_browser_mark(installation.signer, address)
    at, pauses = clock.now(), []
    for number in range(6):
        with clock.frozen(at):
            stranger = Client(f"198.51.100.{number}")
            for _ in range(5):
                await access.count(installation, access.of_sign_in(installation, stranger, address))
            with pytest.raises(TooManyRequests) as refusal:
                await access.count(installation, access.of_sign_in(installation, stranger, address))
            pauses.append(refusal.value.retry_after)
            owner = Client("203.0.113.9", devices=(mark,))
            await access.count(installation, access.of_sign_in(installation, owner, address))
            with pytest.raises(TooManyRequests):
                await access.count(installation, access.of_sign_in(installation, Client("203.0.113.9"), address))
        at += timedelta(seconds=refusal.value.retry_after + 61)
    assert pauses == [60, 120, 240, 480, 900, 900]


@pytest.mark.parametrize(
    ("peer", "told", "trusted", "client"),
    [
        ("192.0.2.1", "", "", "192.0.2.1"),
        ("192.0.2.1", "203.0.113.5", "", "192.0.2.1"),
        ("127.0.0.1", "203.0.113.5", "127.0.0.1", "203.0.113.5"),
        ("127.0.0.1", "10.9.9.9, 203.0.113.5", "127.0.0.1", "203.0.113.5"),
        ("10.0.0.2", "198.51.100.1, 203.0.113.5, 10.0.0.9", "10.0.0.0/8", "203.0.113.5"),
        ("10.0.0.2", "not an address", "10.0.0.0/8", "10.0.0.2"),
        ("10.0.0.2", "[2001:db8::7]:4711", "10.0.0.0/8, ::1", "2001:db8::7"),
        ("10.0.0.2", "203.0.113.5:8080", "10.0.0.0/8", "203.0.113.5"),
        ("::ffff:10.0.0.2", "203.0.113.5", "10.0.0.0/8", "203.0.113.5"),
    ],
)
def test_a_proxy_is_believed_only_where_it_is_ours(peer: str, told: str, trusted: str, client: str) -> None:
    assert client_address(peer, told, trusted) == client
