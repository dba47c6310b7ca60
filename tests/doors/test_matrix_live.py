"""Every event of the socket, as everybody: own tickets, another department's, another organization's, signed out."""

from typing import Any

import httpx
import pytest
import socketio

from parlour import access, live
from parlour.foundation import ids
from parlour.foundation.settings import Settings
from parlour.notifications import NotificationRaised
from parlour.people import Actor, Permission
from tests.builders import Company
from tests.doors.conftest import token_of
from tests.doors.screens import Client

EVERYBODY = ("alice", "mara", "bob", "erin", "carol", "dave")
SEES = {
    "ours": {"alice", "mara", "bob", "erin", "carol"},
    "other department": {"alice", "mara", "bob", "carol"},
    "other organization": set[str](),
}
AGENTS = {"alice", "mara", "bob", "erin"}


async def test_each_event_is_for_those_who_may_see_the_ticket(
    acme: Company, globex: Company, processes: list[str]
) -> None:
    tickets = {
        "ours": await acme.ticket(department_id=acme.billing_id),
        "other department": await acme.ticket(department_id=acme.support_id),
        "other organization": await globex.ticket(),
    }
    found: dict[str, dict[str, set[str]]] = {name: {where: set() for where in tickets} for name in live.SAID}
    for first in EVERYBODY:
        client = await _screen(processes[0], await token_of(acme, getattr(acme, first)))
        for where, ticket in tickets.items():
            for name in ("ticket:join", "ticket:typing", "ticket:leave"):
                said: dict[str, Any] = await client.socket.call(name, {"id": str(ticket.id), "typing": True})
                if "error" not in said:
                    found[name][where].add(first)
        await client.socket.disconnect()
    assert found["ticket:join"] == SEES
    assert found["ticket:typing"] == {where: who & AGENTS for where, who in SEES.items()}
    # Leaving says nothing of what is there.
    assert found["ticket:leave"] == {where: set(EVERYBODY) for where in tickets}


async def test_nobody_comes_in_signed_out(processes: list[str]) -> None:
    for token in ("", "parlour_nobodys"):
        with pytest.raises(socketio.exceptions.ConnectionError):
            await _screen(processes[0], token)


async def test_a_program_that_may_not_read_tickets_does_not_listen(acme: Company, processes: list[str]) -> None:
    with pytest.raises(socketio.exceptions.ConnectionError):
        await _screen(processes[0], await _scoped(acme, acme.alice, {Permission.READ_TAGS}))


async def test_each_hears_of_what_they_may_see_and_of_nothing_else(
    acme: Company, globex: Company, processes: list[str]
) -> None:
    hidden = await acme.ticket(department_id=acme.support_id)
    ours = await acme.ticket(department_id=acme.billing_id, assignee_id=acme.erin.user_id)
    daves = await acme.ticket(department_id=acme.billing_id, requester_id=acme.dave.user_id)
    screens = {first: await _screen(processes[0], await token_of(acme, getattr(acme, first))) for first in EVERYBODY}
    screens["stranger"] = await _screen(processes[0], await token_of(globex, globex.alice))
    token = await token_of(acme, acme.alice)
    async with httpx.AsyncClient(base_url=processes[1], headers={"authorization": f"Bearer {token}"}) as program:
        for ticket in (hidden, ours, daves):
            told = {"body": "Look", "status": "PENDING"}
            assert (await program.post(f"/api/tickets/{ticket.id}/reply", json=told)).status_code == 201
    await screens["bob"].hears("ticket:updated", id=str(daves.id))
    await screens["dave"].hears("ticket:updated", id=str(daves.id))
    await screens["erin"].hears("ticket:updated", id=str(daves.id))
    named = {"hidden": hidden, "ours": ours, "daves": daves}
    heard = {
        who: {name for name, ticket in named.items() if _heard(screen, ticket.id)} for who, screen in screens.items()
    }
    everything = {"hidden", "ours", "daves"}
    assert heard == {
        **dict.fromkeys(("alice", "mara", "bob"), everything),
        "erin": {"ours", "daves"},
        "carol": {"hidden", "ours"},
        "dave": {"daves"},
        "stranger": set(),
    }
    for screen in screens.values():
        await screen.socket.disconnect()


async def test_each_kind_of_event_is_told_to_those_it_is_for(
    acme: Company, globex: Company, processes: list[str], settings: Settings
) -> None:
    screens = {first: await _screen(processes[0], await token_of(acme, getattr(acme, first))) for first in EVERYBODY}
    screens["stranger"] = await _screen(processes[0], await token_of(globex, globex.alice))
    last = await acme.ticket(department_id=acme.billing_id, requester_id=acme.dave.user_id)
    token = await token_of(acme, acme.bob)
    async with httpx.AsyncClient(base_url=processes[1], headers={"authorization": f"Bearer {token}"}) as program:
        new = {"subject": "It hums", "body": "Still", "requesterId": str(acme.carol.user_id)}
        places = {"departmentId": str(acme.support_id), "assigneeId": str(acme.mara.user_id)}
        made = await program.post("/api/tickets", json={**new, **places})
        assert made.status_code == 201
        hidden = made.json()["id"]
        await screens["alice"].hears("ticket:created", id=hidden)
        # No worker runs here that would raise it.
        raised = NotificationRaised(actor_id=None, notification_id=ids.new(), user_id=acme.mara.user_id)
        announce = live.announcer(settings.redis_url)
        await announce(acme.organization_id, [raised])
        await announce.aclose()
        await screens["mara"].hears("notification:new")
        for screen in screens.values():
            await screen.socket.call("ticket:join", {"id": hidden})
        await screens["bob"].socket.call("ticket:typing", {"id": hidden, "typing": True})
        await screens["alice"].hears("ticket:viewers", id=hidden)
        told = {"body": "Look", "status": "PENDING"}
        assert (await program.post(f"/api/tickets/{last.id}/reply", json=told)).status_code == 201
    # What is told in one place is told in order: who hears of this one has heard all before it.
    for first in ("alice", "mara", "bob", "erin", "dave"):
        await screens[first].hears("ticket:updated", id=str(last.id))
    heard = {
        name: {who for who, screen in screens.items() if _was_told(screen, name, hidden)}
        for name in ("ticket:created", "ticket:viewers", "notification:new")
    }
    assert heard == {
        "ticket:created": {"alice", "mara", "bob", "carol"},
        "ticket:viewers": {"alice", "mara", "bob"},
        "notification:new": {"mara"},
    }
    for screen in screens.values():
        await screen.socket.disconnect()


def _was_told(screen: Client, name: str, ticket_id: str) -> bool:
    return any(
        heard == name and (name == "notification:new" or about["id"] == ticket_id) for heard, about in screen.heard
    )


def _heard(screen: Client, ticket_id: object) -> bool:
    return any(about.get("id") == str(ticket_id) for _, about in screen.heard)


async def _scoped(company: Company, actor: Actor, scopes: set[Permission]) -> str:
    async with company.database.transaction(company.organization_id) as tx:
        return (await access.create_token(tx, actor.user_id, "narrow", allowed=frozenset(scopes)))[1]


async def _screen(address: str, token: str) -> Client:
    client = Client()
    await client.socket.connect(
        address, transports=["websocket"], socketio_path="/api/socket", auth={"token": token} if token else None
    )
    return client
