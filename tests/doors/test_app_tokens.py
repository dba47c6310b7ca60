"""Apps that sign in for tokens: what they open, what ends them, and what a copy leads to."""

import asyncio
import base64
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
import socketio

from parlour import access, live
from parlour.access import Method, apps
from parlour.access.apps import Tokens
from parlour.entrance import COOKIE
from parlour.foundation import clock
from parlour.people import UserChanges, UserStatus, find_user
from tests.access.app import signed_in_app
from tests.access.authenticator import code
from tests.access.outbox import letters
from tests.builders import Company
from tests.doors.conftest import Clients, Connect, failure
from tests.doors.test_signing_in import PASSWORD, with_password, with_second_factor

ELSEWHERE = "https://widget.acme.test"


def bearer(tokens: Tokens | str) -> dict[str, str]:
    return {"authorization": f"Bearer {tokens if isinstance(tokens, str) else tokens.access_token}"}


async def ask(client: httpx.AsyncClient, **sent: Any) -> httpx.Response:
    return await client.post("/api/auth/tokens", json=sent)


async def refresh(client: httpx.AsyncClient, text: str) -> httpx.Response:
    return await client.post("/api/auth/tokens/refresh", json={"refreshToken": text})


async def test_an_app_signs_in_for_tokens_and_goes_on_with_new_ones(acme: Company, connect: Connect) -> None:
    address, client = await with_password(acme, acme.bob), connect()
    answer = await ask(client, email=address, password=PASSWORD)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert "set-cookie" not in answer.headers
    told = answer.json()
    assert (told["tokenType"], told["expiresIn"]) == ("Bearer", 600)
    assert (told["user"]["id"], told["organization"]["slug"]) == (str(acme.bob.user_id), acme.slug)
    me = connect(**bearer(told["accessToken"]))
    assert (await me.get("/api/me")).json()["email"] == address
    made = await me.post("/api/tickets", json={"subject": "Leak", "body": "Water"})
    assert (made.status_code, "set-cookie" in made.headers) == (201, False)
    renewed = (await refresh(client, told["refreshToken"])).json()
    assert renewed["refreshToken"] != told["refreshToken"]
    assert (await connect(**bearer(renewed["accessToken"])).get("/api/me")).json()["email"] == address
    assert (await client.get("/api/me")).status_code == 401


async def test_a_token_says_what_rfc_9068_asks_for_and_is_signed_with_a_published_key(
    acme: Company, connect: Connect
) -> None:
    tokens = await signed_in_app(acme, acme.bob)
    header, claims = (_part(tokens.access_token, number) for number in (0, 1))
    published = await connect().get("/.well-known/jwks.json")
    assert published.headers["cache-control"] == "public, max-age=3600"
    assert header["kid"] in {key["kid"] for key in published.json()["keys"]}
    assert all(set(key) == {"kty", "crv", "x", "y", "kid", "use", "alg"} for key in published.json()["keys"])
    assert (header["alg"], header["typ"]) == ("ES256", "at+jwt")
    known = acme.installation.settings.public_url
    assert (claims["iss"], claims["aud"], claims["client_id"]) == (known, f"{known}/api", "parlour")
    assert (claims["sub"], claims["org"]) == (str(acme.bob.user_id), str(acme.organization_id))
    assert (claims["sid"], claims["exp"] - claims["iat"]) == (str(tokens.session.id), 600)
    assert {"jti", "nbf", "auth_time"} <= set(claims)


async def test_a_second_factor_is_asked_for_here_too(acme: Company, connect: Connect) -> None:
    address, client = await with_password(acme, acme.bob), connect()
    seed, _ = await with_second_factor(acme, acme.bob)
    answer = await ask(client, email=address, password=PASSWORD)
    assert (answer.status_code, failure(answer)["details"]["next"]) == (401, "totp")
    done = await ask(client, challenge=failure(answer)["details"]["challenge"], code=code(seed, clock.now()))
    assert done.status_code == 200
    assert (await connect(**bearer(done.json()["accessToken"])).get("/api/auth/session")).json()["secondFactor"] is True


