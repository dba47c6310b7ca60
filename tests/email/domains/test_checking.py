"""The records of a sending domain: what to paste, what was found, and who hears when one vanishes."""

from datetime import datetime, timedelta

import msgspec
import pytest

from parlour import notifications
from parlour.email import domains
from parlour.email.domains import Algorithm, Finding, Purpose
from parlour.email.domains.keys import record_of, selector_for, shows
from parlour.email.domains.records import spf_with, surroundings_of
from parlour.foundation import clock, ids
from parlour.foundation.errors import Invalid, NotFound
from parlour.foundation.settings import Settings
from tests.email.domains.sender import Sender, asking, signatures
from tests.twins import MailServer


def later(**time: float) -> datetime:
    return clock.now() + timedelta(**time)


async def test_the_record_of_a_key_is_cut_as_the_dns_wants_it(sender: Sender) -> None:
    domain = await sender.add()
    rsa, ed25519 = [record for record in (await sender.records(domain)).values() if record.purpose is Purpose.DKIM]
    assert rsa.name == f"{rsa.key}._domainkey.{sender.name}"
    assert rsa.value.startswith("v=DKIM1; k=rsa; p=MII")
    first, second = rsa.strings
    assert (len(first), first + second) == (255, rsa.value)
    assert ed25519.value.startswith("v=DKIM1; k=ed25519; p=")
    assert len(ed25519.strings) == 1
    assert [(each.is_needed, each.finding) for each in (rsa, ed25519)] == [
        (True, Finding.UNCHECKED),
        (False, Finding.UNCHECKED),
    ]


async def test_each_record_is_found_missing_different_or_unanswered(sender: Sender) -> None:
    domain, dns = await sender.add(), sender.dns
    rsa, ed25519 = await sender.keys(domain)
    dns.text(f"{rsa.selector}._domainkey.{sender.name}", "v=DKIM1; k=rsa; p=AAAA")
    dns.silent.add(f"_dmarc.{sender.name}")
    await sender.check(domain)
    found = {key: (record.finding, record.there) for key, record in (await sender.records(domain)).items()}
    assert found == {
        rsa.selector: (Finding.DIFFERS, ["v=DKIM1; k=rsa; p=AAAA"]),
        ed25519.selector: (Finding.MISSING, []),
        "dmarc": (Finding.NO_ANSWER, []),
    }
    assert all(record.words for record in (await sender.records(domain)).values())
    dns.silent.clear()
    await sender.publish(domain)
    dns.text(f"_dmarc.{sender.name}", "v=DMARC1; p=quarantine")
    domain = await sender.check(domain)
    assert {record.finding for record in (await sender.records(domain)).values()} == {Finding.FOUND}
    assert (await sender.records(domain))["dmarc"].value == "v=DMARC1; p=quarantine"
    assert domain.verified_at is not None


async def test_two_records_of_one_name_prove_nothing(sender: Sender) -> None:
    domain = await sender.add()
    [rsa, *_] = (await sender.records(domain)).values()
    sender.dns.text(rsa.name, rsa.value, "v=DKIM1; k=rsa; p=AAAA")
    assert (await sender.check(domain)).verified_at is None
    assert (await sender.records(domain))[rsa.key].finding is Finding.DIFFERS


async def test_spf_and_mx_are_known_where_the_installation_says_so(sender: Sender) -> None:
    settings = sender.desk.installation.settings.model_copy(
        update={"mail_spf": "include:_spf.host.test", "mail_exchanger": "mx.host.test"}
    )
    sender.desk.installation = msgspec.structs.replace(sender.desk.installation, settings=settings)
    domain, dns, name = await sender.add(), sender.dns, sender.name
    records = await sender.records(domain)
    assert (records["spf"].value, records["mx"].value) == ("v=spf1 include:_spf.host.test ~all", "10 mx.host.test.")
    assert (records["spf"].is_needed, records["mx"].is_needed) == (True, False)
    dns.text(name, "v=spf1 include:other.test -all", "some-site-verification=1")
    dns.records[name, "MX"] = ["10 mx.elsewhere.test."]
    await sender.check(domain)
    records = await sender.records(domain)
    assert (records["spf"].finding, records["spf"].value) == (
        Finding.DIFFERS,
        "v=spf1 include:other.test include:_spf.host.test -all",
    )
    assert (records["mx"].finding, records["mx"].there) == (Finding.DIFFERS, ["mx.elsewhere.test"])
    dns.text(name, records["spf"].value)
    dns.records[name, "MX"] = ["5 mx.elsewhere.test.", "10 mx.host.test."]
    await sender.check(domain)
    records = await sender.records(domain)
    assert [records[key].finding for key in ("spf", "mx")] == [Finding.FOUND, Finding.FOUND]
    dns.text(name, "v=spf1 -all", "v=spf1 include:_spf.host.test -all")
    await sender.check(domain)
    assert (await sender.records(domain))["spf"].finding is Finding.DIFFERS


