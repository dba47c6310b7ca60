"""Sending domains over the API and as pages: records to paste, checked when somebody asks."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from parlour import email, notifications
from parlour.email import domains
from parlour.foundation.settings import Settings
from tests.builders import Company
from tests.dns_twin import NameServer, name_server
from tests.doors.conftest import Clients, failure, started

HERE = "/dashboard/settings/domains"
API = "/api/email/domains"


@pytest_asyncio.fixture
async def dns() -> AsyncIterator[NameServer]:
    async with name_server() as twin:
        yield twin


@pytest_asyncio.fixture
async def asking(settings: Settings, dns: NameServer) -> AsyncIterator[Any]:
    """The app, with a name server it can ask."""
    known = {"rate_limits": "off", "mail_dns": dns.address, "mail_spf": "include:_spf.host.test"}
    async with started(settings.model_copy(update=known)) as asgi:
        yield asgi


async def added(client: httpx.AsyncClient, company: Company) -> dict[str, Any]:
    answer = await client.post(API, json={"domain": f"{company.slug}.test"})
    assert answer.status_code == 201, answer.text
    domain: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"{API}/{domain['id']}"
    return domain


async def test_a_domain_is_added_checked_renewed_and_removed(
    acme: Company, at_acme: Clients, asking: Any, dns: NameServer
) -> None:
    alice = await at_acme.program("alice", asking)
    domain = await added(alice, acme)
    here = f"{API}/{domain['id']}"
    assert (domain["domain"], domain["verifiedAt"], domain["checkedAt"]) == (f"{acme.slug}.test", None, None)
    shown = [(each["purpose"], each["type"], each["isNeeded"], each["state"]) for each in domain["records"]]
    assert shown == [
        ("DKIM", "TXT", True, "UNCHECKED"),
        ("DKIM", "TXT", False, "UNCHECKED"),
        ("SPF", "TXT", True, "UNCHECKED"),
        ("DMARC", "TXT", True, "UNCHECKED"),
    ]
    for record in domain["records"][:2]:
        dns.text(record["name"], record["value"])
    checked = (await alice.post(f"{here}/check")).json()
    assert [each["state"] for each in checked["records"]] == ["FOUND", "FOUND", "MISSING", "MISSING"]
    assert checked["verifiedAt"] is not None
    renewed = (await alice.post(f"{here}/renew")).json()
    assert [each["state"] for each in renewed["records"]] == [
        "UNCHECKED",
        "UNCHECKED",
        "FOUND",
        "FOUND",
        *["MISSING"] * 2,
    ]
    refused = await alice.post(f"{here}/renew")
    assert (refused.status_code, failure(refused)["error"]) == (409, domains.KeysWaiting.__doc__)
    assert (await alice.get(API)).json()["items"] == [renewed]
    assert (await alice.delete(here)).status_code == 204
    assert (await alice.get(here)).status_code == 404
    assert "PRIVATE" not in str(domain) and "sealed" not in str(domain)


async def test_a_domain_that_is_none_or_is_there_already_is_refused_in_words(acme: Company, at_acme: Clients) -> None:
    alice = await at_acme.program("alice")
    wrong = await alice.post(API, json={"domain": "local host"})
    assert (wrong.status_code, list(failure(wrong)["details"])) == (422, ["domain"])
    await added(alice, acme)
    twice = await alice.post(API, json={"domain": f"{acme.slug}.test"})
    assert (twice.status_code, failure(twice)["error"]) == (409, domains.DomainKnown.__doc__)
    assert len((await alice.get(API)).json()["items"]) == 1


@pytest.mark.parametrize("first", ["carol", "bob", "mara"])
async def test_sending_domains_are_for_administrators_only(first: str, acme: Company, at_acme: Clients) -> None:
    domain = await added(await at_acme.program("alice"), acme)
    program, browser = await at_acme.program(first), await at_acme.browser(first)
    for method, path in (("GET", ""), ("POST", ""), ("GET", f"/{domain['id']}"), ("DELETE", f"/{domain['id']}")):
        body = {"json": {"domain": "theirs.test"}} if method == "POST" else {}
        assert (await program.request(method, f"{API}{path}", **body)).status_code == 403
    assert (await browser.get(HERE)).status_code == 403
    assert (await browser.post(f"{HERE}/{domain['id']}/remove")).status_code == 403
    async with acme.database.reading(acme.organization_id) as tx:
        assert [each.domain for each in await domains.sending_domains(tx)] == [f"{acme.slug}.test"]


async def test_the_pages_lead_from_a_mailbox_to_a_signed_domain(
    acme: Company, at_acme: Clients, connect: Any, asking: Any, dns: NameServer
) -> None:
    alice = await at_acme.browser("alice")
    alice = connect(asking, **{name: alice.headers[name] for name in ("x-csrf-token", "cookie", "accept")})
    async with acme.database.transaction(acme.organization_id) as tx:
        mailbox = await email.add_mailbox(tx, f"support@{acme.slug}.test")
    page = f"/dashboard/settings/mailboxes/{mailbox.id}"
    assert "Answers go out unsigned" in (await alice.get(page)).text
    assert f"Add {acme.slug}.test" in (await alice.get(HERE)).text
    answer = await alice.post(HERE, data={"domain": f"{acme.slug}.test"})
    assert answer.status_code == 303
    one = answer.headers["location"]
    async with acme.database.reading(acme.organization_id) as tx:
        [domain] = await domains.sending_domains(tx)
        around = domains.surroundings_of(acme.installation.settings)
        records = domains.records_of(domain, await domains.keys_of(tx, domain.id), around)
    text = (await alice.get(one)).text
    assert all(record.name in text and record.value in text for record in records)
    assert "Waiting for the DNS" in text and "v=spf1 include:_spf.host.test ~all" in text
    dns.text(f"{acme.slug}.test", "v=spf1 mx <b>-all")
    dns.text(records[0].name, records[0].value)
    checked = await alice.post(f"{one}/check")
    assert (checked.status_code, checked.headers["location"]) == (303, one)
    text = (await alice.get(one)).text
    assert "Mail is signed" in text and "Something else is there" in text and "mx &lt;b&gt;-all" in text
    assert f'Answers are signed as <a href="{one}">' in (await alice.get(page)).text
    await alice.post(f"{one}/renew")
    again = await alice.post(f"{one}/renew")
    assert (again.status_code, "The newest keys are not in use yet." in again.text) == (409, True)
    assert (await alice.post(f"{one}/remove")).headers["location"] == HERE
    assert "No sending domains" in (await alice.get(HERE)).text


async def test_a_mailbox_with_a_server_of_its_own_is_not_warned(acme: Company, at_acme: Clients) -> None:
    outgoing = email.OutgoingSettings(host="smtp.provider.test")
    new = email.NewMailbox(address=f"own@{acme.slug}.test", outgoing=outgoing)
    async with acme.database.transaction(acme.organization_id) as tx:
        mailbox = await email.set_up_mailbox(tx, acme.installation.sealer, new)
    text = (await (await at_acme.browser("alice")).get(f"/dashboard/settings/mailboxes/{mailbox.id}")).text
    assert "unsigned" not in text
    assert "smtp.provider.test, which usually signs them" in text


async def test_what_can_not_be_checked_or_is_no_domain_says_what_to_do(
    acme: Company, at_acme: Clients, settings: Settings, connect: Any
) -> None:
    alice = await at_acme.browser("alice")
    refused = await alice.post(HERE, data={"domain": "no domain"})
    assert (refused.status_code, "Enter a domain, as it stands behind the @" in refused.text) == (422, True)
    assert 'value="no domain"' in refused.text
    one = (await alice.post(HERE, data={"domain": f"{acme.slug}.test"})).headers["location"]
    async with started(settings.model_copy(update={"rate_limits": "off", "mail_dns": "off"})) as asgi:
        deaf = connect(asgi, **{name: alice.headers[name] for name in ("x-csrf-token", "cookie", "accept")})
        answer = await deaf.post(f"{one}/check")
        assert (answer.status_code, "PARLOUR_MAIL_DNS=system" in answer.text) == (409, True)


async def test_the_bell_leads_to_the_domain(acme: Company, at_acme: Clients) -> None:
    domain = await added(await at_acme.program("alice"), acme)
    fact = domains.SendingDomainLost(actor_id=None, domain_id=domain["id"], occasion=1)
    await notifications.notify_of_domain(acme.installation, acme.organization_id, fact=fact)
    text = (await (await at_acme.browser("alice")).get("/dashboard/notifications")).text
    assert f'href="{HERE}/{domain["id"]}"' in text
    assert "needs you: its mail goes out unsigned" in text
    told = (await (await at_acme.program("alice")).get("/api/notifications")).json()["items"][0]
    assert (told["sendingDomain"], told["sendingDomainId"]) == (f"{acme.slug}.test", domain["id"])
