"""Which mailbox a ticket is answered from."""

from uuid import UUID

from parlour import tickets
from parlour.email.mailboxes.keeping import Mailbox, mailboxes
from parlour.foundation.database import Transaction


async def mailbox_for(tx: Transaction, ticket: tickets.Ticket) -> Mailbox | None:
    """Where the customer wrote to, else the department's, else the organization's first."""
    written_to: UUID | None = await tx.value(
        """
        select mailbox_id from inbound_messages
        where ticket_id = %(ticket_id)s and outcome = 'ADMITTED'
        order by id desc
        limit 1
        """,
        ticket_id=ticket.id,
    )
    ours = await mailboxes(tx)
    choices = [
        *(box for box in ours if box.id == written_to),
        *(box for box in ours if box.department_id and box.department_id == ticket.department_id),
        *ours,
    ]
    return choices[0] if choices else None
