"""Who takes part in a ticket: its requester, and the people they brought along."""

from collections.abc import Sequence
from uuid import UUID

from parlour.foundation.database import Transaction
from parlour.people import User


async def add_participants(tx: Transaction, ticket_id: UUID, user_ids: Sequence[UUID]) -> None:
    """From now on they see the ticket and get its answers. Who takes part already stays."""
    if not user_ids:
        return
    await tx.tell(
        """
        insert into participants (organization_id, ticket_id, user_id)
        select organization_id, %(ticket_id)s, id from users where id = any(%(user_ids)s)
        on conflict do nothing
        """,
        ticket_id=ticket_id,
        user_ids=list(user_ids),
    )


async def remove_participant(tx: Transaction, ticket_id: UUID, user_id: UUID) -> None:
    await tx.tell(
        "delete from participants where ticket_id = %(ticket_id)s and user_id = %(user_id)s",
        ticket_id=ticket_id,
        user_id=user_id,
    )


async def participants(tx: Transaction, ticket_id: UUID) -> list[User]:
    """Everyone on the ticket, in the order they came, the requester among them."""
    return await tx.all(
        User,
        """
        select u.id, u.name, u.email, u.role, u.reach, u.status, u.created_at, u.custom_role_id
        from participants p
        join users u on u.organization_id = p.organization_id and u.id = p.user_id
        where p.ticket_id = %(ticket_id)s
        order by p.added_at, u.id
        """,
        ticket_id=ticket_id,
    )


async def takes_part(tx: Transaction, ticket_id: UUID, user_id: UUID) -> bool:
    return bool(
        await tx.value(
            "select exists (select 1 from participants where ticket_id = %(ticket_id)s and user_id = %(user_id)s)",
            ticket_id=ticket_id,
            user_id=user_id,
        )
    )
