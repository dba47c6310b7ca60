"""Passkeys for programs, with JSON; and at a portal's own name, which is a host of its own."""

import json
from typing import Any

import httpx

from parlour import access
from parlour.entrance import COOKIE
from tests.access.device import Device
from tests.builders import Company
from tests.dns_twin import NameServer
from tests.doors.conftest import Clients, Connect, failure
from tests.doors.keys import PROGRAM, rows
from tests.doors.test_own_security import _grow_old
from tests.doors.test_portal_address import DESK, HTML, at_desk, dns, public, verified
from tests.doors.test_signing_in import PASSWORD, sign_in, with_password

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
