"""Mail going out: frozen with its comment, composed once, sent once."""

from parlour.email.sending.acknowledging import acknowledge
from parlour.email.sending.answering import Way, answer
from parlour.email.sending.dispatch import resume_mail, send, send_reply
from parlour.email.sending.holding import Draft, cancel_answered_replies, release_due_replies, release_reply, undo
from parlour.email.sending.outgoing import post
from parlour.email.sending.posting import NotTaken, Parcel, outbox
from parlour.email.sending.preparing import prepare_reply
from parlour.email.sending.recipients import (
    Introduced,
    Recipients,
    checked_recipients,
    introduced,
    recipients_for,
    typed_addresses,
)
from parlour.email.sending.relays import hang_up
from parlour.email.sending.repeating import NothingToSend, send_now
from parlour.email.sending.settings import set_undo_seconds, undo_seconds
from parlour.email.sending.states import Sending, SendingState, sendings

__all__ = [
    "Draft",
    "Introduced",
    "NotTaken",
    "NothingToSend",
    "Parcel",
    "Recipients",
    "Sending",
    "SendingState",
    "Way",
    "acknowledge",
    "answer",
    "cancel_answered_replies",
    "checked_recipients",
    "hang_up",
    "introduced",
    "outbox",
    "post",
    "prepare_reply",
    "recipients_for",
    "release_due_replies",
    "release_reply",
    "resume_mail",
    "send",
    "send_now",
    "send_reply",
    "sendings",
    "set_undo_seconds",
    "typed_addresses",
    "undo",
    "undo_seconds",
]
