"""Which server takes a mail; and one mail handed over by hand."""

import asyncio
from typing import Final
from uuid import UUID

from parlour.email import sources
from parlour.email.sending.posting import NotTaken, Parcel, Report, leave_in_outbox
from parlour.email.sending.posting import post as post_over
from parlour.email.sending.relays import Relay
from parlour.email.servers import Server, installation_server
from parlour.foundation.installation import Installation
from parlour.foundation.settings import Settings


async def server_for(installation: Installation, organization_id: UUID, message_id: UUID) -> Server | None:
    """The one of the mailbox it goes out from, else the installation's. None where mail stays in the local outbox.

    Raises `Trouble` where the mailbox has a server of its own that can't be found or signed in to.
    """
    async with installation.database.reading(organization_id) as tx:
        mailbox_id: UUID | None = await tx.value(_MAILBOX_WITH_A_SERVER, id=message_id)
    own = await sources.outgoing_server(installation, organization_id, mailbox_id) if mailbox_id else None
    return own or installation_server(installation.settings)


async def post(settings: Settings, parcel: Parcel) -> Report:
    """Hand one mail to the installation's server, or leave it in the outbox. Raises `NotTaken` where nobody gets it."""
    server = installation_server(settings)
    if server is None:
        return await leave_in_outbox(settings, parcel)
    relay = Relay(server, asyncio.Semaphore(1))
    try:
        report = await post_over(relay, parcel, settings.mail_send_seconds)
    finally:
        relay.hang_up()
    if not report.taken:
        raise NotTaken("; ".join({**report.refused, **report.waiting}.values()), for_good=not report.waiting)
    return report


_MAILBOX_WITH_A_SERVER: Final = """
    select b.id
    from outbound_messages m
    join mailboxes b on b.organization_id = m.organization_id and b.id = m.mailbox_id
    where m.id = %(id)s and m.state in ('QUEUED', 'SENDING') and b.outgoing is not null
"""
