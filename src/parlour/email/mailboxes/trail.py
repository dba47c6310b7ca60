"""What the audit trail is told of mailboxes: how they are set up, and that secrets were changed, never which."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from parlour import audit
from parlour.audit import Act, Subject
from parlour.email.mailboxes.settings import ImapSettings, OutgoingSettings, PushSettings
from parlour.foundation.database import Transaction

_NOT_SETTINGS: Final = frozenset({"id", "created_at", "revision", "secrets"})


def settings_of(mailbox: msgspec.Struct) -> dict[str, Any]:
    """A mailbox as it is set up, each server's settings one by one; secrets are none of them."""
    known: dict[str, Any] = {}
    for name, value in msgspec.structs.asdict(mailbox).items():
        if isinstance(value, ImapSettings | OutgoingSettings | PushSettings):
            known |= {f"{name}.{field}": each for field, each in msgspec.structs.asdict(value).items()}
        elif name not in _NOT_SETTINGS and value is not None:
            known[name] = value
    return known


async def mailbox_changed(
    tx: Transaction, on: Subject, before: msgspec.Struct, after: msgspec.Struct, secrets: dict[str, str]
) -> None:
    """Of secrets only the names: those that were set anew, and those that were forgotten."""
    known, wanted = settings_of(before), settings_of(after)
    details = audit.changes({**dict.fromkeys(wanted), **known}, {**dict.fromkeys(known), **wanted})
    if details["after"]:
        await audit.record(tx, Act.MAILBOX_CHANGED, on=on, details=details)
    # An access token is fetched and dropped by the installation itself.
    named = {name: text for name, text in secrets.items() if name != "access_token"}
    if named:
        await secrets_changed(tx, on, set_=[name for name, text in named.items() if text], gone=set(named))


async def secrets_changed(tx: Transaction, on: Subject, *, set_: Sequence[str], gone: Iterable[str] = ()) -> None:
    details = {"set": sorted(set_), "forgotten": sorted(set(gone) - set(set_))}
    await audit.record(tx, Act.MAILBOX_SECRETS_CHANGED, on=on, details=details)
