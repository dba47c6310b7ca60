"""Is it still you? A proof asked for again before a dangerous act."""

from typing import Final

from parlour.access import attempts
from parlour.access.arriving import Prove
from parlour.access.passwords.changing import check_password
from parlour.access.proofs import BY_ITSELF, FIRST, SECOND, Identity, Method, Proof, proof
from parlour.access.sessions import renewing
from parlour.access.sessions.keeping import Session
from parlour.access.standing import Standing
from parlour.foundation import clock
from parlour.foundation.errors import Forbidden
from parlour.foundation.installation import Installation

NEXT: Final = "confirm"


class ConfirmFirst(Forbidden):
    """Confirm first that it is you: `POST /api/auth/confirm` with a password, a code or a passkey, then repeat."""

    def __init__(self) -> None:
        super().__init__(details={"next": NEXT})


class OnlyInPerson(Forbidden):
    """Only a person who has signed in may do this, not a program with a token."""


def is_fresh(session: Session, standing: Standing, minutes: int) -> bool:
    """Whether the person has shown who they are within so many minutes: by the second factor, if they have one."""
    methods = SECOND if standing.has_second_factor else FIRST | SECOND
    return clock.now().timestamp() - session.identity.shown_at(methods - BY_ITSELF) < minutes * 60


async def confirm(installation: Installation, token: str, session: Session, standing: Standing, prove: Prove) -> str:
    """The session's new cookie, fresh again. Raises what `prove` raises."""
    shown = await prove(installation, session.identity)
    return await renewing.replace(installation, token, session, renewing.as_it_stands(session, standing, shown))


def by_password(password: str) -> Prove:
    """Raises `WrongPassword` or `TooManyRequests`."""

    async def prove(installation: Installation, identity: Identity) -> Proof:
        async with attempts.counted(installation, attempts.codes_of(identity)):
            await check_password(installation, identity.organization_id, identity.user_id, password)
        return proof(Method.PASSWORD)

    return prove
