"""The facts of passkeys: whoever has them is told. They stand in the audit trail, so the activities keep none."""

from typing import ClassVar
from uuid import UUID

from parlour.foundation.facts import Fact


class PasskeyFact(Fact, frozen=True, kw_only=True):
    """Something became of a passkey of `user_id`'s."""

    is_kept: ClassVar[bool] = False

    user_id: UUID
    passkey_id: UUID


class PasskeyAdded(PasskeyFact, frozen=True, kw_only=True):
    """It opens their account from now on."""


class PasskeyRemoved(PasskeyFact, frozen=True, kw_only=True):
    """It opens nothing any more. Where several went at once, this is one of them."""
