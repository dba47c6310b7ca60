"""Notifications: tells agents what now waits for them."""

from parlour.notifications.inbox import Notification, mark_all_read, mark_read, notifications_of, unread_count
from parlour.notifications.raising import (
    NotificationRaised,
    notify_administrators,
    notify_assignee,
    notify_of_domain,
    notify_of_own_domain,
)
from parlour.notifications.tokens import notify_of_token
from parlour.notifications.usage import Usage, count_usage, usage_of

__all__ = [
    "Notification",
    "NotificationRaised",
    "Usage",
    "count_usage",
    "mark_all_read",
    "mark_read",
    "notifications_of",
    "notify_administrators",
    "notify_assignee",
    "notify_of_domain",
    "notify_of_own_domain",
    "notify_of_token",
    "unread_count",
    "usage_of",
]
