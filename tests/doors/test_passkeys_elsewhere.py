"""Passkeys for programs, with JSON; and at a portal's own name, which is a host of its own."""

import json
from typing import Any

import httpx

from parlour import access
from parlour.access import Policy
from parlour.entrance import COOKIE
from parlour.people import Role
from tests.access.device import Device
from tests.builders import Company
from tests.dns_twin import NameServer
from tests.doors.conftest import Clients, Connect, failure
from tests.doors.keys import HERE, PROGRAM, Desk, rows, with_key
from tests.doors.test_own_security import _grow_old
from tests.doors.test_portal_address import DESK, HTML, at_desk, dns, public, verified
from tests.doors.test_signing_in import PAGE, PASSWORD, sign_in, with_password

__all__ = ["dns", "public"]


async def asked(client: httpx.AsyncClient, path: str, **body: str) -> tuple[str, str]:
    answer = await client.post(path, **({"json": body} if path.endswith("sign-in/passkey") else {}))
    assert answer.status_code == 200, answer.text
    return answer.json()["ceremony"], json.dumps(answer.json()["options"])


async def shown(client: httpx.AsyncClient, key: Device, path: str, **body: str) -> dict[str, Any]:
    ceremony, options = await asked(client, path, **body)
    return {"ceremony": ceremony, "answer": key.show(options)}


async def made(acme: Company, connect: Connect, key: Device) -> tuple[httpx.AsyncClient, str, dict[str, Any]]:
    """Bob, his address, and his new passkey as it is listed."""
    client, address = connect(), await with_password(acme, acme.bob)
    inside = await sign_in(client, email=address, password=PASSWORD)
    client.headers["x-csrf-token"] = inside.json()["csrfToken"]
    ceremony, options = await asked(client, "/api/auth/passkeys/begin")
    sent = {"ceremony": ceremony, "answer": key.make(options), "name": "Blue key"}
    answer = await client.post("/api/auth/passkeys", json=sent)
    assert answer.status_code == 201, answer.text
    return client, address, answer.json()


async def test_a_program_does_all_of_it_with_json(acme: Company, connect: Connect) -> None:
    key = Device()
    client, address, passkey = await made(acme, connect, key)
    assert (passkey["name"], passkey["host"], passkey["usedAt"]) == ("Blue key", "parlour.test", None)
    assert (await client.get("/api/auth/session")).json()["secondFactor"] is True
    renamed = await client.put(f"/api/auth/passkeys/{passkey['id']}", json={"name": "Red key"})
    assert renamed.json()["name"] == "Red key"
    alone = connect()
    come = await sign_in(alone, passkey=await shown(alone, key, "/api/auth/sign-in/passkey"))
    assert (come.status_code, come.json()["user"]["email"]) == (200, address)
    second = connect()
    due = failure(await sign_in(second, email=address, password=PASSWORD))["details"]
    answer = await shown(second, key, "/api/auth/sign-in/passkey", challenge=due["challenge"])
    stranger = connect(**{"user-agent": "somebody else"})
    assert (await sign_in(stranger, challenge=due["challenge"], passkey=answer)).status_code == 401
    answer = await shown(second, key, "/api/auth/sign-in/passkey", challenge=due["challenge"])
    assert (await sign_in(second, challenge=due["challenge"], passkey=answer)).status_code == 200
    app = connect()
    tokens = await app.post("/api/auth/tokens", json={"passkey": await shown(app, key, "/api/auth/sign-in/passkey")})
    assert (tokens.status_code, tokens.json()["user"]["email"]) == (200, address)
    [listed] = (await client.get("/api/auth/passkeys")).json()["items"]
    assert (listed["id"], listed["usedAt"] is None) == (passkey["id"], False)


async def test_a_program_confirms_with_it_before_it_removes_it(acme: Company, connect: Connect) -> None:
    key = Device()
    client, _, passkey = await made(acme, connect, key)
    await _grow_old(acme, client.cookies[COOKIE])
    refused = await client.delete(f"/api/auth/passkeys/{passkey['id']}")
    assert (refused.status_code, refused.json()["details"], len(await rows(acme))) == (403, {"next": "confirm"}, 1)
    wrong = {"passkey": await shown(client, Device(), "/api/auth/confirm/passkey")}
    assert (await client.post("/api/auth/confirm", json=wrong)).status_code == 401
    right = {"passkey": await shown(client, key, "/api/auth/confirm/passkey")}
    assert (await client.post("/api/auth/confirm", json=right)).status_code == 204
    assert (await client.delete(f"/api/auth/passkeys/{passkey['id']}")).status_code == 204
    assert await rows(acme) == []
    assert (await client.get("/api/auth/session")).json()["secondFactor"] is False


async def test_a_program_makes_the_first_one_where_one_must_be_set_up_before_anybody_is_in(
    acme: Company, connect: Connect
) -> None:
    address = await with_password(acme, acme.bob)
    async with acme.database.transaction(acme.organization_id) as tx:
        await access.set_policy(tx, Policy(second_factor_for=(Role.AGENT,)))
    client, key = connect(), Device()
    due = failure(await sign_in(client, email=address, password=PASSWORD))["details"]
    assert due["next"] == "set-up"
    failure(await sign_in(client, challenge=due["challenge"], code="123456"))
    ceremony, options = await asked(client, "/api/auth/sign-in/passkey", challenge=due["challenge"])
    answer = {"ceremony": ceremony, "answer": key.make(options)}
    stranger = connect(**{"user-agent": "somebody else"})
    assert (await sign_in(stranger, challenge=due["challenge"], passkey=answer)).status_code == 401
    assert await rows(acme) == []
    come = await sign_in(client, challenge=due["challenge"], passkey=answer, passkeyName="Blue key")
    assert (come.status_code, come.json()["secondFactor"]) == (200, True)
    [listed] = (await client.get("/api/auth/passkeys")).json()["items"]
    assert listed["name"] == "Blue key"
    due = failure(await sign_in(connect(), email=address, password=PASSWORD))["details"]
    assert due["next"] == "totp"


