"""A team that comes in through its SAML provider only: every other way leads there; one administrator has another."""

from typing import Any

import httpx
import pytest

from parlour import access
from parlour.access import providers
from parlour.access.providers import OnlyProviders
from parlour.entrance import COOKIE
from parlour.people import Actor
from tests.access.saml import desk
from tests.access.saml.conftest import away  # noqa: F401
from tests.access.saml.counterpart import Counterpart
from tests.builders import Company
from tests.doors.conftest import Connect
from tests.doors.test_links import link_for, token_in, where
from tests.doors.test_saml import BROWSER, administrator, near, posted_form, set_up, told_of_us  # noqa: F401
from tests.doors.test_signing_in import PASSWORD, with_password

HERE = "/dashboard/settings/single-sign-on"


@pytest.fixture
async def way(
    acme: Company,
    near: Any,  # noqa: F811
    connect: Connect,
    away: Counterpart,  # noqa: F811
) -> str:
    """Bob has a password, and the rule is made: the address that leads to the provider."""
    await desk.person(acme)
    async with acme.database.transaction(acme.organization_id) as tx:
        await tx.run(
            "update users set password_hash = %(hash)s where email = %(email)s",
            email=desk.address_of(acme),
            hash=await access.hashed_password(PASSWORD),
        )
    alice = await administrator(acme, near, connect)
    path = await set_up(alice, away.address)
    await told_of_us(alice, acme, path, away)
    async with acme.database.transaction(acme.organization_id) as tx:
        await providers.set_only_providers(tx, OnlyProviders(True, acme.alice.user_id), by=acme.alice)
    return f"/sign-in/at/{acme.slug}/{path.rpartition('/')[2]}"


async def by_password(client: httpx.AsyncClient, address: str) -> httpx.Response:
    return await client.post("/sign-in", data={"email": address, "password": PASSWORD})


async def by_saml(client: httpx.AsyncClient, way: str, there: Counterpart) -> httpx.Response:
    action, fields = await posted_form(there, (await client.get(way)).headers["location"])
    return await client.get((await client.post(action, data=fields)).headers["location"])


async def is_in(client: httpx.AsyncClient) -> bool:
    return (await client.get("/dashboard/settings")).status_code == 200


async def test_a_password_leads_to_the_provider_and_the_provider_in(
    acme: Company,
    way: str,
    near: Any,  # noqa: F811
    connect: Connect,
    away: Counterpart,  # noqa: F811
) -> None:
    client = connect(near, **BROWSER)
    refused = await by_password(client, desk.address_of(acme))
    assert (refused.status_code, refused.headers["location"].partition("?")[0]) == (303, "/sign-in/elsewhere")
    assert COOKIE not in client.cookies and not await is_in(client)
    page = await client.get(refused.headers["location"])
    assert "Continue with Their SAML" in page.text and f'href="{way}' in page.text
    assert (await by_saml(client, way, away)).headers["location"] == "/dashboard"
    assert await is_in(client)


async def test_a_link_by_mail_leads_to_the_provider(
    acme: Company,
    way: str,
    near: Any,  # noqa: F811
    connect: Connect,
) -> None:
    client, path = connect(near, **BROWSER), await link_for(acme, desk.address_of(acme))
    refused = await client.post(where(path), data={"token": token_in(path)})
    assert (refused.status_code, refused.headers["location"].partition("?")[0]) == (303, "/sign-in/elsewhere")
    assert COOKIE not in client.cookies and not await is_in(client)


@pytest.mark.parametrize("path", ["/api/auth/sign-in", "/api/auth/tokens"])
async def test_programs_and_apps_are_told_that_it_goes_on_elsewhere(
    acme: Company,
    way: str,
    near: Any,  # noqa: F811
    connect: Connect,
    path: str,
) -> None:
    client = connect(near)
    link = token_in(await link_for(acme, desk.address_of(acme)))
    for proof in ({"email": desk.address_of(acme), "password": PASSWORD}, {"link": link}):
        refused = await client.post(path, json=proof)
        assert (refused.status_code, refused.json()["details"]["next"]) == (401, "elsewhere")
        assert COOKIE not in client.cookies and "accessToken" not in refused.json()


async def test_a_session_that_began_with_a_password_ends_when_the_rule_is_made(
    acme: Company,
    way: str,
    near: Any,  # noqa: F811
    connect: Connect,
    away: Counterpart,  # noqa: F811
) -> None:
    alice = await administrator(acme, near, connect)
    exception = {"except_for": str(acme.alice.user_id)}
    assert (await alice.post(f"{HERE}/only", data=exception)).status_code == 303
    typed, vouched = connect(near, **BROWSER), connect(near, **BROWSER)
    assert (await by_password(typed, desk.address_of(acme))).headers["location"] == "/dashboard"
    await by_saml(vouched, way, away)
    assert await is_in(typed) and await is_in(vouched)
    assert (await alice.post(f"{HERE}/only", data={"is_asked": "on", **exception})).status_code == 303
    assert [await is_in(client) for client in (typed, vouched, alice)] == [False, True, True]


async def test_the_one_administrator_comes_in_with_a_password_and_no_other(
    acme: Company,
    way: str,
    near: Any,  # noqa: F811
    connect: Connect,
) -> None:
    async def tried(actor: Actor) -> str:
        client = connect(near, **BROWSER)
        return str((await by_password(client, await with_password(acme, actor))).headers["location"].partition("?")[0])

    assert await tried(acme.alice) == "/dashboard"
    assert await tried(acme.mara) == "/sign-in/elsewhere"
    # Customers were never asked.
    assert (await tried(acme.carol)).startswith("/portal/")


async def test_a_provider_that_is_away_lets_the_one_administrator_put_it_right(
    acme: Company,
    way: str,
    near: Any,  # noqa: F811
    connect: Connect,
) -> None:
    alice = await administrator(acme, near, connect)
    page = f"{HERE}/{way.rpartition('/')[2]}"
    assert (await alice.post(page, data={"name": "Their SAML"})).status_code == 303
    client = connect(near, **BROWSER)
    # Switched off, nobody could come in through it: the rule rests.
    assert (await by_password(client, desk.address_of(acme))).headers["location"] == "/dashboard"
    assert await is_in(client)
