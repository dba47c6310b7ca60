"""What screens hear, over two web processes."""

import asyncio
from typing import Any

import httpx
import pytest
import socketio

from parlour import access, live
from parlour.entrance import COOKIE
from parlour.foundation import ids
from parlour.foundation.settings import Settings
from parlour.notifications import NotificationRaised
from parlour.people import Actor
from tests.builders import Company, begin_session
from tests.doors.conftest import Opens, token_of
from tests.doors.screens import Client, connect_screen, named
from tests.waiting import until


async def _program(company: Company, actor: Actor, address: str) -> httpx.AsyncClient:
    token = await token_of(company, actor)
    return httpx.AsyncClient(base_url=address, headers={"authorization": f"Bearer {token}"})


async def test_a_change_at_one_process_is_heard_at_the_other(
    acme: Company, globex: Company, screen: Opens, processes: list[str]
) -> None:
    bob, stranger = await screen(acme.bob, at=1), await screen(globex.alice, globex, at=1)
    async with await _program(acme, acme.alice, processes[0]) as alice:
        opened = (await alice.post("/api/tickets", json={"subject": "Leak", "body": "Water"})).json()
        about = await bob.hears("ticket:created")
        assert about == {"id": opened["id"], "number": 1, "version": 1}
        await alice.put(f"/api/tickets/{opened['id']}", json={"priority": "HIGH", "tags": ["vip"]})
        assert await bob.hears("ticket:updated") == {"id": opened["id"], "number": 1, "version": 2}
    async with await _program(globex, globex.bob, processes[0]) as neighbour:
        theirs = (await neighbour.post("/api/tickets", json={"subject": "Theirs", "body": "Hm"})).json()
    await stranger.hears("ticket:created", id=theirs["id"])
    assert stranger.names() == [("ticket:created", 1)]
    assert bob.names() == [("ticket:created", 1), ("ticket:updated", 1)]


async def test_everyone_hears_what_concerns_them_and_nothing_else(
    acme: Company, screen: Opens, processes: list[str]
) -> None:
    erin, carol, dave = await screen(acme.erin), await screen(acme.carol), await screen(acme.dave, at=1)
    async with await _program(acme, acme.alice, processes[0]) as alice:

        async def opened(requester: Actor, **more: Any) -> str:
            body = {"subject": "Leak", "body": "Water", "requesterId": str(requester.user_id), **more}
            return str((await alice.post("/api/tickets", json=body)).json()["id"])

        carols = await opened(acme.carol)
        await alice.post(f"/api/tickets/{carols}/comments", json={"body": "Only among us"})
        await alice.put(f"/api/tickets/{carols}", json={"departmentId": str(acme.billing_id)})
        await alice.put(f"/api/tickets/{carols}", json={"departmentId": str(acme.support_id)})
        await alice.post(f"/api/tickets/{carols}/reply", json={"body": "Coming"})
        await opened(acme.dave, departmentId=str(acme.billing_id))
    await dave.hears("ticket:created", number=2)
    await erin.hears("ticket:created", number=2)
    await carol.hears("ticket:updated", version=5)
    assert dave.names() == [("ticket:created", 2)]
    assert carol.names() == [("ticket:created", 1), ("ticket:updated", 1)]
    # It came to her department and left it again; what happened before and after is not hers to hear.
    assert erin.names() == [("ticket:updated", 1), ("ticket:updated", 1), ("ticket:created", 2)]


async def test_a_ticket_is_joined_only_by_those_who_may_see_it(acme: Company, globex: Company, screen: Opens) -> None:
    ticket = await acme.ticket()
    message = {"id": str(ticket.id)}
    bob, carol, dave = await screen(acme.bob), await screen(acme.carol), await screen(acme.dave)
    stranger = await screen(globex.alice, globex)
    assert (await bob.socket.call("ticket:join", message))["version"] == 1
    assert await carol.socket.call("ticket:join", message) == {"version": 1}
    for outsider in (dave, stranger):
        answer = await outsider.socket.call("ticket:join", message)
        assert answer == {"error": "There is nothing here, or it is not yours to see."}
    for nonsense in (None, "x", 7, {"id": 7}, {"id": None}, {"id": "x"}, [], {}):
        assert "error" in await bob.socket.call("ticket:join", nonsense)
    assert "error" in await carol.socket.call("ticket:typing", {**message, "typing": True})


