"""Secrets at rest: what the database holds of a password can be read by this installation, in its own place, only.

    sealed = await installation.sealer.seal(Place("users", "sealed_seed", organization_id, user_id), seed)
    seed = await installation.sealer.open(Place("users", "sealed_seed", organization_id, user_id), sealed)

A column that holds such a value is a `bytea` called `sealed` or `sealed_…`, and stands in `parlour/sealed_columns.py`,
so that rotation finds it.
"""

from typing import Final
from uuid import UUID

import msgspec

from parlour.foundation.keys import ciphers
from parlour.foundation.keys.broken import KeyDestroyed, KeysOutOfReach, SealBroken
from parlour.foundation.keys.keyring import DataKey, Keyring

__all__ = ["KeyDestroyed", "KeysOutOfReach", "Place", "SealBroken", "Sealer", "beginning"]

# Sealed with the installation's secret key, before there were data keys.
_OF_BEFORE: Final = b"\x01"
_PURPOSE_OF_BEFORE: Final = b"parlour sealing 1"
_FORMAT: Final = b"\x02"
_HEAD_BYTES: Final = 5


class Place(msgspec.Struct, frozen=True):
    """Where a sealed value lies. It opens nowhere else."""

    table: str
    column: str
    organization_id: UUID
    row: UUID | str

    @property
    def bond(self) -> bytes:
        return ciphers.bond(self.table, self.column, str(self.organization_id), str(self.row))


class Sealer:
    """Seals with the organization's data key. How, and with which version, are the first five bytes of what is sealed.

    Both verbs raise `KeyDestroyed` for an organization whose keys were destroyed, and `KeysOutOfReach` or `Unavailable`
    where they can't be had at the moment. Inside a transaction or outside makes no difference.
    """

    def __init__(self, keys: Keyring, secret_key: str) -> None:
        self._keys = keys
        self._key_of_before = ciphers.derived(secret_key.encode(), _PURPOSE_OF_BEFORE)

    async def seal(self, place: Place, secret: bytes) -> bytes:
        key = await self._keys.current(place.organization_id)
        head = beginning(key.version)
        return head + ciphers.sealed(key.values, head + place.bond, secret)

    async def open(self, place: Place, sealed: bytes) -> bytes:
        """Raises `SealBroken` where it was changed or moved."""
        if sealed[:1] == _OF_BEFORE:
            if not await self._keys.may_be_clear(place.organization_id):
                raise SealBroken()
            return ciphers.opened(self._key_of_before, place.bond, sealed[1:])
        if sealed[:1] != _FORMAT or len(sealed) < _HEAD_BYTES:
            raise SealBroken()
        head = sealed[:_HEAD_BYTES]
        key: DataKey = await self._keys.version(place.organization_id, int.from_bytes(head[1:]))
        return ciphers.opened(key.values, head + place.bond, sealed[_HEAD_BYTES:])


def beginning(version: int) -> bytes:
    """What everything starts with that is sealed by this version."""
    return _FORMAT + version.to_bytes(_HEAD_BYTES - 1)
