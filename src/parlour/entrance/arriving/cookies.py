"""What a browser is given to keep: the session, a sign-in half done, the mark of a browser that is remembered."""

from typing import Final

from litestar.datastructures import Cookie

from parlour.foundation.settings import Settings

SESSION: Final = "parlour_session"
CHALLENGE: Final = "parlour_challenge"
PROVIDER: Final = "parlour_provider"
PASSKEY: Final = "parlour_passkey"
DEVICE: Final = "parlour_device"


def name_of(settings: Settings, name: str) -> str:
    """Over https the browser itself then insists that it is Secure, ours alone, and for all paths (RFC 6265bis)."""
    return f"__Host-{name}" if is_secure(settings) else name


def cookie(settings: Settings, name: str, value: str, seconds: int) -> Cookie:
    return Cookie(
        name_of(settings, name),
        value=value,
        max_age=seconds,
        path="/",
        httponly=True,
        samesite="lax",
        secure=is_secure(settings),
    )


def gone(settings: Settings, name: str) -> Cookie:
    """Forgets it."""
    return cookie(settings, name, "", 0)


def is_secure(settings: Settings) -> bool:
    return settings.public_url.startswith("https://")
