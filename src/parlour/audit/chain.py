"""The chain: each record's hash is made with a key, over the whole record and the hash of the one before it.

HMAC-SHA-256 (RFC 2104) under a key derived from the installation's secret: whoever has only the database can't make a
record, a head or a checkpoint that fits. What is hashed is canonical JSON (RFC 8785).
"""

import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Final
from uuid import UUID

import msgspec

from parlour.foundation.crypto import Signer

PURPOSE: Final = "audit chain 1"
BEGINNING: Final = bytes(32)
"""What the first record of a chain follows."""

BROKEN: Final = b"\xff" * 32
"""What a record follows whose head was not ours any more: no chain that holds contains it, so nothing is covered up."""

_MOST_EXACT: Final = 2**53


class Key(msgspec.Struct, frozen=True):
    """One that seals. Its name is written beside what it sealed, and tells nothing about it."""

    name: str
    secret: bytes

    def hash_of(self, content: Mapping[str, Any]) -> bytes:
        return hmac.digest(self.secret, canonical(content), "sha256")

    def fits(self, content: Mapping[str, Any], seal: bytes) -> bool:
        return hmac.compare_digest(self.hash_of(content), seal)


def keys_of(signer: Signer) -> dict[str, Key]:
    """By name, that for new records first."""
    found = [Key(hmac.digest(secret, b"name", "sha256")[:4].hex(), secret) for secret in signer.keys(PURPOSE)]
    return {key.name: key for key in found}


def canonical(content: Mapping[str, Any]) -> bytes:
    """As RFC 8785 has it: keys in the order of their UTF-16 code units, no spaces, nothing escaped without need."""
    return json.dumps(plain(content), ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def plain(value: Any) -> Any:
    """The same as JSON knows it, and as the database gives it back: no floats, no NUL, no half of a character."""
    match value:
        case None | bool():
            return value
        case Enum():
            return plain(value.value)
        case int():
            return value if abs(value) <= _MOST_EXACT else str(value)
        case str():
            return value.replace("\x00", "").encode("utf-8", "replace").decode()
        case bytes():
            return value.hex()
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        case UUID() | float():
            return str(value)
        case msgspec.Struct():
            return plain(msgspec.structs.asdict(value))
        case Mapping():
            pairs = {plain(str(name)): plain(each) for name, each in value.items()}
            return {name: pairs[name] for name in sorted(pairs, key=lambda name: name.encode("utf-16-be"))}
        case list() | tuple() | set() | frozenset():
            items = [plain(each) for each in value]
            return items if isinstance(value, list | tuple) else sorted(items, key=str)
    return str(value)


def of_record(organization_id: UUID, previous: bytes, record: Mapping[str, Any]) -> dict[str, Any]:
    """What a record's hash is made over: what it follows, and all of its columns that hold something.

    Empty ones are left out, so that a column added one day doesn't break the chains that exist.
    """
    filled = {name: value for name, value in record.items() if value is not None}
    return {"kind": "record", "organization": organization_id, "previous": previous, **filled}


def of_head(organization_id: UUID, position: int, hash_: bytes) -> dict[str, Any]:
    """What a head's seal is made over."""
    return {"kind": "head", "organization": organization_id, "position": position, "hash": hash_}


def of_checkpoint(organization_id: UUID, position: int, hash_: bytes, made_at: datetime) -> dict[str, Any]:
    """What a checkpoint's seal is made over."""
    return {
        "kind": "checkpoint",
        "organization": organization_id,
        "position": position,
        "hash": hash_,
        "madeAt": made_at,
    }


def of_anchor(organization_id: UUID, position: int, hash_: bytes, at: datetime) -> dict[str, Any]:
    """What an anchor's seal is made over."""
    return {"kind": "anchor", "organization": organization_id, "position": position, "hash": hash_, "at": at}
