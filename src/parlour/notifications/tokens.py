"""Telling of API tokens that will soon end."""

from typing import Final
from uuid import UUID

from parlour.access import programs
from parlour.foundation.installation import Installation
from parlour.notifications.raising import ring


async def notify_of_token(installation: Installation, organization_id: UUID, *, fact: programs.TokenEndsSoon) -> None:
    """Tell its owner and every administrator. Raised once a fact, however often this runs."""
    async with installation.database.transaction(organization_id) as tx:
        token = await programs.ending_token(tx, fact.token_id)
        if token is None:
            return
        words = f"It is {token.owner}’s, and ends on {token.ends_on}. What uses it needs a new one by then."
        for one in token.concerns:
            await ring(tx, one.user_id, _RING, token_id=fact.token_id, name=fact.name, days=fact.days, words=words)


_RING: Final = """
    insert into notifications (organization_id, id, user_id, name, api_token_id, version, words, created_at)
    select current_organization(), %(id)s, %(user_id)s, %(name)s, %(token_id)s, %(days)s, %(words)s, %(now)s
    where not exists (
        select 1 from notifications n
        where n.user_id = %(user_id)s and n.api_token_id = %(token_id)s and n.name = %(name)s
            and n.version = %(days)s
    )
    returning id
"""
