"""A client's own name for a write, so that repeating it does nothing twice (the Idempotency-Key header field)."""

from typing import Any
from uuid import UUID

import msgspec
from psycopg import AsyncConnection
from psycopg.errors import UniqueViolation

from parlour.foundation.errors import Conflict


class AlreadyDone(Conflict):
    """This was done already, under the same Idempotency-Key."""


class Once(msgspec.Struct, frozen=True):
    """Whose key, and the digest of what it was first used for."""

    user_id: UUID
    key: str
    fingerprint: bytes


async def claim(connection: AsyncConnection[Any], organization_id: UUID, once: Once) -> None:
    """Take the key with this transaction. Raises `AlreadyDone` where another one committed with it.

    A second request of the same key waits here until the first commits; if that one is undone, it goes on.
    """
    try:
        await connection.execute(
            """
            insert into idempotency_keys (organization_id, user_id, key, fingerprint)
            values (%s, %s, %s, %s)
            """,
            (organization_id, once.user_id, once.key, once.fingerprint),
        )
    except UniqueViolation as known:
        raise AlreadyDone() from known