async def test_a_dangerous_act_asks_an_app_for_a_fresh_proof_too(acme: Company, connect: Connect) -> None:
    await with_password(acme, acme.bob)
    with clock.frozen(clock.now() - timedelta(hours=1)):
        tokens = await signed_in_app(acme, acme.bob)
        tokens = await apps.refresh(acme.installation, tokens.refresh_token, access.Client("192.0.2.3"))
    fresh = await apps.refresh(acme.installation, tokens.refresh_token, access.Client("192.0.2.3"))
    app = connect(**bearer(fresh))
    refused = await app.post("/api/auth/second-factor")
    assert (refused.status_code, failure(refused)["details"]) == (403, {"next": "confirm"})
    confirmed = await app.post("/api/auth/confirm", json={"password": PASSWORD})
    assert (confirmed.status_code, "set-cookie" in confirmed.headers) == (204, False)
    begun = await app.post("/api/auth/second-factor")
    assert begun.status_code == 201
    set_up = await app.post("/api/auth/second-factor/confirm", json={"code": code(begun.json()["secret"], clock.now())})
    assert (set_up.status_code, "set-cookie" in set_up.headers) == (201, False)
    assert (await app.get("/api/me")).status_code == 200


async def test_an_app_stands_among_the_sessions_and_is_signed_out_there(
    acme: Company, connect: Connect, at_acme: Clients
) -> None:
    app, browser = connect(**bearer(await signed_in_app(acme, acme.bob))), await at_acme.browser("bob")
    listed = (await app.get("/api/auth/sessions")).json()["items"]
    assert [(one["isThis"], one["isApp"]) for one in listed] == [(True, True), (False, False)]
    page = await browser.get("/dashboard/settings/security")
    assert '<span class="badge tone-grey">App</span>' in page.text
    ended = await browser.post(f"/dashboard/settings/security/sessions/{listed[0]['id']}/end")
    assert ended.status_code == 303
    assert (await app.get("/api/me")).status_code == 401
    assert (await browser.get("/dashboard/settings/security")).status_code == 200


async def test_signing_out_ends_the_access_token_under_way(acme: Company, connect: Connect) -> None:
    one, other = await signed_in_app(acme, acme.bob), await signed_in_app(acme, acme.bob)
    assert (await connect(**bearer(one)).post("/api/auth/sign-out")).status_code == 204
    revoked = await connect().post("/api/auth/tokens/revoke", json={"refreshToken": other.refresh_token})
    assert revoked.status_code == 204
    for tokens in (one, other):
        assert (await connect(**bearer(tokens)).get("/api/me")).status_code == 401
        assert (await refresh(connect(), tokens.refresh_token)).status_code == 401
    again = await connect().post("/api/auth/tokens/revoke", json={"refreshToken": other.refresh_token})
    assert (again.status_code, again.text) == (204, "")


async def test_a_new_password_ends_other_apps_and_spares_this_one(acme: Company, connect: Connect) -> None:
    await with_password(acme, acme.bob)
    this, other = await signed_in_app(acme, acme.bob), await signed_in_app(acme, acme.bob)
    body = {"present": PASSWORD, "new": "unheard of sentences"}
    changed = await connect(**bearer(this)).put("/api/auth/password", json=body)
    assert (changed.status_code, "set-cookie" in changed.headers) == (204, False)
    assert (await connect(**bearer(other)).get("/api/me")).status_code == 401
    assert (await connect(**bearer(this)).get("/api/me")).status_code == 200