async def test_a_server_that_is_let_in_by_another_way_is_found(sender: Sender) -> None:
    settings = sender.desk.installation.settings.model_copy(update={"mail_spf": "a:relay.host.test"})
    sender.desk.installation = msgspec.structs.replace(sender.desk.installation, settings=settings)
    domain = await sender.add()
    sender.dns.text(sender.name, "v=spf1 ip4:93.184.215.0/24 -all")
    sender.dns.records["relay.host.test", "A"] = ["93.184.215.14"]
    await sender.check(domain)
    assert (await sender.records(domain))["spf"].finding is Finding.FOUND
    assert (await sender.records(domain))["spf"].value == "v=spf1 ip4:93.184.215.0/24 -all"


def test_what_the_installation_says_of_itself() -> None:
    said = {
        "": (None, None),
        "smtp://relay.host.test:587": ("a:relay.host.test", "desk.host.test"),
        "smtp://93.184.215.14": ("ip4:93.184.215.14", "desk.host.test"),
        "smtp://127.0.0.1": (None, "desk.host.test"),
        "smtp://relay": (None, "desk.host.test"),
    }
    for url, (spf, exchanger) in said.items():
        around = surroundings_of(Settings(smtp_url=url, base_url="https://desk.host.test" if url else ""))
        assert (around.spf, around.exchanger) == (spf, exchanger), url


@pytest.mark.parametrize(
    ("there", "completed"),
    [
        ([], "v=spf1 a:x.test ~all"),
        (["v=spf1 mx -all"], "v=spf1 mx a:x.test -all"),
        (["v=spf1 mx"], "v=spf1 mx a:x.test"),
        (["v=spf1 redirect=_spf.y.test"], "v=spf1 a:x.test redirect=_spf.y.test"),
        (["v=spf1 A:X.test ?all"], "v=spf1 A:X.test ?all"),
        (["v=spf1 -all", "v=spf1 mx -all"], "v=spf1 a:x.test ~all"),
    ],
)
def test_an_spf_record_is_completed_and_keeps_what_it_says(there: list[str], completed: str) -> None:
    assert spf_with(there, "a:x.test") == completed


def test_a_record_shows_a_key_however_it_is_written() -> None:
    assert shows("v=DKIM1;k=RSA;  p=AB CD ; t=s", Algorithm.RSA, "ABCD")
    assert shows("p=ABCD", Algorithm.RSA, "ABCD")
    assert not shows("p=ABCD", Algorithm.ED25519, "ABCD")
    assert not shows("v=DKIM1; k=rsa; p=", Algorithm.RSA, "ABCD")
    assert shows(record_of(Algorithm.ED25519, "AB="), Algorithm.ED25519, "AB=")
    first, second = (selector_for(ids.new(), Algorithm.RSA, 1) for _ in range(2))
    assert first != second


@pytest.mark.parametrize(
    "name", ["", "localhost", "10.0.0.1", "a b.test", "-x.test", "x" * 250 + ".test", "ex_ample.test"]
)
async def test_what_is_no_domain_is_refused(sender: Sender, name: str) -> None:
    with pytest.raises(Invalid):
        await sender.add(name or " ")
    async with sender.company.database.reading(sender.company.organization_id) as tx:
        assert await domains.sending_domains(tx) == []


async def test_a_domain_is_added_once(sender: Sender) -> None:
    domain = await sender.add(f"  someone@{sender.name.upper()}. ")
    assert domain.domain == sender.name
    with pytest.raises(domains.DomainKnown):
        await sender.add()
    assert len(await sender.keys(domain)) == 2


async def test_a_record_that_vanishes_ends_signing_at_the_second_look_and_is_told_once(
    sender: Sender, server: MailServer
) -> None:
    domain = await sender.verified()
    sender.dns.records.clear()
    assert (await sender.check(domain)).verified_at is not None
    assert len(signatures((await sender.sent(server)).raw)) == 2
    with clock.frozen(later(minutes=11)):
        for _ in range(2):
            gone = await sender.check(domain)
        assert (gone.verified_at, gone.lost_at) == (None, clock.now())
    assert signatures((await sender.sent(server)).raw) == []
    assert await sender.facts() == ["SendingDomainVerified", "SendingDomainLost"]
    await sender.publish(domain)
    back = await sender.check(domain)
    assert (back.verified_at is not None, back.lost_at) == (True, None)
    assert await sender.facts() == ["SendingDomainVerified", "SendingDomainLost", "SendingDomainVerified"]


async def test_name_servers_that_do_not_answer_change_nothing_for_three_days(sender: Sender) -> None:
    domain = await sender.verified()
    rsa, ed25519 = await sender.keys(domain)
    sender.dns.unwell |= {f"{key.selector}._domainkey.{sender.name}" for key in (rsa, ed25519)}
    with clock.frozen(later(days=2)):
        assert (await sender.check(domain)).verified_at is not None
    with clock.frozen(later(days=3, minutes=1)):
        assert (await sender.check(domain)).verified_at is None


