"""Sessions, tokens, cookies and forms of sign-in, as somebody would attack them."""

import asyncio
import base64
import json
import statistics
import time
from urllib.parse import urlencode

import httpx
import pytest

from parlour import access, people
from parlour.entrance import COOKIE
from parlour.foundation import crypto, ids
from parlour.foundation.settings import Settings
from parlour.people import Actor
from tests.builders import Company, begin_session
from tests.doors.conftest import Clients, Connect, failure, started

PASSWORD = "a numbat sings at noon"
PAGE = {"accept": "text/html"}
X, F = "x-forwarded-for", "forwarded"


async def _with_password(company: Company, actor: Actor, email: str | None = None) -> str:
    address = email or f"{actor.user_id.hex}@acme.test"
    async with company.database.transaction(company.organization_id) as tx:
        await tx.run(
            "update users set email = %(email)s, password_hash = %(hash)s where id = %(id)s",
            id=actor.user_id,
            email=address,
            hash=await access.hashed_password(PASSWORD),
        )
    return address


def _cookies(answer: httpx.Response) -> dict[str, str]:
    """Name to the whole line that set it."""
    return {line.partition("=")[0]: line for line in answer.headers.get_list("set-cookie")}


async def test_a_session_chosen_by_a_stranger_is_not_the_one_that_is_signed_in(acme: Company, connect: Connect) -> None:
    email = await _with_password(acme, acme.bob)
    for planted in ("chosen-by-mallory", await begin_session(acme, acme.dave)):
        mallory = connect(cookie=f"{COOKIE}={planted}")
        before = (await mallory.get("/api/me")).json().get("email")
        victim = connect(cookie=f"{COOKIE}={planted}", **PAGE)
        form = {"email": email, "password": PASSWORD}
        answer = await victim.post("/sign-in", data=form)
        if answer.status_code == 403:
            # Into somebody's session nobody signs in without its form's token.
            answer = await connect(**PAGE).post("/sign-in", data=form)
        assert answer.status_code == 303
        given = _cookies(answer)[COOKIE].partition("=")[2].partition(";")[0]
        assert len(given) >= 43
        assert given != planted
        assert (await mallory.get("/api/me")).json().get("email") == before != email
        assert (await connect(cookie=f"{COOKIE}={given}").get("/api/me")).json()["email"] == email


async def test_behind_a_proxy_that_ends_tls_cookies_are_the_hosts_own(
    acme: Company, settings: Settings, connect: Connect
) -> None:
    email = await _with_password(acme, acme.bob)
    known = settings.model_copy(
        update={"base_url": "https://desk.acme.test", "trusted_proxies": "127.0.0.1 10.0.0.0/8", "rate_limits": "off"}
    )
    async with started(known) as asgi:
        proxied = {
            "host": "desk.acme.test",
            "origin": "https://desk.acme.test",
            "x-forwarded-for": "203.0.113.9, 10.1.1.1",
        }
        # Whatever the proxy says of the scheme: the address in the settings decides.
        for proto in ({"x-forwarded-proto": "https"}, {"x-forwarded-proto": "http"}, {}):
            client = connect(asgi, **proxied, **proto, **PAGE)
            answer = await client.post("/sign-in", data={"email": email, "password": PASSWORD})
            assert answer.status_code == 303
            line = _cookies(answer)[f"__Host-{COOKIE}"]
            assert {"secure", "httponly", "path=/", "samesite=lax"} <= {
                part.strip().lower() for part in line.split(";")
            }
            assert "domain=" not in line.lower()
            assert answer.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"
            # One set from elsewhere without the prefix, say by a sibling host, counts for nothing.
            value = line.partition("=")[2].partition(";")[0]
            assert (await connect(asgi, **proxied, cookie=f"{COOKIE}={value}").get("/api/me")).status_code == 401
            assert (await connect(asgi, **proxied, cookie=f"__Host-{COOKIE}={value}").get("/api/me")).status_code == 200


