"""Signing in through a kept identity provider, in a process of its own, as a browser goes there and back."""

import html
import re
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import pytest_asyncio

from parlour.access import providers
from parlour.entrance import COOKIE
from parlour.foundation.settings import Settings
from parlour.people import Role
from tests.access.providers import desk
from tests.access.providers.conftest import kept_provider  # noqa: F401
from tests.builders import Company
from tests.doors.conftest import Connect, session_of, started

BROWSER = {"accept": "text/html", "user-agent": "Mozilla/5.0 Firefox/140.0 Linux"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def near(settings: Settings) -> AsyncIterator[Any]:
    """The app of an operator whose providers are on the own network."""
    known = {"rate_limits": "off", "private_hosts": "allow"}
    async with started(settings.model_copy(update=known)) as asgi:
        yield asgi


async def way_back(away: str, subject: str) -> str:
    """Signed in at the provider: where it sends the browser, below our host."""
    async with httpx.AsyncClient() as there:
        form = await there.get(away)
        assert form.status_code == 200 and "form" in form.text
        sent = await there.post(away, data={"sub": subject})
    back = urlsplit(sent.headers["location"])
    return f"{back.path}?{back.query}"


@pytest.fixture
async def provider(acme: Company, kept_provider: str) -> providers.Provider:  # noqa: F811
    await desk.claim(acme, f"{acme.slug}.test")
    await desk.claim(acme, "acme.test")
    return await desk.add(acme, kept_provider, name="Keykeeper", newcomers_are=Role.AGENT)


async def test_a_browser_goes_there_and_comes_back_signed_in(
    acme: Company, provider: providers.Provider, near: Any, connect: Connect
) -> None:
    client = connect(near, **BROWSER)
    door = await client.get(f"/sign-in/at/{acme.slug}?next=/dashboard/settings")
    here = f"/sign-in/at/{acme.slug}/{provider.id}"
    assert "Continue with Keykeeper" in door.text and f'href="{here}?next=/dashboard/settings"' in door.text
    away = await client.get(f"{here}?next=/dashboard/settings")
    assert away.status_code == 303 and away.headers["location"].startswith(provider.issuer)
    back = await way_back(away.headers["location"], "b-1")
    entered = await client.get(back)
    assert (entered.status_code, entered.headers["location"]) == (303, "/dashboard/settings")
    assert entered.headers["cache-control"] == "no-store"
    page = await client.get("/dashboard/settings")
    assert page.status_code == 200 and "bob@acme.test" in page.text
    # The same way back is good once.
    again = await client.get(back)
    assert again.headers["location"] == "/sign-in"


async def test_another_browser_can_not_use_the_way_back(
    acme: Company, provider: providers.Provider, near: Any, connect: Connect
) -> None:
    client, other = connect(near, **BROWSER), connect(near, **BROWSER)
    away = await client.get(f"/sign-in/at/{acme.slug}/{provider.id}")
    await other.get(f"/sign-in/at/{acme.slug}/{provider.id}")
    back = await way_back(away.headers["location"], "b-1")
    refused = await other.get(back)
    assert refused.headers["location"] == "/sign-in"
    assert (await other.get("/dashboard")).status_code in (303, 401)


@pytest.mark.parametrize("evil", ["https://evil.test", "//evil.test", "/\\evil.test", "/sign-in/at/x/y"])
async def test_nobody_is_sent_anywhere_else_afterwards(
    acme: Company, provider: providers.Provider, near: Any, connect: Connect, evil: str
) -> None:
    client = connect(near, **BROWSER)
    away = await client.get(f"/sign-in/at/{acme.slug}/{provider.id}", params={"next": evil})
    entered = await client.get(await way_back(away.headers["location"], "b-1"))
    assert entered.headers["location"] == "/dashboard"


async def test_a_neighbours_provider_is_not_there(
    acme: Company, globex: Company, provider: providers.Provider, near: Any, connect: Connect
) -> None:
    client = connect(near, **BROWSER)
    assert (await client.get(f"/sign-in/at/{globex.slug}/{provider.id}")).status_code == 404
    assert "Keykeeper" not in (await client.get(f"/sign-in/at/{globex.slug}")).text


async def test_an_addresss_domain_tells_the_way_and_not_whether_anybody_has_it(
    acme: Company, provider: providers.Provider, near: Any, connect: Connect
) -> None:
    client = connect(near, **BROWSER)
    pages = []
    for name in ("bob", "nobody"):
        address = f"{name}@{acme.slug}.test"
        answer = await client.post("/sign-in/elsewhere", data={"email": address})
        assert answer.status_code == 200 and "Continue with Keykeeper" in answer.text
        pages.append(answer.text.replace(address, ""))
    assert len({len(page) for page in pages}) == 1
    none = await client.post("/sign-in/elsewhere", data={"email": "bob@unclaimed.test"})
    assert "Continue with" not in none.text and "No company’s sign-in is set up" in none.text


async def test_the_portal_offers_the_organizations_providers(
    acme: Company, provider: providers.Provider, near: Any, connect: Connect
) -> None:
    page = await connect(near, **BROWSER).get(f"/portal/{acme.slug}/sign-in")
    assert f'href="/sign-in/at/{acme.slug}/{provider.id}?next=/portal/{acme.slug}"' in page.text


async def test_somebody_signed_in_connects_an_account_and_disconnects_it(
    acme: Company,
    kept_provider: str,  # noqa: F811
    near: Any,
    connect: Connect,
) -> None:
    # No domain is claimed: that both sides were shown is enough.
    provider = await desk.add(acme, kept_provider, name="Keykeeper")
    session, token = await session_of(acme, acme.bob)
    bob = connect(near, **BROWSER, **{"x-csrf-token": token, "cookie": f"{COOKIE}={session}"})
    assert "Connect Keykeeper" in (await bob.get("/sign-in/connected")).text
    shown = await bob.post(f"/sign-in/connected/{provider.id}")
    away = html.unescape(re.findall(r'href="(http://127[^"]+)"', shown.text)[0])
    cookies = {**bob.cookies, **shown.cookies}
    name, value = next((name, value) for name, value in cookies.items() if "provider" in name)
    bob.headers["cookie"] += f"; {name}={value}"
    answer = await bob.get(await way_back(away, "n-1"))
    assert answer.headers["location"] == "/sign-in/connected"
    assert "Disconnect Keykeeper" in (await bob.get("/sign-in/connected")).text
    assert (await bob.post(f"/sign-in/connected/{provider.id}/forget")).status_code == 303
    async with acme.database.reading(acme.organization_id) as tx:
        assert await providers.connected(tx, acme.bob.user_id) == set()
        acts = await tx.values("select act from audit_records where act like 'PROVIDER%%CONNECTED' order by position")
    assert acts == ["PROVIDER_CONNECTED", "PROVIDER_DISCONNECTED"]


async def test_one_finds_from_ones_own_security_to_ones_accounts_and_back(
    acme: Company,
    globex: Company,
    kept_provider: str,  # noqa: F811
    near: Any,
    connect: Connect,
) -> None:
    await desk.add(acme, kept_provider, name="Keykeeper")
    portal, desks = f"/portal/{acme.slug}/security", "/dashboard/settings/security"
    for company, actor, page, is_offered in (
        (acme, acme.carol, portal, True),
        (acme, acme.bob, desks, True),
        (globex, globex.bob, desks, False),
    ):
        session, _ = await session_of(company, actor)
        client = connect(near, **BROWSER, cookie=f"{COOKIE}={session}")
        assert ('href="/sign-in/connected"' in (await client.get(page)).text) is is_offered
        assert f'<a href="{page}">Back to security</a>' in (await client.get("/sign-in/connected")).text
