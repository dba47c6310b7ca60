"""Whether a password is good enough."""

from typing import Final

from parlour.foundation.errors import Invalid

MINIMUM_LENGTH: Final = 10


class WeakPassword(Invalid):
    """Choose a password of at least ten characters that is not your address."""


def check_strength(password: str, email: str) -> None:
    """Raises `WeakPassword`."""
    if len(password) < MINIMUM_LENGTH or password.lower() in (email.lower(), email.lower().split("@")[0]):
        raise WeakPassword(details={"password": WeakPassword.__doc__})
