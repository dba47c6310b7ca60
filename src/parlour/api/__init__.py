"""The door for programs: JSON under `/api`."""

from collections.abc import Sequence

from litestar import Router
from litestar.handlers import HTTPRouteHandler

from parlour.api import (
    attachments,
    comments,
    departments,
    docs,
    health,
    notifications,
    organization,
    tags,
    tickets,
    tokens,
    users,
)
from parlour.api.health import watch
from parlour.api.operations import Operation

__all__ = ["METRICS", "OPERATIONS", "router", "watch"]

_HANDLERS: Sequence[HTTPRouteHandler] = (
    tickets.list_tickets,
    tickets.open_ticket,
    tickets.read_ticket,
    tickets.change_ticket,
    tickets.delete_ticket,
    tickets.restore_ticket,
    comments.reply_to_ticket,
    comments.list_comments,
    comments.add_note,
    comments.list_activities,
    attachments.upload_attachment,
    attachments.download_attachment,
    attachments.discard_attachment,
    users.read_me,
    users.list_users,
    users.add_user,
    users.read_user,
    users.change_user,
    departments.list_departments,
    departments.add_department,
    departments.read_department,
    departments.change_department,
    departments.remove_department,
    tags.list_tags,
    tags.add_tag,
    tags.change_tag,
    tags.remove_tag,
    organization.read_organization,
    organization.change_organization,
    tokens.list_tokens,
    tokens.make_token,
    tokens.revoke_token,
    notifications.list_notifications,
    notifications.read_all_notifications,
    notifications.read_notification,
    health.read_health,
)
OPERATIONS: tuple[Operation, ...] = tuple(handler.opt["operation"] for handler in _HANDLERS)
METRICS = health.metrics


def router() -> Router:
    """Everything under `/api`."""
    return Router("/api", route_handlers=[*_HANDLERS, docs.openapi, docs.docs, docs.docs_style])
