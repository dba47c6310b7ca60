"""Looking after one's own access, and what an administrator can do for others."""

import re
from typing import Any

import httpx
import pytest
import pytest_asyncio

from parlour import access
from parlour.entrance import COOKIE
from parlour.foundation import clock, crypto
from parlour.people import Actor
from tests.access.authenticator import code
from tests.builders import Company, begin_session
from tests.doors.conftest import Clients, Connect
from tests.doors.test_signing_in import PAGE, PASSWORD, sign_in, with_password, with_second_factor

HERE = "/dashboard/settings/security"


class Browser:
    """Somebody at a browser: sends forms with the token their page holds, and keeps the cookies."""

    def __init__(self, client: httpx.AsyncClient, page: str = HERE) -> None:
        self.client = client
        self.page = page

    @property
    def token(self) -> str:
        return self.client.cookies[COOKIE]

    async def post(self, path: str, **fields: str) -> httpx.Response:
        page = await self.client.get(f"{self.page}", headers=PAGE)
        csrf = re.search(r'name="csrf-token" content="([^"]+)"', page.text)
        assert csrf, page.text[:500]
        referer = {"referer": f"http://parlour.test{self.page}"}
        sent = {"csrf": csrf[1], **fields}
        return await self.client.post(path, data=sent, headers={**PAGE, **referer})


@pytest_asyncio.fixture(loop_scope="session")
async def bob(acme: Company, connect: Connect) -> Browser:
    """Bob, who has a password and has just signed in with it."""
    return await arrived(acme, connect, acme.bob)


async def arrived(company: Company, connect: Connect, actor: Actor) -> Browser:
    client = connect()
    address = await with_password(company, actor)
    client.cookies.set(COOKIE, await begin_session(company, actor), domain="parlour.test")
    client.headers["x-address"] = address
    return Browser(client)


async def acts_of(company: Company) -> list[str]:
    async with company.database.reading(company.organization_id) as tx:
        return await tx.values("select act from audit_records order by position")


async def still_in(company: Company, *tokens: str) -> list[bool]:
    return [await access.session_of(company.installation, token) is not None for token in tokens]


async def test_a_new_password_needs_the_present_one_and_ends_every_other_session(acme: Company, bob: Browser) -> None:
    other, before = await begin_session(acme, acme.bob), bob.token
    alices = await begin_session(acme, acme.alice)
    for present, new, said in (
        ("wrong", "unheard of sentences", "That is not your present password."),
        (PASSWORD, "short", "at least ten characters"),
        (PASSWORD, "Password12345", "one of the passwords that many people use"),
    ):
        refused = await bob.post(f"{HERE}/password", present=present, new=new)
        assert (refused.status_code, said in refused.text) == (422, True)
    assert await still_in(acme, before, other) == [True, True]
    assert "PASSWORD_CHANGED" not in await acts_of(acme)
    async with acme.database.transaction(acme.organization_id) as tx:
        for name in "one", "two", "revoked":
            token, _ = await access.create_token(tx, acme.bob.user_id, name)
        await access.revoke_token(tx, acme.bob.user_id, token.id)
        await access.create_token(tx, acme.alice.user_id, "hers")
    changed = await bob.post(f"{HERE}/password", present=PASSWORD, new="unheard of sentences")
    assert (changed.status_code, changed.headers["location"]) == (303, HERE)
    assert "Your%202%20API%20tokens%20go%20on%20working" in changed.headers["set-cookie"]
    assert bob.token != before
    assert await still_in(acme, bob.token, other, alices) == [True, False, True]
    address = bob.client.headers["x-address"]
    assert await access.identities_by_password(acme.database, address, "unheard of sentences")
    with pytest.raises(access.WrongCredentials):
        await access.identities_by_password(acme.database, address, PASSWORD)
    assert (await acts_of(acme))[-3:] == ["PASSWORD_CHANGED", "SESSIONS_ENDED", "SIGN_IN_REFUSED"]


async def test_a_second_factor_is_set_up_counted_renewed_and_taken_off(acme: Company, bob: Browser) -> None:
    page = await bob.client.get(f"{HERE}/second-factor", headers=PAGE)
    seed = re.search(r'class="seed">([A-Z2-7 ]+)<', page.text)
    assert seed
    key, before = seed[1].replace(" ", ""), bob.token
    wrong = await bob.post(f"{HERE}/second-factor", code="123")
    assert (wrong.status_code, "That code is not right" in wrong.text) == (422, True)
    done = await bob.post(f"{HERE}/second-factor", code=code(key, clock.now()))
    codes = re.findall(r"<li><code>([a-z2-9-]{14})</code>", done.text)
    assert (done.status_code, len(codes)) == (200, 10)
    assert done.headers["cache-control"] == "no-store"
    assert bob.token != before
    assert "<b>10 backup codes</b>" in (await bob.client.get(HERE, headers=PAGE)).text
    renewed = await bob.post(f"{HERE}/backup-codes")
    fresh = re.findall(r"<li><code>([a-z2-9-]{14})</code>", renewed.text)
    assert not set(fresh) & set(codes)
    off = await bob.post(f"{HERE}/second-factor/remove")
    assert off.status_code == 303
    async with acme.database.reading(acme.organization_id) as tx:
        assert await access.second_factor_of(tx, acme.bob.user_id) is None
    acts = [act for act in await acts_of(acme) if "SECOND" in act or "BACKUP" in act]
    assert acts == ["SECOND_FACTOR_SET_UP", "BACKUP_CODES_RENEWED", "SECOND_FACTOR_REMOVED"]