@pytest.mark.parametrize("first", ["bob", "carol"])
async def test_a_screen_has_twenty_tickets_open_at_once(acme: Company, screen: Opens, first: str) -> None:
    somebody = await screen(getattr(acme, first))
    ids_ = [str((await acme.ticket(f"Number {number}")).id) for number in range(21)]
    for each in ids_[:20]:
        assert (await somebody.socket.call("ticket:join", {"id": each}))["version"] == 1
    refused = {"error": "Name one ticket as {id}, twenty at once at most."}
    assert await somebody.socket.call("ticket:join", {"id": ids_[20]}) == refused
    await somebody.socket.call("ticket:leave", {"id": ids_[0]})
    assert (await somebody.socket.call("ticket:join", {"id": ids_[20]}))["version"] == 1


async def test_who_has_a_ticket_open_hears_nothing_of_it_once_it_is_passed_on(
    acme: Company, screen: Opens, processes: list[str]
) -> None:
    ticket = await acme.ticket(department_id=acme.billing_id, participant_ids=[acme.dave.user_id])
    message = {"id": str(ticket.id)}
    alice, erin = await screen(acme.alice), await screen(acme.erin, at=1)
    carol = await screen(acme.carol, at=1)
    for client in (erin, carol, alice):
        await client.socket.call("ticket:join", message)
    async with await _program(acme, acme.alice, processes[0]) as program:
        away = {"departmentId": str(acme.support_id), "requesterId": str(acme.dave.user_id)}
        assert (await program.put(f"/api/tickets/{ticket.id}", json=away)).status_code == 200
        # She is told that it went, and is no longer among those who look at it.
        await erin.hears("ticket:updated", version=2)
        await alice.hears("ticket:viewers", viewers=named(acme.alice))
        count = len(erin.heard)
        for client in (erin, carol):
            assert "error" in await client.socket.call("ticket:join", message)
        await alice.socket.call("ticket:typing", {**message, "typing": True})
        await program.post(f"/api/tickets/{ticket.id}/reply", json={"body": "Coming"})
        await alice.hears("ticket:updated", version=3)
    # What is said to both processes at once has come by the time the answer to a later question has.
    for client in (erin, carol):
        await client.socket.call("ticket:leave", message)
    assert len(erin.heard) == count
    assert [about["version"] for name, about in carol.heard if name == "ticket:updated"] == [2]


async def test_viewers_and_typing_are_told_across_processes(acme: Company, screen: Opens) -> None:
    ticket = await acme.ticket()
    message = {"id": str(ticket.id)}
    alice, bob = await screen(acme.alice, at=0), await screen(acme.bob, at=1)
    who = {actor.name: {"id": str(actor.user_id), "name": actor.name} for actor in (acme.alice, acme.bob)}
    both = sorted(who.values(), key=lambda person: person["id"])

    async def sees(client: Client, viewers: list[Any], typing: list[Any]) -> None:
        async def look() -> bool:
            told = [about for name, about in client.heard if name == "ticket:viewers"]
            now = told[-1] if told else {"viewers": [], "typing": []}
            return (sorted(now["viewers"], key=lambda each: each["id"]), now["typing"]) == (viewers, typing)

        assert await until(look)

    await alice.socket.call("ticket:join", message)
    await bob.socket.call("ticket:join", message)
    await sees(alice, both, [])
    await sees(bob, both, [])
    await bob.socket.call("ticket:typing", {**message, "typing": True})
    await sees(alice, both, [who["Bob"]])
    await bob.socket.call("ticket:typing", {**message, "typing": False})
    await sees(alice, both, [])
    await bob.socket.disconnect()
    await sees(alice, [who["Alice"]], [])


