"""Mail going out: frozen with its comment, composed once, sent once."""

from parlour.email.sending.acknowledging import acknowledge
from parlour.email.sending.dispatch import resume_mail, send, send_reply
from parlour.email.sending.outgoing import post
from parlour.email.sending.posting import NotTaken, Parcel, outbox
from parlour.email.sending.preparing import prepare_reply
from parlour.email.sending.recipients import Recipients, recipients_for
from parlour.email.sending.relays import hang_up
from parlour.email.sending.states import Sending, SendingState, sendings

__all__ = [
    "NotTaken",
    "Parcel",
    "Recipients",
    "Sending",
    "SendingState",
    "acknowledge",
    "hang_up",
    "outbox",
    "post",
    "prepare_reply",
    "recipients_for",
    "resume_mail",
    "send",
    "send_reply",
    "sendings",
]
