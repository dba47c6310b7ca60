"""A token that came along: whose it is, what it may do, and when it was last used."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from parlour.access.programs import scopes
from parlour.access.standing import Standing
from parlour.foundation import clock
from parlour.foundation.database import Transaction
from parlour.people import Actor, Reach, Role

_WRITTEN_EVERY: Final = timedelta(minutes=1)


class Bearer(msgspec.Struct, frozen=True):
    """Whoever sends this token. Doors remember it for two seconds."""

    organization_id: UUID
    token_id: UUID
    name: str
    user_id: UUID | None
    scopes: scopes.Scopes
    last_used_at: datetime | None

    @property
    def use_is_due(self) -> bool:
        """Whether its use should be written down again: once a minute, not with every request."""
        return self.last_used_at is None or self.last_used_at <= clock.now() - _WRITTEN_EVERY

    def as_directory(self) -> Standing:
        """The organization's directory, which is nobody: in the trail it stands by its token's name."""
        directory = Actor(
            self.organization_id, self.token_id, self.name, "", Role.ADMIN, Reach.ORGANIZATION, granted=scopes.DIRECTORY
        )
        return Standing(directory)


async def bearer_of(tx: Transaction, token_id: UUID) -> Bearer | None:
    """None where it was revoked or has ended."""
    found = await tx.maybe(
        _Found,
        """
        select name, user_id, scopes, last_used_at
        from api_tokens
        where id = %(token_id)s and revoked_at is null and (expires_at is null or expires_at > %(now)s)
            -- Into a closed organization a directory brings nobody.
            and (user_id is not null or not exists (select from closings))
        """,
        token_id=token_id,
        now=clock.now(),
    )
    if found is None:
        return None
    allowed = scopes.of_names(found.scopes)
    return Bearer(tx.organization_id, token_id, found.name, found.user_id, allowed, found.last_used_at)


async def note_use(tx: Transaction, token_id: UUID, address: str) -> None:
    """Now, from there; unless another process has noted it within the minute."""
    await tx.run(
        """
        update api_tokens set last_used_at = %(now)s, last_used_from = %(address)s
        where id = %(token_id)s and (last_used_at is null or last_used_at <= %(before)s)
        """,
        token_id=token_id,
        address=address[:100] or None,
        now=clock.now(),
        before=clock.now() - _WRITTEN_EVERY,
    )


class _Found(msgspec.Struct):
    name: str
    user_id: UUID | None
    scopes: list[str] | None
    last_used_at: datetime | None
