"""Whether the chain is whole: every record read again, from the oldest that is kept to the head."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from parlour.audit import chain
from parlour.audit.acts import Act
from parlour.audit.anchoring import Anchor, BadAnchor, anchor_of
from parlour.audit.chain import Key
from parlour.audit.recording import Columns, Head
from parlour.foundation.database import Transaction
from parlour.foundation.installation import Installation

# Some ten milliseconds of arithmetic at once, then others have their turn.
_AT_ONCE: Final = 500


class Verdict(msgspec.Struct, frozen=True):
    """Of one organization's trail. `trouble` names the first record that is broken; None where all is well."""

    organization_id: UUID
    slug: str
    records: int
    last_position: int
    last_hash: bytes
    trouble: str | None

    @property
    def is_whole(self) -> bool:
        return self.trouble is None


class _Stored(Columns, frozen=True):
    position: int
    key_name: str
    hash: bytes


class _Checkpoint(msgspec.Struct):
    position: int
    hash: bytes
    made_at: datetime
    key_name: str
    seal: bytes


class _Broken(Exception):
    """The message says where, and what is the matter."""


async def verify(installation: Installation, organization_id: UUID) -> Verdict:
    """Reads the whole trail, some hundred records in memory at once; writers are not held up."""
    # Before the snapshot: what is anchored by then is in it.
    anchor = await _anchor(installation, organization_id)
    async with installation.database.snapshot(organization_id) as tx:
        slug = await tx.value("select slug from organizations where id = %(id)s", id=organization_id) or ""
        head = await tx.maybe(Head, "select last_position, last_hash, key_name, seal from audit_trails")
        walk = _Walk(tx, chain.keys_of(tx.signer))
        try:
            await walk.to(head, anchor)
        except _Broken as broken:
            return _verdict(tx, slug, walk, head, str(broken))
        return _verdict(tx, slug, walk, head, None)


async def _anchor(installation: Installation, organization_id: UUID) -> Anchor | BadAnchor | None:
    try:
        return await anchor_of(installation, organization_id)
    except BadAnchor as bad:
        return bad


def _verdict(tx: Transaction, slug: str, walk: "_Walk", head: Head | None, trouble: str | None) -> Verdict:
    position, hash_ = (head.last_position, head.last_hash) if head else (0, chain.BEGINNING)
    return Verdict(tx.organization_id, slug, walk.records, position, hash_, trouble)


class _Walk:
    """From the beginning, or the newest checkpoint, one record after the other."""

    def __init__(self, tx: Transaction, keys: Mapping[str, Key]) -> None:
        self._tx = tx
        self._keys = keys
        self.records = 0
        self._position = 0
        self._hash = chain.BEGINNING
        self._anchor: Anchor | None = None

    async def to(self, head: Head | None, anchor: Anchor | BadAnchor | None) -> None:
        """Raises `_Broken`."""
        self._anchor = anchor if isinstance(anchor, Anchor) else None
        await self._start()
        async for record in self._stored():
            self._follow(record)
        self._arrive(head)
        if self._anchor and self._position < self._anchor.position:
            ends, was = self._position, self._anchor
            raise _Broken(
                f"record {ends + 1} is missing: the trail went on to {was.position} at {was.at:%Y-%m-%d %H:%M}."
            )
        if isinstance(anchor, BadAnchor):
            raise _Broken("the anchor of the trail is not sealed by this installation.")

    async def _start(self) -> None:
        checkpoint = await self._tx.maybe(
            _Checkpoint,
            "select position, hash, made_at, key_name, seal from audit_checkpoints order by position desc limit 1",
        )
        if checkpoint is None:
            return
        what = f"checkpoint {checkpoint.position}"
        content = chain.of_checkpoint(
            self._tx.organization_id, checkpoint.position, checkpoint.hash, checkpoint.made_at
        )
        if not self._key(checkpoint.key_name, what).fits(content, checkpoint.seal):
            raise _Broken(f"{what} is not sealed by this installation: records were removed by other means.")
        self._go_on(checkpoint.position, checkpoint.hash)

    async def _stored(self) -> AsyncIterator[_Stored]:
        # From the very first, not from the checkpoint on: what should be gone and isn't was put there.
        after = 0
        while found := await self._tx.all(_Stored, _NEXT, after=after, limit=_AT_ONCE):
            for record in found:
                yield record
            after = found[-1].position

    def _follow(self, record: _Stored) -> None:
        expected = self._position + 1
        if record.position > expected:
            raise _Broken(f"record {expected} is missing: record {record.position} comes in its place.")
        if record.position < expected:
            raise _Broken(f"record {record.position} should have been removed, and stands there again.")
        what = f"record {record.position}"
        fields: dict[str, Any] = msgspec.structs.asdict(record)
        hash_ = fields.pop("hash")
        if not self._key(record.key_name, what).fits(
            chain.of_record(self._tx.organization_id, self._hash, fields), hash_
        ):
            raise _Broken(f"{what} is broken: it was changed, or does not follow the one before it.")
        if record.position == 1 and record.act != Act.ORGANIZATION_FOUNDED:
            raise _Broken("record 1 is broken: a trail begins with the founding of its organization.")
        self._go_on(record.position, hash_)
        self.records += 1

    def _go_on(self, position: int, hash_: bytes) -> None:
        if self._anchor and position == self._anchor.position and hash_ != self._anchor.hash:
            at = self._anchor.at
            raise _Broken(f"record {position} is broken: another stood there at {at:%Y-%m-%d %H:%M}.")
        self._position, self._hash = position, hash_

    def _arrive(self, head: Head | None) -> None:
        if head is None:
            # Whatever an organization did, it was founded.
            raise _Broken(f"record {max(self._position, 1)} is broken: the head of the trail is gone.")
        content = chain.of_head(self._tx.organization_id, head.last_position, head.last_hash)
        if not self._key(head.key_name, f"the head at record {head.last_position}").fits(content, head.seal):
            raise _Broken(f"record {head.last_position} is broken: the head of the trail is not sealed by us.")
        if self._position < head.last_position:
            raise _Broken(f"record {self._position + 1} is missing: the trail should go on to {head.last_position}.")
        if self._position > head.last_position:
            raise _Broken(f"record {head.last_position + 1} is broken: the trail should end before it.")
        if self._hash != head.last_hash:
            raise _Broken(f"record {self._position} is broken: the head of the trail names another.")

    def _key(self, name: str, what: str) -> Key:
        key = self._keys.get(name)
        if key is None:
            raise _Broken(f"{what} is broken: it names the key {name!r}, which this installation doesn't have.")
        return key


_NEXT: Final = """
    select at, act, outcome, actor_id, actor_name, actor_email, subject_kind, subject_id, subject_label, address,
        user_agent, request_id, details, position, key_name, hash
    from audit_records
    where position > %(after)s
    order by position
    limit %(limit)s
"""