async def test_a_dangerous_act_asks_who_one_is_once_some_time_has_passed(
    acme: Company, bob: Browser, connect: Connect
) -> None:
    await _grow_old(acme, bob.token)
    refused = await bob.client.get(f"{HERE}/second-factor", headers=PAGE)
    assert (refused.status_code, refused.headers["location"]) == (303, f"/confirm?next={HERE}/second-factor")
    back = await bob.post(f"{HERE}/second-factor/remove")
    assert (back.status_code, back.headers["location"]) == (303, f"/confirm?next={HERE}")
    wrong = await bob.post("/confirm", password="wrong", next=f"{HERE}/second-factor")
    assert (wrong.status_code, "That is not your present password." in wrong.text) == (422, True)
    before = bob.token
    right = await bob.post("/confirm", password=PASSWORD, next=f"{HERE}/second-factor")
    assert (right.status_code, right.headers["location"]) == (303, f"{HERE}/second-factor")
    assert bob.token != before
    assert (await bob.client.get(f"{HERE}/second-factor", headers=PAGE)).status_code == 200


async def test_who_has_a_second_factor_confirms_with_it_not_with_the_password(acme: Company, bob: Browser) -> None:
    seed, _ = await with_second_factor(acme, acme.bob)
    bob.client.cookies.clear()
    session = await begin_session(acme, acme.bob, access.Method.PASSWORD, access.Method.DEVICE)
    bob.client.cookies.set(COOKIE, session, domain="parlour.test")
    asked = await bob.post(f"{HERE}/backup-codes")
    assert asked.headers["location"].startswith("/confirm")
    assert (await bob.post("/confirm", password=PASSWORD)).status_code == 422
    assert (await bob.post("/confirm", code=code(seed, clock.now()), next=HERE)).status_code == 303
    assert (await bob.post(f"{HERE}/backup-codes")).status_code == 200


async def test_a_program_can_do_nothing_that_needs_a_person(acme: Company, at_acme: Clients) -> None:
    program = await at_acme.program("alice")
    for path in (f"{HERE}/second-factor/remove", "/dashboard/settings/sign-in"):
        refused = await program.post(path)
        assert refused.status_code == 403
        assert "Only a person" in refused.text
    assert "SECURITY_POLICY_CHANGED" not in await acts_of(acme)


async def test_sessions_are_listed_and_ended_one_by_one_or_all_others(
    acme: Company, bob: Browser, globex: Company
) -> None:
    tokens = [await begin_session(acme, acme.bob) for _ in range(3)]
    theirs = await begin_session(globex, globex.bob)
    page = (await bob.client.get(HERE, headers=PAGE)).text
    assert page.count("This browser") == 1
    ends = re.findall(rf"{HERE}/sessions/([0-9a-f-]+)/end\"", page)
    assert len(ends) == 3
    first = await access.session_of(acme.installation, tokens[0])
    assert first
    assert (await bob.post(f"{HERE}/sessions/{first.id}/end")).status_code == 303
    assert await still_in(acme, *tokens) == [False, True, True]
    others = await access.session_of(acme.installation, theirs)
    assert others
    assert (await bob.post(f"{HERE}/sessions/{others.id}/end")).status_code == 404
    assert (await bob.post(f"{HERE}/sessions/end-others")).status_code == 303
    assert await still_in(acme, *tokens, bob.token, theirs) == [False, False, False, True, True]


async def test_an_administrator_helps_who_lost_everything_and_it_is_written_down(
    acme: Company, connect: Connect, bob: Browser
) -> None:
    await with_second_factor(acme, acme.mara)
    mara, alice = await begin_session(acme, acme.mara), await arrived(acme, connect, acme.alice)
    people = Browser(alice.client, "/dashboard/settings/people")
    assert (await bob.post(f"/dashboard/settings/people/{acme.mara.user_id}/recover")).status_code == 403
    assert await still_in(acme, mara) == [True]
    helped = await people.post(f"/dashboard/settings/people/{acme.mara.user_id}/recover")
    assert helped.status_code == 303
    assert await still_in(acme, mara) == [False]
    assert (await acts_of(acme))[-2:] == ["SECOND_FACTOR_TAKEN_AWAY", "SESSIONS_ENDED"]
    async with acme.database.reading(acme.organization_id) as tx:
        assert await access.second_factor_of(tx, acme.mara.user_id) is None
    await with_second_factor(acme, acme.alice)


