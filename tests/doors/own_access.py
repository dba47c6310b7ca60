"""The routes by which people look after their own access. What they record is shown where they are tried."""

from typing import Final

_WHY: Final = "recorded, as test_own_security.py shows for somebody who has a password and a second factor"
_KEYS: Final = "recorded, as test_passkeys.py shows for somebody who has a device"
_ASKS: Final = "asks a device, and changes nothing"
_ACTS: Final = (
    "password",
    "second-factor",
    "second-factor/remove",
    "backup-codes",
    "sessions/{session_id}/end",
    "sessions/end-others",
    "devices/{device_id}/forget",
)
_PROGRAMS: Final = (
    "PUT /api/auth/password",
    "POST /api/auth/confirm",
    "POST /api/auth/second-factor",
    "POST /api/auth/second-factor/confirm",
    "DELETE /api/auth/second-factor",
    "POST /api/auth/backup-codes",
    "DELETE /api/auth/sessions",
    "DELETE /api/auth/sessions/{id}",
    "PUT /api/security-policy",
    "DELETE /api/users/{id}/second-factor",
)
_ASKED: Final = "sends a link, and changes nothing; opening that is recorded, as test_addresses.py shows"
_ACTS_ON_ONE: Final = ("/{passkey_id}/rename", "/{passkey_id}/remove")
_DOORS: Final = ("/dashboard/settings", "/portal/{slug}")

OWN_ACCESS: Final = {
    **{f"POST {door}/security/passkeys{act}": _KEYS for door in _DOORS for act in ("", *_ACTS_ON_ONE)},
    **{f"POST {door}/security/passkeys/begin": _ASKS for door in _DOORS},
    **{f"POST {place}/passkey/begin": _ASKS for place in ("/confirm", "/portal/{slug}/confirm")},
    "POST /api/auth/confirm/passkey": _ASKS,
    "POST /api/auth/passkeys/begin": _ASKS,
    "POST /api/auth/passkeys": _KEYS,
    "PUT /api/auth/passkeys/{id}": _KEYS,
    "DELETE /api/auth/passkeys/{id}": _KEYS,
    "POST /dashboard/settings/people/{user_id}/recover": _WHY,
    **dict.fromkeys(_PROGRAMS, _WHY),
    **{f"POST {door}/security/address": _ASKED for door in _DOORS},
    **{f"POST {door}/security/{act}": _WHY for door in _DOORS for act in _ACTS},
}
