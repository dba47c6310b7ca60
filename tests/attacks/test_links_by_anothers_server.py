"""An organization's own mail server, and its own words, see links: of that organization alone, whoever is asked for."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import UUID

import msgspec
import pytest
import pytest_asyncio

from parlour import access, email
from parlour.access import LinkOver, Purpose
from parlour.email import wording
from parlour.email.notices.sending import own_address
from parlour.email.sending.relays import RELAYS
from parlour.email.servers import Security
from parlour.email.wording import Draft, Kind, Text
from parlour.foundation import ids
from parlour.foundation.installation import Installation
from tests.access.outbox import run_links
from tests.builders import Company
from tests.twins import MailServer, Taken, mail_server

GOOD = "plum harbour quiet lantern"


class Trap:
    """Acme's Carol is made an agent of Globex, whose administrator reads what Globex's server is given."""

    def __init__(self, acme: Company, globex: Company, theirs: MailServer, ours: MailServer) -> None:
        self.acme, self.globex = acme, globex
        self.theirs, self.ours = theirs, ours
        self.address = f"{ids.new().hex}@both.test"

    async def ask(self, purpose: Purpose, *, has_server: bool, is_development: bool = False) -> None:
        """As the sign-in page of the whole installation does."""
        await email.ask_for_link(self.acme.installation, self.address, purpose)
        installation = self._installation(self.ours.url if has_server else "", is_development)
        assert await run_links(replace(self.acme, installation=installation), self.address) == 1
        for company in (self.acme, self.globex):
            async with company.database.reading(company.organization_id) as tx:
                waiting = await tx.values("select id from notices order by created_at, id")
            for notice_id in waiting:
                await email.send_notice(installation, company.organization_id, notice_id=notice_id)

    def _installation(self, smtp_url: str, is_development: bool) -> Installation:
        changes = {"smtp_url": smtp_url, "private_hosts": "allow", "development": is_development}
        settings = self.acme.installation.settings.model_copy(update=changes)
        return msgspec.structs.replace(self.acme.installation, settings=settings)

    async def opened_by(self, mail: Taken, purpose: Purpose) -> set[UUID]:
        [token] = tokens_in(mail)
        return {place.id for place in await access.places_by_link(self.acme.installation, purpose, token)}


def text_of(mail: Taken) -> str:
    body = mail.message.get_body(("plain",))
    assert body
    return str(body.get_content()).replace("\r\n", "\n")


def tokens_in(mail: Taken) -> set[str]:
    return set(re.findall(r"token=([\w.~-]+)", text_of(mail)))


@pytest_asyncio.fixture
async def trap(acme: Company, globex: Company) -> AsyncIterator[Trap]:
    async with mail_server() as theirs, mail_server() as ours:
        made = Trap(acme, globex, theirs, ours)
        for company, user in (acme, acme.carol), (globex, globex.bob):
            async with company.database.transaction(company.organization_id) as tx:
                await tx.run("update users set email = %(to)s where id = %(id)s", to=made.address, id=user.user_id)
        outgoing = email.OutgoingSettings(host="127.0.0.1", port=theirs.port, security=Security.NONE)
        async with globex.database.transaction(globex.organization_id) as tx:
            new = email.NewMailbox(address=f"own@{globex.slug}.test", outgoing=outgoing)
            await email.set_up_mailbox(tx, globex.installation.sealer, new)
            for kind in Kind.SIGN_IN_LINK, Kind.PASSWORD_LINK:
                text = Text(f"Globex says {{{{link.url}}}}, {kind}", subject="Globex says")
                await wording.add_wording(tx, Draft(kind=kind, texts={"en": text}), by=globex.alice)
        yield made
        RELAYS.hang_up()


@pytest.mark.parametrize("purpose", [Purpose.SIGN_IN, Purpose.PASSWORD])
@pytest.mark.parametrize("has_server", [True, False])
async def test_no_link_that_passes_anothers_server_opens_us(trap: Trap, purpose: Purpose, has_server: bool) -> None:
    await trap.ask(purpose, has_server=has_server)
    for mail in trap.theirs.taken:
        assert await trap.opened_by(mail, purpose) == {trap.globex.organization_id}
    assert len(trap.theirs.taken) == (0 if has_server else 1)


@pytest.mark.parametrize("is_development", [True, False])
async def test_a_password_asked_for_there_is_none_here(trap: Trap, is_development: bool) -> None:
    before = await _hash_of(trap.acme)
    await trap.ask(Purpose.PASSWORD, has_server=False, is_development=is_development)
    for mail in trap.theirs.taken:
        for token in tokens_in(mail):
            chosen = trap.acme.organization_id
            identity = await access.set_password_by_link(trap.acme.installation, token, GOOD, chosen=chosen)
            assert identity.organization_id == trap.globex.organization_id
            with pytest.raises(LinkOver):
                await access.set_password_by_link(trap.acme.installation, token, GOOD, trap.acme.organization_id)
    assert await _hash_of(trap.acme) == before
    assert len(trap.theirs.taken) == (0 if is_development else 1)


async def test_one_link_for_all_is_in_nobodys_name_and_words(trap: Trap) -> None:
    await trap.ask(Purpose.SIGN_IN, has_server=True)
    [mail] = trap.ours.taken
    assert await trap.opened_by(mail, Purpose.SIGN_IN) == {trap.acme.organization_id, trap.globex.organization_id}
    assert mail.message["subject"] == "Your link to sign in to Parlour"
    assert mail.message["from"] == f"Parlour <{own_address(trap.acme.installation.settings)}>"
    assert text_of(mail).startswith("Hello,\n\nopen this link to sign in to Parlour.")
    for theirs in "Globex", "Acme", trap.globex.slug, "Bob", "Carol":
        assert theirs not in mail.raw.decode()


async def test_where_nobody_can_send_for_all_each_sends_its_own(trap: Trap) -> None:
    await trap.ask(Purpose.SIGN_IN, has_server=False)
    [mail] = trap.theirs.taken
    assert await trap.opened_by(mail, Purpose.SIGN_IN) == {trap.globex.organization_id}
    async with trap.acme.database.reading(trap.acme.organization_id) as tx:
        [notice] = await tx.values("select id from notices")
        [link] = await tx.values("select everywhere from links")
    kept = email.parse((email.outbox(trap.acme.installation.settings) / f"{notice}.eml").read_bytes())
    assert kept.subject == "Your link to sign in to Acme"
    assert link is False


async def _hash_of(company: Company) -> str | None:
    async with company.database.reading(company.organization_id) as tx:
        query = "select password_hash from users where id = %(id)s"
        found: str | None = await tx.value(query, id=company.carol.user_id)
        return found
