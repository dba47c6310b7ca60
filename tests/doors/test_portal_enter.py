"""From the organization's own site into its portal, with a token that the site signs."""

import jwt
import pytest

from parlour.access import Policy, set_policy
from parlour.entrance import COOKIE
from parlour.people import Role
from tests.access.test_portal_tokens import ED, claims, pem, secret_of
from tests.builders import Company
from tests.doors.conftest import Clients, Connect

PAGE = {"accept": "text/html"}
FOREIGN = {**PAGE, "origin": "https://shop.test", "sec-fetch-site": "cross-site"}
KEYS = "/dashboard/settings/portal-keys"


async def test_a_customer_goes_on_into_the_portal(acme: Company, connect: Connect) -> None:
    secret, home = await secret_of(acme), f"/portal/{acme.slug}"
    query = {"token": jwt.encode(claims(acme), secret, "HS256"), "next": f"{home}/tickets/new"}
    answer = await connect().get(f"{home}/enter", params=query, headers=FOREIGN)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{home}/tickets/new")
    assert f"{COOKIE}=" in " ".join(answer.headers.get_list("set-cookie"))
    again = await connect().get(f"{home}/enter", params=query, headers=FOREIGN)
    assert again.status_code == 422
    assert "could not show who you are" in again.text
    assert query["token"] not in again.text
    assert COOKIE not in again.headers.get("set-cookie", "")


async def test_a_form_of_the_site_does_the_same(acme: Company, connect: Connect) -> None:
    secret, home = await secret_of(acme), f"/portal/{acme.slug}"
    sent = {"token": jwt.encode(claims(acme), secret, "HS256")}
    answer = await connect().post(f"{home}/enter", data=sent, headers=FOREIGN)
    assert (answer.status_code, answer.headers["location"]) == (303, home)
    assert (await connect().post(f"{home}/enter", data={"token": "x"}, headers=FOREIGN)).status_code == 422


@pytest.mark.parametrize(
    "wanted",
    ["https://evil.test/", "//evil.test", "/dashboard", "/portal/globex", "/\\evil.test", "javascript:alert(1)"],
)
async def test_it_leads_nowhere_else(acme: Company, connect: Connect, wanted: str) -> None:
    secret, home = await secret_of(acme), f"/portal/{acme.slug}"
    query = {"token": jwt.encode(claims(acme), secret, "HS256"), "next": wanted}
    answer = await connect().get(f"{home}/enter", params=query, headers=PAGE)
    assert (answer.status_code, answer.headers["location"]) == (303, home)


async def test_an_agents_session_stays_when_a_token_names_an_agent(
    acme: Company, at_acme: Clients, connect: Connect
) -> None:
    secret = await secret_of(acme)
    query = {"token": jwt.encode(claims(acme, email=acme.alice.email), secret, "HS256")}
    answer = await connect().get(f"/portal/{acme.slug}/enter", params=query, headers=PAGE)
    assert answer.status_code == 422
    assert COOKIE not in answer.headers.get("set-cookie", "")


async def test_what_the_organization_asks_for_besides_is_asked(acme: Company, connect: Connect) -> None:
    secret = await secret_of(acme)
    async with acme.database.transaction(acme.organization_id) as tx:
        await set_policy(tx, Policy(second_factor_for=(Role.CUSTOMER,)))
    query = {"token": jwt.encode(claims(acme), secret, "HS256")}
    answer = await connect().get(f"/portal/{acme.slug}/enter", params=query, headers=PAGE)
    assert answer.headers["location"].startswith(f"/portal/{acme.slug}/sign-in/set-up")


async def test_keys_are_made_shown_once_pasted_and_removed(acme: Company, at_acme: Clients) -> None:
    alice = await at_acme.browser("alice")
    made = await alice.post(KEYS)
    secret = made.text.partition('<div class="secret" role="status"><code>')[2].partition("<")[0]
    assert len(secret) == 43
    assert made.headers["cache-control"] == "no-store"
    assert secret not in (await alice.get(KEYS)).text
    assert (await alice.post(f"{KEYS}/public", data={"publicKey": pem(ED)})).status_code == 303
    wrong = await alice.post(f"{KEYS}/public", data={"publicKey": "hello"})
    assert wrong.status_code == 422
    assert "no public key in PEM" in wrong.text
    for who in "mara", "bob":
        client = await at_acme.browser(who)
        assert (await client.get(KEYS)).status_code == 403
        assert (await client.post(KEYS)).status_code == 403
