"""An issuer's public keys. A key that is not known is asked for once a minute at most, however many tokens name it."""

from typing import Any, Final

import msgspec

from parlour.access.providers.keeping import Provider
from parlour.access.providers.openid.asking import BadAnswer, ask
from parlour.access.providers.openid.discovery import Issuer
from parlour.foundation import crypto
from parlour.foundation.installation import Installation

_SECONDS: Final = 60 * 60
_PAUSE: Final = 60
_MOST: Final = 100
# No `oct`: a key that is public must never be taken for a shared secret.
_TYPES: Final = frozenset({"RSA", "EC", "OKP"})


async def keys_for(installation: Installation, provider: Provider, issuer: Issuer, kid: str | None) -> list[Any]:
    """Those that may have signed: the one of that name, or all where none is named. Raises `BadAnswer`."""
    key = f"provider:keys:{provider.id}:{crypto.digest(issuer.keys).hex()}"
    known = await installation.cache.get(key)
    keys = msgspec.json.decode(known) if known else []
    if fitting := _fitting(keys, kid):
        return fitting
    if known and not await installation.cache.set(f"{key}:asked", "1", nx=True, ex=_PAUSE):
        return []
    keys = await _asked(installation, issuer)
    await installation.cache.set(key, msgspec.json.encode(keys), ex=_SECONDS)
    return _fitting(keys, kid)


async def _asked(installation: Installation, issuer: Issuer) -> list[Any]:
    said = await ask(installation, issuer.keys)
    keys = said.get("keys") if isinstance(said, dict) else None
    if not isinstance(keys, list):
        raise BadAnswer("The issuer's list of keys is none.")
    return [key for key in keys[:_MOST] if isinstance(key, dict) and _verifies(key)]


def _verifies(key: dict[str, Any]) -> bool:
    return key.get("kty") in _TYPES and key.get("use", "sig") == "sig"


def _fitting(keys: list[Any], kid: str | None) -> list[Any]:
    return [key for key in keys if kid is None or key.get("kid") == kid]
