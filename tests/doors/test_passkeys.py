"""Passkeys at the pages: made, shown as the only proof, the second or once more, and refused where anything is bent."""

import json
import re
from collections.abc import Callable

import httpx
import pytest

from parlour import access, people
from parlour.access import Method, Policy
from parlour.foundation import clock
from parlour.people import Role, UserChanges, UserStatus
from tests.access.authenticator import code
from tests.access.device import PRESENT, Device
from tests.access.outbox import letters
from tests.builders import Company, begin_session
from tests.doors.conftest import Connect
from tests.doors.keys import HERE, PROGRAM, Desk, arrived, device, rows, run_news, with_key
from tests.doors.test_own_security import _grow_old, acts_of, still_in
from tests.doors.test_signing_in import PAGE, PASSWORD, with_second_factor


async def methods_of(company: Company, session: str | None) -> list[Method]:
    assert session
    found = await access.session_of(company.installation, session)
    assert found
    return [proof.method for proof in found.identity.proofs]


async def access_of(company: Company) -> access.Standing:
    async with company.database.reading(company.organization_id) as tx:
        found = await access.standing_of(tx, company.bob.user_id)
    assert found
    return found


async def test_a_passkey_is_made_and_opens_the_account_without_name_password_or_code(
    acme: Company, connect: Connect
) -> None:
    bob, key = await arrived(acme, connect, acme.bob), device()
    other, before = await begin_session(acme, acme.bob), bob.session
    assert "Make a passkey" in (await bob.client.get(f"{HERE}/passkeys/new", headers=PAGE)).text
    made = await bob.make(key)
    assert (made.status_code, made.headers["location"]) == (303, HERE)
    assert bob.session != before
    assert await still_in(acme, bob.session or "", other) == [True, False]
    assert await methods_of(acme, bob.session) == [Method.PASSWORD, Method.PASSKEY]
    shown = (await bob.client.get(HERE, headers=PAGE)).text
    assert ("Blue key" in shown, "never used yet" in shown, "This is your only second step." in shown) == (True,) * 3
    stranger = Desk(connect())
    come = await stranger.show(key, "/sign-in", at="/passkey", next="/dashboard/tickets/new")
    assert (come.status_code, come.headers["location"]) == (303, "/dashboard/tickets/new")
    assert await methods_of(acme, stranger.session) == [Method.PASSKEY]
    assert "never used yet" not in (await stranger.client.get(HERE, headers=PAGE)).text
    acts = [act for act in await acts_of(acme) if "PASSKEY" in act or "SIGN" in act]
    assert acts == ["PASSKEY_ADDED", "SIGNED_IN"]


async def test_whoever_has_it_is_told_once_by_mail_that_a_passkey_was_added_or_removed(
    acme: Company, connect: Connect
) -> None:
    _, bob = await with_key(acme, connect, acme.bob)
    assert await run_news(acme) == 1
    address = bob.client.headers["x-address"]
    assert [(mail.kind, mail.to) for mail in await letters(acme)] == [("PASSKEY_ADDED", address)]
    page = (await bob.client.get(HERE, headers=PAGE)).text
    [passkey] = re.findall(rf"{HERE}/passkeys/([0-9a-f-]+)/remove", page)
    assert (await bob.post(f"{HERE}/passkeys/{passkey}/remove")).status_code == 303
    assert await run_news(acme) == 1
    mails = await letters(acme)
    assert [mail.kind for mail in mails] == ["PASSKEY_ADDED", "PASSKEY_REMOVED"]
    assert "It opens nothing any more" in mails[1].text


