"""A customer's mail through a real Postfix to us, and the answer through Postfix into their real mailbox."""

import asyncio
from collections.abc import AsyncIterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest_asyncio

from parlour import email
from tests.builders import Company
from tests.journeys.background import background
from tests.journeys.desk import Journey
from tests.journeys.test_there_and_back import answer_to, question
from tests.mail.dovecot import Dovecot
from tests.mail.postfix import Postfix
from tests.twins import MailServer
from tests.waiting import until

CUSTOMERS = "customers.test"


class Chain(Journey):
    """A journey whose mail goes through Postfix both ways; customers have mailboxes on Dovecot."""

    postfix: Postfix
    dovecot: Dovecot

    async def write(self, message: EmailMessage) -> None:
        sender = message["From"].addresses[0].addr_spec
        recipients = [address.addr_spec for address in message["To"].addresses]
        await asyncio.to_thread(self.postfix.take, sender, recipients, message.as_bytes())

    async def inbox(self, address: str, count: int) -> list[EmailMessage]:
        """What lies in a customer's mailbox, once there is so much."""

        async def enough() -> list[bytes]:
            mails = await asyncio.to_thread(self.dovecot.mails, address)
            return mails if len(mails) >= count else []

        mails = await until(enough, within=30)
        return [message_from_bytes(raw, EmailMessage, policy=default) for raw in mails]


@pytest_asyncio.fixture
async def chain(acme: Company, postfix: Postfix, dovecot: Dovecot, tmp_path: Path) -> AsyncIterator[Chain]:
    domain = f"{acme.slug}.test"
    async with acme.database.transaction(acme.organization_id) as tx:
        await email.add_mailbox(tx, f"support@{domain}", "Support")
    async with background(acme.installation, postfix.url, tmp_path / "worker.log") as worker:
        await asyncio.to_thread(postfix.carry, domain, f"smtp:[127.0.0.1]:{worker.port}")
        await asyncio.to_thread(postfix.carry, CUSTOMERS, f"lmtp:inet:127.0.0.1:{dovecot.lmtp_port}")
        journey = Chain(acme, worker, MailServer(), f"support@{domain}")
        journey.postfix, journey.dovecot = postfix, dovecot
        yield journey


def asked_by(chain: Chain) -> EmailMessage:
    """A question of a customer with a real mailbox."""
    address = f"carol.{chain.company.slug}@{CUSTOMERS}"
    chain.dovecot.mailbox(address)
    message = question(chain.address)
    message.replace_header("From", f"Zoë Carol <{address}>")
    return message


async def test_in_and_out_and_in_again_through_real_servers_with_the_headers_intact(chain: Chain) -> None:
    asked = asked_by(chain)
    carol = asked["From"].addresses[0].addr_spec
    await chain.write(asked)
    ticket = await chain.one_ticket()
    assert (ticket.subject, ticket.requester_email, ticket.requester_name) == ("The grinder hums", carol, "Zoë Carol")

    comment_id = await chain.reply(ticket, "Switch it on first.", chain.company.bob)
    [received] = await chain.inbox(carol, 1)
    assert received["Message-ID"] == f"<comment-{comment_id.hex}@{chain.company.slug}.test>"
    assert received["In-Reply-To"] == asked["Message-ID"]
    assert received["References"] == asked["Message-ID"]
    assert received["Subject"] == "Re: The grinder hums [#1]"
    assert received["To"].addresses[0].addr_spec == carol
    assert received["From"].addresses[0].addr_spec == chain.address
    # A bounce comes back to the address that the mail was sent from: it names the ticket as well.
    assert received["Return-Path"] == f"<{received['Reply-To']}>"
    body = received.get_body(("plain",))
    assert body is not None and body.get_content().startswith("Switch it on first.")

    await chain.write(answer_to(received, "That was it, thank you!"))

    async def answered() -> bool:
        return len(await chain.comments(ticket)) == 3

    await until(answered)
    assert (await chain.comments(ticket))[2].text == "That was it, thank you!"
    assert len(await chain.tickets()) == 1


async def test_while_our_worker_is_down_the_server_before_us_keeps_the_mail(chain: Chain) -> None:
    await chain.worker.kill()
    await chain.write(asked_by(chain))

    async def deferred() -> bool:
        return "status=deferred" in chain.postfix.log

    await until(deferred)
    await chain.worker.start()
    ticket = await chain.one_ticket()
    assert ticket.subject == "The grinder hums"
