"""The mail of an invitation."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from parlour import access
from parlour.access import Invitation
from parlour.email import wording
from parlour.email.notices.writing import Notice, write_notice
from parlour.email.wording import Kind
from parlour.foundation.database import Transaction

PAGE: Final = "/invitation"


async def send_invitation(tx: Transaction, invitation: Invitation) -> UUID:
    """Rides with the invitation. The link in it is the same each time it is sent."""
    return await write_notice(
        tx,
        Notice(
            kind=Kind.INVITATION,
            email=invitation.email,
            path=PAGE,
            purpose=access.INVITATION_PURPOSE,
            link_id=invitation.id,
            lasts=timedelta(days=access.INVITATION_DAYS),
            more={"agent.name": invitation.invited_by_name, wording.INVITATION_MESSAGE: invitation.message},
        ),
    )
