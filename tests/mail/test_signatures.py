"""Signed answers through a real Postfix into a real mailbox, verified there by OpenDKIM."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest_asyncio

from parlour import email, people
from parlour.email import domains
from parlour.people import NewUser, Role
from parlour.tickets import Words
from tests.builders import Company
from tests.dns_twin import name_server
from tests.email.desk import Desk
from tests.email.domains.sender import Sender, asking
from tests.mail import opendkim
from tests.mail.dovecot import Dovecot
from tests.mail.postfix import Postfix
from tests.twins import mail_server
from tests.waiting import until

CUSTOMERS = "signed.test"


@pytest_asyncio.fixture
async def sender(acme: Company, postfix: Postfix) -> AsyncIterator[Sender]:
    """Its answers go to Postfix."""
    settings = acme.installation.settings.model_copy(update={"smtp_url": postfix.url})
    async with name_server() as dns:
        installation = asking(msgspec.structs.replace(acme.installation, settings=settings), dns)
        desk = Desk(acme, installation)
        async with acme.database.transaction(acme.organization_id) as tx:
            await email.add_mailbox(tx, desk.address, "Support")
        yield Sender(desk, dns)


async def shown(sender: Sender, domain: domains.SendingDomain) -> dict[str, str]:
    return {each.name: each.value for each in (await sender.records(domain)).values() if each.algorithm}


async def answer(sender: Sender, address: str, words: Words) -> None:
    """An agent's answer to a customer with this address."""
    company = sender.company
    async with company.database.transaction(company.organization_id) as tx:
        customer = await people.add_user(tx, NewUser("Zoë Carol", address, Role.CUSTOMER))
    ticket = await company.ticket("Größe 漢字 🎉", requester_id=customer.id)
    sending = await sender.desk.send(await sender.desk.reply(ticket, words))
    assert sending is not None and sending.state is email.SendingState.SENT, sending


def held(algorithms: list[tuple[str, str, str]]) -> list[tuple[str, str]]:
    return [(result, algorithm) for result, algorithm, _ in algorithms]


BOTH = [("pass", "rsa-sha256"), ("pass", "ed25519-sha256")]
DIFFICULT = [
    ".",
    "..",
    ".hidden",
    "From here on",
    "x" * 3000,
    "Grüße, 漢字 🎉",
    "blanks   ",
    "\ttab\t",
    "",
    "",
    "-- ",
    ".",
]


async def test_both_signatures_hold_where_the_customer_reads(
    sender: Sender, postfix: Postfix, dovecot: Dovecot, tmp_path: Path
) -> None:
    domain = await sender.verified()
    address = f"carol.{sender.company.slug}@{CUSTOMERS}"
    dovecot.mailbox(address)
    await asyncio.to_thread(postfix.carry, CUSTOMERS, f"lmtp:inet:127.0.0.1:{dovecot.lmtp_port}")
    await answer(sender, address, Words("\n".join(DIFFICULT)))

    async def arrived() -> list[bytes]:
        return await asyncio.to_thread(dovecot.mails, address)

    [raw] = await until(arrived, within=30)
    records = await shown(sender, domain)
    assert held(opendkim.results(tmp_path, raw, records)) == BOTH
    # It is the verifier that says so: what was changed does not pass.
    forged = raw.replace(b"Subject: ", b"Subject: Pay me. ", 1)
    assert [result for result, *_ in opendkim.results(tmp_path, forged, records)] == ["fail", "fail"]


async def test_an_internationalised_address_is_reached_with_its_signature(
    sender: Sender, postfix: Postfix, tmp_path: Path
) -> None:
    """SMTPUTF8 (RFC 6531) from us to Postfix and on: headers in UTF-8, signed as they are."""
    domain = await sender.verified()
    async with mail_server() as server:
        await asyncio.to_thread(postfix.carry, "international.test", f"smtp:[127.0.0.1]:{server.port}")
        await answer(sender, f"zoë.{sender.company.slug}@international.test", Words("Grüße"))
        [taken] = await server.mails(1, within=30)
    assert taken.recipients == [f"zoë.{sender.company.slug}@international.test"]
    assert f"zoë.{sender.company.slug}".encode() in taken.raw
    assert held(opendkim.results(tmp_path, taken.raw, await shown(sender, domain))) == BOTH


async def test_a_server_without_eight_bits_changes_nothing(sender: Sender, postfix: Postfix, tmp_path: Path) -> None:
    """Postfix writes mail anew for a server that lacks 8BITMIME; ours has nothing that it would have to."""
    domain = await sender.verified()
    async with mail_server() as server:
        server.lacks = {"8BITMIME", "SMTPUTF8"}
        await asyncio.to_thread(postfix.carry, "seven.test", f"smtp:[127.0.0.1]:{server.port}")
        await answer(sender, f"carol.{sender.company.slug}@seven.test", Words("\n".join(DIFFICULT)))
        [taken] = await server.mails(1, within=30)
    assert held(opendkim.results(tmp_path, taken.raw, await shown(sender, domain))) == BOTH
