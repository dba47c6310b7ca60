"""How a first proof becomes a session: the steps in between, each asked once, nothing decided by a door."""

from collections.abc import Awaitable, Callable

import msgspec

from parlour.access import challenges, trail
from parlour.access.challenges import Challenge, ChallengeOver, Purpose
from parlour.access.client import Client
from parlour.access.proofs import Identity, Proof
from parlour.access.sessions import keeping
from parlour.access.standing import Standing, standing_of
from parlour.access.steps import Step
from parlour.foundation import clock
from parlour.foundation.errors import Unauthenticated
from parlour.foundation.installation import Installation

Prove = Callable[[Installation, Identity], Awaitable[Proof]]
"""Checks what somebody sent, and makes the proof of it. Raises `Unauthenticated` where it is wrong."""


class Entered(msgspec.Struct, frozen=True):
    """Nothing is left to ask. `token` is the new session's cookie."""

    token: str
    identity: Identity
    standing: Standing


class Waiting(msgspec.Struct, frozen=True):
    """A step is due. `challenge` must come back with the answer."""

    challenge: str
    step: Step
    identity: Identity


Outcome = Entered | Waiting


async def arrive(installation: Installation, identities: tuple[Identity, ...], client: Client) -> Outcome:
    """After any first proof, by whatever method: a session, or the step that must come before.

    `identities` are all whom the proof opened, the wanted one first. Raises `Unauthenticated` where they are inactive.
    """
    now = clock.now().timestamp()
    return await _advance(installation, Challenge(Purpose.SIGN_IN, identities, client.mark, now), client)


async def go_on(installation: Installation, token: str, prove: Prove, client: Client) -> Outcome:
    """The answer to a step. Raises what `prove` raises, or `ChallengeOver`.

    Of two right answers at once only one goes on.
    """
    challenge = await challenges.try_(installation.cache, token, client)
    shown = await prove(installation, challenge.identity)
    if not await challenges.end(installation.cache, token):
        raise ChallengeOver()
    first, *others = challenge.identities
    gathered = msgspec.structs.replace(challenge, identities=(first.shown(shown), *others))
    return await _advance(installation, gathered, client)


async def _advance(installation: Installation, challenge: Challenge, client: Client) -> Outcome:
    identity = challenge.identity
    async with installation.database.reading(identity.organization_id) as tx:
        standing = await standing_of(tx, identity.user_id)
    if standing is None:
        raise Unauthenticated()
    step = standing.due(identity)
    if step:
        return Waiting(await challenges.begin(installation.cache, challenge), step, identity)
    identity = msgspec.structs.replace(identity, privileges=standing.privileges)
    token = await keeping.begin_session(installation, (identity, *challenge.identities[1:]), client)
    # Before anybody is given the cookie: nobody is in who isn't written down.
    await trail.signed_in(installation, identity, standing.actor)
    return Entered(token, identity, standing)
