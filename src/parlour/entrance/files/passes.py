"""Passes: what stands in an address of the files' own host, in a cookie's place. Good for a minute, for one file."""

from typing import Final
from uuid import UUID

import msgspec

from parlour.foundation import clock
from parlour.foundation.crypto import Signer

SECONDS: Final = 60
"""How long an address is good for, at most."""
# The same address for a while, so that a page that is shown again finds its pictures in the browser's cache.
_STEP: Final = 30
_PURPOSE: Final = "file pass 1"
_NO_SESSION: Final = UUID(int=0)


class Pass(msgspec.Struct, frozen=True):
    """Who may have which file until when. `session_id` is None for a program with a token."""

    organization_id: UUID
    user_id: UUID
    session_id: UUID | None
    about: bytes
    """An attachment's id, or the digest of a picture's address."""
    to_page: bool
    ends_at: int = 0

    @property
    def seconds_left(self) -> int:
        return max(0, self.ends_at - int(clock.now().timestamp()))


def written(signer: Signer, given: Pass) -> str:
    """The pass as it stands in an address."""
    ends_at = (int(clock.now().timestamp()) // _STEP + SECONDS // _STEP) * _STEP
    head = given.organization_id.bytes + given.user_id.bytes + (given.session_id or _NO_SESSION).bytes
    return signer.sign(_PURPOSE, head + ends_at.to_bytes(8) + bytes([given.to_page]) + given.about)


def read(signer: Signer, text: str) -> Pass | None:
    """None where it is not ours, whole, and for this purpose. Whether it is over, `seconds_left` says."""
    payload = signer.verify(_PURPOSE, text)
    if payload is None or len(payload) <= 57:
        return None
    session_id = UUID(bytes=payload[32:48])
    return Pass(
        UUID(bytes=payload[:16]),
        UUID(bytes=payload[16:32]),
        None if session_id == _NO_SESSION else session_id,
        payload[57:],
        bool(payload[56]),
        int.from_bytes(payload[48:56]),
    )
