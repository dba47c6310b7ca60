"""What a provider says of somebody, in our words, whatever it speaks."""

from typing import Any, Final

import msgspec

from parlour.foundation.errors import Unauthenticated

_MOST_GROUPS: Final = 500


class NotVouchedFor(Unauthenticated):
    """Signing in there did not work out. Start again from the sign-in page."""

    def __init__(self, words: str, reason: str) -> None:
        """`words` for whoever signs in; `reason` for the audit trail and the administrator's test."""
        super().__init__(words)
        self.reason = reason


class Shown(msgspec.Struct, frozen=True):
    """`subject` is unique and lasting at the provider. `email` is empty unless the provider has verified it.

    `session` is what it calls theirs there; `token` what said all this, to be shown to it again when they leave.
    """

    subject: str
    email: str = ""
    name: str = ""
    groups: tuple[str, ...] = ()
    has_second_factor: bool = False
    session: str = ""
    token: str = ""


def refused(reason: str) -> NotVouchedFor:
    """An answer that must not be believed: whoever signs in need not know why, an administrator does."""
    return NotVouchedFor("Signing in there did not work out. Start again; if it happens again, tell an admin.", reason)


def text_of(claims: dict[str, Any], name: str) -> str:
    """A claim as text; empty where it is anything else."""
    found = claims.get(name)
    return found.strip()[:500] if isinstance(found, str) else ""


def groups_of(claims: dict[str, Any], name: str) -> tuple[str, ...]:
    """A list of names, or one. `realm_access.roles` goes into it (Keycloak's way)."""
    found: Any = claims.get(name)
    if found is None and "." in name:
        found = claims
        for part in name.split("."):
            found = found.get(part) if isinstance(found, dict) else None
    if isinstance(found, str):
        found = [found]
    if not isinstance(found, list):
        return ()
    return tuple(group for group in found if isinstance(group, str))[:_MOST_GROUPS]
