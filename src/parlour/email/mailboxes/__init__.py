"""Mailboxes: the addresses customers write to, how each is reached, and its secrets."""

from parlour.email.mailboxes.choosing import mailbox_for
from parlour.email.mailboxes.keeping import (
    Mailbox,
    MailboxChanges,
    MailboxTaken,
    NewMailbox,
    add_mailbox,
    change_mailbox,
    find_mailbox,
    mailboxes,
    new_push_secret,
    remove_mailbox,
    set_up_mailbox,
)
from parlour.email.mailboxes.settings import (
    Begin,
    ImapSettings,
    Kind,
    OutgoingSettings,
    Provider,
    PushSettings,
    SignIn,
    check_outgoing,
)
from parlour.email.mailboxes.vault import BY_HAND, Secret, put_secret, secrets_of

__all__ = [
    "BY_HAND",
    "Begin",
    "ImapSettings",
    "Kind",
    "Mailbox",
    "MailboxChanges",
    "MailboxTaken",
    "NewMailbox",
    "OutgoingSettings",
    "Provider",
    "PushSettings",
    "Secret",
    "SignIn",
    "add_mailbox",
    "change_mailbox",
    "check_outgoing",
    "find_mailbox",
    "mailbox_for",
    "mailboxes",
    "new_push_secret",
    "put_secret",
    "remove_mailbox",
    "secrets_of",
    "set_up_mailbox",
]