async def test_administrators_hear_of_it_and_nobody_else(sender: Sender) -> None:
    company, domain = sender.company, await sender.verified()
    fact = domains.SendingDomainLost(actor_id=None, domain_id=domain.id, occasion=7)
    for _ in range(2):
        await notifications.notify_of_domain(company.installation, company.organization_id, fact=fact)
    async with company.database.reading(company.organization_id) as tx:
        [heard] = await notifications.notifications_of(tx, company.alice)
        assert await notifications.notifications_of(tx, company.bob) == []
    assert (heard.name, heard.sending_domain, heard.sending_domain_id, heard.ticket_id) == (
        "SendingDomainLost", sender.name, domain.id, None,
    )  # fmt: skip
    assert heard.words is not None and heard.words.endswith("Add the record again, then check.")


async def test_new_keys_take_over_once_their_record_is_there(sender: Sender, server: MailServer) -> None:
    domain = await sender.verified()
    old = await sender.keys(domain)
    await sender.renew(domain)
    await sender.check(domain)
    assert [tags["s"] for tags in signatures((await sender.sent(server)).raw)] == [key.selector for key in old]
    with pytest.raises(domains.KeysWaiting):
        await sender.renew(domain)
    await sender.publish(domain)
    await sender.check(domain)
    new = [key for key in await sender.keys(domain) if key.number == 2]
    assert [tags["s"] for tags in signatures((await sender.sent(server)).raw)] == [key.selector for key in new]
    left = (await sender.records(domain))[old[0].selector]
    assert (left.is_needed, left.words.startswith("A newer key signs now. Leave this record until")) == (False, True)
    assert await sender.facts() == ["SendingDomainVerified"]


async def test_an_old_key_is_forgotten_after_a_week_and_its_record_when_it_is_deleted(sender: Sender) -> None:
    domain = await sender.verified()
    old = await sender.keys(domain)
    await sender.renew(domain)
    await sender.publish(domain)
    await sender.check(domain)
    with clock.frozen(later(days=6)):
        await sender.check(domain)
        assert all(key.sealed for key in await sender.keys(domain))
    with clock.frozen(later(days=8)):
        await sender.check(domain)
        assert [bool(key.sealed) for key in await sender.keys(domain)] == [True, True, False, False]
        assert (await sender.records(domain))[old[0].selector].words.endswith("Delete this record.")
        for key in old:
            del sender.dns.records[f"{key.selector}._domainkey.{sender.name}", "TXT"]
        await sender.check(domain)
    assert [key.number for key in await sender.keys(domain)] == [2, 2]


async def test_the_clock_looks_often_at_first_and_rarely_later(sender: Sender) -> None:
    domain = await sender.add()
    looks = len(sender.dns.asked)
    await domains.check_due_domains(sender.desk.installation)
    assert len(sender.dns.asked) == looks
    with clock.frozen(later(minutes=6)):
        await domains.check_due_domains(sender.desk.installation)
        assert any(sender.name in asked for asked in sender.dns.asked)
    assert await _next(sender) == timedelta(minutes=5)
    with clock.frozen(later(days=2)):
        await sender.check(domain)
    assert await _next(sender) == timedelta(hours=1)
    await sender.publish(domain)
    await sender.check(domain)
    assert await _next(sender) == timedelta(hours=6)
    sender.dns.records.clear()
    await sender.check(domain)
    assert await _next(sender) == timedelta(minutes=5)


async def test_where_nobody_is_asked_nothing_is_known(sender: Sender) -> None:
    domain = await sender.verified()
    settings = sender.desk.installation.settings.model_copy(update={"mail_dns": "off"})
    sender.desk.installation = msgspec.structs.replace(sender.desk.installation, settings=settings)
    with pytest.raises(domains.NobodyToAsk):
        await sender.check(domain)
    with clock.frozen(later(days=9)):
        await domains.check_due_domains(sender.desk.installation)
    assert (await sender.keys(domain))[0].published_at is not None
    sender.desk.installation = asking(sender.desk.installation, sender.dns)
    assert (await sender.check(domain)).verified_at is not None


async def test_a_domain_that_is_removed_is_gone_with_its_keys(sender: Sender, server: MailServer) -> None:
    domain = await sender.verified()
    async with sender.company.database.transaction(sender.company.organization_id) as tx:
        await domains.remove_domain(tx, domain)
        assert await tx.value("select count(*) from signing_keys") == 0
    assert signatures((await sender.sent(server)).raw) == []
    with pytest.raises(NotFound):
        await sender.check(domain)


async def _next(sender: Sender) -> timedelta:
    async with sender.company.database.reading(sender.company.organization_id) as tx:
        wait: timedelta = await tx.value("select next_check_at - checked_at from sending_domains")
        return wait
