"""How a first proof becomes a session: the steps in between, each asked once, nothing decided by a door."""

from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from parlour import people
from parlour.access import challenges, trail
from parlour.access.challenges import Challenge, ChallengeOver, Purpose
from parlour.access.client import Client
from parlour.access.proofs import Identity, Method, Proof
from parlour.access.second_factor import devices
from parlour.access.sessions import keeping, renewing
from parlour.access.standing import Standing, standing_of
from parlour.access.steps import Step
from parlour.foundation import clock
from parlour.foundation.errors import Unauthenticated
from parlour.foundation.installation import Installation

Prove = Callable[[Installation, Identity], Awaitable[Proof]]
"""Checks what somebody sent, and makes the proof of it. Raises `Unauthenticated` where it is wrong."""

_Quietly = Callable[[Installation, Identity, Client], Awaitable[Proof | None]]
_QUIETLY: Final[dict[Step, _Quietly]] = {Step.SECOND_FACTOR: devices.recognise}
"""What a browser may show by itself, before a person is asked."""


class Entered(msgspec.Struct, frozen=True):
    """Nothing is left to ask. `token` is the session's cookie, always a new one."""

    token: str
    identity: Identity
    standing: Standing
    is_continued: bool = False
    """It is the session that was there before, behind a new cookie."""


class Waiting(msgspec.Struct, frozen=True):
    """A step is due. `challenge` must come back with the answer."""

    challenge: str
    step: Step
    identity: Identity


Outcome = Entered | Waiting


async def arrive(
    installation: Installation, identities: tuple[Identity, ...], client: Client, *, into: str | None = None
) -> Outcome:
    """After any first proof, by whatever method: a session, or the step that must come before.

    `identities` are all whom the proof opened, the wanted one first. `into` is the cookie of a session that is to hold
    them beside those it has; otherwise it is a new session. Raises `Unauthenticated` where they are inactive.
    """
    identities = await _open_to_them(installation, identities)
    purpose = Purpose.SWITCH if into else Purpose.SIGN_IN
    challenge = Challenge(purpose, identities, client.mark, clock.now().timestamp())
    return await _advance(installation, challenge, client, into)


async def go_on(
    installation: Installation,
    token: str,
    prove: Prove,
    client: Client,
    *,
    at: Step = Step.SECOND_FACTOR,
    into: str | None = None,
) -> Outcome:
    """The answer to the step `at`. Raises what `prove` raises, or `ChallengeOver` where it is not that one that is due.

    Of two right answers at once only one goes on.
    """
    challenge = await challenges.try_(installation.cache, token, client)
    # Or else whoever has seen a seed, while there was no second factor, would set it up beside the one there is now.
    if (await _standing(installation, challenge.identity)).due(challenge.identity) is not at:
        raise ChallengeOver()
    try:
        shown = await prove(installation, challenge.identity)
    except Unauthenticated:
        await trail.refused_step(installation.database, challenge.identity)
        raise
    if not await challenges.end(installation.cache, token):
        raise ChallengeOver()
    first, *others = challenge.identities
    gathered = msgspec.structs.replace(challenge, identities=(first.shown(shown), *others))
    return await _advance(installation, gathered, client, into)


async def pending(installation: Installation, token: str, client: Client) -> Waiting:
    """What a challenge waits for: for the page that asks it. Raises `ChallengeOver`."""
    challenge = await challenges.find(installation.cache, token, client)
    standing = await _standing(installation, challenge.identity)
    step = standing.due(challenge.identity)
    if step is None:
        raise ChallengeOver()
    return Waiting(token, step, challenge.identity)


async def _advance(installation: Installation, challenge: Challenge, client: Client, into: str | None) -> Outcome:
    identity = challenge.identity
    standing = await _standing(installation, identity)
    if not standing.accepts(identity):
        raise ChallengeOver()
    step = standing.due(identity)
    quietly = _QUIETLY.get(step) if step else None
    if quietly and (shown := await quietly(installation, identity, client)):
        identity = identity.shown(shown)
        step = standing.due(identity)
    if step:
        waiting = msgspec.structs.replace(challenge, identities=(identity, *challenge.identities[1:]))
        return Waiting(await challenges.begin(installation.cache, waiting), step, identity)
    identity = msgspec.structs.replace(identity, privileges=standing.privileges)
    others = challenge.identities[1:]
    if challenge.purpose is Purpose.SIGN_IN:
        token = await keeping.begin_session(installation, (identity, *others), client)
        # Before anybody is given the cookie: nobody is in who isn't written down.
        await trail.signed_in(installation, identity, standing.actor)
        await _join_company(installation, identity)
        return Entered(token, identity, standing)
    session = await keeping.session_of(installation, into) if into else None
    # An app's tokens are one organization's for good.
    if into is None or session is None or session.is_app:
        raise ChallengeOver()
    token = await renewing.replace(installation, into, session, identity, others)
    await trail.signed_in(installation, identity, standing.actor)
    return Entered(token, identity, standing, is_continued=True)


async def _join_company(installation: Installation, identity: Identity) -> None:
    """Whoever opened a link that was sent to their address has shown that it is theirs."""
    if any(proof.method is Method.LINK for proof in identity.proofs):
        async with installation.database.transaction(identity.organization_id) as tx:
            await people.join_by_domain(tx, identity.user_id)


async def _standing(installation: Installation, identity: Identity) -> Standing:
    async with installation.database.reading(identity.organization_id) as tx:
        standing = await standing_of(tx, identity.user_id)
        is_closed = standing is None and await people.closing_of(tx) is not None
    if standing is None:
        raise people.OrganizationClosed() if is_closed else Unauthenticated()
    return standing


async def _open_to_them(installation: Installation, identities: tuple[Identity, ...]) -> tuple[Identity, ...]:
    """Without the first ones whose organization is closed to them, where there are others."""
    while len(identities) > 1:
        try:
            await _standing(installation, identities[0])
            break
        except people.OrganizationClosed:
            identities = identities[1:]
    return identities
