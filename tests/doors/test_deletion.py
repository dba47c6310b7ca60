"""Deleting an organization through the doors: who may ask, what is closed then, and the page that calls it off."""

from datetime import timedelta

import pytest

from parlour import access
from parlour.foundation import clock
from tests.access.app import signed_in_app
from tests.builders import Company
from tests.doors.conftest import Clients, Connect, failure, token_of
from tests.doors.test_app_tokens import bearer
from tests.doors.test_dashboard import desk

API, PAGE = "/api/organization/deletion", "/dashboard/settings/deletion"


async def test_an_administrator_asks_for_it_in_person_and_by_its_short_name(acme: Company, connect: Connect) -> None:
    app = connect(**bearer(await signed_in_app(acme, acme.alice)))
    assert (await app.get(API)).json() == {"askedAt": None, "askedBy": None, "eraseAt": None}
    program = connect(authorization=f"Bearer {await token_of(acme, acme.alice)}")
    refused = await program.post(API, json={"slug": acme.slug})
    assert (refused.status_code, failure(refused)["error"]) == (403, access.OnlyInPerson().message)
    wrong = await app.post(API, json={"slug": "another"})
    assert (wrong.status_code, list(failure(wrong)["details"])) == (422, ["slug"])
    assert (await app.get(API)).json()["eraseAt"] is None
    asked = await app.post(API, json={"slug": acme.slug})
    assert (asked.status_code, asked.json()["askedBy"]) == (201, "Alice")
    assert (await app.get(API)).json() == asked.json()
    assert (await app.delete(API)).status_code == 204
    assert (await app.delete(API)).status_code == 409


async def test_a_proof_of_a_while_ago_is_not_enough(acme: Company, connect: Connect) -> None:
    alice = await desk(connect, acme, acme.alice)
    minutes = acme.installation.settings.confirm_minutes
    with clock.frozen(clock.now() + timedelta(minutes=minutes, seconds=1)):
        for answer in (await alice.get(f"{PAGE}/ask"), await alice.post(f"{PAGE}/ask", data={"slug": acme.slug})):
            assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/confirm")
    assert "will be erased" not in (await alice.get("/dashboard/views/all")).text


@pytest.mark.parametrize("first", ["mara", "bob", "carol"])
async def test_nobody_else_may_ask_or_look(acme: Company, at_acme: Clients, first: str) -> None:
    browser = await at_acme.browser(first)
    for path in (PAGE, f"{PAGE}/ask"):
        assert (await browser.get(path)).status_code == 403
    assert (await browser.post(f"{PAGE}/ask", data={"slug": acme.slug})).status_code == 403
    assert (await browser.get(API)).status_code == 403


async def test_what_is_closed_shows_nothing_to_anybody_but_its_administrators(
    acme: Company, globex: Company, connect: Connect
) -> None:
    alice, bob = await desk(connect, acme, acme.alice), await desk(connect, acme, acme.bob)
    carol, stranger = await desk(connect, acme, acme.carol), connect(accept="text/html")
    program = connect(authorization=f"Bearer {await token_of(acme, acme.bob)}")
    await acme.ticket("A leak")
    page = await alice.post(f"{PAGE}/ask", data={"slug": acme.slug})
    assert (page.status_code, page.headers["location"]) == (303, PAGE)
    assert "A leak" in (await alice.get("/dashboard/views/all")).text
    assert "will be erased on" in (await alice.get("/dashboard/views/all")).text
    assert (await program.get("/api/tickets")).status_code == 401
    assert (await bob.get("/dashboard/views/all")).headers["location"].startswith("/sign-in")
    assert (await carol.get(f"/portal/{acme.slug}")).status_code in (303, 410)
    door = await stranger.get(f"/portal/{acme.slug}/sign-in")
    assert door.status_code == 410
    assert "This organization is closed" in door.text
    assert (await stranger.get(f"/portal/{globex.slug}/sign-in")).status_code == 200
    await alice.post(f"{PAGE}/call-off")
    # Everybody is where they were, without signing in again.
    assert "A leak" in (await bob.get("/dashboard/views/all")).text
    assert (await program.get("/api/tickets")).status_code == 200
    assert (await carol.get(f"/portal/{acme.slug}")).status_code == 200
    assert "will be erased on" not in (await alice.get("/dashboard/views/all")).text


async def test_another_short_name_is_said_beside_the_field(acme: Company, connect: Connect) -> None:
    alice = await desk(connect, acme, acme.alice)
    answer = await alice.post(f"{PAGE}/ask", data={"slug": "acme"})
    assert answer.status_code == 422
    assert f"Write {acme.slug} to say that you mean this organization." in answer.text
