"""The door for programs: JSON under `/api`."""

from collections.abc import Sequence

from litestar import Router
from litestar.handlers import HTTPRouteHandler

from parlour.api import (
    attachments,
    audit,
    auth,
    comments,
    docs,
    health,
    invitations,
    ledger,
    links,
    mail_rules,
    mailboxes,
    me,
    organization,
    roles,
    security,
    sending,
    tags,
    tickets,
    tokens,
    users,
    words,
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
    auth.sign_in,
    auth.sign_out,
    auth.read_session,
    *links.HANDLERS,
    *security.HANDLERS,
    me.read_me,
    users.list_users,
    users.add_user,
    users.read_user,
    users.change_user,
    *invitations.HANDLERS,
    roles.list_roles,
    roles.add_role,
    roles.read_role,
    roles.change_role,
    roles.remove_role,
    organization.list_departments,
    organization.add_department,
    organization.read_department,
    organization.change_department,
    organization.remove_department,
    tags.list_tags,
    tags.add_tag,
    tags.change_tag,
    tags.remove_tag,
    mail_rules.read_mail_rules,
    mail_rules.change_mail_rules,
    organization.read_organization,
    organization.change_organization,
    tokens.list_tokens,
    tokens.make_token,
    tokens.revoke_token,
    tokens.list_everybodys_tokens,
    tokens.revoke_anybodys_token,
    organization.list_allowed_origins,
    organization.set_allowed_origins,
    me.list_notifications,
    me.read_all_notifications,
    me.read_notification,
    mailboxes.list_mailboxes,
    mailboxes.add_mailbox,
    mailboxes.read_mailbox,
    mailboxes.change_mailbox,
    mailboxes.remove_mailbox,
    mailboxes.test_mailbox,
    mailboxes.make_push_address,
    ledger.hand_in_mail,
    ledger.read_ledger_summary,
    ledger.list_ledger,
    ledger.read_ledger_entry,
    ledger.download_mail,
    ledger.retry_mail,
    ledger.admit_mail,
    *sending.HANDLERS,
    *words.HANDLERS,
    audit.list_audit,
    audit.export_audit,
    audit.verify_audit,
    audit.read_retention,
    audit.change_retention,
    health.read_health,
)
OPERATIONS: tuple[Operation, ...] = tuple(handler.opt["operation"] for handler in _HANDLERS)
METRICS = health.metrics


def router() -> Router:
    """Everything under `/api`."""
    return Router("/api", route_handlers=[*_HANDLERS, docs.openapi, docs.docs, docs.docs_style])
