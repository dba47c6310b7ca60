"""How somebody stands in an organization at this moment: who they are, what it asks of them, what they have set up."""

from datetime import datetime
from uuid import UUID

import msgspec

from parlour import people
from parlour.access import steps
from parlour.access.policy import NO_POLICY, Policy
from parlour.access.proofs import FIRST, Identity, Method
from parlour.access.steps import Situation, Step
from parlour.foundation import crypto
from parlour.foundation.database import Transaction
from parlour.people import Actor, Role


class Standing(msgspec.Struct, frozen=True):
    """An active user. Doors remember it for two seconds."""

    actor: Actor
    policy: Policy = NO_POLICY
    has_codes: bool = False
    """Of an authenticator app."""
    has_passkeys: bool = False
    only_through_provider: bool = False

    @property
    def has_second_factor(self) -> bool:
        return self.has_codes or self.has_passkeys

    @property
    def privileges(self) -> str:
        """What the session's cookie stands for; when it changes, the cookie does."""
        actor = self.actor
        granted = "" if actor.granted is None else "/" + crypto.digest(" ".join(sorted(actor.granted))).hex()[:16]
        return f"{actor.role}/{actor.reach}{granted}"

    def accepts(self, identity: Identity) -> bool:
        """Whether what they once came with is enough for who they are now: a site that only knows its customers can't
        say who works here.
        """
        shown = FIRST - {Method.PORTAL_TOKEN}
        return self.actor.role is Role.CUSTOMER or any(proof.method in shown for proof in identity.proofs)

    def due(self, identity: Identity) -> Step | None:
        """What this identity has still to show before it may act here."""
        situation = Situation(
            identity, self.actor.role, self.policy, self.has_second_factor, self.only_through_provider
        )
        return steps.due(situation)

    @property
    def must_set_up_by(self) -> datetime | None:
        """Until when a second factor must be set up that is not there yet."""
        asked = self.policy.asks_second_factor_of(self.actor.role) and not self.has_second_factor
        return self.policy.second_factor_from if asked else None


async def standing_of(tx: Transaction, user_id: UUID) -> Standing | None:
    """None where they are unknown or inactive."""
    actor = await people.actor_of(tx, user_id)
    if actor is None:
        return None
    found = await tx.one(
        _Found,
        """
        select p.second_factor_for, p.second_factor_from, p.idle_minutes, p.longest_hours, p.device_days,
            exists (
                select 1 from second_factors f
                where f.user_id = %(user_id)s and f.confirmed_at is not null
            ) as has_codes,
            exists (select 1 from passkeys k where k.user_id = %(user_id)s) as has_passkeys,
            -- While no provider is in use, nobody could come in through one.
            coalesce(w.is_asked and w.except_for is distinct from %(user_id)s, false)
                and exists (select 1 from identity_providers i where i.is_active) as only_through_provider
        from (values (1)) as always
        left join security_policies p on true
        left join provider_policies w on true
        """,
        user_id=user_id,
    )
    return Standing(actor, found.policy, found.has_codes, found.has_passkeys, found.only_through_provider)


class _Found(msgspec.Struct):
    second_factor_for: list[Role] | None
    second_factor_from: datetime | None
    idle_minutes: int | None
    longest_hours: int | None
    device_days: int | None
    has_codes: bool
    has_passkeys: bool
    only_through_provider: bool

    @property
    def policy(self) -> Policy:
        if self.second_factor_for is None or self.device_days is None:
            return NO_POLICY
        asked = tuple(self.second_factor_for)
        return Policy(asked, self.second_factor_from, self.idle_minutes, self.longest_hours, self.device_days)
