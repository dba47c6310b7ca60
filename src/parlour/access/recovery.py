"""What others do about somebody's access: an administrator's help when a phone is lost, and the end of an account."""

from uuid import UUID

from parlour import people
from parlour.access.passkeys import keeping
from parlour.access.programs import api_tokens
from parlour.access.second_factor import devices, enrolment
from parlour.access.sessions import ending
from parlour.audit import Act
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Conflict, Forbidden
from parlour.foundation.installation import Installation
from parlour.people import Actor, User, UserChanges, UserStatus


class NothingToRecover(Conflict):
    """They have no second factor."""


class NotYourself(Forbidden):
    """Ask another administrator: nobody takes away their own second factor this way."""


async def take_away_second_factor(tx: Transaction, user: User, *, by: Actor) -> None:
    """Somebody lost theirs, and is known in person. The caller ends their sessions.

    Raises `NotYourself`, `MoreThanOneHas` where they may do more than `by`, or `NothingToRecover`.
    """
    if user.id == by.user_id:
        raise NotYourself()
    await people.check_may_change(tx, user, by=by)
    passkeys = await keeping.forget_all_passkeys(tx, user.id, by=by)
    if not passkeys and await enrolment.second_factor_of(tx, user.id) is None:
        raise NothingToRecover()
    details = {"passkeys": passkeys} if passkeys else None
    await enrolment.remove_second_factor(tx, user.id, Act.SECOND_FACTOR_TAKEN_AWAY, details)


async def change_user(tx: Transaction, user: User, changes: UserChanges, *, by: Actor | None) -> User:
    """As in `people`, with what follows for their access: who is made inactive has no token and no remembered browser.

    The caller says `after_change` once this is committed. Raises what `people.change_user` does.
    """
    changed = await people.change_user(tx, user, changes, by=by)
    if changed.status is UserStatus.INACTIVE and user.status is not UserStatus.INACTIVE:
        await close(tx, user.id)
    return changed


async def after_change(installation: Installation, organization_id: UUID, user: User) -> None:
    """Once a change is committed: every web process looks at the user anew, and who is inactive is out everywhere."""
    if user.status is UserStatus.INACTIVE:
        await ending.end_sessions_of(installation, organization_id, user.id)
    else:
        await ending.announce(installation.cache, organization_id, user.id)


async def close(tx: Transaction, user_id: UUID) -> None:
    """Nothing that was given to them opens anything any more, also if they are made active again."""
    await api_tokens.revoke_all(tx, user_id)
    await devices.forget_all(tx, user_id)