async def test_a_copy_is_told_to_the_person_and_the_app_is_out(acme: Company, connect: Connect) -> None:
    address = await with_password(acme, acme.bob)
    first = await signed_in_app(acme, acme.bob)
    second = (await refresh(connect(), first.refresh_token)).json()
    third = (await refresh(connect(), second["refreshToken"])).json()
    copied = await refresh(connect(), first.refresh_token)
    assert (copied.status_code, failure(copied)["error"]) == (401, apps.RefreshOver().message)
    assert (await refresh(connect(), third["refreshToken"])).status_code == 401
    assert (await connect(**bearer(third["accessToken"])).get("/api/me")).status_code == 401
    mails = [mail for mail in await letters(acme) if mail.kind == "TOKEN_COPIED"]
    assert [mail.to for mail in mails] == [address]
    assert "somebody has a copy" in mails[0].text


async def test_a_page_elsewhere_that_an_organization_named_may_sign_in_for_tokens(
    acme: Company, connect: Connect, at_acme: Clients
) -> None:
    address = await with_password(acme, acme.bob)
    admin = await at_acme.program("alice")
    assert (await admin.put("/api/organization/origins", json={"origins": [ELSEWHERE]})).status_code < 300
    widget = connect(origin=ELSEWHERE, **{"sec-fetch-site": "cross-site"})
    answer = await ask(widget, email=address, password=PASSWORD)
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, ELSEWHERE)
    stranger = connect(origin="https://evil.test", **{"sec-fetch-site": "cross-site"})
    unread = await ask(stranger, email=address, password=PASSWORD)
    assert "access-control-allow-origin" not in unread.headers
    # What a cookie carries stays closed to both.
    refused = await widget.post("/api/auth/sign-in", json={"email": address, "password": PASSWORD})
    assert refused.status_code == 403


async def test_who_is_made_inactive_is_out_with_their_apps_and_sockets(
    acme: Company, connect: Connect, processes: list[str]
) -> None:
    tokens = await signed_in_app(acme, acme.bob, Method.PASSWORD)
    socket = socketio.AsyncClient(reconnection=False)
    await _join(socket, processes[0], tokens.access_token)
    async with httpx.AsyncClient(base_url=processes[1], headers=bearer(tokens)) as app:
        assert (await app.get("/api/me")).status_code == 200
        async with acme.database.transaction(acme.organization_id) as tx:
            user = await find_user(tx, acme.bob.user_id)
            changed = await access.change_user(tx, user, UserChanges(status=UserStatus.INACTIVE), by=acme.alice)
        await access.after_change(acme.installation, acme.organization_id, changed)
        assert (await app.get("/api/me")).status_code == 401
    async with asyncio.timeout(5):
        await socket.wait()
    with pytest.raises(socketio.exceptions.ConnectionError):
        await _join(socketio.AsyncClient(reconnection=False), processes[0], tokens.access_token)


async def test_a_socket_ends_with_the_access_token_that_opened_it(acme: Company, processes: list[str]) -> None:
    with clock.frozen(clock.now() - timedelta(seconds=597)):
        tokens = await signed_in_app(acme, acme.bob)
    socket = socketio.AsyncClient(reconnection=False)
    await _join(socket, processes[0], tokens.access_token)
    async with asyncio.timeout(20):
        await socket.wait()
    fresh = await apps.refresh(acme.installation, tokens.refresh_token, access.Client("192.0.2.4"))
    await _join(socket, processes[0], fresh.access_token)
    await socket.disconnect()


async def test_what_lies_behind_tokens_is_no_cookie(acme: Company, connect: Connect) -> None:
    tokens = await signed_in_app(acme, acme.bob)
    for value in (tokens.access_token, tokens.refresh_token, tokens.session.id.hex, str(tokens.session.id)):
        assert (await connect(cookie=f"{COOKIE}={value}").get("/api/me")).status_code == 401
    assert (await connect(**bearer(tokens.refresh_token)).get("/api/me")).status_code == 401


def _part(token: str, number: int) -> dict[str, Any]:
    part = token.split(".")[number]
    read: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return read


async def _join(socket: socketio.AsyncClient, address: str, token: str) -> None:
    await socket.connect(address, transports=["websocket"], socketio_path=f"/{live.PATH}", auth={"token": token})
