"""The test button: each step that a mailbox takes, and in words what is wrong with the one that fails."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from typing import Final
from uuid import UUID

import aiosmtplib
import msgspec
from aiosmtplib.errors import SMTPAuthenticationError, SMTPException

from parlour.email.mailboxes import ImapSettings, Kind, Mailbox, SignIn, find_mailbox, secrets_of
from parlour.email.servers import Security, Server, dialled
from parlour.email.sources import connecting, imap, troubles
from parlour.email.sources.opening import sign_in
from parlour.email.sources.tokens import access_token
from parlour.email.sources.troubles import Step, Trouble
from parlour.foundation.installation import Installation

_SECONDS: Final = 60.0


class Finding(msgspec.Struct, frozen=True):
    """One step. Where it is not well, `advice` says what to do next."""

    step: Step
    is_well: bool
    words: str
    advice: str = ""


async def examine(installation: Installation, organization_id: UUID, mailbox_id: UUID) -> list[Finding]:
    """Try the mailbox as it is set up, within a minute; nothing is fetched or sent. Raises `NotFound`."""
    async with installation.database.reading(organization_id) as tx:
        mailbox = await find_mailbox(tx, mailbox_id)
    findings: list[Finding] = []
    for steps in (_coming_in, _going_out):
        try:
            async with asyncio.timeout(_SECONDS):
                async for finding in steps(installation, organization_id, mailbox):
                    # Not one comprehension: what was found before it failed stays.
                    findings.append(finding)  # noqa: PERF401
        except Trouble as trouble:
            findings.append(Finding(trouble.step, False, trouble.words, trouble.advice))
        except TimeoutError:
            findings.append(
                Finding(Step.CONNECTION, False, "The server takes too long.", "Try again in a few minutes.")
            )
    return findings


async def outgoing_server(installation: Installation, organization_id: UUID, mailbox_id: UUID) -> Server | None:
    """The mailbox's own server for answers; None where it uses the installation's. Raises `Trouble`."""
    async with installation.database.reading(organization_id) as tx:
        mailbox = await find_mailbox(tx, mailbox_id)
        secrets = await secrets_of(tx, installation.sealer, mailbox_id)
    outgoing = mailbox.outgoing
    if outgoing is None:
        return None
    found = await connecting.addresses(installation.settings, outgoing.host, outgoing.port)
    token = None
    if outgoing.sign_in is not SignIn.PASSWORD and mailbox.imap:
        token = await access_token(installation, organization_id, mailbox_id, mailbox.imap)
    password = secrets["outgoing_password"].text if "outgoing_password" in secrets else None
    return Server(
        host=outgoing.host,
        port=outgoing.port,
        security=outgoing.security,
        username=outgoing.username or None,
        password=password if token is None else None,
        access_token=token,
        authority_file=installation.settings.mail_ca_file or None,
        addresses=found,
        owner=mailbox.id,
    )


async def _coming_in(installation: Installation, organization_id: UUID, mailbox: Mailbox) -> AsyncIterator[Finding]:
    if mailbox.kind is Kind.SMTP or mailbox.imap is None:
        way = "over HTTP" if mailbox.kind is Kind.PUSH else "to the SMTP listener"
        yield Finding(Step.CONNECTION, True, f"Mail for {mailbox.address} is brought {way}; nothing has to be fetched.")
        return
    server = mailbox.imap
    found = await connecting.addresses(installation.settings, server.host, server.port)
    yield Finding(Step.DNS, True, f"{server.host} is at {', '.join(found[:4])}.")
    async with imap.connected(installation.settings, server) as connection:
        yield Finding(Step.CONNECTION, True, f"{server.host} answers on port {server.port}.")
        if server.security is not Security.NONE:
            yield Finding(Step.TLS, True, "The connection is encrypted and the certificate is in order.")
        await sign_in(installation, organization_id, mailbox.id, server, connection)
        yield Finding(Step.LOGIN, True, f"{server.username} may sign in.")
        yield await _folder(connection, server)


async def _folder(connection: imap.Connection, server: ImapSettings) -> Finding:
    try:
        folder = await connection.open(server.folder)
    except Trouble as trouble:
        names = ", ".join((await connection.folders())[:20])
        advice = f"{trouble.advice} There are: {names}." if names else trouble.advice
        return Finding(Step.FOLDER, False, trouble.words, advice)
    return Finding(Step.FOLDER, True, f"{server.folder} holds {folder.count:,} messages.")


async def _going_out(installation: Installation, organization_id: UUID, mailbox: Mailbox) -> AsyncIterator[Finding]:
    if mailbox.outgoing is None:
        return
    try:
        server = await outgoing_server(installation, organization_id, mailbox.id)
        if server:
            await _greet(installation, server)
            yield Finding(Step.OUTGOING, True, f"{server.host} takes our mail on port {server.port}.")
    except Trouble as trouble:
        raise Trouble(Step.OUTGOING, f"Outgoing mail: {trouble.words}", trouble.advice) from trouble


async def _greet(installation: Installation, server: Server) -> None:
    client = aiosmtplib.SMTP(
        hostname=server.host,
        use_tls=server.security is Security.TLS,
        start_tls={Security.STARTTLS: True, Security.OFFERED: None}.get(server.security, False),
        tls_context=connecting.context(installation.settings.mail_ca_file),
        timeout=connecting.CONNECT_SECONDS,
    )
    try:
        client.sock = await dialled(server, connecting.CONNECT_SECONDS)
        async with client:
            if server.username and server.access_token:
                await client.auth_xoauth2(server.username, server.access_token)
            elif server.username:
                await client.login(server.username, server.password or "")
    except SMTPAuthenticationError as refused:
        raise Trouble(Step.LOGIN, f"The server refuses the sign-in: {refused.code} {refused.message}") from refused
    except (SMTPException, OSError, TimeoutError) as failure:
        if isinstance(failure.__cause__, ssl.SSLError):
            raise troubles.of_tls(server.host, failure.__cause__) from failure
        words = f"{server.host} can't be used on port {server.port}: {failure}"
        raise Trouble(Step.CONNECTION, words.rstrip(".") + ".") from failure
