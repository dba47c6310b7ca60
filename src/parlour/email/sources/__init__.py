"""Where mail comes from: mailboxes on other servers, and whoever hands it in; how each of them is."""

from parlour.email.mailboxes import find_mailbox, secrets_of
from parlour.email.sources.catching_up import Reading, catch_up
from parlour.email.sources.events import MailboxFact, MailboxFailing, MailboxRecovered
from parlour.email.sources.examining import Finding, examine, outgoing_server
from parlour.email.sources.health import Health, State, mailbox_health, watch_mailboxes
from parlour.email.sources.imap import Connection, Folder
from parlour.email.sources.imap_wire import Refused
from parlour.email.sources.opening import opened
from parlour.email.sources.position import (
    Hold,
    LeaseLost,
    end_lease,
    note_success,
    note_trouble,
    renew_lease,
    take_lease,
)
from parlour.email.sources.providers import Call, HandedIn, NotGenuine, handed_in
from parlour.email.sources.troubles import Step, Trouble

__all__ = [
    "Call",
    "Connection",
    "Finding",
    "Folder",
    "HandedIn",
    "Health",
    "Hold",
    "LeaseLost",
    "MailboxFact",
    "MailboxFailing",
    "MailboxRecovered",
    "NotGenuine",
    "Reading",
    "Refused",
    "State",
    "Step",
    "Trouble",
    "catch_up",
    "end_lease",
    "examine",
    "find_mailbox",
    "handed_in",
    "mailbox_health",
    "note_success",
    "note_trouble",
    "opened",
    "outgoing_server",
    "renew_lease",
    "secrets_of",
    "take_lease",
    "watch_mailboxes",
]
