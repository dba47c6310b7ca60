"""The steps between a first proof and a session: which of them is due, decided by nothing but what is known."""

from collections.abc import Callable
from enum import StrEnum
from typing import Final

import msgspec

from parlour.access.policy import Policy
from parlour.access.proofs import SECOND, Identity, Method
from parlour.people import Role


class Step(StrEnum):
    """A question that is still open. Its value is what `details.next` tells programs, and the page's address."""

    PROVIDER = "elsewhere"
    """The organization lets its agents in through an identity provider only."""
    SECOND_FACTOR = "totp"
    SET_UP = "set-up"
    """A second factor must be set up first: the organization asks for one, and the time for it is over."""


class Situation(msgspec.Struct, frozen=True):
    """What the steps decide by."""

    identity: Identity
    role: Role
    policy: Policy
    has_second_factor: bool
    only_through_provider: bool = False

    @property
    def has_shown_second_factor(self) -> bool:
        return any(proof.method in SECOND for proof in self.identity.proofs)


def _needs_provider(situation: Situation) -> bool:
    shown = any(proof.method is Method.PROVIDER for proof in situation.identity.proofs)
    return situation.only_through_provider and situation.role is not Role.CUSTOMER and not shown


def _needs_second_factor(situation: Situation) -> bool:
    return situation.has_second_factor and not situation.has_shown_second_factor


def _needs_to_set_up(situation: Situation) -> bool:
    asked = situation.policy.asks_second_factor_of(situation.role) and situation.policy.grace_is_over
    return asked and not situation.has_second_factor and not situation.has_shown_second_factor


STEPS: Final[tuple[tuple[Step, Callable[[Situation], bool]], ...]] = (
    (Step.PROVIDER, _needs_provider),
    (Step.SECOND_FACTOR, _needs_second_factor),
    (Step.SET_UP, _needs_to_set_up),
)
"""In the order they are asked. A further step is a line here, and a function that makes the proof it waits for."""


def due(situation: Situation) -> Step | None:
    """The next step. None: there is nothing left to ask, this identity may have a session."""
    return next((step for step, is_due in STEPS if is_due(situation)), None)
