"""By which name somebody came: the installation's, an organization's portal's own, or one that is nobody's."""

import re
import time
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import quote, urlsplit
from uuid import UUID

import msgspec

from parlour import people
from parlour.entrance.browsers.policies import REPORTS
from parlour.entrance.static import PREFIX
from parlour.foundation import clock
from parlour.foundation.errors import Unavailable
from parlour.foundation.installation import Installation

# In a form that a browser sends; anything else was made to be misunderstood.
_FORM: Final = re.compile(r"(?:([a-z0-9_.-]{1,253})|\[([0-9a-f:.]{2,45})\])(?::\d{1,5})?")
_REMEMBERED_SECONDS: Final = 2.0
_MOST_REMEMBERED: Final = 10_000
# Each request asks the same of the same few names.
_MOST_NAMES: Final = 1024
_FOR_EVERYBODY: Final = ("/api/health", "/tls/ask")
"""What load balancers and proxies ask, by whatever name they know this process."""
_BY_ANY_NAME: Final = "/metrics"
"""What is asked from within, by names that we aren't told; under a portal's own name it is not to be had."""
_SHARED: Final = (PREFIX, REPORTS)
_ELSEWHERE: Final = "/sign-in/"
"""Other companies' sign-ins lead back to one address only: the installation's."""
_UNKNOWN: Final = "Nothing is to be found under this name."
_NOT_HERE: Final = "This page is not here."


class Place(msgspec.Struct, frozen=True):
    """What a name stands for: an organization's portal, or, without one, the installation itself."""

    organization_id: UUID | None = None
    slug: str = ""


class TurnedAway(msgspec.Struct, frozen=True):
    """What is answered instead of a page: a sentence, or where it is."""

    status: int
    words: str
    location: str = ""


class Hosts:
    """Recognises names; each is looked up every two seconds at most."""

    def __init__(self, installation: Installation) -> None:
        self._database = installation.database
        self._public_url = installation.settings.public_url
        self._own = urlsplit(self._public_url).hostname
        self._files = urlsplit(installation.settings.files_url).hostname
        # Without an address in the settings nobody knows by which names this machine is called.
        self._is_strict = bool(installation.settings.base_url)
        self._remembered: dict[str, tuple[float, Place | None]] = {}

    async def turned_away(self, scope: Any) -> TurnedAway | None:
        """None where the page is served by this name; a portal's is noted in the request's state."""
        path = scope["path"]
        if path in _FOR_EVERYBODY:
            return None
        place = await self.place_of(scope["headers"])
        if place is None and path == _BY_ANY_NAME:
            return None
        if place is None:
            # The request has come to a server that can't answer for this name (RFC 9110, 15.5.20).
            return TurnedAway(421, _UNKNOWN)
        if place.organization_id is None:
            return None
        scope["state"]["portal"] = place.slug
        if await self._is_at(place, path):
            return None
        if path.startswith(_ELSEWHERE) and scope["method"] == "GET":
            query = scope["query_string"].decode("latin-1")
            address = f"{self._public_url}{quote(path)}"
            return TurnedAway(303, "", f"{address}?{query}" if query else address)
        return TurnedAway(404, _NOT_HERE)

    async def place_of(self, headers: Sequence[tuple[bytes, bytes]]) -> Place | None:
        """None where the name is nobody's. Only `Host` counts, whatever else was sent along."""
        sent = [value for name, value in headers if name == b"host"]
        if not sent:
            return Place()
        host = name_of(sent[0].decode("latin-1")) if len(sent) == 1 else None
        if host is None:
            return None
        if host == self._own or _is_internal(host):
            return Place()
        try:
            found = await self._looked_up(host)
        except Unavailable:
            if self._is_strict:
                raise
            return Place()
        return found or (None if self._is_strict else Place())

    async def is_served(self, written: str) -> bool:
        """Whether a certificate may be had for this name: it is ours, the files', or it was shown to be a portal's."""
        host = name_of(written)
        if host is None or ":" in written:
            return False
        return host in (self._own, self._files) or await self._looked_up(host) is not None

    async def _is_at(self, place: Place, path: str) -> bool:
        """Whether a portal's own name serves this: its pages and what they stand on, also by its former short names."""
        if path == "/" or path.startswith(_SHARED):
            return True
        top, _, rest = path.removeprefix("/").partition("/")
        slug = rest.partition("/")[0]
        if top != "portal" or not slug:
            return False
        if slug == place.slug:
            return True
        return await self._database.doorways.organization_by_former_slug(slug, clock.now()) == place.organization_id

    async def _looked_up(self, host: str) -> Place | None:
        now = time.monotonic()
        until, place = self._remembered.get(host, (0.0, None))
        if until > now:
            return place
        place = None
        organization_id = await self._database.doorways.organization_by_host(host)
        if organization_id is not None:
            async with self._database.reading(organization_id) as tx:
                place = Place(organization_id, (await people.this_organization(tx)).slug)
        if len(self._remembered) >= _MOST_REMEMBERED:
            self._remembered.clear()
        self._remembered[host] = (now + _REMEMBERED_SECONDS, place)
        return place


@lru_cache(_MOST_NAMES)
def name_of(written: str) -> str | None:
    """The name in a `Host` header, without port and in lower case. None where it has no such form."""
    found = _FORM.fullmatch(written.strip().lower())
    if found is None:
        return None
    return (found[1] or found[2]).rstrip(".") or None


@lru_cache(_MOST_NAMES)
def _is_internal(host: str) -> bool:
    """An address, or a name without a dot: no browser outside this network comes by it."""
    if "." not in host:
        return True
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
