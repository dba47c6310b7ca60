"""Writing a record: noted where the act is done, chained as the last thing before the commit."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any, Final
from uuid import UUID

import msgspec
import structlog
from psycopg.types.json import Jsonb

from parlour.audit import chain
from parlour.audit.acts import Act
from parlour.foundation import circumstances, clock
from parlour.foundation.circumstances import Somebody
from parlour.foundation.database import Transaction

log = structlog.get_logger()

_LONGEST: Final = 300
_LONGEST_AGENT: Final = 200


class Outcome(StrEnum):
    """How it ended."""

    DONE = "DONE"
    REFUSED = "REFUSED"


class Subject(msgspec.Struct, frozen=True):
    """On whom or what: its kind in a word, its id, and how people call it."""

    kind: str
    id: UUID | str | None
    label: str


class Columns(msgspec.Struct, frozen=True):
    """A record as it is stored, without its place in the chain: what the hash is made over."""

    at: datetime
    act: str
    outcome: str
    actor_id: UUID | None
    actor_name: str | None
    actor_email: str | None
    subject_kind: str | None
    subject_id: str | None
    subject_label: str | None
    address: str | None
    user_agent: str | None
    request_id: str | None
    details: dict[str, Any]


class Head(msgspec.Struct, frozen=True):
    """How far the chain has come."""

    last_position: int
    last_hash: bytes
    key_name: str
    seal: bytes


async def record(
    tx: Transaction,
    act: Act,
    *,
    by: Somebody | None = None,
    on: Subject | None = None,
    details: Mapping[str, Any] | None = None,
    outcome: Outcome = Outcome.DONE,
) -> None:
    """Written if and only if `tx` commits; what was refused therefore needs a transaction of its own.

    Without `by` it was whoever makes the present request; outside of any, the installation itself. No secret belongs
    into `details`. Raises `RuntimeError` where `tx` only reads.
    """
    present = circumstances.present()
    actor = by or _in_this_organization(tx, present.asker)
    columns = Columns(
        at=clock.now(),
        act=act.value,
        outcome=outcome.value,
        actor_id=actor.user_id if actor else None,
        actor_name=_short(actor.name) if actor else None,
        actor_email=_short(actor.email) if actor else None,
        subject_kind=on.kind if on else None,
        subject_id=_short(str(on.id)) if on and on.id is not None else None,
        subject_label=_short(on.label) if on else None,
        address=_short(present.address),
        user_agent=_short(present.user_agent, _LONGEST_AGENT),
        request_id=_short(present.request_id),
        details=chain.plain(details or {}),
    )
    tx.at_the_end(partial(_append, columns))


async def record_nothing(tx: Transaction) -> None:
    """Takes as long as `record` does, to the commit, and leaves nothing: for who must not be told apart by the time."""
    tx.at_the_end(_append_nothing)


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What differs, as details have it: `before` and `after`, by name."""
    names = [name for name in after if chain.plain(before.get(name)) != chain.plain(after[name])]
    return {"before": {name: before.get(name) for name in names}, "after": {name: after[name] for name in names}}


async def _append(columns: Columns, tx: Transaction) -> None:
    keys = chain.keys_of(tx.signer)
    key = next(iter(keys.values()))
    # From here to the commit nobody else in this organization takes a position.
    head = await tx.maybe(Head, _HOLD) or await _begin(tx, key)
    position = head.last_position + 1
    previous = _previous(tx.organization_id, head, keys)
    fields = {**msgspec.structs.asdict(columns), "position": position, "key_name": key.name}
    hash_ = key.hash_of(chain.of_record(tx.organization_id, previous, fields))
    seal = key.hash_of(chain.of_head(tx.organization_id, position, hash_))
    await tx.run(_INSERT, **{**fields, "details": Jsonb(columns.details)}, hash=hash_, seal=seal)


async def _append_nothing(tx: Transaction) -> None:
    await tx.maybe(Head, _HOLD)
    # A word to nobody, so that the commit waits for the disk as every other one.
    await tx.run("select pg_logical_emit_message(true, 'parlour', '')")


async def _begin(tx: Transaction, key: chain.Key) -> Head:
    seal = key.hash_of(chain.of_head(tx.organization_id, 0, chain.BEGINNING))
    await tx.run(
        """
        insert into audit_trails (organization_id, last_hash, key_name, seal)
        values (current_organization(), %(hash)s, %(key_name)s, %(seal)s)
        on conflict do nothing
        """,
        hash=chain.BEGINNING,
        key_name=key.name,
        seal=seal,
    )
    return await tx.one(Head, _HOLD)


def _previous(organization_id: UUID, head: Head, keys: Mapping[str, chain.Key]) -> bytes:
    sealed_with = keys.get(head.key_name)
    content = chain.of_head(organization_id, head.last_position, head.last_hash)
    if sealed_with and sealed_with.fits(content, head.seal):
        return head.last_hash
    # To go on as if nothing were the matter would seal what somebody did to the head; to refuse would lock people out.
    log.error("audit.head_not_ours", organization_id=str(organization_id), position=head.last_position)
    return chain.BROKEN


def _in_this_organization(tx: Transaction, asker: Somebody | None) -> Somebody | None:
    return asker if asker and asker.organization_id == tx.organization_id else None


def _short(text: str | None, longest: int = _LONGEST) -> str | None:
    return None if text is None else chain.plain(text)[:longest]


_HOLD: Final = "select last_position, last_hash, key_name, seal from audit_trails for update"
_INSERT: Final = """
    with moved as (
        update audit_trails
        set last_position = %(position)s, last_hash = %(hash)s, key_name = %(key_name)s, seal = %(seal)s
    )
    insert into audit_records
        (organization_id, position, at, act, outcome, actor_id, actor_name, actor_email, subject_kind, subject_id,
         subject_label, address, user_agent, request_id, details, key_name, hash)
    values
        (current_organization(), %(position)s, %(at)s, %(act)s, %(outcome)s, %(actor_id)s, %(actor_name)s,
         %(actor_email)s, %(subject_kind)s, %(subject_id)s, %(subject_label)s, %(address)s, %(user_agent)s,
         %(request_id)s, %(details)s, %(key_name)s, %(hash)s)
"""
