"""What could make somebody more than they are is asked for again: by every door, of everybody whose proof is old."""

from datetime import timedelta
from typing import Any

import pytest

from parlour.audit import Act
from parlour.people import Role
from tests.builders import Company
from tests.doors.acts import send, things_of
from tests.doors.all_rows import everything_of
from tests.doors.audited_routes import CASES, Case
from tests.doors.conftest import Clients, failure
from tests.doors.every_route import named, routes

DANGEROUS = {
    Act.PROVIDER_ADDED,
    Act.PROVIDER_CHANGED,
    Act.PROVIDER_REMOVED,
    Act.DOMAIN_CLAIMED,
    Act.DOMAIN_RELEASED,
    Act.SAML_KEY_MADE,
    Act.PORTAL_KEY_ADDED,
    Act.PORTAL_KEY_REMOVED,
    Act.SECURITY_POLICY_CHANGED,
    Act.INVITED,
    Act.ROLE_CHANGED,
    Act.STATUS_CHANGED,
    Act.CUSTOM_ROLE_ADDED,
    Act.CUSTOM_ROLE_CHANGED,
    Act.CUSTOM_ROLE_REMOVED,
    Act.GROUP_ADDED,
    Act.GROUP_CHANGED,
    Act.GROUP_REMOVED,
    Act.GROUP_MAPPED,
    Act.TOKEN_MADE,
    Act.RETENTION_CHANGED,
    Act.TRAIL_EXPORTED,
    Act.DELETION_ASKED,
}
"""Acts by which somebody comes in, or may do more, or by which what was done is hidden or carried away."""
HARMLESS = {
    # The same mail to the same address once more.
    "POST /api/invitations/{id}/resend",
    "POST /dashboard/settings/invitations/{invitation_id}/again",
}
MORE = {
    "POST /api/users": Case(Act.PERSON_ADDED, {"name": "New", "email": "n@{here}", "role": "ADMIN"}),
    "POST /dashboard/settings/people": Case(
        Act.PERSON_ADDED,
        form={"name": "New", "email": "n@{here}", "role": "ADMIN", "password": "unheard of sentences"},
    ),
    "POST /api/scim/v2/Users": Case(Act.PERSON_ADDED, {"userName": "scim@{here}"}),
}
"""Dangerous by what is sent."""
KNOCKS = {route: case for route, case in CASES.items() if case.act in DANGEROUS and route not in HARMLESS} | MORE
AN_HOUR = timedelta(hours=1)


@pytest.mark.parametrize("route", sorted(KNOCKS))
async def test_an_old_proof_is_not_enough_and_changes_nothing(route: str, acme: Company, at_acme: Clients) -> None:
    things = await things_of(acme)
    client = await at_acme.browser("alice", ago=AN_HOUR)
    before = await everything_of(acme)
    if " /api" in route:
        client.headers["accept"] = "application/json"
    answer = await send(client, route, KNOCKS[route], things)
    if "/scim/" in route:
        assert (answer.status_code, "Confirm first" in answer.text) == (403, True)
    elif " /api" in route:
        assert (answer.status_code, failure(answer)["details"]) == (403, {"next": "confirm"})
    else:
        assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/confirm")
    assert await everything_of(acme) == before


def test_a_page_and_its_twin_of_the_api_agree(unlimited: Any) -> None:
    """Routes that come to the same act ask the same."""
    asks = {
        f"{method} {path}": bool(handler.opt.get("fresh") or handler.opt.get("confirmed"))
        for path, handler in routes(unlimited)
        for method in handler.http_methods
    }
    by_page = {route for route, is_asked in asks.items() if is_asked and "/dashboard/" in route}
    assert len(by_page) > 20
    acts = {named(route): case.act for route, case in CASES.items()}
    asked = {acts[named(route)] for route in by_page if named(route) in acts}
    assert asked <= DANGEROUS


async def test_a_program_whose_token_was_confirmed_is_not_asked(acme: Company, at_acme: Clients) -> None:
    alice = await at_acme.program("alice")
    made = await alice.put(f"/api/users/{acme.bob.user_id}", json={"role": "MANAGER"})
    assert (made.status_code, made.json()["role"]) == (200, Role.MANAGER)


async def test_what_customers_are_concerns_nobodys_power(acme: Company, at_acme: Clients) -> None:
    bob = await at_acme.browser("bob", ago=AN_HOUR)
    bob.headers["accept"] = "application/json"
    added = await bob.post("/api/users", json={"name": "Dora", "email": "dora@customer.test"})
    assert (added.status_code, added.json()["role"]) == (201, Role.CUSTOMER)
    changed = await bob.put(f"/api/users/{added.json()['id']}", json={"status": "INACTIVE"})
    assert (changed.status_code, changed.json()["status"]) == (200, "INACTIVE")
