"""What each kind of provider says of somebody, and what of it is believed; and whose a domain is."""

import uuid
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from parlour import people
from parlour.access import providers
from parlour.access.providers import Draft, Kind, Provider
from parlour.access.providers.openid import github, understanding
from parlour.access.providers.shown import NotVouchedFor, groups_of
from parlour.foundation.errors import Invalid
from parlour.people import Role
from tests.access.providers import desk
from tests.access.providers.desk import Forger
from tests.builders import Company
from tests.dns_twin import NameServer, name_server

TENANT = str(uuid.UUID(int=7))


@pytest_asyncio.fixture
async def dns() -> AsyncIterator[NameServer]:
    async with name_server() as twin:
        yield twin


def said(provider: Provider, **claims: Any) -> str:
    return understanding.shown_in(provider, {"sub": "1", **claims}).email


async def test_google_vouches_for_addresses_that_it_hosts(acme: Company) -> None:
    google = await desk.add(acme, "", kind=Kind.GOOGLE)
    assert google.issuer == "https://accounts.google.com"
    bob = {"email": "Bob@Acme.test", "email_verified": True}
    assert said(google, **bob, hd="acme.test") == "bob@acme.test"
    assert said(google, **bob) == ""
    assert said(google, **bob, hd="other.test") == ""
    assert said(google, **(bob | {"email_verified": False}), hd="acme.test") == ""


async def test_microsoft_vouches_for_its_own_tenant_and_its_own_domains(acme: Company) -> None:
    for everybodys in ("common", "organizations", "consumers", "", "acme.test"):
        with pytest.raises(Invalid):
            await desk.add(acme, everybodys, kind=Kind.MICROSOFT)
    entra = await desk.add(acme, TENANT.upper(), kind=Kind.MICROSOFT)
    assert entra.issuer == f"https://login.microsoftonline.com/{TENANT}/v2.0"
    bob = {"email": "bob@acme.test", "tid": TENANT}
    assert said(entra, **bob, xms_edov=True) == "bob@acme.test"
    assert said(entra, **bob, xms_edov="1") == "bob@acme.test"
    # Whoever runs a directory can write any address into it.
    assert said(entra, **bob) == ""
    assert said(entra, **bob, email_verified=True) == ""
    assert said(entra, **bob, xms_edov=False) == ""
    with pytest.raises(NotVouchedFor):
        said(entra, **(bob | {"tid": str(uuid.UUID(int=8))}), xms_edov=True)


async def test_github_vouches_for_the_primary_and_verified_address(acme: Company, forger: Forger) -> None:
    issuer = github.issuer_of(forger.issuer)
    emails = [
        {"email": "other@acme.test", "primary": False, "verified": True},
        {"email": "Bob@acme.test", "primary": True, "verified": True},
    ]
    await forger.plan(user={"id": 583231, "login": "bob", "name": None}, emails=emails)
    shown = await github.shown_by(desk.near(acme), "token", issuer)
    assert (shown.subject, shown.email, shown.name) == ("583231", "bob@acme.test", "bob")
    await forger.plan(user={"id": 583231, "login": "bob"}, emails=[emails[0], emails[1] | {"verified": False}])
    assert (await github.shown_by(desk.near(acme), "token", issuer)).email == ""
    await forger.plan(user={"login": "bob"}, emails=emails)
    with pytest.raises(NotVouchedFor):
        await github.shown_by(desk.near(acme), "token", issuer)


