"""What programs may do with a token, and who ends it."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest
import socketio

from parlour import access
from parlour.people import Actor, Permission
from tests.builders import Company
from tests.doors.conftest import Clients, Connect, failure, token_of
from tests.notifications.test_ending_tokens import look, make

READS = ["READ_ORGANIZATION", "READ_TICKETS"]


async def test_a_token_that_only_reads_changes_nothing(acme: Company, at_acme: Clients, connect: Connect) -> None:
    alice = await at_acme.program("alice")
    made = (await alice.post("/api/tokens", json={"name": "Wall board", "scopes": READS})).json()
    assert made["scopes"] == READS
    reader = connect(authorization=f"Bearer {made['token']}")
    ticket = await acme.ticket("Leak")
    assert (await reader.get(f"/api/tickets/{ticket.number}")).json()["subject"] == "Leak"
    for method, path, body in (
        ("PUT", f"/api/tickets/{ticket.number}", {"subject": "Other"}),
        ("POST", "/api/tags", {"name": "vip"}),
        ("POST", "/api/tokens", {"name": "More"}),
        ("PUT", "/api/organization", {"colour": "#112233"}),
    ):
        assert (await reader.request(method, path, json=body)).status_code == 403
    assert (await acme.now(ticket)).subject == "Leak"


async def test_a_token_makes_none_that_may_do_more(acme: Company, at_acme: Clients, connect: Connect) -> None:
    alice = await at_acme.program("alice")
    mine = [*READS, "MANAGE_OWN_TOKENS"]
    maker = (await alice.post("/api/tokens", json={"name": "Maker", "scopes": mine})).json()
    narrow = connect(authorization=f"Bearer {maker['token']}")
    beyond = await narrow.post("/api/tokens", json={"name": "More", "scopes": ["MANAGE_MAIL"]})
    assert (beyond.status_code, failure(beyond)["error"]) == (
        403,
        "A token can't make one that may do more than itself.",
    )
    same = (await narrow.post("/api/tokens", json={"name": "As much"})).json()
    assert same["scopes"] == sorted(mine)
    bob = await at_acme.program("bob")
    refused = await bob.post("/api/tokens", json={"name": "More", "scopes": ["MANAGE_MAIL"]})
    assert (refused.status_code, list(failure(refused)["details"])) == (422, ["scopes"])
    assert (await bob.post("/api/tokens", json={"name": "None", "scopes": []})).status_code == 422
    assert [token["name"] for token in (await alice.get("/api/tokens")).json()["items"]] == ["As much", "Maker", "test"]


async def test_an_administrator_sees_and_ends_everybodys_tokens(
    acme: Company, at_acme: Clients, connect: Connect
) -> None:
    alice, bob = await at_acme.program("alice"), await at_acme.program("bob")
    listed = (await alice.get("/api/organization/tokens")).json()["items"]
    bobs = next(token for token in listed if token["owner"]["id"] == str(acme.bob.user_id))
    assert (bobs["owner"]["name"], bobs["scopes"]) == ("Bob", None)
    assert (await bob.get("/api/organization/tokens")).status_code == 403
    assert (await bob.delete(f"/api/organization/tokens/{bobs['id']}")).status_code == 403
    assert (await bob.get("/api/me")).status_code == 200
    assert (await alice.delete(f"/api/organization/tokens/{bobs['id']}")).status_code == 204
    assert (await bob.get("/api/me")).status_code == 401
    assert (await alice.delete(f"/api/organization/tokens/{bobs['id']}")).status_code == 404


@pytest.mark.parametrize("by", ["bob", "alice"])
async def test_a_revoked_tokens_open_socket_is_closed_at_once(by: str, acme: Company, processes: list[str]) -> None:
    text = await token_of(acme, acme.bob)
    screen = socketio.AsyncClient(reconnection=False)
    await screen.connect(processes[1], transports=["websocket"], socketio_path="/api/socket", auth={"token": text})
    async with acme.database.reading(acme.organization_id) as tx:
        token = (await access.tokens_of(tx, acme.bob.user_id))[0]
    actor: Actor = getattr(acme, by)
    path = f"/api/tokens/{token.id}" if by == "bob" else f"/api/organization/tokens/{token.id}"
    headers = {"authorization": f"Bearer {await token_of(acme, actor)}"}
    async with httpx.AsyncClient(base_url=processes[0], headers=headers) as program:
        assert (await program.delete(path)).status_code == 204
    async with asyncio.timeout(5):
        await screen.wait()
    assert not screen.connected


async def test_a_token_that_may_read_no_ticket_hears_nothing(acme: Company, processes: list[str]) -> None:
    async with acme.database.transaction(acme.organization_id) as tx:
        scopes = frozenset({Permission.READ_TAGS})
        _, text = await access.create_token(tx, acme.bob.user_id, "Tags", None, scopes)
        _, directory = await access.create_directory_token(tx, "Directory", by=acme.alice)
    for refused in (text, directory):
        screen = socketio.AsyncClient(reconnection=False)
        with pytest.raises(socketio.exceptions.ConnectionError):
            await screen.connect(
                processes[0], transports=["websocket"], socketio_path="/api/socket", auth={"token": refused}
            )


async def test_the_page_makes_a_token_with_an_end_and_with_scopes(acme: Company, at_acme: Clients) -> None:
    bob = await at_acme.browser("bob")
    page = "/dashboard/settings/tokens"

    async def made(**form: Any) -> httpx.Response:
        return await bob.post(page, data={"name": "Board", "days": "30", **form})

    assert "Change status, priority, assignee" in (await bob.get(page)).text
    assert "Choose what the token may do." in (await made(may="chosen")).text
    assert (await made(may="chosen", scope="MANAGE_MAIL")).status_code == 422
    assert (await made(days="31")).status_code == 422
    shown = await made(may="chosen", scope=["READ_TICKETS", "READ_TAGS"])
    assert (shown.status_code, shown.headers["cache-control"]) == (200, "no-store")
    async with acme.database.reading(acme.organization_id) as tx:
        (token,) = await access.tokens_of(tx, acme.bob.user_id)
    assert token.scopes == ["READ_TAGS", "READ_TICKETS"]
    assert token.expires_at and (token.expires_at - token.created_at).days in (29, 30)
    assert (await bob.get("/dashboard/settings/programs")).status_code == 403
    alice = await at_acme.browser("alice")
    assert "bob@acme.test" in (await alice.get("/dashboard/settings/programs")).text
    revoked = await alice.post(f"/dashboard/settings/programs/{token.id}/revoke")
    assert revoked.status_code == 303
    async with acme.database.reading(acme.organization_id) as tx:
        assert await access.tokens_of(tx, acme.bob.user_id) == []


async def test_the_bell_leads_to_the_page_where_it_is_replaced(acme: Company, at_acme: Clients) -> None:
    token_id = await make(acme, acme.bob)
    await look(acme, timedelta(days=14))
    for first, page in (("bob", "tokens"), ("alice", "programs")):
        client = await at_acme.browser(first)
        shown = (await client.get("/dashboard/notifications")).text
        assert (f'href="/dashboard/settings/{page}"' in shown, "ends soon" in shown) == (True, True)
    [line] = (await (await at_acme.program("bob")).get("/api/notifications")).json()["items"]
    assert (line["apiTokenId"], line["apiToken"], line["name"]) == (str(token_id), "Nightly report", "TokenEndsSoon")
