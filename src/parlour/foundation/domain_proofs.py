"""Domains that the DNS shows to be somebody's: what a look at it means, and when the next one is due."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from parlour.foundation.facts import Fact

GONE_AFTER: Final = timedelta(days=3)
"""A proof that was there counts until it was not seen for so long: a hiccup must not close a company's door."""
_USUAL: Final = timedelta(hours=6)
_MISSED: Final = timedelta(hours=1)
# Whoever has just been shown a record pastes it now; who has not for two weeks may have forgotten.
_PATIENCE: Final = ((timedelta(days=1), timedelta(minutes=5)), (timedelta(days=14), timedelta(hours=1)))
_RARELY: Final = timedelta(days=1)


class Finding(StrEnum):
    """What a look at the DNS has found of a record."""

    FOUND = "FOUND"
    DIFFERS = "DIFFERS"
    """There is one, and it says something else."""
    MISSING = "MISSING"
    NO_ANSWER = "NO_ANSWER"
    """The name servers did not answer, which says nothing about the record."""
    UNCHECKED = "UNCHECKED"


class DomainFact(Fact, frozen=True, kw_only=True):
    """About a domain that must prove itself. `occasion` tells this time from the next one."""

    domain: str
    occasion: int


class Proof(msgspec.Struct, frozen=True):
    """It counts while `verified_at` is set; `missing_since` says since when it was not seen though it counts."""

    created_at: datetime
    verified_at: datetime | None
    missing_since: datetime | None


def looked_for(proof: Proof, now: datetime, *, is_there: bool) -> Proof:
    """What it is after a look. Silence of the name servers counts as not being there."""
    if is_there:
        return msgspec.structs.replace(proof, verified_at=proof.verified_at or now, missing_since=None)
    if proof.verified_at is None:
        return proof
    missing_since = proof.missing_since or now
    if now - missing_since >= GONE_AFTER:
        return msgspec.structs.replace(proof, verified_at=None, missing_since=None)
    return msgspec.structs.replace(proof, missing_since=missing_since)


def next_look(proof: Proof, now: datetime) -> datetime:
    """When to look again."""
    if proof.verified_at:
        return now + (_MISSED if proof.missing_since else _USUAL)
    age = now - proof.created_at
    return now + next((wait for limit, wait in _PATIENCE if age < limit), _RARELY)


def occasion(at: datetime) -> int:
    """The minute of a fact about a domain."""
    return int(at.timestamp()) // 60
