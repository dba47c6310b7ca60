"""A mailbox on a real Dovecot is read: told at once by IDLE, over TLS, with a password or with a token."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest_asyncio

from parlour.email.mailboxes import ImapSettings, SignIn, put_secret
from parlour.email.servers import Security
from parlour.foundation import clock
from tests.builders import Company
from tests.mail import dovecot as dovecots
from tests.mail.dovecot import Dovecot
from tests.mail.mailroom import Mailroom, letter, mailroom
from tests.mail.tokens import Provider, provider
from tests.mail.wire import wire


@pytest_asyncio.fixture
async def google() -> AsyncIterator[Provider]:
    async with provider(dovecots.KEY) as twin:
        yield twin


@pytest_asyncio.fixture
async def room(acme: Company, dovecot: Dovecot, google: Provider, tmp_path: Path) -> AsyncIterator[Mailroom]:
    async with mailroom(acme, dovecot, tmp_path / "worker.log", PARLOUR_GOOGLE_TOKEN_URL=google.url) as built:
        yield built


def over_tls(room: Mailroom, sign_in: SignIn = SignIn.PASSWORD) -> ImapSettings:
    return ImapSettings(
        host="localhost", port=room.dovecot.imaps_port, security=Security.TLS, sign_in=sign_in, client_id="parlour"
    )


async def test_a_mail_delivered_while_we_wait_is_a_ticket_at_once_and_stays_unread(room: Mailroom) -> None:
    mailbox = await room.set_up()
    await room.deliver(letter(1))
    await room.is_read_up_to(mailbox, 1)
    told_at = clock.now()
    await room.deliver(letter(2))
    [newest, _] = await room.tickets(2)
    assert newest.subject == "Matter 2"
    assert newest.created_at - told_at < timedelta(seconds=5)
    flags = await asyncio.to_thread(room.dovecot.flags, room.address)
    assert len(flags) == 2
    assert not any("\\Seen" in line for line in flags)
    # One connection all the while: we are told, we don't ask.
    assert room.line.connections == 1


async def test_a_mailbox_is_read_over_tls(room: Mailroom) -> None:
    await room.set_up(over_tls(room), imap_password=dovecots.PASSWORD)
    await room.deliver(letter(1))
    [ticket] = await room.tickets(1)
    assert (ticket.subject, ticket.requester_email) == ("Matter 1", "carol@customer.test")


async def test_a_server_under_another_name_than_its_certificate_says_is_not_trusted(room: Mailroom) -> None:
    async with wire(room.dovecot.imaps_port, "127.0.0.2") as elsewhere:
        other = ImapSettings(host="127.0.0.2", port=elsewhere.port, security=Security.TLS)
        mailbox = await room.set_up(other, imap_password=dovecots.PASSWORD)
        await room.deliver(letter(1))
        state = await room.trouble(mailbox)
    assert state.trouble == "TLS"
    assert (await room.account()).seen == 0


async def test_a_wrong_password_is_told_in_words(room: Mailroom) -> None:
    mailbox = await room.set_up(imap_password="wrong")
    state = await room.trouble(mailbox)
    assert state.trouble == "LOGIN"
    assert state.words


async def test_a_token_is_asked_for_once_and_opens_the_mailbox(room: Mailroom, google: Provider) -> None:
    google.owners["refresh"] = room.address
    await room.set_up(over_tls(room, SignIn.GOOGLE), refresh_token="refresh", client_secret="secret")
    await room.deliver(letter(1))
    await room.tickets(1)
    [form] = google.asked
    assert form == {
        "grant_type": "refresh_token",
        "client_id": "parlour",
        "client_secret": "secret",
        "refresh_token": "refresh",
    }


async def test_a_token_that_the_server_takes_for_expired_is_renewed(room: Mailroom, google: Provider) -> None:
    google.owners["refresh"] = room.address
    company = room.company
    mailbox = await room.set_up(over_tls(room, SignIn.GOOGLE), refresh_token="refresh")
    expired = room.dovecot.token(room.address, lives=-60)
    async with company.database.transaction(company.organization_id) as tx:
        sealer, later = company.installation.sealer, clock.now() + timedelta(hours=1)
        await put_secret(tx, sealer, mailbox.id, "access_token", expired, later)
    await room.deliver(letter(1))
    await room.tickets(1)
    assert len(google.asked) == 1