@pytest.mark.parametrize(
    ("header", "headers", "counted"),
    [
        (X, {"x-forwarded-for": "1.1.1.1"}, "1.1.1.1"),
        (X, {"x-forwarded-for": "9.9.9.9, 1.1.1.1, 10.0.0.7"}, "1.1.1.1"),
        (X, {"x-forwarded-for": "9.9.9.9, 10.0.0.8, 10.0.0.7"}, "9.9.9.9"),
        (X, {"x-forwarded-for": "9.9.9.9, nonsense, 10.0.0.7"}, "10.0.0.7"),
        (F, {"forwarded": 'for=9.9.9.9, for="[2001:db8::5]:4711";proto=https;by=10.0.0.1'}, "2001:db8::5"),
        (F, {"forwarded": "for=9.9.9.9;proto=https, proto=http;for=10.0.0.7"}, "9.9.9.9"),
        (F, {"forwarded": "for=9.9.9.9, for=_hidden, for=10.0.0.7"}, "10.0.0.7"),
        (X, {"x-forwarded-for": "1.1.1.1", "forwarded": "for=2.2.2.2"}, "1.1.1.1"),
        (X, {"forwarded": "for=2.2.2.2"}, "10.0.0.1"),
        (F, {"x-forwarded-for": "1.1.1.1", "forwarded": "for=2.2.2.2"}, "2.2.2.2"),
        (F, {"x-forwarded-for": "1.1.1.1"}, "10.0.0.1"),
        (X, {"x-real-ip": "6.6.6.6", "client-ip": "7.7.7.7"}, "10.0.0.1"),
    ],
)
async def test_who_the_client_is_is_believed_of_our_proxies_only(
    header: str, headers: dict[str, str], counted: str, acme: Company, settings: Settings
) -> None:
    known = settings.model_copy(update={"trusted_proxies": "10.0.0.0/8", "rate_limits": "off", "proxy_header": header})
    async with started(known) as asgi:

        async def address_in_the_trail(peer: str) -> str:
            email = await _with_password(acme, acme.bob)
            transport = httpx.ASGITransport(asgi, client=(peer, 5))
            async with httpx.AsyncClient(transport=transport, base_url="http://parlour.test") as client:
                body = {"email": email, "password": "wrong"}
                assert (await client.post("/api/auth/sign-in", json=body, headers=headers)).status_code == 401
            async with acme.database.reading(acme.organization_id) as tx:
                return str(await tx.value("select address from audit_records order by position desc limit 1"))

        assert await address_in_the_trail("10.0.0.1") == counted
        assert await address_in_the_trail("198.51.100.77") == "198.51.100.77"


def _jwt(header: dict[str, str], claims: dict[str, object]) -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, claims)]
    return ".".join([*parts, ""])


async def test_a_token_that_describes_itself_is_believed_nothing(acme: Company, connect: Connect) -> None:
    """Whatever it says of itself: an app's token is read with our own keys, any other is a digest that is known."""
    claims = {"sub": str(acme.alice.user_id), "org": str(acme.organization_id), "role": "ADMIN", "exp": 9999999999}
    forged = [_jwt({"alg": alg, "typ": "JWT"}, claims) for alg in ("none", "None", "HS256", "RS256")]
    forged += [
        _jwt({"alg": "HS256", "kid": "../../../../dev/null"}, claims),
        _jwt({"alg": "RS256", "jku": "http://127.0.0.1"}, claims),
    ]
    for token in [*forged, f"parlour_{forged[0]}", crypto.digest("parlour_x").hex()]:
        answer = await connect(authorization=f"Bearer {token}").get("/api/me")
        kept = "This access token is no good, or has run out. Get a new one with your refresh token, or sign in again."
        unknown = "This API token is unknown, revoked or expired. Make a new one in your settings."
        assert (answer.status_code, failure(answer)["error"]) == (401, kept if "." in token else unknown)
        assert (await connect(cookie=f"{COOKIE}={token}").get("/api/me")).status_code == 401


ELSEWHERE = (
    "https://evil.test", "//evil.test", "///evil.test", "/\\evil.test", "\\\\evil.test", "/%09/evil.test",
    "/\t/evil.test",
    "/%2f%2fevil.test", "https:evil.test", "javascript:alert(1)", "data:text/html,x", "/.evil.test/../..//evil.test",
    "@evil.test", "/@evil.test", "http://parlour.test@evil.test", "%0d%0aX: y",
    "/dashboard\r\nLocation: https://evil.test",
)  # fmt: skip


@pytest.mark.parametrize("elsewhere", ELSEWHERE)
async def test_no_door_leads_to_another_site(elsewhere: str, acme: Company, connect: Connect) -> None:
    email = await _with_password(acme, acme.bob)
    customer = await _with_password(acme, acme.carol, f"{acme.carol.user_id.hex}@customer.test")
    query = urlencode({"next": elsewhere})
    for door, who in (("/sign-in", email), (f"/portal/{acme.slug}/sign-in", customer)):
        form = {"email": who, "password": PASSWORD, "next": elsewhere}
        answer = await connect(**PAGE).post(f"{door}?{query}", data=form)
        assert answer.status_code == 303
        _stays(answer)
    cookie = await begin_session(acme, acme.bob)
    for path in ("/sign-in", "/confirm", "/switch", "/sign-up", "/dashboard"):
        _stays(await connect(cookie=f"{COOKIE}={cookie}", **PAGE).get(f"{path}?{query}"))
    for path in ("//evil.test/%2e%2e", "/\\evil.test", "//evil.test/dashboard/"):
        _stays(await connect(**PAGE).get(f"http://parlour.test{path}"))