async def test_github_brings_in_newcomers_by_state_code_and_what_its_api_says(acme: Company, forger: Forger) -> None:
    await desk.claim(acme, "acme.test")
    provider = await desk.add(acme, f"{forger.issuer}/", kind=Kind.GITHUB, newcomers_are=Role.AGENT)
    assert provider.issuer == forger.issuer
    nora = {
        "user": {"id": 7, "login": "nora", "name": "Nora New"},
        "emails": [{"email": "nora@acme.test", "primary": True, "verified": True}],
    }
    trip = await desk.set_out(acme, provider)
    assert (trip.asked["scope"], "nonce" in trip.asked) == ("read:user user:email", False)
    # Somebody else's code: it was asked for with another challenge.
    await forger.plan(challenge="other", **nora)
    with pytest.raises(NotVouchedFor):
        await trip.back()
    for other in ("another browser", desk.BROWSER):
        trip = await desk.set_out(acme, provider)
        await forger.plan(challenge=trip.asked["code_challenge"], **nora)
        if other != desk.BROWSER:
            with pytest.raises(NotVouchedFor):
                await trip.back(browser=other)
    arrival = await trip.back()
    assert arrival.identity
    with pytest.raises(NotVouchedFor):
        await trip.back()
    async with acme.database.reading(acme.organization_id) as tx:
        found = await people.find_user(tx, arrival.identity.user_id)
    assert (found.name, found.email, found.role) == ("Nora New", "nora@acme.test", Role.AGENT)
    # Her login and her address may become somebody else's: the number is who she is.
    trip = await desk.set_out(acme, provider)
    renamed = {"user": {"id": 7, "login": "renamed"}, "emails": []}
    await forger.plan(challenge=trip.asked["code_challenge"], **renamed)
    again = await trip.back()
    assert again.identity and again.identity.user_id == found.id


async def test_github_itself_is_where_no_server_is_named(acme: Company) -> None:
    provider = await desk.add(acme, "", kind=Kind.GITHUB)
    issuer = github.issuer_of(provider.issuer)
    assert (provider.issuer, issuer.user) == ("https://github.com", "https://api.github.com/user")
    for wrong in ("github", "https://a.test/?x=1", "http://git.test"):
        with pytest.raises(Invalid):
            async with acme.database.transaction(acme.organization_id) as tx:
                draft = Draft(Kind.GITHUB, "Wrong", wrong, "parlour", "secret")
                await providers.add_provider(tx, acme.installation, draft, by=acme.alice)


def test_groups_may_be_nested_and_nothing_else_is_one() -> None:
    assert groups_of({"realm_access": {"roles": ["a", 7, "b"]}}, "realm_access.roles") == ("a", "b")
    assert groups_of({"groups": {"a": 1}}, "groups") == ()
    assert groups_of({}, "groups") == ()


async def test_an_issuer_is_an_address_over_tls(acme: Company) -> None:
    for wrong in ("http://sign-in.test", "sign-in.test", "https://a.test/?x=1", "https://u:p@a.test", "file:///etc"):
        draft = Draft(Kind.OPENID, "Wrong", wrong, "parlour", "secret")
        async with acme.database.transaction(acme.organization_id) as tx:
            with pytest.raises(Invalid) as refusal:
                await providers.add_provider(tx, acme.installation, draft, by=acme.alice)
            assert set(refusal.value.details or {}) == {"issuer"}
            assert await providers.providers(tx) == []


async def test_a_domain_is_the_organizations_while_the_dns_says_so(
    acme: Company, globex: Company, dns: NameServer
) -> None:
    installation = msgspec.structs.replace(
        acme.installation, settings=acme.installation.settings.model_copy(update={"mail_dns": dns.address})
    )
    claims = []
    for company in (acme, globex):
        async with company.database.transaction(company.organization_id) as tx:
            claims.append(await providers.claim_domain(tx, "Acme.Test", by=company.alice))
    mine, theirs = claims
    assert mine.record_name == theirs.record_name == "_parlour-sign-in.acme.test"
    # The record that is there is the neighbour's.
    dns.text(mine.record_name, "something else", theirs.record_value)

    async def check() -> bool:
        checked = await providers.check_claimed_domain(installation, acme.organization_id, mine.id)
        return checked.verified_at is not None

    doorways = acme.database.doorways
    assert not await check()
    assert acme.organization_id not in await doorways.organizations_by_claimed_domain("acme.test")
    dns.text(mine.record_name, theirs.record_value, mine.record_value)
    assert await check()
    assert acme.organization_id in await doorways.organizations_by_claimed_domain("acme.test")
    dns.unwell.add(mine.record_name)
    with pytest.raises(providers.NoAnswer):
        await check()
    # Silence proves nothing.
    assert acme.organization_id in await doorways.organizations_by_claimed_domain("acme.test")
    dns.unwell.clear()
    dns.text(mine.record_name, theirs.record_value)
    assert not await check()
    async with acme.database.reading(acme.organization_id) as tx:
        acts = await tx.values("select act from audit_records where act like 'DOMAIN%%' order by position")
    assert acts == ["DOMAIN_CLAIMED", "DOMAIN_VERIFIED", "DOMAIN_LOST"]
