"""The files' own host: a name by which nothing is served but what strangers sent, to whoever brings a pass.

No cookie comes here and none is set, no page is shown: what a file might do, it would do to an empty place.
"""

from collections.abc import AsyncIterator
from typing import Any, Final
from urllib.parse import parse_qs
from uuid import UUID

from parlour import access, people, tickets
from parlour.email import safety
from parlour.entrance.browsers.hosts import name_of
from parlour.entrance.files.giving import ATTACHMENTS, PICTURES, about_picture
from parlour.entrance.files.parts import Part, part_of, send_pieces, with_headers
from parlour.entrance.files.passes import Pass, read
from parlour.foundation.errors import Gone, NotFound
from parlour.foundation.installation import Installation

_NOTHING: Final = "default-src 'none'; frame-ancestors 'none'; sandbox"


class AddressOver(Gone):
    """This address was good for a minute only. Open the file again where you found it."""


class FilesHost:
    """Answers for one name, and leaves all others alone."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._name = name_of(installation.settings.files_host) if installation.settings.files_url else None

    def is_asked(self, scope: Any) -> bool:
        """Whether the request came by its name: only `Host` counts, and any of several does."""
        if self._name is None:
            return False
        sent = (value.decode("latin-1") for name, value in scope["headers"] if name == b"host")
        return any(name_of(host) == self._name for host in sent)

    async def serve(self, scope: Any, send: Any) -> None:
        """Raises `NotFound`, `AddressOver`, `OutsideTheFile`."""
        path: str = scope["path"]
        if scope["method"] != "GET":
            raise NotFound()
        if path.startswith(ATTACHMENTS) and not scope["query_string"]:
            part = await self._attachment(scope, path.removeprefix(ATTACHMENTS))
        elif path.startswith(PICTURES):
            part = await self._picture(path.removeprefix(PICTURES), scope["query_string"])
        else:
            raise NotFound()
        headers = [(name.encode(), value.encode("latin-1")) for name, value in part.headers.items()]
        await send({"type": "http.response.start", "status": part.status, "headers": headers})
        await send_pieces(part.pieces, send)

    async def _attachment(self, scope: Any, text: str) -> Part:
        shown = await self._pass(text)
        if len(shown.about) != 16:
            raise NotFound()
        async with self._installation.database.reading(shown.organization_id) as tx:
            actor = await people.actor_of(tx, shown.user_id)
            if actor is None:
                raise NotFound()
            # Whether they may see it is asked again: what was passed on within the minute is not theirs any more.
            file = await tickets.find_attachment(tx, UUID(bytes=shown.about), seen_by=actor)
        asked = dict(scope["headers"]).get(b"range", b"").decode("latin-1") or None
        part = await part_of(self._installation.blobs, file, asked, to_page=shown.to_page)
        return with_headers(part, _headers(shown))

    async def _picture(self, text: str, query: bytes) -> Part:
        shown = await self._pass(text)
        url = parse_qs(query.decode("latin-1")).get("url", [""])[0]
        async with self._installation.database.reading(shown.organization_id) as tx:
            is_known = await people.actor_of(tx, shown.user_id) is not None
        if not is_known or about_picture(url) != shown.about:
            raise NotFound()
        picture = await safety.fetch_picture(url)
        headers = {
            "content-type": picture.content_type,
            "content-disposition": "inline",
            "content-length": str(len(picture.content)),
        }
        return with_headers(Part(200, headers, _one(picture.content)), _headers(shown))

    async def _pass(self, text: str) -> Pass:
        shown = read(self._installation.signer, text)
        if shown is None:
            raise NotFound()
        if not shown.seconds_left:
            raise AddressOver()
        if shown.session_id and not await access.has_session(
            self._installation, shown.organization_id, shown.user_id, shown.session_id
        ):
            raise NotFound()
        return shown


def _headers(shown: Pass) -> dict[str, str]:
    return {
        "content-security-policy": _NOTHING,
        "referrer-policy": "no-referrer",
        # A page of ours, on another site, shows pictures from here; a download is a page's of nobody.
        "cross-origin-resource-policy": "cross-origin" if shown.to_page else "same-origin",
        # No cookie counts here, so that it tells nobody more than the address does.
        "access-control-allow-origin": "*",
        # As long as the address is good, and not a second longer.
        "cache-control": f"private, max-age={shown.seconds_left}",
    }


async def _one(content: bytes) -> AsyncIterator[bytes]:
    yield content