async def test_it_is_renamed_and_removed_by_its_owner_alone(acme: Company, globex: Company, connect: Connect) -> None:
    key, bob = await with_key(acme, connect, acme.bob)
    async with acme.database.reading(acme.organization_id) as tx:
        [passkey] = await access.passkeys_of(tx, acme.bob.user_id)
    others = [await arrived(acme, connect, acme.alice), await arrived(globex, connect, globex.bob)]
    before = await rows(acme)
    for other in others:
        for act in ("rename", "remove"):
            refused = await other.post(f"{HERE}/passkeys/{passkey.id}/{act}", name="Mine")
            assert refused.status_code == 404
    empty = await bob.post(f"{HERE}/passkeys/{passkey.id}/rename", name=" ")
    assert (empty.status_code, "at most 100 characters" in empty.text) == (422, True)
    assert await rows(acme) == before
    assert (await bob.post(f"{HERE}/passkeys/{passkey.id}/rename", name="Red  key")).status_code == 303
    assert "Red key" in (await bob.client.get(HERE, headers=PAGE)).text
    assert (await bob.post(f"{HERE}/passkeys/{passkey.id}/remove")).status_code == 303
    assert await rows(acme) == []
    refused = await Desk(connect()).show(key, "/sign-in", at="/passkey")
    assert (refused.status_code, access.WrongPasskey.__doc__ in refused.text) == (422, True)
    assert [act for act in await acts_of(acme) if "PASSKEY" in act] == [
        "PASSKEY_ADDED",
        "PASSKEY_RENAMED",
        "PASSKEY_REMOVED",
    ]


async def test_it_is_the_second_step_after_a_password_and_an_apps_code_will_do_as_well(
    acme: Company, connect: Connect
) -> None:
    key, bob = await with_key(acme, connect, acme.bob)
    address = bob.client.headers["x-address"]
    visitor = Desk(connect(), "/sign-in/totp")
    due = await visitor.post("/sign-in", email=address, password=PASSWORD, next="/dashboard/tickets/new")
    assert due.headers["location"] == "/sign-in/totp?next=/dashboard/tickets/new"
    page = (await visitor.client.get(due.headers["location"], headers=PAGE)).text
    assert ("Use your passkey" in page, 'name="code"' in page) == (True, False)
    key.flags = PRESENT
    come = await visitor.show(key, "/sign-in/totp", next="/dashboard/tickets/new")
    assert (come.status_code, come.headers["location"]) == (303, "/dashboard/tickets/new")
    assert await methods_of(acme, visitor.session) == [Method.PASSWORD, Method.PASSKEY]
    seed, _ = await with_second_factor(acme, acme.bob)
    visitor = Desk(connect(), "/sign-in/totp")
    await visitor.post("/sign-in", email=address, password=PASSWORD)
    page = (await visitor.client.get("/sign-in/totp", headers=PAGE)).text
    assert ("Use your passkey" in page, 'name="code"' in page) == (True, True)
    assert (await visitor.post("/sign-in/totp", code=code(seed, clock.now()))).status_code == 303
    assert await methods_of(acme, visitor.session) == [Method.PASSWORD, Method.TOTP]


async def test_somebody_elses_passkey_is_no_second_step_and_five_tries_are_all(acme: Company, connect: Connect) -> None:
    _, bob = await with_key(acme, connect, acme.bob)
    hers, _ = await with_key(acme, connect, acme.alice)
    visitor = Desk(connect(), "/sign-in/totp")
    await visitor.post("/sign-in", email=bob.client.headers["x-address"], password=PASSWORD)
    for _ in range(5):
        refused = await visitor.show(hers, "/sign-in/totp")
        assert (refused.status_code, access.WrongPasskey.__doc__ in refused.text) == (422, True)
    over = await visitor.post("/sign-in/totp", ceremony="x", answer="{}")
    assert (over.status_code, over.headers["location"]) == (303, "/sign-in")
    assert visitor.session is None


async def test_a_dangerous_act_is_confirmed_with_it_and_not_with_the_password(acme: Company, connect: Connect) -> None:
    key, bob = await with_key(acme, connect, acme.bob)
    assert bob.session
    await _grow_old(acme, bob.session)
    asked = await bob.client.get(f"{HERE}/passkeys/new", headers=PAGE)
    assert asked.headers["location"] == f"/confirm?next={HERE}/passkeys/new"
    page = (await bob.client.get(asked.headers["location"], headers=PAGE)).text
    assert ("Use your passkey" in page, 'name="code"' in page, 'name="password"' in page) == (True, False, False)
    assert (await bob.post("/confirm", password=PASSWORD)).status_code == 422
    stranger, before = device(), bob.session
    assert (await bob.show(stranger, "/confirm")).status_code == 422
    assert bob.session == before
    fresh = await bob.show(key, "/confirm", next=f"{HERE}/passkeys/new")
    assert (fresh.status_code, fresh.headers["location"]) == (303, f"{HERE}/passkeys/new")
    assert bob.session != before
    assert (await bob.client.get(f"{HERE}/passkeys/new", headers=PAGE)).status_code == 200


