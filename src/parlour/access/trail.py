"""What the audit trail is told of people who come in, are turned away, and leave."""

from typing import Final
from uuid import UUID

import structlog

from parlour import audit, people
from parlour.access.proofs import Identity, Method
from parlour.audit import Act, Outcome, Subject
from parlour.foundation import circumstances
from parlour.foundation.database import Database, Transaction
from parlour.foundation.doorways import Whereabouts
from parlour.foundation.errors import NotFound
from parlour.foundation.installation import Installation
from parlour.people import Actor

log = structlog.get_logger()


async def signed_in(installation: Installation, identity: Identity, actor: Actor) -> None:
    async with installation.database.transaction(identity.organization_id) as tx:
        methods = [proof.method for proof in identity.proofs]
        await audit.record(tx, Act.SIGNED_IN, by=actor, details={"methods": methods})


async def refused(database: Database, place: Whereabouts, method: Method) -> None:
    """Somebody failed to show that they are this user. Who it was is not known, so there is no actor."""
    async with database.transaction(place.organization_id) as tx:
        on = await _subject(tx, place.id)
        details = {"method": method}
        await audit.record(tx, Act.SIGN_IN_REFUSED, on=on, details=details, outcome=Outcome.REFUSED)


async def refused_step(database: Database, identity: Identity) -> None:
    """Their first proof was right, and what was asked for besides was not."""
    async with database.transaction(identity.organization_id) as tx:
        details = {"method": "SECOND_FACTOR", "shown": [proof.method for proof in identity.proofs]}
        on = await _subject(tx, identity.user_id)
        await audit.record(tx, Act.SIGN_IN_REFUSED, on=on, details=details, outcome=Outcome.REFUSED)


async def paused(database: Database, place: Whereabouts) -> None:
    """There were so many wrong guesses that a pause begins. What comes within it is turned away, and in no trail."""
    request_id = circumstances.present().request_id
    async with database.transaction(place.organization_id) as tx:
        if await tx.value(_IS_NOTED, act=Act.SIGN_IN_PAUSED, subject=str(place.id), request_id=request_id):
            return
        await audit.record(tx, Act.SIGN_IN_PAUSED, on=await _subject(tx, place.id), outcome=Outcome.REFUSED)


_IS_NOTED: Final = """
    select exists (
        select from audit_records where act = %(act)s and subject_id = %(subject)s and request_id = %(request_id)s
    )
"""


async def refused_nobody(database: Database, place: Whereabouts) -> None:
    """An address that nobody signs in with belongs to no organization: only the log says so.

    It takes as long as `refused`, commit included, so that a known address can't be told by the time.
    """
    async with database.transaction(place.organization_id) as tx:
        await _subject(tx, place.id)
        await audit.record_nothing(tx)
    # Not the address that was typed: now and then it is a password in the wrong field.
    log.info("sign_in.nobody_of_that_address", address=circumstances.present().address)


async def signed_out(database: Database, identity: Identity) -> None:
    async with database.transaction(identity.organization_id) as tx:
        actor = await people.actor_of(tx, identity.user_id)
        await audit.record(tx, Act.SIGNED_OUT, by=actor)


async def refresh_token_reused(database: Database, identity: Identity, session_id: UUID) -> None:
    """Somebody has a copy of it: who of the two was the person is not known, so there is no actor."""
    async with database.transaction(identity.organization_id) as tx:
        on = await _subject(tx, identity.user_id)
        details = {"session": str(session_id)}
        await audit.record(tx, Act.REFRESH_TOKEN_REUSED, on=on, details=details, outcome=Outcome.REFUSED)


async def sessions_ended(database: Database, organization_id: UUID, user_id: UUID, sessions: int) -> None:
    async with database.transaction(organization_id) as tx:
        await audit.record(tx, Act.SESSIONS_ENDED, on=await _subject(tx, user_id), details={"sessions": sessions})


async def _subject(tx: Transaction, user_id: UUID) -> Subject | None:
    try:
        return people.subject_of(await people.find_user(tx, user_id))
    except NotFound:
        return None
