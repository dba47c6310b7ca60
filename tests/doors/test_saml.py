"""Signing in with SAML as a browser does it: there, posted back across sites, and in; and how it is set up."""

import base64
import html
import re
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificate
from lxml import etree

from parlour.access import providers
from parlour.access.providers import Kind
from parlour.entrance import COOKIE
from parlour.foundation.settings import Settings
from parlour.people import Role
from tests.access.saml import desk
from tests.access.saml import provider as there
from tests.access.saml.conftest import away  # noqa: F401
from tests.access.saml.counterpart import Counterpart
from tests.access.saml.desk import KEYS
from tests.builders import Company
from tests.doors.conftest import Connect, session_of, started

BROWSER = {"accept": "text/html", "user-agent": "Mozilla/5.0 Firefox/140.0 Linux"}
HERE = "/dashboard/settings/single-sign-on"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def near(settings: Settings) -> AsyncIterator[Any]:
    """The app of an operator whose providers are on the own network."""
    known = {"rate_limits": "off", "private_hosts": "allow"}
    async with started(settings.model_copy(update=known)) as asgi:
        yield asgi


async def administrator(company: Company, near: Any, connect: Connect) -> Any:
    session, token = await session_of(company, company.alice)
    return connect(near, **BROWSER, **{"x-csrf-token": token, "cookie": f"{COOKIE}={session}"})


async def told_of_us(client: Any, company: Company, path: str, there: Counterpart) -> None:
    """Their administrator takes our metadata from its address."""
    metadata = await client.get(f"/sign-in/with/{path.rpartition('/')[2]}/metadata")
    await there.learn(metadata.text, desk.address_of(company))


async def posted_form(there: Counterpart, address: str) -> tuple[str, dict[str, str]]:
    """What the provider's page posts once somebody has signed in there, and where to."""
    action, fields = await there.signed_in(address)
    return httpx.URL(action).path, fields


async def set_up(client: Any, address: str) -> str:
    """By an administrator, with the address of the metadata. Answers with where the connection is."""
    form = {"kind": "SAML", "name": "Their SAML", "metadata": f"{address}/metadata", "is_active": "on"}
    answer = await client.post(HERE, data={**form, "newcomers_are": "AGENT"})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


async def test_set_up_by_an_address_and_signed_in_across_sites(
    acme: Company,
    near: Any,
    connect: Connect,
    away: Counterpart,  # noqa: F811
) -> None:
    await desk.person(acme)
    alice = await administrator(acme, near, connect)
    path = await set_up(alice, away.address)
    await told_of_us(alice, acme, path, away)
    shown = (await alice.get(path)).text
    provider_id = path.rpartition("/")[2]
    for part in ("", "/metadata", "/saml"):
        assert f"/sign-in/with/{provider_id}{part}</code>" in shown
    tested = await alice.post(f"{path}/test", follow_redirects=True)
    assert "1 certificate may sign; the last runs out on" in tested.text

    client = connect(near, **BROWSER)
    left = await client.get(f"/sign-in/at/{acme.slug}/{provider_id}?next=/dashboard/settings")
    assert left.status_code == 303 and left.headers["location"].startswith(f"{away.address}/sso?SAMLRequest=")
    action, fields = await posted_form(away, left.headers["location"])
    # Another site's page posts: no cookie of ours comes along.
    other = connect(near, **BROWSER)
    headers = {"origin": away.address, "sec-fetch-site": "cross-site"}
    answered = await other.post(action, data=fields, headers=headers)
    assert answered.status_code == 303 and answered.headers["cache-control"] == "no-store"
    back = answered.headers["location"]
    assert back.startswith(f"/sign-in/with/{provider_id}/back?state=")
    assert "set-cookie" not in answered.headers
    entered = await client.get(back)
    assert (entered.status_code, entered.headers["location"]) == (303, "/dashboard/settings")
    assert desk.address_of(acme) in (await client.get("/dashboard/settings")).text
    # The same way back is good once, and the same post too.
    assert (await client.get(back)).headers["location"] == "/sign-in"
    assert (await other.post(action, data=fields, headers=headers)).headers["location"] == "/sign-in"


