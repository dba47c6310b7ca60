"""A real Postfix that wants to know who we are: encryption, sign-in, and how much it takes."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import msgspec
import pytest
import pytest_asyncio

from parlour.email.sending.posting import NotTaken, Parcel, Report, post
from parlour.email.sending.relays import Relay
from parlour.email.servers import Security, Server
from parlour.foundation import ids
from tests.mail import postfix as postfixes
from tests.mail.dovecot import PASSWORD, Dovecot
from tests.mail.postfix import Postfix
from tests.twins import MailServer, mail_server

ADDRESS = "support@submission.test"
RAW = (
    b"From: support@submission.test\r\nTo: carol@taken.test\r\nSubject: Hello\r\n"
    b"Date: Wed, 25 Nov 2026 09:00:00 +0000\r\nMessage-ID: <1@submission.test>\r\n\r\nHello\r\n..\r\n.\r\n"
)

SETTINGS = """
smtpd_tls_cert_file = {home}/cert.pem
smtpd_tls_key_file = {home}/key.pem
smtpd_tls_security_level = may
smtpd_tls_auth_only = yes
smtpd_tls_loglevel = 1
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:{port}
smtpd_relay_restrictions = permit_sasl_authenticated, reject
mynetworks = 192.0.2.0/24
message_size_limit = 100000
"""


@pytest.fixture(scope="module")
def submission(dovecot: Dovecot) -> Iterator[Postfix]:
    """Takes mail of those whom Dovecot knows, and no more than 100,000 bytes of it."""
    dovecot.mailbox(ADDRESS)
    with postfixes.running(SETTINGS.format(home=dovecot.home, port=dovecot.sign_in_port)) as server:
        yield server


@pytest_asyncio.fixture
async def next_server(submission: Postfix) -> AsyncIterator[MailServer]:
    """Where Postfix carries what it has taken."""
    async with mail_server() as server:
        await asyncio.to_thread(submission.carry, "taken.test", f"smtp:[127.0.0.1]:{server.port}")
        yield server


@pytest.fixture
def known(submission: Postfix, dovecot: Dovecot) -> Server:
    """As a mailbox's own server is reached: by an address that was looked at, under the name its certificate has."""
    return Server(
        host="localhost",
        port=submission.port,
        security=Security.STARTTLS,
        username=ADDRESS,
        password=PASSWORD,
        authority_file=str(dovecot.certificate),
        addresses=["127.0.0.1"],
        owner=ids.new(),
    )


async def handed_over(server: Server, raw: bytes = RAW) -> Report:
    relay = Relay(server, asyncio.Semaphore(1))
    try:
        return await post(relay, Parcel(ids.new(), ADDRESS, ["carol@taken.test"], raw), 20)
    finally:
        relay.hang_up()


async def refusal(server: Server, raw: bytes = RAW) -> NotTaken:
    with pytest.raises(NotTaken) as refused:
        await handed_over(server, raw)
    return refused.value


async def test_a_password_signs_in_over_an_encrypted_line(
    known: Server, submission: Postfix, next_server: MailServer
) -> None:
    assert list((await handed_over(known)).taken) == ["carol@taken.test"]
    [taken] = await next_server.mails(1, within=20)
    assert taken.raw.endswith(RAW)
    assert f"sasl_username={ADDRESS}" in submission.log
    assert "Anonymous TLS connection established from" in submission.log


async def test_a_token_signs_in_by_xoauth2(known: Server, dovecot: Dovecot, next_server: MailServer) -> None:
    with_token = msgspec.structs.replace(known, password=None, access_token=dovecot.token(ADDRESS))
    assert list((await handed_over(with_token)).taken) == ["carol@taken.test"]
    expired = msgspec.structs.replace(with_token, access_token=dovecot.token(ADDRESS, -60))
    refused = await refusal(expired)
    assert (refused.is_servers_fault, refused.for_good) == (True, False)


async def test_a_wrong_password_gives_nothing_up(known: Server) -> None:
    refused = await refusal(msgspec.structs.replace(known, password="sesame, open"))
    assert refused.words.startswith("535 ")
    assert (refused.is_servers_fault, refused.for_good, refused.in_doubt) == (True, False, False)


async def test_a_password_is_never_sent_over_an_open_line(known: Server, submission: Postfix) -> None:
    refused = await refusal(msgspec.structs.replace(known, security=Security.NONE))
    assert (refused.is_servers_fault, refused.for_good) == (True, False)
    assert PASSWORD not in submission.log
    report = await handed_over(msgspec.structs.replace(known, username=None, password=None))
    assert (report.taken, report.refused["carol@taken.test"][:3]) == ([], "554")


async def test_where_encryption_is_wanted_a_server_without_it_gets_nothing(known: Server) -> None:
    async with mail_server() as open_server:
        refused = await refusal(msgspec.structs.replace(known, port=open_server.port, username=None, password=None))
    assert (refused.is_servers_fault, refused.for_good, "STARTTLS" in refused.words) == (True, False, True)
    assert open_server.taken == []


async def test_a_certificate_for_another_name_is_refused_though_the_address_is_right(known: Server) -> None:
    refused = await refusal(msgspec.structs.replace(known, host="mail.submission.test"))
    assert (refused.is_servers_fault, refused.for_good) == (True, False)
    assert "certificate" in refused.words.lower()


async def test_an_offered_encryption_is_taken_whoever_it_is(
    known: Server, submission: Postfix, next_server: MailServer
) -> None:
    offered = msgspec.structs.replace(known, security=Security.OFFERED, authority_file=None, host="another.test")
    assert list((await handed_over(offered)).taken) == ["carol@taken.test"]


async def test_what_is_too_large_is_told_before_it_is_sent(known: Server, submission: Postfix) -> None:
    before = submission.log.count("cleanup")
    refused = await refusal(known, RAW + b"x" * 70 * 2000)
    assert (refused.for_good, refused.words[:3]) == (True, "552")
    assert submission.log.count("cleanup") == before
