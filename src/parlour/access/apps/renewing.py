"""The keys of access tokens renewed by hand: gracefully, or at once where one may have leaked."""

import secrets
from typing import Final

from parlour.access.apps.keys import OVERLAP
from parlour.foundation import clock
from parlour.foundation.installation import Installation
from parlour.foundation.keys.generations import FRESH_SECONDS, Generation

_BYTES: Final = 32


async def renew_token_keys(installation: Installation, *, at_once: bool = False) -> Generation:
    """New keys, which nothing that is known of the old ones leads to.

    They are shown now, and sign once every copy of the key set that may be kept has them; the old ones count until the
    last token that they have signed has ended. At once: they sign when every process knows them, and the old ones count
    no more from then on.
    """
    store, now = installation.keys.token_secrets, clock.now().timestamp()
    wait = 2 * FRESH_SECONDS if at_once else OVERLAP.total_seconds()
    begins = now + wait
    made = Generation(secrets.token_bytes(_BYTES), begins, begins if at_once else begins + OVERLAP.total_seconds())
    await store.put((*_alive(await store.known(), now), made))
    return made


def _alive(known: tuple[Generation, ...], now: float) -> tuple[Generation, ...]:
    """Without those that count no more. The last one stays: it says that those before it are over."""
    ended = [place for place, one in enumerate(known) if one.others_end <= now]
    return known[ended[-1] :] if ended else known
