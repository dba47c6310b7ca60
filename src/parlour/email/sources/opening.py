"""Opens a mailbox on another server: connects, proves who we are, and looks into the folder."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from parlour.email.mailboxes.settings import ImapSettings, SignIn
from parlour.email.mailboxes.vault import secrets_of
from parlour.email.sources import imap
from parlour.email.sources.imap import Connection, Folder
from parlour.email.sources.tokens import access_token
from parlour.email.sources.troubles import Step, Trouble
from parlour.foundation.installation import Installation


@asynccontextmanager
async def opened(
    installation: Installation, organization_id: UUID, mailbox_id: UUID, server: ImapSettings
) -> AsyncIterator[tuple[Connection, Folder]]:
    """Raises `Trouble`."""
    async with imap.connected(installation.settings, server) as connection:
        await sign_in(installation, organization_id, mailbox_id, server, connection)
        yield connection, await connection.open(server.folder)


async def sign_in(
    installation: Installation, organization_id: UUID, mailbox_id: UUID, server: ImapSettings, connection: Connection
) -> None:
    """With a password or a token. Raises `Trouble`."""
    if server.sign_in is SignIn.PASSWORD:
        async with installation.database.reading(organization_id) as tx:
            secrets = await secrets_of(tx, installation.sealer, mailbox_id)
        if "imap_password" not in secrets:
            raise Trouble(Step.LOGIN, "No password is set for this mailbox.", "Enter it in the mailbox's settings.")
        await connection.log_in(server.username, secrets["imap_password"].text)
        return
    token = await access_token(installation, organization_id, mailbox_id, server)
    try:
        await connection.log_in_with_token(server.username, token)
    except Trouble as refused:
        if refused.step is not Step.TOKEN:
            raise
        # It may have been revoked before its time.
        token = await access_token(installation, organization_id, mailbox_id, server, renew=True)
        await connection.log_in_with_token(server.username, token)
