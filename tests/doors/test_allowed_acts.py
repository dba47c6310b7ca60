"""What a role allows works: every route that changes something, as each who may, with a request that is right."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from parlour import people
from parlour.entrance import PUBLIC
from tests.builders import Company
from tests.doors.acts import send, thing_of
from tests.doors.all_rows import mark_of
from tests.doors.audited_routes import CASES, WITHOUT_A_RECORD, Case
from tests.doors.conftest import Clients
from tests.doors.daily import DAILY, LOOKS, OTHERS, things_for
from tests.doors.every_route import named, routes
from tests.doors.own_access import OWN_ACCESS

WORKS: dict[str, Case] = {**CASES, **DAILY, **LOOKS}
NOT_THEIRS = {
    "/automatic-mails": "the organization's words, for which MANAGE_MAIL is needed besides",
}
CHANGES_NOTHING = set(LOOKS)
AT_LEAST = {"alice": 30, "mara": 40, "bob": 25, "carol": 7}


@pytest.mark.parametrize("first", ["alice", "mara", "bob", "carol"])
async def test_whoever_may_does(unlimited: Any, acme: Company, at_acme: Clients, first: str) -> None:
    await _a_department_for(acme, "mara")
    me, wrong, done = await _now(acme, first), [], 0
    # That administrators do what is recorded shows in test_audited_routes.
    for route in _allowed(unlimited, me, DAILY | LOOKS if first == "alice" else WORKS):
        case = WORKS[route] if first == "alice" else OTHERS.get(route, WORKS[route])
        things = await things_for(acme, me)
        client = await at_acme.browser(first)
        if " /api" in route:
            client.headers["accept"] = "application/json"
        if case.first:
            async with acme.database.transaction(acme.organization_id) as tx:
                which = " where id = %(id)s" if route in CASES and case is CASES[route] else ""
                await tx.run(f"{case.first}{which}", **({"id": things[thing_of(route)]} if which else {}))
        before = await mark_of(acme)
        answer = await send(client, route, case, things)
        done += 1
        if first != "alice" and any(word in route for word in NOT_THEIRS):
            is_right = answer.status_code == 403 and await mark_of(acme) == before
            wrong += [] if is_right else [f"{route} -> {answer.status_code}"]
        elif answer.status_code >= 400:
            wrong.append(f"{route} -> {answer.status_code} {_said(answer)}")
        elif (await mark_of(acme) == before) is not (route in CHANGES_NOTHING):
            wrong.append(f"{route} -> {answer.status_code}, and changes nothing")
    assert not wrong, "\n".join(wrong)
    assert done >= AT_LEAST[first]


def _allowed(asgi: Any, me: people.Actor, works: dict[str, Case]) -> list[str]:
    doors = ("/api", "/dashboard") if me.is_agent else ("/api", "/portal")
    may = [route for route, permission in _unsafe(asgi) if permission in me.permissions]
    return [route for route in may if route in works and route.partition(" ")[2].startswith(doors)]


def _unsafe(asgi: Any) -> Iterator[tuple[str, str]]:
    for path, handler in routes(asgi):
        for method in sorted(handler.http_methods - {"OPTIONS", "GET"}):
            yield f"{method} {named(path)}", handler.opt["permission"]


async def _now(company: Company, first: str) -> people.Actor:
    async with company.database.reading(company.organization_id) as tx:
        actor = await people.actor_of(tx, getattr(company, first).user_id)
    assert actor
    return actor


async def _a_department_for(company: Company, first: str) -> None:
    async with company.database.transaction(company.organization_id) as tx:
        billing = await people.find_department(tx, company.billing_id)
        await people.set_members(tx, billing, [getattr(company, first).user_id], by=None)


def _said(answer: httpx.Response) -> str:
    """The sentence of a page that refuses."""
    return " ".join(re.findall(r'(?:role="alert"|field-error|<h1)[^>]*>([^<]+)', answer.text)) or answer.text[:200]


def test_every_route_that_changes_something_is_tried(unlimited: Any) -> None:
    elsewhere = {route for route, why in {**WITHOUT_A_RECORD, **OWN_ACCESS}.items() if why} - set(WORKS)
    unsafe = {route for route, permission in _unsafe(unlimited) if permission != PUBLIC}
    assert unsafe - set(WORKS) - elsewhere == set(), "Say in DAILY with which request it works."
