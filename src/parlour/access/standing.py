"""How somebody stands in an organization at this moment: who they are, what it asks of them, what they have set up."""

from uuid import UUID

import msgspec

from parlour import people
from parlour.access import steps
from parlour.access.policy import NO_POLICY, Policy
from parlour.access.proofs import Identity
from parlour.access.steps import Situation, Step
from parlour.foundation.database import Transaction
from parlour.people import Actor


class Standing(msgspec.Struct, frozen=True):
    """An active user. Doors remember it for two seconds."""

    actor: Actor
    policy: Policy = NO_POLICY
    has_second_factor: bool = False

    @property
    def privileges(self) -> str:
        """What the session's cookie stands for; when it changes, the cookie does."""
        return f"{self.actor.role}/{self.actor.reach}"

    def due(self, identity: Identity) -> Step | None:
        """What this identity has still to show before it may act here."""
        return steps.due(Situation(identity, self.actor.role, self.policy, self.has_second_factor))


async def standing_of(tx: Transaction, user_id: UUID) -> Standing | None:
    """None where they are unknown or inactive."""
    actor = await people.actor_of(tx, user_id)
    return Standing(actor) if actor else None