async def test_a_notification_reaches_its_user_only(acme: Company, screen: Opens, settings: Settings) -> None:
    alice, bob = await screen(acme.alice), await screen(acme.bob, at=1)
    announce = live.announcer(settings.redis_url)
    about = [ids.new(), ids.new()]
    for actor, notification_id in zip((acme.bob, acme.alice), about, strict=True):
        raised = NotificationRaised(actor_id=None, notification_id=notification_id, user_id=actor.user_id)
        await announce(acme.organization_id, [raised])
    assert await bob.hears("notification:new") == {"id": str(about[0])}
    assert await alice.hears("notification:new") == {"id": str(about[1])}
    assert (len(alice.heard), len(bob.heard)) == (1, 1)
    await announce.aclose()


@pytest.mark.parametrize("auth", [None, {}, {"token": "parlour_wrong"}, {"token": 7}, "x"])
async def test_nobody_comes_in_without_a_session_or_a_token(auth: Any, processes: list[str]) -> None:
    with pytest.raises(socketio.exceptions.ConnectionError):
        await connect_screen(Client(), processes[0], auth=auth)


async def test_a_session_counts_only_from_our_own_pages(acme: Company, processes: list[str]) -> None:
    cookie = await _begin_session(acme, acme.bob)
    with pytest.raises(socketio.exceptions.ConnectionError):
        await connect_screen(Client(), processes[0], headers={"Cookie": cookie, "Origin": "https://evil.test"})
    client = Client()
    await connect_screen(client, processes[0], headers={"Cookie": cookie, "Origin": processes[0]})
    assert client.socket.connected
    await client.socket.disconnect()


async def test_a_screen_is_closed_when_its_session_ends(acme: Company, processes: list[str]) -> None:
    cookie = await _begin_session(acme, acme.bob)
    client = Client()
    await connect_screen(client, processes[1], headers={"Cookie": cookie})
    await access.end_sessions_of(acme.installation, acme.organization_id, acme.bob.user_id)
    async with asyncio.timeout(15):
        await client.socket.wait()
    assert not client.socket.connected


@pytest.mark.parametrize("by_session", [True, False])
async def test_who_is_made_inactive_is_gone_from_every_process_within_five_seconds(
    acme: Company, processes: list[str], by_session: bool
) -> None:
    async with acme.database.transaction(acme.organization_id) as tx:
        _, bobs = await access.create_token(tx, acme.bob.user_id, "test")
        _, alices = await access.create_token(tx, acme.alice.user_id, "test")
    clients = [Client(), Client()]
    for client, address in zip(clients, processes, strict=True):
        headers = (
            {"Cookie": await _begin_session(acme, acme.bob)} if by_session else {"Authorization": f"Bearer {bobs}"}
        )
        await connect_screen(client, address, headers=headers)
    async with asyncio.timeout(5), httpx.AsyncClient(headers={"authorization": f"Bearer {alices}"}) as alice:
        answer = await alice.put(f"{processes[0]}/api/users/{acme.bob.user_id}", json={"status": "INACTIVE"})
        assert answer.status_code == 200
        for client in clients:
            await client.socket.wait()
        async with httpx.AsyncClient(headers={"authorization": f"Bearer {bobs}"}) as bob:
            for address in processes:
                while (await bob.get(f"{address}/api/me")).status_code != 401:
                    await asyncio.sleep(0.05)
        # Made active again, he has no token and no session of before.
        await alice.put(f"{processes[1]}/api/users/{acme.bob.user_id}", json={"status": "ACTIVE"})
        async with httpx.AsyncClient(headers={"authorization": f"Bearer {bobs}"}) as bob:
            assert {(await bob.get(f"{address}/api/me")).status_code for address in processes} == {401}
    assert not any(client.socket.connected for client in clients)


async def test_whoever_says_too_much_is_shown_out(acme: Company, screen: Opens) -> None:
    bob = await screen(acme.bob)
    with pytest.raises((socketio.exceptions.SocketIOError, TimeoutError)):
        for _ in range(200):
            await bob.socket.call("ticket:leave", {"id": str(ids.new())}, timeout=5)
    async with asyncio.timeout(10):
        await bob.socket.wait()
    assert not bob.socket.connected


async def _begin_session(company: Company, actor: Actor) -> str:
    return f"{COOKIE}={await begin_session(company, actor)}"
