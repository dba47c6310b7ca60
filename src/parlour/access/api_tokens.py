"""API tokens: sent as `Authorization: Bearer …` (RFC 6750), stored as digests."""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from parlour import audit
from parlour.audit import Act, Subject
from parlour.foundation import clock, crypto, ids
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Invalid, NotFound

PREFIX: Final = "parlour_"
"""So that a person, or a scanner for leaked secrets, knows one when it sees one."""


class ApiToken(msgspec.Struct, frozen=True):
    """What remains visible of a token after it was made."""

    id: UUID
    name: str
    created_at: datetime
    expires_at: datetime | None


async def create_token(
    tx: Transaction, user_id: UUID, name: str, expires_at: datetime | None = None
) -> tuple[ApiToken, str]:
    """The token's record, and its text, which is shown this once. Raises `Invalid`."""
    if not 1 <= len(name.strip()) <= 80:
        raise Invalid(details={"name": "A token's name has 1 to 80 characters."})
    if expires_at and expires_at <= clock.now():
        raise Invalid(details={"expiresAt": "This moment has passed already."})
    text = PREFIX + crypto.new_secret()
    token = ApiToken(ids.new(), name.strip(), clock.now(), expires_at)
    await tx.run(
        """
        insert into api_tokens (organization_id, id, user_id, name, digest, created_at, expires_at)
        values (current_organization(), %(id)s, %(user_id)s, %(name)s, %(digest)s, %(created_at)s, %(expires_at)s)
        """,
        user_id=user_id,
        digest=crypto.digest(text),
        **msgspec.structs.asdict(token),
    )
    details = {"of": user_id, "expires_at": expires_at}
    await audit.record(tx, Act.TOKEN_MADE, on=Subject("token", token.id, token.name), details=details)
    return token, text


async def tokens_of(tx: Transaction, user_id: UUID) -> list[ApiToken]:
    """The user's live tokens, newest first."""
    return await tx.all(
        ApiToken,
        """
        select id, name, created_at, expires_at
        from api_tokens
        where user_id = %(user_id)s and revoked_at is null
        order by created_at desc, id
        """,
        user_id=user_id,
    )


async def revoke_token(tx: Transaction, user_id: UUID, token_id: UUID) -> None:
    """Raises `NotFound` where the user has no such token."""
    name: str | None = await tx.value(
        """
        update api_tokens set revoked_at = %(now)s
        where id = %(token_id)s and user_id = %(user_id)s and revoked_at is null
        returning name
        """,
        token_id=token_id,
        user_id=user_id,
        now=clock.now(),
    )
    if name is None:
        raise NotFound()
    await audit.record(tx, Act.TOKEN_REVOKED, on=Subject("token", token_id, name), details={"of": user_id})


async def revoke_all(tx: Transaction, user_id: UUID) -> None:
    """Every live token of the user."""
    for token in await tokens_of(tx, user_id):
        await revoke_token(tx, user_id, token.id)
