"""Mail going out: frozen with its comment, composed once, sent once."""

from parlour.email.sending.acknowledging import acknowledge
from parlour.email.sending.answering import Way, answer
from parlour.email.sending.dispatch import resume_mail, send, send_reply
from parlour.email.sending.holding import Draft, cancel_answered_replies, release_due_replies, release_reply, undo
from parlour.email.sending.outgoing import post
from parlour.email.sending.posting import NotTaken, Parcel, outbox
from parlour.email.sending.preparing import prepare_reply
from parlour.email.sending.recipients import Recipients, recipients_for
from parlour.email.sending.relays import hang_up
from parlour.email.sending.repeating import NothingToSend, send_now
from parlour.email.sending.settings import set_undo_seconds, undo_seconds
from parlour.email.sending.states import Sending, SendingState, sendings

__all__ = [
    "Draft",
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
    "hang_up",
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
    "undo",
    "undo_seconds",
]
