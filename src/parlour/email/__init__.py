"""Carries words in and out by mail."""

from parlour.email.accounting import Origin, Outcome, origins
from parlour.email.by_hand import NotToBeAdmitted, NotToBeRetried, admit_by_hand, rescue_waiting_mail, retry
from parlour.email.events import ReplyBounced, ReplyNotSent, ReplySent
from parlour.email.intake import receive, take_in
from parlour.email.ledger import Delivery
from parlour.email.mailboxes import Mailbox, MailboxTaken, add_mailbox, mailboxes
from parlour.email.reading import Address, Mail, parse
from parlour.email.sending import (
    NotTaken,
    Parcel,
    Recipients,
    Sending,
    SendingState,
    hang_up,
    outbox,
    post,
    prepare_reply,
    recipients_for,
    resume_mail,
    send,
    send_reply,
    sendings,
)

JOBS = (take_in, send_reply, send)
"""What this room lets the queue run."""

__all__ = [
    "JOBS",
    "Address",
    "Delivery",
    "Mail",
    "Mailbox",
    "MailboxTaken",
    "NotTaken",
    "NotToBeAdmitted",
    "NotToBeRetried",
    "Origin",
    "Outcome",
    "Parcel",
    "Recipients",
    "ReplyBounced",
    "ReplyNotSent",
    "ReplySent",
    "Sending",
    "SendingState",
    "add_mailbox",
    "admit_by_hand",
    "hang_up",
    "mailboxes",
    "origins",
    "outbox",
    "parse",
    "post",
    "prepare_reply",
    "receive",
    "recipients_for",
    "rescue_waiting_mail",
    "resume_mail",
    "retry",
    "send",
    "send_reply",
    "sendings",
    "take_in",
]
