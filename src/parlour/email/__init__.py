"""Carries words in and out by mail."""

from parlour.email.accounting import Origin, Outcome, origins
from parlour.email.by_hand import NotToBeAdmitted, NotToBeRetried, admit_by_hand, rescue_waiting_mail, retry
from parlour.email.events import ReplyNotSent, ReplySent
from parlour.email.intake import receive, take_in
from parlour.email.ledger import Delivery
from parlour.email.mailboxes import Mailbox, MailboxTaken, add_mailbox, mailboxes
from parlour.email.outgoing import SendingState
from parlour.email.posting import NotTaken, Parcel, outbox, post
from parlour.email.reading import Address, Mail, parse
from parlour.email.sending import Sending, send_reply, sendings

JOBS = (take_in, send_reply)
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
    "ReplyNotSent",
    "ReplySent",
    "Sending",
    "SendingState",
    "add_mailbox",
    "admit_by_hand",
    "mailboxes",
    "origins",
    "outbox",
    "parse",
    "post",
    "receive",
    "rescue_waiting_mail",
    "retry",
    "send_reply",
    "sendings",
    "take_in",
]
