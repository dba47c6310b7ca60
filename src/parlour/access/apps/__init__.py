"""Apps of our own that sign people in: short-lived access tokens, and refresh tokens that work once."""

from parlour.access.apps.access_tokens import BadAccessToken, Claims
from parlour.access.apps.access_tokens import looks_like_one as is_access_token
from parlour.access.apps.access_tokens import read as read_access_token
from parlour.access.apps.keys import published_keys, signing_key
from parlour.access.apps.refresh_tokens import RefreshOver
from parlour.access.apps.renewing import renew_token_keys
from parlour.access.apps.signing_in import (
    RefreshTokenReused,
    Tokens,
    give_up,
    refresh,
    session_of_app,
    tokens_for,
)

__all__ = [
    "BadAccessToken",
    "Claims",
    "RefreshOver",
    "RefreshTokenReused",
    "Tokens",
    "give_up",
    "is_access_token",
    "published_keys",
    "read_access_token",
    "refresh",
    "renew_token_keys",
    "session_of_app",
    "signing_key",
    "tokens_for",
]
