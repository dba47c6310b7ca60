"""What is one's own: who one is, and notifications."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from parlour import notifications
from parlour.api import shapes
from parlour.api.conventions import PageQuery, cursor, moment_after
from parlour.api.operations import operation
from parlour.entrance import Request
from parlour.people import Permission, Reach, Role


class Me(shapes.Shape, frozen=True):
    """Whose token this is."""

    id: UUID
    name: str
    email: str
    role: Role
    reach: Reach
    organization_id: UUID
    department_ids: list[UUID]
    custom_role: Annotated[str | None, Meta(description="The name of the role of the organization's own making.")]
    permissions: Annotated[list[str], Meta(description="What you may do.")]


class Notification(shapes.Shape, frozen=True):
    """One line of the bell: which fact, about which ticket, mailbox, domain or token, in which words."""

    id: UUID
    name: str
    ticket_id: UUID | None
    ticket_number: int | None
    ticket_subject: str | None
    actor_name: str | None
    created_at: datetime
    read_at: datetime | None
    mailbox_id: UUID | None
    mailbox: str | None
    sending_domain_id: UUID | None
    sending_domain: str | None
    own_domain: str | None
    api_token_id: UUID | None
    api_token: str | None
    words: str | None


class Notifications(shapes.Shape, frozen=True, omit_defaults=True):
    """A page of them, newest first."""

    items: list[Notification]
    unread: Annotated[int, Meta(description="How many are unread; 100 at most.")]
    next: str | None = None


@operation("GET /me", Permission.READ_ORGANIZATION)
async def read_me(request: Request) -> Me:
    """Who am I?"""
    actor = request.actor
    return Me(
        actor.user_id,
        actor.name,
        actor.email,
        actor.role,
        actor.reach,
        actor.organization_id,
        list(actor.department_ids),
        actor.custom_role or None,
        sorted(actor.permissions),
    )


@operation("GET /notifications", Permission.READ_OWN_NOTIFICATIONS)
async def list_notifications(request: Request, query: PageQuery) -> Notifications:
    """List my notifications"""
    before = moment_after(query.after)
    async with request.reading() as tx:
        found = await notifications.notifications_of(tx, request.actor, before=before, limit=query.limit + 1)
        unread = await notifications.unread_count(tx, request.actor)
    last = found[query.limit - 1] if len(found) > query.limit else None
    shown = [_as_notification(each) for each in found[: query.limit]]
    return Notifications(shown, unread, cursor(last.created_at, last.id) if last else None)


@operation("POST /notifications/read", Permission.READ_OWN_NOTIFICATIONS, status=204)
async def read_all_notifications(request: Request) -> None:
    """Mark all of my notifications as read"""
    async with request.transaction() as tx:
        await notifications.mark_all_read(tx, request.actor)


@operation("POST /notifications/{id}/read", Permission.READ_OWN_NOTIFICATIONS, status=204)
async def read_notification(request: Request, id: UUID) -> None:  # noqa: A002
    """Mark a notification as read"""
    async with request.transaction() as tx:
        await notifications.mark_read(tx, request.actor, id)


def _as_notification(found: notifications.Notification) -> Notification:
    return Notification(
        found.id,
        found.name,
        found.ticket_id,
        found.ticket_number,
        found.ticket_subject,
        found.actor_name,
        found.created_at,
        found.read_at,
        found.mailbox_id,
        found.mailbox,
        found.sending_domain_id,
        found.sending_domain,
        found.own_domain,
        found.api_token_id,
        found.api_token,
        found.words,
    )
