"""A portal's own name, and claimed domains: shown by the DNS, taken away after days without a record."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
import pytest_asyncio

from parlour import notifications
from parlour.access import providers
from parlour.foundation import clock
from parlour.foundation.domain_proofs import DomainFact, Finding
from parlour.foundation.errors import Invalid, NotFound
from parlour.foundation.installation import Installation
from parlour.people import Organization, portal_hosts, this_organization
from parlour.people.portal_hosts import NobodyToAsk, PortalHost
from tests.builders import Company
from tests.dns_twin import NameServer, name_server

HERE = "https://desk.host.example"
TOLD = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest_asyncio.fixture
async def dns() -> AsyncIterator[NameServer]:
    async with name_server() as twin:
        yield twin


@pytest.fixture
def asking(running: Installation, dns: NameServer) -> Installation:
    settings = running.settings.model_copy(update={"mail_dns": dns.address, "base_url": HERE})
    return msgspec.structs.replace(running, settings=settings)


async def ask(company: Company, host: str) -> PortalHost:
    async with company.database.transaction(company.organization_id) as tx:
        return await portal_hosts.ask_for_host(tx, host, HERE)


async def organization(company: Company) -> Organization:
    async with company.database.reading(company.organization_id) as tx:
        return await this_organization(tx)


async def facts(company: Company) -> list[str]:
    async with company.database.reading(company.organization_id) as tx:
        names = "name like 'PortalHost%%' or name like 'ClaimedDomain%%'"
        return await tx.values(f"select name from activities where {names} order by id")


def point(dns: NameServer, asked: PortalHost) -> None:
    dns.text(asked.record_name, "of somebody else", asked.record_value)
    dns.records[asked.host, "CNAME"] = ["desk.host.example."]


async def test_a_name_is_the_portals_once_both_records_are_there(
    acme: Company, asking: Installation, dns: NameServer
) -> None:
    host = f"help.{acme.slug}.example"
    asked = await ask(acme, f" HELP.{acme.slug}.example. ")
    assert (asked.host, asked.record_name) == (host, f"_parlour-portal.{host}")

    async def check() -> PortalHost:
        return await portal_hosts.check_host(asking, acme.organization_id)

    found = await check()
    assert (found.proof, found.pointing, found.verified_at) == (Finding.MISSING, Finding.MISSING, None)
    dns.text(asked.record_name, "parlour-portal=guessed")
    dns.records[host, "A"] = ["93.184.215.14"]
    found = await check()
    assert (found.proof, found.pointing, found.verified_at) == (Finding.DIFFERS, Finding.DIFFERS, None)
    dns.text(asked.record_name, asked.record_value)
    assert (await check()).verified_at is None
    assert (await organization(acme)).host is None
    assert await acme.database.doorways.organization_by_host(host) is None
    # The top of a domain can't be an alias: an address of ours is as good.
    dns.records["desk.host.example", "A"] = ["93.184.215.14"]
    assert (await check()).verified_at is not None
    assert (await organization(acme)).host == host
    assert await acme.database.doorways.organization_by_host(host) == acme.organization_id
    assert portal_hosts.origin_of(await organization(acme), HERE) == f"https://{host}"
    assert portal_hosts.origin_of(await organization(acme), "http://desk.test:8000") == f"http://{host}:8000"
    assert await facts(acme) == ["PortalHostVerified"]


async def test_it_is_taken_away_when_the_proof_was_gone_for_three_days(
    acme: Company, asking: Installation, dns: NameServer
) -> None:
    with clock.frozen(TOLD):
        asked = await ask(acme, f"lost.{acme.slug}.example")
        point(dns, asked)
        await portal_hosts.check_host(asking, acme.organization_id)
    del dns.records[asked.record_name, "TXT"]
    for hours, is_there in ((1, True), (7, True), (60, True), (78, True), (79, False)):
        with clock.frozen(TOLD + timedelta(hours=hours)):
            # Not before it is due: six hours after it was seen.
            await portal_hosts.check_due_hosts(asking)
        assert ((await organization(acme)).host is not None) is is_there, hours
    assert await facts(acme) == ["PortalHostVerified", "PortalHostMissing", "PortalHostLost"]
    async with acme.database.reading(acme.organization_id) as tx:
        lost = await portal_hosts.portal_host(tx)
    assert lost and (lost.verified_at, lost.lost_at) == (None, TOLD + timedelta(hours=79))
    dns.text(asked.record_name, asked.record_value)
    again = await portal_hosts.check_host(asking, acme.organization_id)
    assert (again.verified_at is not None, again.lost_at) == (True, None)


async def test_a_name_server_that_is_silent_for_a_day_takes_nothing_away(
    acme: Company, asking: Installation, dns: NameServer
) -> None:
    with clock.frozen(TOLD):
        asked = await ask(acme, f"silent.{acme.slug}.example")
        point(dns, asked)
        await portal_hosts.check_host(asking, acme.organization_id)
    dns.unwell.add(asked.record_name)
    for hours in (7, 31):
        with clock.frozen(TOLD + timedelta(hours=hours)):
            found = await portal_hosts.check_host(asking, acme.organization_id)
        assert (found.proof, found.missing_since) == (Finding.NO_ANSWER, TOLD + timedelta(hours=7))
    dns.unwell.clear()
    with clock.frozen(TOLD + timedelta(hours=32)):
        assert (await portal_hosts.check_host(asking, acme.organization_id)).missing_since is None
    assert (await organization(acme)).host == asked.host


async def test_one_name_is_one_organizations(
    acme: Company, globex: Company, asking: Installation, dns: NameServer
) -> None:
    host = f"shared.{acme.slug}.example"
    first, second = await ask(acme, host), await ask(globex, host)
    assert first.record_value != second.record_value
    # Whoever only wrote it into a form has nothing of it.
    point(dns, first)
    assert (await portal_hosts.check_host(asking, globex.organization_id)).verified_at is None
    await portal_hosts.check_host(asking, acme.organization_id)
    dns.text(first.record_name, first.record_value, second.record_value)
    refused = await portal_hosts.check_host(asking, globex.organization_id)
    assert (refused.verified_at, refused.is_taken) == (None, True)
    assert await acme.database.doorways.organization_by_host(host) == acme.organization_id
    async with acme.database.transaction(acme.organization_id) as tx:
        await portal_hosts.give_up_host(tx)
    assert await acme.database.doorways.organization_by_host(host) is None
    taken = await portal_hosts.check_host(asking, globex.organization_id)
    assert (taken.verified_at is not None, taken.is_taken) == (True, False)
    assert await acme.database.doorways.organization_by_host(host) == globex.organization_id


@pytest.mark.parametrize("written", ["", "localhost", "10.0.0.1", "a b.test", "desk.host.example", "me@acme.example"])
async def test_what_is_no_name_of_theirs_is_refused(acme: Company, written: str) -> None:
    with pytest.raises(Invalid) as refusal:
        await ask(acme, written)
    assert list(refusal.value.details or {}) == ["host"]
    async with acme.database.reading(acme.organization_id) as tx:
        assert await portal_hosts.portal_host(tx) is None


async def test_nothing_is_checked_that_nobody_asked_for_or_nobody_answers(acme: Company, asking: Installation) -> None:
    with pytest.raises(NotFound):
        await portal_hosts.check_host(asking, acme.organization_id)
    await ask(acme, f"deaf.{acme.slug}.example")
    deaf = msgspec.structs.replace(asking, settings=asking.settings.model_copy(update={"mail_dns": "off"}))
    with pytest.raises(NobodyToAsk):
        await portal_hosts.check_host(deaf, acme.organization_id)


async def test_a_claimed_domain_is_looked_for_by_the_clock_and_lost_after_three_days(
    acme: Company, asking: Installation, dns: NameServer
) -> None:
    name = f"{acme.slug}.example"
    with clock.frozen(TOLD):
        async with acme.database.transaction(acme.organization_id) as tx:
            claimed = await providers.claim_domain(tx, name, by=acme.alice)
    dns.text(claimed.record_name, claimed.record_value)

    async def looked_at(hours: float) -> bool:
        with clock.frozen(TOLD + timedelta(hours=hours)):
            await providers.check_due_claims(asking)
        return acme.organization_id in await acme.database.doorways.organizations_by_claimed_domain(name)

    assert not await looked_at(0.05)
    assert await looked_at(0.1)
    del dns.records[claimed.record_name, "TXT"]
    assert await looked_at(7)
    assert await looked_at(78)
    assert not await looked_at(79)
    assert await facts(acme) == ["ClaimedDomainMissing", "ClaimedDomainLost"]
    dns.text(claimed.record_name, claimed.record_value)
    assert await looked_at(104)
    async with acme.database.reading(acme.organization_id) as tx:
        acts = await tx.values("select act from audit_records where act like 'DOMAIN%%' order by position")
    assert acts == ["DOMAIN_CLAIMED", "DOMAIN_VERIFIED", "DOMAIN_LOST", "DOMAIN_VERIFIED"]


async def test_administrators_are_told_once(acme: Company) -> None:
    for fact in (
        portal_hosts.PortalHostMissing(actor_id=None, domain="help.acme.example", occasion=1),
        providers.ClaimedDomainLost(actor_id=None, domain="acme.example", occasion=1),
    ):
        assert isinstance(fact, DomainFact)
        for _ in range(2):
            await notifications.notify_of_own_domain(acme.installation, acme.organization_id, fact=fact)
    async with acme.database.reading(acme.organization_id) as tx:
        told = await notifications.notifications_of(tx, acme.alice)
        assert [(each.name, each.own_domain) for each in reversed(told)] == [
            ("PortalHostMissing", "help.acme.example"),
            ("ClaimedDomainLost", "acme.example"),
        ]
        assert all(each.words for each in told)
        assert await notifications.notifications_of(tx, acme.bob) == []