async def test_a_token_makes_no_passkey_and_an_organization_that_is_named_must_be_its_own(
    acme: Company, globex: Company, connect: Connect, at_acme: Clients
) -> None:
    program = await at_acme.program("alice")
    assert (await program.post("/api/auth/passkeys/begin")).status_code == 403
    key = Device()
    await made(acme, connect, key)
    for slug, status in ((globex.slug, 401), ("nobody", 401), (acme.slug, 200)):
        client = connect()
        answer = await shown(client, key, "/api/auth/sign-in/passkey")
        assert (await sign_in(client, passkey=answer, organization=slug)).status_code == status


async def test_at_a_portals_own_name_that_name_asks_and_passkeys_of_it_count_there_only(
    acme: Company, at_acme: Clients, connect: Connect, public: Any, dns: NameServer
) -> None:
    host = await verified(await at_desk(at_acme, public), dns, f"keys.{acme.slug}.example")
    key, carol = Device(f"https://{host}", host), access.Identity(acme.organization_id, acme.carol.user_id, ())
    party, client = access.party_at(f"https://{host}"), access.Client("192.0.2.7")
    token, options = await access.begin_registration(acme.installation, carol, party, client)
    await access.add_passkey(acme.installation, carol, token, key.make(options), client, "Blue key")
    door = f"/portal/{acme.slug}/sign-in/passkey"
    for name, status in ((host, 303), (DESK, 422)):
        nobody = connect(public, host=name)
        begun = await nobody.post(f"{door}/begin", headers=PROGRAM)
        assert begun.json()["options"]["rpId"] == name
        kept = begun.headers["set-cookie"].partition(";")[0]
        assert kept.startswith("__Host-parlour_passkey=")
        sent = {
            "ceremony": begun.json()["ceremony"],
            "answer": json.dumps(key.show(json.dumps(begun.json()["options"]))),
        }
        come = await nobody.post(door, data=sent, headers={**HTML, "cookie": kept})
        assert (come.status_code, COOKIE in str(come.headers)) == (status, status == 303)


async def test_behind_a_proxy_the_installations_own_name_asks_whatever_name_was_written(
    connect: Connect, public: Any
) -> None:
    for name in (DESK, f"{DESK}:443", "127.0.0.1:8000"):
        begun = await connect(public, host=name).post("/sign-in/passkey/begin", headers=PROGRAM)
        assert begun.json()["options"]["rpId"] == DESK


async def test_at_a_portal_only_its_own_peoples_passkeys_count(
    acme: Company, globex: Company, connect: Connect
) -> None:
    door = f"/portal/{acme.slug}"
    hers, carol = await with_key(acme, connect, acme.carol, f"{door}/security")
    theirs, _ = await with_key(globex, connect, globex.carol, f"/portal/{globex.slug}/security")
    assert "Blue key" in (await carol.client.get(f"{door}/security", headers=PAGE)).text
    visitor = Desk(connect())
    refused = await visitor.show(theirs, f"{door}/sign-in", at="/passkey")
    assert (refused.status_code, access.PasskeyOfAnother.__doc__ in refused.text) == (422, True)
    assert visitor.session is None
    come = await visitor.show(hers, f"{door}/sign-in", at="/passkey", next=f"{door}/tickets/new")
    assert (come.status_code, come.headers["location"]) == (303, f"{door}/tickets/new")
    assert carol.session
    await _grow_old(acme, carol.session)
    asked = await carol.client.get(f"{door}/security/passkeys/new", headers=PAGE)
    assert asked.headers["location"].startswith(f"{door}/confirm?next=")
    assert (await carol.show(hers, f"{door}/confirm", next=f"{door}/security")).status_code == 303


async def test_a_passkey_of_another_host_is_not_asked_for_and_the_page_says_where_it_is_of_use(
    acme: Company, connect: Connect
) -> None:
    _, bob = await with_key(acme, connect, acme.bob)
    async with acme.database.transaction(acme.organization_id) as tx:
        await tx.run("update passkeys set rp_id = 'help.acme.example'")
    visitor = Desk(connect(), "/sign-in/totp")
    await visitor.post("/sign-in", email=bob.client.headers["x-address"], password=PASSWORD)
    page = (await visitor.client.get("/sign-in/totp", headers=PAGE)).text
    assert ("made at help.acme.example" in page, "Use your passkey" in page, 'name="code"' in page) == (
        True,
        False,
        False,
    )
    assert "Only at help.acme.example" in (await bob.client.get(HERE, headers=PAGE)).text


async def test_at_a_bare_address_no_passkey_is_offered(connect: Connect) -> None:
    there = await connect().get("/sign-in", headers={**PAGE, "host": "192.0.2.7:8000"})
    here = await connect().get("/sign-in", headers=PAGE)
    assert ["passkey" in page.text for page in (there, here)] == [False, True]