def _stays(answer: httpx.Response) -> None:
    location = answer.headers.get("location", "/")
    assert location.startswith("/"), location
    assert not location.startswith(("//", "/\\")), location
    assert "x" not in answer.headers
    assert httpx.URL("http://parlour.test").join(location).host == "parlour.test"


async def test_how_long_a_refusal_takes_tells_nobody_who_is_known(acme: Company, connect: Connect) -> None:
    known = await _with_password(acme, acme.bob)
    client = connect()

    async def seconds(email: str) -> float:
        began = time.perf_counter()
        answer = await client.post("/api/auth/sign-in", json={"email": email, "password": "a wrong one"})
        assert (answer.status_code, "email" in answer.text) == (401, "email" in answer.text)
        return time.perf_counter() - began

    await seconds(known)
    pairs = [(await seconds(known), await seconds(f"{number}@nowhere.test")) for number in range(25)]
    difference = statistics.median(one - other for one, other in pairs)
    usual = statistics.median(one for one, _ in pairs)
    # Hashing a password is nearly all of it. Without that, one of the two would be some tenths of the other.
    assert abs(difference) < 0.35 * usual, (difference, usual)


async def test_nor_in_how_many_organizations_nor_whether_they_left_or_have_a_password(
    acme: Company, globex: Company, settings: Settings
) -> None:
    """One guess is compared with a hash for each organization, and yet each is answered at the same moment."""
    everywhere, waits = f"{ids.new().hex}@many.test", 2.0
    for number in range(5):
        async with acme.database.transaction(ids.new()) as tx:
            slug = f"many-{number}-{ids.new().hex}"
            await access.sign_up(tx, access.SignUp("Many", slug, "Zoe", everywhere, PASSWORD))
    known, gone = await _with_password(acme, acme.bob), await _with_password(acme, acme.dave)
    async with acme.database.transaction(acme.organization_id) as tx:
        await tx.run("update users set status = 'INACTIVE' where id = %(id)s", id=acme.dave.user_id)
        without: str = await tx.value(
            "update users set email = id || '@customer.test' where id = %(id)s returning email", id=acme.carol.user_id
        )
    asked = [everywhere, known, gone, without, f"{ids.new().hex}@nowhere.test"]
    async with started(settings.model_copy(update={"rate_limits": "off", "refusal_seconds": waits})) as asgi:

        async def seconds(email: str, organization: str) -> float:
            transport = httpx.ASGITransport(asgi)
            body = {"email": email, "password": "a wrong one", "organization": organization}
            async with httpx.AsyncClient(transport=transport, base_url="http://parlour.test") as client:
                began = time.perf_counter()
                assert (await client.post("/api/auth/sign-in", json=body)).status_code == 401
                return time.perf_counter() - began

        taken = await asyncio.gather(*[seconds(email, place) for place in ("", acme.slug) for email in asked])
    assert min(taken) >= waits
    # All at once and in one bucket: what is left is the order in which they are answered.
    assert max(taken) < 1.5 * waits, taken


async def test_many_wrong_guesses_at_once_are_no_more_than_five(acme: Company, settings: Settings) -> None:
    email = await _with_password(acme, acme.bob)
    async with started(settings.model_copy(update={"rate_limits": "on", "trusted_proxies": "127.0.0.1"})) as asgi:

        async def guess(number: int) -> int:
            headers = {"x-forwarded-for": f"192.0.2.{number}"}
            transport = httpx.ASGITransport(asgi)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://parlour.test", headers=headers
            ) as client:
                return (await client.post("/api/auth/sign-in", json={"email": email, "password": "x"})).status_code

        statuses = await asyncio.gather(*[guess(number) for number in range(20)])
        assert sorted(statuses) == [401] * 5 + [429] * 15


async def test_only_what_a_person_may_know_of_a_refusal_is_told(at_acme: Clients, acme: Company) -> None:
    async with acme.database.transaction(acme.organization_id) as tx:
        before = await people.team(tx)
    bob = await at_acme.program("bob")
    for method, path in (
        ("GET", "/api/tickets/00000000-0000-7000-8000-000000000000"),
        ("GET", "/api/tickets/999999"),
        ("GET", "/api/nothing"),
        ("GET", "/api/tickets?cursor=%27%3B"),
        ("TRACE", "/api/tickets"),
        ("CONNECT", "/api/tickets"),
        ("PROPFIND", "/dashboard"),
        ("POST", "/api/me"),
    ):
        answer = await bob.request(method, path)
        assert answer.status_code in (400, 404, 405), (method, path, answer.status_code)
        said = answer.text.lower()
        for word in ("traceback", "psycopg", "litestar", "select ", "/site-packages", "msgspec", ".py"):
            assert word not in said
    async with acme.database.reading(acme.organization_id) as tx:
        assert await people.team(tx) == before
