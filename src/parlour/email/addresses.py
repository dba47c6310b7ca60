"""The address an answer goes to: the mailbox, with a signed mark of the ticket behind its plus sign."""

from typing import Final
from uuid import UUID

from parlour.foundation.crypto import Signer

_MARK: Final = "+t."
# RFC 5321 section 4.5.3.1.1. A longer local part is refused by some servers; the other ways of threading then serve.
_LONGEST_LOCAL_PART: Final = 64


def reply_address(signer: Signer, organization_id: UUID, mailbox: str, number: int) -> str:
    """`support+t.<token>@acme.test` for a ticket's number; the bare mailbox where that would be too long."""
    local, _, domain = mailbox.rpartition("@")
    token = signer.sign(_purpose(organization_id), number.to_bytes((number.bit_length() + 7) // 8))
    marked = f"{local}{_MARK}{token}"
    return f"{marked}@{domain}" if len(marked) <= _LONGEST_LOCAL_PART else mailbox


def number_in(signer: Signer, organization_id: UUID, address: str) -> int | None:
    """The ticket's number, where this installation made the address for this organization. Case doesn't matter."""
    local = address.rpartition("@")[0].lower()
    _, mark, token = local.rpartition(_MARK)
    payload = signer.verify(_purpose(organization_id), token) if mark else None
    return int.from_bytes(payload) if payload else None


def without_mark(address: str) -> str:
    """The mailbox that an address of ours leads to, in lower case."""
    local, at, domain = address.lower().rpartition("@")
    return f"{local.split('+')[0]}{at}{domain}"


def _purpose(organization_id: UUID) -> str:
    return f"email.reply:{organization_id}"
