"""Invitations: who was asked to answer customers, and has not accepted yet."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from parlour import access, email
from parlour.api import shapes
from parlour.api.conventions import Body
from parlour.api.operations import Answer, operation
from parlour.entrance import Request
from parlour.people import Permission, Reach, Role


class NewInvitation(Body, frozen=True, kw_only=True):
    """Who is asked to do what. A manager asks agents, into departments they work in."""

    email: Annotated[str, Meta(min_length=3, max_length=254, examples=["new@acme.test"])]
    role: Role = Role.AGENT
    reach: Reach = Reach.ORGANIZATION
    department_ids: Annotated[list[UUID], Meta(max_length=100)] = []
    message: Annotated[str, Meta(max_length=500)] = ""


class Invitation(shapes.Shape, frozen=True):
    """One that waits to be accepted; after `expiresAt` it has to be sent again."""

    id: UUID
    email: str
    role: Role
    reach: Reach
    department_ids: list[UUID]
    message: str
    invited_by: UUID
    created_at: datetime
    sent_at: datetime
    expires_at: datetime


class Invitations(shapes.Shape, frozen=True):
    """All that wait."""

    items: list[Invitation]


@operation("GET /invitations", Permission.INVITE_PEOPLE)
async def list_invitations(request: Request) -> Invitations:
    """List invitations

    Those that are not accepted yet, the newest first.
    """
    async with request.reading() as tx:
        return Invitations([_shown(one) for one in await access.invitations(tx)])


@operation(
    "POST /invitations",
    Permission.INVITE_PEOPLE,
    confirmed=True,
    status=201,
    headers={"Location": "The invitation."},
    example={"email": "new@acme.test", "role": "AGENT", "message": "We could do with your help."},
)
async def invite(request: Request, body: NewInvitation) -> Answer[Invitation]:
    """Invite somebody

    By mail, with a link that is good for seven days. Whoever was invited already is invited anew. A person who invites
    must have shown who they are not long ago.
    """
    new = access.NewInvitation(body.email, body.role, body.reach, body.department_ids, body.message)
    async with request.transaction() as tx:
        await access.count(request.installation, access.of_recipient(body.email))
        made = await access.invite(tx, new, by=request.actor)
        await email.send_invitation(tx, made)
    return Answer(_shown(made), {"location": f"/api/invitations/{made.id}"})


@operation("GET /invitations/{id}", Permission.INVITE_PEOPLE)
async def read_invitation(request: Request, id: UUID) -> Invitation:  # noqa: A002
    """Read an invitation"""
    async with request.reading() as tx:
        return _shown(await access.find_invitation(tx, id))


@operation("POST /invitations/{id}/resend", Permission.INVITE_PEOPLE)
async def resend_invitation(request: Request, id: UUID) -> Invitation:  # noqa: A002
    """Send an invitation again

    It is good for seven days more.
    """
    async with request.transaction() as tx:
        known = await access.find_invitation(tx, id)
        await access.count(request.installation, access.of_recipient(known.email))
        made = await access.invite_again(tx, known, by=request.actor)
        await email.send_invitation(tx, made)
    return _shown(made)


@operation("DELETE /invitations/{id}", Permission.INVITE_PEOPLE, status=204)
async def revoke_invitation(request: Request, id: UUID) -> None:  # noqa: A002
    """Take an invitation back"""
    async with request.transaction() as tx:
        await access.revoke_invitation(tx, await access.find_invitation(tx, id), by=request.actor)


def _shown(one: access.Invitation) -> Invitation:
    return Invitation(
        one.id,
        one.email,
        one.role,
        one.reach,
        one.department_ids,
        one.message,
        one.invited_by,
        one.created_at,
        one.sent_at,
        one.expires_at,
    )


HANDLERS = (list_invitations, invite, read_invitation, resend_invitation, revoke_invitation)
