"""Inviting: by address, with a role and departments; one invitation an address, renewed when it is sent again."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from parlour import audit, people
from parlour.access.links.addresses import must_be_confirmed
from parlour.audit import Act, Subject
from parlour.foundation import clock, ids
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Conflict, Forbidden, Invalid
from parlour.people import Actor, Permission, Reach, Role, UserStatus

DAYS: Final = 7
PURPOSE: Final = "INVITATION"
_LONGEST_MESSAGE: Final = 500


class NotYoursToInvite(Forbidden):
    """A manager invites agents, into departments they work in. Ask an administrator for anything else."""


class IsHere(Conflict):
    """Somebody answers customers here with this address already."""


class HasLeft(Conflict):
    """Somebody with this address was deactivated. An administrator can activate them again."""


class NewInvitation(msgspec.Struct, frozen=True):
    """Who is asked to do what."""

    email: str
    role: Role = Role.AGENT
    reach: Reach = Reach.ORGANIZATION
    department_ids: Sequence[UUID] = ()
    message: str = ""


class Invitation(msgspec.Struct, frozen=True):
    """One that is neither accepted nor revoked. It may be over: `expires_at`."""

    id: UUID
    email: str
    role: Role
    reach: Reach
    department_ids: list[UUID]
    message: str
    invited_by: UUID
    invited_by_name: str
    created_at: datetime
    sent_at: datetime
    expires_at: datetime

    @property
    def is_over(self) -> bool:
        return self.expires_at <= clock.now()


_COLUMNS: Final = """
    i.id, i.email, i.role, i.reach, i.department_ids, i.message, i.invited_by, u.name as invited_by_name,
    i.created_at, i.sent_at, i.expires_at
"""
_PENDING: Final = """
    from invitations i
    join users u on u.organization_id = i.organization_id and u.id = i.invited_by
    where i.accepted_at is null and i.revoked_at is null
"""


async def invitations(tx: Transaction) -> list[Invitation]:
    """Those that wait, the newest first."""
    return await tx.all(Invitation, f"select {_COLUMNS} {_PENDING} order by i.id desc limit 500")


async def find_invitation(tx: Transaction, invitation_id: UUID) -> Invitation:
    """One that waits. Raises `NotFound`."""
    return await tx.one(Invitation, f"select {_COLUMNS} {_PENDING} and i.id = %(id)s", id=invitation_id)


async def invite(tx: Transaction, new: NewInvitation, *, by: Actor) -> Invitation:
    """Whoever was invited already is invited anew, with what is said now; the caller sends the mail.

    Raises `Invalid`, `NotYoursToInvite`, `NoSeatLeft`, `IsHere` or `HasLeft`.
    """
    email = people.normal_email(new.email)
    await must_be_confirmed(tx, by)
    await _check(tx, new, by)
    await people.check_seat_left(tx)
    await _check_address(tx, email)
    await _check_known(tx, email, by)
    now = clock.now()
    invitation_id: UUID = await tx.value(
        """
        insert into invitations as known (organization_id, id, email, role, reach, department_ids, message, invited_by,
            created_at, sent_at, expires_at)
        values (current_organization(), %(id)s, %(email)s, %(role)s, %(reach)s, %(department_ids)s, %(message)s,
            %(by)s, %(now)s, %(now)s, %(until)s)
        on conflict (organization_id, email) where accepted_at is null and revoked_at is null do update set
            role = excluded.role, reach = excluded.reach, department_ids = excluded.department_ids,
            message = excluded.message, invited_by = excluded.invited_by, sent_at = excluded.sent_at,
            expires_at = excluded.expires_at
        returning id
        """,
        id=ids.new(),
        email=email,
        role=new.role,
        reach=_reach(new, by),
        department_ids=list(dict.fromkeys(new.department_ids)),
        message=new.message.strip(),
        by=by.user_id,
        now=now,
        until=now + timedelta(days=DAYS),
    )
    made = await find_invitation(tx, invitation_id)
    await audit.record(tx, Act.INVITED, by=by, on=_subject(made), details={"role": made.role, "reach": made.reach})
    return made


async def invite_again(tx: Transaction, invitation: Invitation, *, by: Actor) -> Invitation:
    """The same for seven days more; the caller sends the mail. Raises what `invite` does."""
    again = NewInvitation(
        invitation.email, invitation.role, invitation.reach, invitation.department_ids, invitation.message
    )
    return await invite(tx, again, by=by)


async def revoke_invitation(tx: Transaction, invitation: Invitation, *, by: Actor) -> None:
    """Its link opens nothing any more. Raises `NotYoursToInvite`."""
    if not _may_invite(invitation.role, invitation.department_ids, by):
        raise NotYoursToInvite()
    await tx.run("update invitations set revoked_at = %(now)s where id = %(id)s", id=invitation.id, now=clock.now())
    await audit.record(tx, Act.INVITATION_REVOKED, by=by, on=_subject(invitation))


def may_invite(invitation: Invitation, actor: Actor) -> bool:
    """Whether somebody may send this again, or revoke it."""
    return _may_invite(invitation.role, invitation.department_ids, actor)


def _may_invite(role: Role, department_ids: Sequence[UUID], actor: Actor) -> bool:
    if not people.ALLOWED[role] <= actor.permissions:
        return False
    if actor.may(Permission.MANAGE_AGENTS):
        return True
    is_own = bool(department_ids) and set(department_ids) <= set(actor.department_ids)
    return actor.may(Permission.INVITE_PEOPLE) and role is Role.AGENT and is_own


def _reach(new: NewInvitation, by: Actor) -> Reach:
    # A manager opens nothing beyond the departments they name.
    return new.reach if by.may(Permission.MANAGE_AGENTS) else Reach.DEPARTMENTS


async def _check_known(tx: Transaction, email: str, by: Actor) -> None:
    """What somebody else offered is made less by nobody who could not have taken it back."""
    known = await tx.maybe(Invitation, f"select {_COLUMNS} {_PENDING} and i.email = %(email)s", email=email)
    if known and not may_invite(known, by):
        raise NotYoursToInvite()


async def _check(tx: Transaction, new: NewInvitation, by: Actor) -> None:
    if new.role is Role.CUSTOMER:
        raise Invalid(details={"role": "Customers need no invitation: they come in by a link."})
    if len(new.message) > _LONGEST_MESSAGE or "\x00" in new.message:
        raise Invalid(details={"message": f"A message has {_LONGEST_MESSAGE} characters at most."})
    known = {department.id for department in await people.departments(tx)}
    if not set(new.department_ids) <= known:
        raise Invalid(details={"departmentIds": "There is no such department."})
    if not _may_invite(new.role, new.department_ids, by):
        raise NotYoursToInvite()


async def _check_address(tx: Transaction, email: str) -> None:
    user = await people.user_by_email(tx, email)
    if user is None or (user.role is Role.CUSTOMER and user.status is UserStatus.ACTIVE):
        return
    if user.status is UserStatus.INACTIVE:
        raise HasLeft(details={"email": HasLeft.__doc__})
    raise IsHere(details={"email": IsHere.__doc__})


def _subject(invitation: Invitation) -> Subject:
    return Subject("invitation", invitation.id, invitation.email)