async def test_a_browser_that_was_handed_somebody_elses_answer_stays_outside(
    acme: Company,
    near: Any,
    connect: Connect,
    away: Counterpart,  # noqa: F811
) -> None:
    await desk.person(acme)
    alice = await administrator(acme, near, connect)
    path = await set_up(alice, away.address)
    await told_of_us(alice, acme, path, away)
    attacker, victim = connect(near, **BROWSER), connect(near, **BROWSER)
    here = f"/sign-in/at/{acme.slug}/{path.rpartition('/')[2]}"
    await victim.get(here)
    action, fields = await posted_form(away, (await attacker.get(here)).headers["location"])
    back = (await victim.post(action, data=fields)).headers["location"]
    assert (await victim.get(back)).headers["location"] == "/sign-in"
    assert (await victim.get("/dashboard")).status_code in (303, 401)


@pytest.mark.parametrize("state", ["https://evil.test/", "//evil.test", "/dashboard", ""])
async def test_the_relay_state_leads_nowhere(acme: Company, near: Any, connect: Connect, state: str) -> None:
    provider = await desk.connect(acme)
    client = connect(near, **BROWSER)
    answer = await client.post(
        f"/sign-in/with/{provider.id}/saml", data={"SAMLResponse": "PGEvPg==", "RelayState": state}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")


async def test_our_metadata_says_who_we_are_and_where_answers_go(
    acme: Company, near: Any, connect: Connect, settings: Settings
) -> None:
    provider = await desk.connect(acme)
    answer = await connect(near).get(f"/sign-in/with/{provider.id}/metadata")
    assert answer.headers["content-type"].startswith("application/samlmetadata+xml")
    ours = f"{settings.public_url}/sign-in/with/{provider.id}"
    assert f'entityID="{ours}"' in answer.text and f'Location="{ours}/saml"' in answer.text
    assert 'WantAssertionsSigned="true"' in answer.text


async def test_a_program_sets_a_connection_up_and_renews_its_certificate(
    acme: Company, near: Any, connect: Connect, settings: Settings
) -> None:
    client = await administrator(acme, near, connect)
    described = there.metadata("https://sign-in.acme.test/program", desk.SIGN_ON, KEYS)
    made = await client.post("/api/identity-providers", json={"kind": "SAML", "name": "S", "metadata": described})
    assert made.status_code == 201, made.text
    shown = made.json()
    ours = f"{settings.public_url}/sign-in/with/{shown['id']}"
    assert (shown["kind"], shown["issuer"]) == (Kind.SAML, "https://sign-in.acme.test/program")
    assert (shown["clientId"], shown["returnAddress"]) == (ours, f"{ours}/saml")
    renewed = there.metadata("https://sign-in.acme.test/program", desk.SIGN_ON, KEYS, desk.OTHER_KEYS)
    changes = {"metadata": renewed, "emailAttribute": "mail", "newcomersAre": Role.AGENT}
    changed = await client.put(f"/api/identity-providers/{shown['id']}", json=changes)
    assert changed.status_code == 200, changed.text
    async with acme.database.reading(acme.organization_id) as tx:
        kept = await providers.connection_of(tx, shown["id"])
    assert (len(kept.certificates), kept.email_attribute, kept.name_attribute) == (2, "mail", "")
    wrong = await client.put(f"/api/identity-providers/{shown['id']}", json={"metadata": "<a/>"})
    assert wrong.status_code == 422 and "IDPSSODescriptor" in wrong.json()["details"]["metadata"]
    async with acme.database.reading(acme.organization_id) as tx:
        assert await providers.connection_of(tx, shown["id"]) == kept


async def tile(company: Company, near: Any, connect: Connect, there: Counterpart, state: str = "") -> tuple[str, Any]:
    """A connection that takes what begins there, and a browser with the answer: where it was led to."""
    alice = await administrator(company, near, connect)
    path = await set_up(alice, there.address)
    await told_of_us(alice, company, path, there)
    provider_id = path.rpartition("/")[2]
    assert (await alice.put(f"/api/identity-providers/{provider_id}", json={"takesUnasked": True})).status_code == 200
    async with company.database.reading(company.organization_id) as tx:
        name = (await providers.find_provider(tx, UUID(provider_id))).client_id
    action, fields = await there.signed_in(there.tile(name, state))
    assert ("RelayState" in fields) is bool(state)
    client = connect(near, **BROWSER)
    answered = await client.post(httpx.URL(action).path, data=fields, headers={"sec-fetch-site": "cross-site"})
    assert answered.status_code == 303 and "set-cookie" not in answered.headers
    return str(answered.headers["location"]), client


@pytest.mark.parametrize(
    ("state", "page"),
    [("/dashboard/settings", "/dashboard/settings"), ("", "/dashboard"), ("https://evil.test/", "/dashboard"),
     ("//evil.test", "/dashboard"), ("/sign-out", "/dashboard"), ("/api/me", "/dashboard")],
)  # fmt: skip
async def test_a_sign_in_that_begins_there_asks_who_it_is_before_it_opens_anything(
    acme: Company,
    near: Any,
    connect: Connect,
    away: Counterpart,  # noqa: F811
    state: str,
    page: str,
) -> None:
    await desk.person(acme)
    led, client = await tile(acme, near, connect, away, state)
    shown = await client.get(led)
    assert shown.status_code == 200 and desk.address_of(acme) in shown.text
    assert (await client.get("/dashboard")).status_code in (303, 401)
    form = {name: html.unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', shown.text)}
    here = led.partition("?")[0]
    # Another site can't say yes for them, and another browser neither.
    foreign = await client.post(
        here, data=form, headers={"origin": "https://evil.test", "sec-fetch-site": "cross-site"}
    )
    assert foreign.status_code == 403
    entered = await client.post(here, data=form)
    assert (entered.status_code, entered.headers["location"]) == (303, page)
    assert desk.address_of(acme) in (await client.get("/dashboard/settings")).text
    # Once.
    other = connect(near, **BROWSER)
    assert (await other.get(led)).headers["location"] == "/sign-in"
    assert (await other.post(here, data=form)).headers["location"] == "/sign-in"


async def test_another_browser_can_not_go_on_with_it(
    acme: Company,
    near: Any,
    connect: Connect,
    away: Counterpart,  # noqa: F811
) -> None:
    await desk.person(acme)
    led, client = await tile(acme, near, connect, away)
    shown, other = await client.get(led), connect(near, **BROWSER)
    form = dict(re.findall(r'name="(\w+)" value="([^"]*)"', shown.text))
    assert (await other.post(led.partition("?")[0], data=form)).headers["location"] == "/sign-in"
    assert (await other.get("/dashboard")).status_code in (303, 401)


async def test_a_key_for_encrypted_answers_is_made_shown_in_the_metadata_and_taken_along(
    acme: Company, globex: Company, near: Any, connect: Connect
) -> None:
    alice, ours, theirs = await administrator(acme, near, connect), await desk.connect(acme), await desk.connect(globex)
    assert "Make a key" in (await alice.get(HERE)).text
    assert (await alice.get(f"{HERE}/certificate")).status_code == 404
    assert (await alice.post(f"{HERE}/key")).headers["location"] == HERE
    answer = await alice.get(f"{HERE}/certificate")
    certificate = load_pem_x509_certificate(answer.content)
    assert answer.headers["content-disposition"] == 'attachment; filename="parlour.pem"'
    fingerprint = certificate.fingerprint(SHA256()).hex(":").upper()
    assert fingerprint in (await alice.get(HERE)).text
    told = etree.fromstring((await alice.get(f"/sign-in/with/{ours.id}/metadata")).content)
    (descriptor,) = told.iter("{*}KeyDescriptor")
    assert descriptor.get("use") == "encryption"
    assert base64.b64decode(descriptor.findtext(".//{*}X509Certificate")) == certificate.public_bytes(Encoding.DER)
    assert [each.get("Algorithm").rpartition("#")[2] for each in descriptor.iter("{*}EncryptionMethod")] == [
        "aes256-gcm", "aes128-gcm", "rsa-oaep", "rsa-oaep-mgf1p", "aes256-cbc", "aes128-cbc",
    ]  # fmt: skip
    assert "KeyDescriptor" not in (await alice.get(f"/sign-in/with/{theirs.id}/metadata")).text
    changed = await alice.put(f"/api/identity-providers/{ours.id}", json={"encryptedOnly": True})
    assert changed.status_code == 200
    async with acme.database.reading(acme.organization_id) as tx:
        assert (await providers.connection_of(tx, ours.id)).encrypted_only
    bob = await session_of(acme, acme.bob)
    other = connect(near, **BROWSER, **{"x-csrf-token": bob[1], "cookie": f"{COOKIE}={bob[0]}"})
    for path in ("key", "certificate"):
        asked = await other.post(f"{HERE}/key") if path == "key" else await other.get(f"{HERE}/certificate")
        assert asked.status_code == 403
    async with acme.database.reading(acme.organization_id) as tx:
        assert len(await providers.our_keys(tx)) == 1
