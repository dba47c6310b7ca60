"""Mailboxes: secrets that stay secret, tokens renewed, tests that say what is wrong, health that is told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import parse_qs

import msgspec
import pytest
import pytest_asyncio

from parlour import email
from parlour.email import sources
from parlour.email.envelopes import envelope_of
from parlour.email.mailboxes import SignIn, secrets_of
from parlour.email.servers import Security
from parlour.email.sources.tokens import access_token
from parlour.foundation import clock
from parlour.foundation.errors import Invalid
from parlour.foundation.installation import Installation
from tests.builders import Company
from tests.imap_twin import ImapTwin, imap_twin


@pytest.mark.parametrize(
    ("raw", "envelope"),
    [
        (b"Return-Path: <a@b.test>\r\nFrom: c@d.test\r\n\r\nx", ("a@b.test", [])),
        (b"Return-Path: <>\r\nFrom: c@d.test\r\n\r\nx", ("", [])),
        (b'From: "C, D" <c@d.test>\r\nDelivered-To: Help@acme.test\r\n\r\nx', ("c@d.test", ["help@acme.test"])),
        (b"Subject: x\r\n\r\nFrom: a@b.test", ("unknown@invalid", [])),
        (b"\x00\xff", ("unknown@invalid", [])),
    ],
)
def test_the_envelope_is_read_from_what_the_last_server_wrote(raw: bytes, envelope: tuple[str, list[str]]) -> None:
    assert envelope_of(raw) == envelope


@dataclass
class TokenServer:
    """Where access tokens are renewed."""

    port: int = 0
    answer: bytes = b'{"access_token": "fresh", "expires_in": 3600, "refresh_token": "next"}'
    status: str = "200 OK"
    asked: list[dict[str, str]] = field(default_factory=list)

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        size = int(head.partition("content-length:")[2].split()[0])
        self.asked.append(
            {name: values[0] for name, values in parse_qs((await reader.readexactly(size)).decode()).items()}
        )
        start = f"HTTP/1.1 {self.status}\r\ncontent-length: {len(self.answer)}\r\nconnection: close\r\n\r\n"
        writer.write(start.encode() + self.answer)
        await writer.drain()
        writer.close()


@asynccontextmanager
async def token_server() -> AsyncIterator[TokenServer]:
    twin = TokenServer()
    server = await asyncio.start_server(twin.converse, "127.0.0.1", 0)
    twin.port = server.sockets[0].getsockname()[1]
    try:
        yield twin
    finally:
        server.close()
        await server.wait_closed()


class Desk:
    """A company whose mailbox lies on the twin and is opened with tokens."""

    def __init__(self, company: Company, twin: ImapTwin, tokens: TokenServer) -> None:
        self.company = company
        self.twin = twin
        address = f"http://127.0.0.1:{tokens.port}/token"
        changes = {"private_hosts": "allow", "google_token_url": address, "microsoft_token_url": address}
        settings = company.installation.settings.model_copy(update=changes)
        self.installation: Installation = msgspec.structs.replace(company.installation, settings=settings)

    async def mailbox(self, sign_in: SignIn = SignIn.PASSWORD, **imap: object) -> email.Mailbox:
        known = {"host": "127.0.0.1", "port": self.twin.port, "security": Security.NONE, "client_id": "client"}
        new = email.NewMailbox(
            address=f"support@{self.company.slug}.test",
            kind=email.MailboxKind.IMAP,
            imap=email.ImapSettings(**{**known, "sign_in": sign_in, **imap}),
            is_active=False,
            secrets={"imap_password": self.twin.password, "refresh_token": "first", "client_secret": "shh"},
        )
        async with self.company.database.transaction(self.company.organization_id) as tx:
            return await email.set_up_mailbox(tx, self.installation.sealer, new)

    async def token(self, mailbox: email.Mailbox, *, renew: bool = False) -> str:
        assert mailbox.imap
        place = (self.company.organization_id, mailbox.id)
        return await access_token(self.installation, *place, mailbox.imap, renew=renew)

    async def examine(self, mailbox: email.Mailbox) -> list[tuple[str, bool, str]]:
        found = await sources.examine(self.installation, self.company.organization_id, mailbox.id)
        return [(finding.step, finding.is_well, finding.words) for finding in found]


@pytest_asyncio.fixture
async def tokens() -> AsyncIterator[TokenServer]:
    async with token_server() as twin:
        yield twin


@pytest_asyncio.fixture
async def desk(acme: Company, tokens: TokenServer) -> AsyncIterator[Desk]:
    async with imap_twin() as twin:
        yield Desk(acme, twin, tokens)


async def test_an_access_token_is_kept_while_it_lasts_and_then_renewed(desk: Desk, tokens: TokenServer) -> None:
    mailbox = await desk.mailbox(SignIn.MICROSOFT)
    assert [await desk.token(mailbox) for _ in range(2)] == ["fresh", "fresh"]
    assert [(asked["refresh_token"], asked["client_id"], asked["client_secret"]) for asked in tokens.asked] == [
        ("first", "client", "shh")
    ]
    with clock.frozen(clock.now() + timedelta(hours=1)):
        await desk.token(mailbox)
    assert tokens.asked[1]["refresh_token"] == "next"


async def test_a_refresh_token_that_has_ended_is_said_in_words(desk: Desk, tokens: TokenServer) -> None:
    mailbox = await desk.mailbox(SignIn.GOOGLE)
    tokens.status, tokens.answer = "400 Bad Request", b'{"error": "invalid_grant", "error_description": "Revoked."}'
    with pytest.raises(sources.Trouble) as trouble:
        await desk.token(mailbox)
    assert (trouble.value.step, trouble.value.words, trouble.value.advice) == (
        "TOKEN",
        "The refresh token has expired or was revoked: Revoked.",
        "Sign in with the provider again and enter the new refresh token.",
    )


async def test_a_token_that_was_revoked_early_is_renewed_at_once(desk: Desk, tokens: TokenServer) -> None:
    mailbox = await desk.mailbox(SignIn.GOOGLE)
    tokens.answer = b'{"access_token": "stale", "expires_in": 3600}'
    await desk.token(mailbox)
    tokens.answer = b'{"access_token": "fresh", "expires_in": 3600}'
    desk.twin.token = "fresh"
    assert (await desk.examine(mailbox))[-2:] == [
        ("LOGIN", True, f"{mailbox.address} may sign in."),
        ("FOLDER", True, "INBOX holds 0 messages."),
    ]


async def test_the_test_button_says_which_step_fails(desk: Desk) -> None:
    mailbox = await desk.mailbox(folder="Tickets")
    found = await sources.examine(desk.installation, desk.company.organization_id, mailbox.id)
    assert (found[-1].step, found[-1].is_well, found[-1].advice) == (
        "FOLDER",
        False,
        "Check the folder's name. The usual one is INBOX. There are: INBOX, Support.",
    )
    desk.twin.password = "another"
    assert (await desk.examine(mailbox))[-1] == (
        "LOGIN",
        False,
        "The server refuses the sign-in: [AUTHENTICATIONFAILED] Wrong password.",
    )
    desk.twin.greeting = "* BYE too many connections"
    assert (await desk.examine(mailbox))[-1][:2] == ("CONNECTION", False)


@pytest.mark.parametrize(
    ("imap", "step"),
    [
        ({"host": "nowhere.invalid"}, "DNS"),
        ({"security": Security.TLS}, "TLS"),
        ({"security": Security.STARTTLS}, "TLS"),
        ({"port": 1}, "CONNECTION"),
    ],
)
async def test_what_is_set_up_wrong_is_found(desk: Desk, imap: dict[str, object], step: str) -> None:
    found = await desk.examine(await desk.mailbox(**imap))
    assert (found[-1][0], found[-1][1]) == (step, False), found


async def test_a_password_is_forgotten_before_it_is_shown_to_another_server(desk: Desk) -> None:
    mailbox = await desk.mailbox()
    assert mailbox.imap
    company = desk.company
    async with company.database.transaction(company.organization_id) as tx:
        moved = email.MailboxChanges(imap=msgspec.structs.replace(mailbox.imap, host="elsewhere.test"))
        changed = await email.change_mailbox(tx, desk.installation.sealer, mailbox, moved)
        secrets = await secrets_of(tx, desk.installation.sealer, mailbox.id)
    assert (changed.secrets, list(secrets)) == (["client_secret"], ["client_secret"])


async def test_a_mailbox_of_imap_needs_a_server(acme: Company) -> None:
    new = email.NewMailbox(address="x@acme.test", kind=email.MailboxKind.IMAP)
    async with acme.database.transaction(acme.organization_id) as tx:
        with pytest.raises(Invalid) as wrong:
            await email.set_up_mailbox(tx, acme.installation.sealer, new)
    assert wrong.value.details == {"imap": "Say on which server this mailbox is."}
