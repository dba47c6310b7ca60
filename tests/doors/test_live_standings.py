"""Whose standing changes, without a change of theirs, hears no more than they may by now: at once, in every process."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import socketio

from parlour import access, live, people
from parlour.entrance import COOKIE
from parlour.foundation.database import Transaction
from parlour.foundation.settings import Settings
from parlour.people import CompanyDraft, Permission, PortalView, Reach, Role, RoleDraft, UserChanges
from tests.builders import Company, begin_session
from tests.doors.conftest import Opens, token_of
from tests.doors.screens import Client, connect_screen, named
from tests.waiting import until


async def _agent_of_a_role(company: Company) -> people.CustomRole:
    """Bob has a role of the organization's own making."""
    permissions = frozenset({Permission.READ_TICKETS, Permission.READ_PEOPLE})
    async with company.database.transaction(company.organization_id) as tx:
        draft = RoleDraft("Readers", "", Role.AGENT, Reach.ORGANIZATION, permissions)
        role = await people.add_custom_role(tx, draft, by=company.alice)
        bob = await people.find_user(tx, company.bob.user_id)
        await people.change_user(tx, bob, UserChanges(custom_role_id=role.id), by=company.alice)
        return role


async def _leaves_department(tx: Transaction, company: Company, role: people.CustomRole) -> None:
    billing = await people.find_department(tx, company.billing_id)
    await people.set_members(tx, billing, [], by=company.alice)


async def _loses_department(tx: Transaction, company: Company, role: people.CustomRole) -> None:
    await people.remove_department(tx, await people.find_department(tx, company.billing_id), by=company.alice)


async def _becomes_customer(tx: Transaction, company: Company, role: people.CustomRole) -> None:
    erin = await people.find_user(tx, company.erin.user_id)
    await people.change_user(tx, erin, UserChanges(role=Role.CUSTOMER), by=company.alice)


async def _role_reaches_less(tx: Transaction, company: Company, role: people.CustomRole) -> None:
    draft = RoleDraft("Readers", "", Role.AGENT, Reach.DEPARTMENTS, frozenset({Permission.READ_TICKETS}))
    await people.change_custom_role(tx, role, draft, by=company.alice)


@pytest.mark.parametrize(
    ("who", "change"),
    [
        ("erin", _leaves_department),
        ("erin", _loses_department),
        ("erin", _becomes_customer),
        ("bob", _role_reaches_less),
    ],
)
async def test_who_may_do_less_by_now_is_no_longer_among_those_who_look_at_a_ticket(
    acme: Company, screen: Opens, settings: Settings, who: str, change: Any
) -> None:
    role = await _agent_of_a_role(acme)
    # Erin would see it as one of its customers too, whatever else she is.
    ticket = await acme.ticket(department_id=acme.billing_id, participant_ids=[acme.erin.user_id])
    message, actor = {"id": str(ticket.id)}, getattr(acme, who)
    alice, theirs = await screen(acme.alice), await screen(actor, at=1)
    await alice.socket.call("ticket:join", message)
    await theirs.socket.call("ticket:join", message)
    both = {actor.name for actor in (acme.alice, actor)}

    async def are_both_there() -> bool:
        return any({each["name"] for each in said.get("viewers", [])} == both for _, said in alice.heard)

    await until(are_both_there)
    alice.heard.clear()
    await _announced(acme, settings, lambda tx: change(tx, acme, role))
    await alice.hears("ticket:viewers", viewers=named(acme.alice))
    count = len([name for name, _ in theirs.heard if name == "ticket:viewers"])
    await alice.socket.call("ticket:typing", {**message, "typing": True})
    assert "error" in await theirs.socket.call("ticket:typing", {**message, "typing": True})
    assert len([name for name, _ in theirs.heard if name == "ticket:viewers"]) == count


async def test_who_sees_their_companys_tickets_no_more_hears_nothing_of_them(
    acme: Company, screen: Opens, settings: Settings
) -> None:
    async with acme.database.transaction(acme.organization_id) as tx:
        company = await people.add_company(tx, CompanyDraft("Customer Ltd", portal_view=PortalView.COMPANY))
        for one in acme.carol, acme.dave:
            await people.set_membership(tx, await people.find_user(tx, one.user_id), company.id, None)
    ticket = await acme.ticket()
    dave = await screen(acme.dave, at=1)
    message = {"id": str(ticket.id)}
    assert await dave.socket.call("ticket:join", message) == {"version": 1}

    async def change(tx: Transaction) -> None:
        await people.change_company(tx, company, CompanyDraft("Customer Ltd", portal_view=PortalView.OWN))

    await _announced(acme, settings, change)

    async def is_out() -> bool:
        return "error" in await dave.socket.call("ticket:join", message)

    await until(is_out, within=5)


async def test_a_screen_is_closed_once_more_is_asked_for_than_its_session_has_shown(
    acme: Company, processes: list[str], settings: Settings
) -> None:
    cookie = f"{COOKIE}={await begin_session(acme, acme.bob)}"
    client = Client()
    await connect_screen(client, processes[1], headers={"Cookie": cookie})

    async def change(tx: Transaction) -> None:
        await access.set_policy(tx, access.Policy(second_factor_for=(Role.AGENT,)))

    async with asyncio.timeout(5):
        await _announced(acme, settings, change)
        await client.socket.wait()
    assert not client.socket.connected


async def _announced(company: Company, settings: Settings, change: Callable[[Transaction], Awaitable[None]]) -> None:
    """A change as a web process makes it: told to all of them once it is committed."""
    announce = live.announcer(settings.redis_url)
    async with company.database.transaction(company.organization_id) as tx:
        await change(tx)
    await announce(company.organization_id, tx.facts)
    await announce.aclose()


async def test_whoever_connects_again_and_again_is_kept_out(acme: Company, processes: list[str]) -> None:
    token = await token_of(acme, acme.bob)

    async def comes_in() -> bool:
        client = Client()
        try:
            await connect_screen(client, processes[0], auth={"token": token})
        except socketio.exceptions.ConnectionError:
            return False
        await client.socket.disconnect()
        return True

    assert [await comes_in() for _ in range(42)] == [True] * 40 + [False] * 2