async def test_it_meets_the_policy_where_one_must_be_set_up_and_the_last_one_stays(
    acme: Company, connect: Connect
) -> None:
    bob = await arrived(acme, connect, acme.bob)
    async with acme.database.transaction(acme.organization_id) as tx:
        await access.set_policy(tx, Policy(second_factor_for=tuple(Role)))
    visitor, key = Desk(connect(), "/sign-in/set-up"), device()
    due = await visitor.post("/sign-in", email=bob.client.headers["x-address"], password=PASSWORD)
    assert due.headers["location"].startswith("/sign-in/set-up")
    assert "Make a passkey" in (await visitor.client.get("/sign-in/set-up", headers=PAGE)).text
    ceremony, options = await visitor.begin("/sign-in/set-up/passkey")
    answer = json.dumps(key.make(options))
    come = await visitor.post("/sign-in/set-up", ceremony=ceremony, answer=answer, name="", next="/dashboard")
    assert (come.status_code, come.headers["location"]) == (303, "/dashboard")
    assert await methods_of(acme, visitor.session) == [Method.PASSWORD, Method.PASSKEY]
    visitor.page = HERE
    async with acme.database.reading(acme.organization_id) as tx:
        [passkey] = await access.passkeys_of(tx, acme.bob.user_id)
    await visitor.post(f"{HERE}/passkeys/{passkey.id}/remove")
    assert len(await rows(acme)) == 1
    assert "this is your last" in (await visitor.client.get(HERE, headers=PAGE)).text


async def test_nothing_is_set_up_beside_the_second_factor_that_is_due(acme: Company, connect: Connect) -> None:
    bob = await arrived(acme, connect, acme.bob)
    async with acme.database.transaction(acme.organization_id) as tx:
        await access.set_policy(tx, Policy(second_factor_for=tuple(Role)))
    thief, key = Desk(connect(), "/sign-in/set-up"), device()
    wanted = {"email": bob.client.headers["x-address"], "password": PASSWORD}
    await thief.post("/sign-in", **wanted)
    seen = await thief.client.get("/sign-in/set-up", headers=PAGE)
    seed = "".join(re.findall(r'class="seed"[^>]*>([^<]+)<', seen.text)[0].split())
    ceremony, options = await thief.begin("/sign-in/set-up/passkey")
    owner = Desk(connect(), "/sign-in/set-up")
    await owner.post("/sign-in", **wanted)
    sent = {"ceremony": (began := await owner.begin("/sign-in/set-up/passkey"))[0]}
    assert (await owner.post("/sign-in/set-up", **sent, answer=json.dumps(key.make(began[1])))).status_code == 303
    before = await rows(acme)
    mine = {"ceremony": ceremony, "answer": json.dumps(device().make(options))}
    for late in ({"code": code(seed, clock.now())}, mine):
        await thief.post("/sign-in", **wanted)
        refused = await thief.post("/sign-in/set-up", **late)
        assert (refused.status_code, refused.headers["location"]) == (303, "/sign-in")
    assert (thief.session, await rows(acme)) == (None, before)
    assert not (await access_of(acme)).has_codes


def _origin(key: Device) -> None:
    key.origin = "http://parlour.test.evil.example"


def _host(key: Device) -> None:
    key.rp_id = "evil.example"


def _unverified(key: Device) -> None:
    key.flags = PRESENT


def _copied(key: Device) -> None:
    key.count = 0


