"""Notifications: tells agents what now waits for them."""

from parlour.notifications.inbox import Notification, mark_all_read, mark_read, notifications_of, unread_count
from parlour.notifications.raising import NotificationRaised, notify_administrators, notify_assignee, notify_of_domain

__all__ = [
    "Notification",
    "NotificationRaised",
    "mark_all_read",
    "mark_read",
    "notifications_of",
    "notify_administrators",
    "notify_assignee",
    "notify_of_domain",
    "unread_count",
]
