"""Accepting an invitation: whoever opens its link reads mail at that address, so it is they who were asked."""

from uuid import UUID

import msgspec

from parlour import audit, people
from parlour.access.invitations.inviting import PURPOSE, Invitation, find_invitation, may_invite
from parlour.access.links.keeping import end_links, read_link
from parlour.access.passwords import hashing, strength
from parlour.access.passwords.signing_in import LONGEST
from parlour.access.proofs import Identity, Method, proof
from parlour.audit import Act
from parlour.foundation import clock
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Gone, Invalid, NotFound
from parlour.foundation.installation import Installation
from parlour.people import NewUser, Organization, Role, User, UserChanges, UserStatus


class InvitationOver(Gone):
    """This invitation is over: it was accepted, taken back, or waited too long, or whoever sent it has left. Sign in,
    or ask for a new one.
    """


class Asked(msgspec.Struct, frozen=True):
    """What somebody was asked, and whether we know them as a customer."""

    organization: Organization
    invitation: Invitation
    known_name: str


async def asked_by_link(installation: Installation, text: str) -> Asked:
    """Nothing is used up, however often somebody looks. Raises `LinkOver` or `InvitationOver`."""
    where = read_link(installation.signer, PURPOSE, text)
    async with installation.database.reading(where.organization_id) as tx:
        invitation = await _waiting(tx, where.id)
        user = await people.user_by_email(tx, invitation.email)
        return Asked(await people.this_organization(tx), invitation, user.name if user else "")


async def accept_invitation(installation: Installation, text: str, name: str, password: str) -> Identity:
    """They answer customers from now on; of two who accept at once, one does. Without a password links bring them in.

    Raises `LinkOver`, `InvitationOver`, `Invalid` or `WeakPassword`.
    """
    asked = await asked_by_link(installation, text)
    invitation, password_hash = asked.invitation, None
    if password:
        if len(password) > LONGEST:
            raise Invalid(details={"password": "That is longer than anybody can type: at most 1,000 characters."})
        await strength.check(password, invitation.email, name, asked.organization.name)
        password_hash = await hashing.hashed(password)
    async with installation.database.transaction(asked.organization.id) as tx:
        # Whoever comes second waits here, and finds it accepted.
        await tx.run("select id from invitations where id = %(id)s for update", id=invitation.id)
        invitation = await _waiting(tx, invitation.id)
        user = await _agent(tx, invitation, name, password_hash)
        await _join(tx, invitation, user.id)
        await tx.run(
            "update invitations set accepted_at = %(now)s, accepted_by = %(user_id)s where id = %(id)s",
            id=invitation.id,
            user_id=user.id,
            now=clock.now(),
        )
        on = audit.Subject("invitation", invitation.id, invitation.email)
        await audit.record(tx, Act.INVITATION_ACCEPTED, on=on, details={"user": user.id})
    return Identity(asked.organization.id, user.id, (proof(Method.LINK),))


async def _waiting(tx: Transaction, invitation_id: UUID) -> Invitation:
    try:
        invitation = await find_invitation(tx, invitation_id)
    except NotFound as gone:
        raise InvitationOver() from gone
    inviter = await people.actor_of(tx, invitation.invited_by)
    # It gives what they may give now: somebody who has left, or may less, lets nobody in.
    if invitation.is_over or inviter is None or not may_invite(invitation, inviter):
        raise InvitationOver()
    return invitation


async def _agent(tx: Transaction, invitation: Invitation, name: str, password_hash: str | None) -> User:
    known = await people.user_by_email(tx, invitation.email)
    if known is None:
        new = NewUser(name, invitation.email, invitation.role, invitation.reach, password_hash)
        return await people.add_user(tx, new)
    if known.status is UserStatus.INACTIVE or known.role is not Role.CUSTOMER:
        # Deactivated meanwhile, or made an agent by hand: an invitation brings nobody back and changes no role.
        raise InvitationOver()
    changes = UserChanges(name=name.strip() or known.name, role=invitation.role, reach=invitation.reach)
    changed = await people.change_user(tx, known, changes, by=None)
    await end_links(tx, known.id)
    if password_hash:
        await tx.run(
            "update users set password_hash = %(hash)s, password_changed_at = %(now)s where id = %(id)s",
            id=known.id,
            hash=password_hash,
            now=clock.now(),
        )
    return changed


async def _join(tx: Transaction, invitation: Invitation, user_id: UUID) -> None:
    for department in await people.departments(tx):
        if department.id in invitation.department_ids:
            await people.set_members(tx, department, [*department.member_ids, user_id], by=None)
