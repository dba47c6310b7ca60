"""A company that sends from a domain of its own, and the DNS it writes its records into."""

from collections.abc import AsyncIterator

import msgspec
import pytest_asyncio

from parlour import email
from parlour.email import domains
from parlour.email.domains import Algorithm, SendingDomain, SigningKey
from parlour.foundation.installation import Installation
from tests.builders import Company
from tests.dns_twin import NameServer, name_server
from tests.email.desk import Desk
from tests.twins import MailServer, Taken


class Sender:
    """What an administrator does, at Parlour and at the company's DNS."""

    def __init__(self, desk: Desk, dns: NameServer) -> None:
        self.desk = desk
        self.dns = dns
        self.name = f"{desk.company.slug}.test"

    @property
    def company(self) -> Company:
        return self.desk.company

    async def add(self, name: str = "") -> SendingDomain:
        pairs = await domains.new_pairs()
        async with self.company.database.transaction(self.company.organization_id) as tx:
            return await domains.add_domain(tx, self.company.installation.sealer, name or self.name, pairs)

    async def renew(self, domain: SendingDomain) -> None:
        pairs = await domains.new_pairs()
        async with self.company.database.transaction(self.company.organization_id) as tx:
            await domains.renew_keys(tx, self.company.installation.sealer, domain, pairs)

    async def keys(self, domain: SendingDomain) -> list[SigningKey]:
        async with self.company.database.reading(self.company.organization_id) as tx:
            return await domains.keys_of(tx, domain.id)

    async def records(self, domain: SendingDomain) -> dict[str, domains.Record]:
        """By the name of their key."""
        async with self.company.database.reading(self.company.organization_id) as tx:
            now = await domains.find_domain(tx, domain.id)
            around = domains.surroundings_of(self.desk.installation.settings)
            return {each.key: each for each in domains.records_of(now, await domains.keys_of(tx, domain.id), around)}

    async def publish(self, domain: SendingDomain, *algorithms: Algorithm) -> None:
        """Paste the DKIM records, all of them or those of some kinds."""
        for record in (await self.records(domain)).values():
            if record.algorithm in (algorithms or tuple(Algorithm)):
                self.dns.text(record.name, record.value)

    async def check(self, domain: SendingDomain) -> SendingDomain:
        return await domains.check_domain(self.desk.installation, self.company.organization_id, domain.id)

    async def verified(self) -> SendingDomain:
        """A domain whose records are all there."""
        domain = await self.add()
        await self.publish(domain)
        return await self.check(domain)

    async def facts(self) -> list[str]:
        async with self.company.database.reading(self.company.organization_id) as tx:
            return await tx.values("select name from activities where name like 'SendingDomain%%' order by id")

    async def sent(self, server: MailServer) -> Taken:
        """What the next server gets of an answer."""
        before = len(server.taken)
        await self.desk.send(await self.desk.reply(await self.company.ticket()))
        [taken] = server.taken[before:]
        return taken


def asking(installation: Installation, dns: NameServer) -> Installation:
    settings = installation.settings.model_copy(update={"mail_dns": dns.address})
    return msgspec.structs.replace(installation, settings=settings)


def signatures(raw: bytes) -> list[dict[str, str]]:
    """The tags of each DKIM signature, in the order they stand there."""
    found = email.parse(raw).fields.all("dkim-signature")
    return [dict(pair.strip().split("=", 1) for pair in value.split(";")) for value in found]


@pytest_asyncio.fixture
async def dns() -> AsyncIterator[NameServer]:
    async with name_server() as twin:
        yield twin


@pytest_asyncio.fixture
async def sender(desk: Desk, dns: NameServer) -> Sender:
    desk.installation = asking(desk.installation, dns)
    return Sender(desk, dns)