@pytest.mark.parametrize("bend", [_origin, _host, _unverified, _copied])
async def test_an_answer_that_is_bent_opens_nothing_and_is_written_down(
    acme: Company, connect: Connect, bend: Callable[[Device], None]
) -> None:
    key, _ = await with_key(acme, connect, acme.bob)
    assert (await Desk(connect()).show(key, "/sign-in", at="/passkey")).status_code == 303
    before, visitor = await rows(acme), Desk(connect())
    bend(key)
    refused = await visitor.show(key, "/sign-in", at="/passkey", next="/dashboard/tickets/new")
    assert (refused.status_code, access.WrongPasskey.__doc__ in refused.text) == (422, True)
    assert (visitor.session, await rows(acme)) == (None, before)
    assert 'value="/dashboard/tickets/new"' in refused.text
    acts = await acts_of(acme)
    acts = acts[acts.index("SIGNED_IN") + 1 :]
    assert acts == (["PASSKEY_COPIED", "SIGN_IN_REFUSED"] if bend is _copied else ["SIGN_IN_REFUSED"])


async def test_an_answer_is_good_once_and_in_the_browser_that_was_asked(acme: Company, connect: Connect) -> None:
    key, _ = await with_key(acme, connect, acme.bob)
    visitor, thief = Desk(connect()), Desk(connect())
    ceremony, options = await visitor.begin("/sign-in/passkey")
    sent = {"ceremony": ceremony, "answer": json.dumps(key.show(options))}
    assert (await thief.post("/sign-in/passkey", **sent)).status_code == 422
    replayed = await visitor.post("/sign-in/passkey", **sent)
    assert (replayed.status_code, access.CeremonyOver.__doc__ in replayed.text) == (422, True)
    assert (visitor.session, thief.session) == (None, None)
    for strange in ({}, {"ceremony": "x"}, {"ceremony": "x", "answer": "["}, {"ceremony": "x", "answer": "{}"}):
        assert (await visitor.post("/sign-in/passkey", **strange)).status_code == 422
    said = (await visitor.post("/sign-in/passkey")).text
    assert "passkeys need JavaScript" in said


async def test_somebody_who_was_made_inactive_stays_out(acme: Company, connect: Connect) -> None:
    key, _ = await with_key(acme, connect, acme.bob)
    async with acme.database.transaction(acme.organization_id) as tx:
        user = await people.find_user(tx, acme.bob.user_id)
        await access.change_user(tx, user, UserChanges(status=UserStatus.INACTIVE), by=acme.alice)
    visitor = Desk(connect())
    refused = await visitor.show(key, "/sign-in", at="/passkey")
    assert (refused.status_code, visitor.session) == (422, None)


async def test_an_administrator_takes_lost_passkeys_away_and_their_owner_is_told(
    acme: Company, connect: Connect
) -> None:
    key, mara = await with_key(acme, connect, acme.mara)
    assert (await mara.make(device(), "Red key")).status_code == 303
    await run_news(acme)
    alice = await arrived(acme, connect, acme.alice, "/dashboard/settings/people")
    assert (await alice.post(f"/dashboard/settings/people/{acme.mara.user_id}/recover")).status_code == 303
    assert (await rows(acme), await still_in(acme, mara.session or "")) == ([], [False])
    assert await run_news(acme) == 1
    assert (await letters(acme))[-1].kind == "PASSKEY_REMOVED"
    assert (await Desk(connect()).show(key, "/sign-in", at="/passkey")).status_code == 422
    assert "SECOND_FACTOR_TAKEN_AWAY" in await acts_of(acme)


async def test_only_a_page_of_ours_begins(acme: Company, connect: Connect) -> None:
    foreign: dict[str, str] = {**PROGRAM, "sec-fetch-site": "cross-site", "origin": "https://evil.test"}
    paths = ("/sign-in/passkey/begin", "/sign-in/totp/passkey/begin", f"/portal/{acme.slug}/sign-in/passkey/begin")
    answers: list[httpx.Response] = [await connect().post(path, headers=foreign) for path in paths]
    assert [answer.status_code for answer in answers] == [403, 403, 403]
    nothing_begun = await connect().post("/sign-in/totp/passkey/begin", headers=PROGRAM)
    assert (nothing_begun.status_code, nothing_begun.json()["error"]) == (401, access.ChallengeOver.__doc__)
