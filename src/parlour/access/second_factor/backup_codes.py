"""Backup codes: ten, each good for once, for the day the phone is gone."""

import re
import secrets
from typing import Final
from uuid import UUID

from parlour.foundation import clock
from parlour.foundation.crypto import Signer
from parlour.foundation.database import Transaction

HOW_MANY: Final = 10
# Without letters that are taken for digits. Twelve of them are 59 bits: nobody tries that many over a network.
_LETTERS: Final = "23456789abcdefghjkmnpqrstuvwxyz"
_LENGTH: Final = 12


async def renew(tx: Transaction, signer: Signer, user_id: UUID) -> list[str]:
    """New ones in place of all there were, as they are shown, this once. Only keyed digests are kept."""
    codes = ["".join(secrets.choice(_LETTERS) for _ in range(_LENGTH)) for _ in range(HOW_MANY)]
    await tx.run("delete from backup_codes where user_id = %(user_id)s", user_id=user_id)
    await tx.run(
        """
        insert into backup_codes (organization_id, user_id, digest)
        select current_organization(), %(user_id)s, digest from unnest(%(digests)s::bytea[]) digest
        """,
        user_id=user_id,
        digests=[_digest(signer, user_id, code) for code in codes],
    )
    return ["-".join((code[:4], code[4:8], code[8:])) for code in codes]


async def spend(tx: Transaction, signer: Signer, user_id: UUID, code: str) -> bool:
    """Whether it is one of theirs that was not used before. Of two who send it at once, one is told yes."""
    typed = re.sub(r"[\s-]", "", code).lower()
    if len(typed) != _LENGTH:
        return False
    return (
        await tx.run(
            """
        update backup_codes set used_at = %(now)s
        where user_id = %(user_id)s and digest = %(digest)s and used_at is null
        """,
            user_id=user_id,
            digest=_digest(signer, user_id, typed),
            now=clock.now(),
        )
        == 1
    )


async def count_left(tx: Transaction, user_id: UUID) -> int:
    left: int = await tx.value(
        "select count(*) from backup_codes where user_id = %(user_id)s and used_at is null", user_id=user_id
    )
    return left


def _digest(signer: Signer, user_id: UUID, code: str) -> bytes:
    # Keyed, since 59 bits alone can be tried out by whoever has a copy of the table.
    return signer.digest("backup code", user_id.bytes + code.encode())