async def test_the_policy_is_the_administrators_to_change(acme: Company, connect: Connect, bob: Browser) -> None:
    alice = await arrived(acme, connect, acme.alice)
    form = {"role": "CUSTOMER", "grace": "7", "idle": "60", "longest": "12", "devices": "0"}
    policies = "/dashboard/settings/sign-in"
    assert (await bob.post(policies, **form)).status_code == 403
    saved = await Browser(alice.client, policies).post(policies, **form)
    assert saved.status_code == 303
    async with acme.database.reading(acme.organization_id) as tx:
        policy = await access.policy_of(tx)
    assert (policy.second_factor_for, policy.idle_minutes, policy.longest_hours, policy.device_days) == (
        ("CUSTOMER",),
        60,
        12,
        0,
    )
    assert (await Browser(alice.client, policies).post(policies, role="CAPTAIN", grace="0")).status_code == 422


async def test_one_password_in_two_organizations_is_one_session_with_a_switch(
    acme: Company, globex: Company, connect: Connect
) -> None:
    address, client = await with_password(acme, acme.bob), connect()
    await _same_person(globex, address)
    inside = await sign_in(client, email=address, password=PASSWORD)
    assert inside.status_code == 200
    bob = Browser(client, "/switch")
    page = await client.get("/switch", headers=PAGE)
    assert (page.text.count('action="/switch/'), acme.slug in page.text) == (1, False)
    here, there = (acme, globex) if inside.json()["organization"]["slug"] == acme.slug else (globex, acme)
    stale = inside.json()["csrfToken"]
    moved = await bob.post(f"/switch/{there.organization_id}")
    assert (moved.status_code, moved.headers["location"]) == (303, "/dashboard")
    assert (await client.get("/api/auth/session")).json()["organization"]["slug"] == there.slug
    crossed = await client.post("/api/tokens", json={"name": "x"}, headers={"x-csrf-token": stale})
    assert crossed.status_code == 403, "a page of the other organization writes nothing here"
    back = await bob.post(f"/switch/{here.organization_id}")
    assert back.status_code == 303
    assert (await bob.post(f"/switch/{acme.bob.user_id}")).status_code == 404


async def _same_person(company: Company, address: str) -> None:
    async with company.database.transaction(company.organization_id) as tx:
        await tx.run(
            "update users set email = %(email)s, password_hash = %(hash)s where id = %(id)s",
            email=address,
            hash=await access.hashed_password(PASSWORD),
            id=company.bob.user_id,
        )


async def _grow_old(company: Company, token: str) -> None:
    """As if it had been signed in an hour ago."""
    key = f"session:{crypto.digest(token).hex()}"
    stored: Any = await company.installation.cache.get(key)
    aged = re.sub(r'"at":[0-9.]+', f'"at":{clock.now().timestamp() - 3600}', stored)
    assert aged != stored
    await company.installation.cache.set(key, aged, keepttl=True)


async def test_a_program_with_a_session_does_all_of_it_with_json(acme: Company, bob: Browser, connect: Connect) -> None:
    client, address = connect(), bob.client.headers["x-address"]
    csrf = (await sign_in(client, email=address, password=PASSWORD)).json()["csrfToken"]
    client.headers["x-csrf-token"] = csrf
    begun = await client.post("/api/auth/second-factor")
    assert begun.status_code == 201
    done = await client.post(
        "/api/auth/second-factor/confirm", json={"code": code(begun.json()["secret"], clock.now())}
    )
    assert (done.status_code, len(done.json()["codes"])) == (201, 10)
    assert (await client.get("/api/auth/second-factor")).json()["backupCodesLeft"] == 10
    listed = (await client.get("/api/auth/sessions")).json()["items"]
    assert [one["isThis"] for one in listed] == [True]
    await _grow_old(acme, client.cookies[COOKIE])
    refused = await client.delete("/api/auth/second-factor")
    assert (refused.status_code, refused.json()["details"]) == (403, {"next": "confirm"})
    assert (await client.post("/api/auth/confirm", json={"password": PASSWORD})).status_code == 401
    assert (await client.post("/api/auth/confirm", json={"code": done.json()["codes"][0]})).status_code == 204
    assert (await client.delete("/api/auth/second-factor")).status_code == 204
    changed = await client.put("/api/auth/password", json={"present": PASSWORD, "new": "unheard of sentences"})
    assert changed.status_code == 204
    assert (await client.get("/api/auth/session")).json()["secondFactor"] is False
