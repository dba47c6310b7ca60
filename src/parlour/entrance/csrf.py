"""Nobody else's page may write in a signed-in person's name."""

import base64
import secrets
from typing import Final
from urllib.parse import urlsplit

from litestar.enums import RequestEncodingType

from parlour.access import Session
from parlour.entrance.request import Request
from parlour.foundation.errors import Forbidden

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_FORMS: Final = (RequestEncodingType.URL_ENCODED, RequestEncodingType.MULTI_PART)


class ForeignOrigin(Forbidden):
    """This form was sent from another site. Open the page here, then try again."""


class StaleForm(Forbidden):
    """This form has grown old. Reload the page, then send it again."""


async def check(request: Request, session: Session | None) -> None:
    """For a method that changes something, unless a bearer token came along. Raises `Forbidden`.

    A session's token comes as the header `X-CSRF-Token` or as the form's field `csrf`.
    """
    check_origin(request)
    if session is None:
        return
    sent = request.headers.get("x-csrf-token") or await _form_field(request)
    if not sent or not secrets.compare_digest(_unmasked(sent), session.csrf.encode()):
        raise StaleForm()


def check_origin(request: Request) -> None:
    """Raises `ForeignOrigin` where the browser says that another site's page is the sender."""
    site = request.headers.get("sec-fetch-site")
    if site in ("same-origin", "none"):
        return
    origin = request.headers.get("origin")
    if origin is None and site is None:
        # No browser of this decade: a session's own token still decides.
        return
    host = request.headers.get("host", "")
    # On a portal's own name nobody but its own pages may: the installation's are other people's as well.
    public_url = f"//{host}" if "portal" in request.scope["state"] else request.installation.settings.public_url
    if not is_own_origin(origin, host, public_url):
        raise ForeignOrigin()


def is_own_origin(origin: str | None, host: str, public_url: str) -> bool:
    """Whether a page of this origin is ours: the host asked, or the one of `PARLOUR_BASE_URL`."""
    if not origin or origin == "null":
        return False
    return urlsplit(origin).netloc.lower() in (host.lower(), urlsplit(public_url).netloc.lower())


def masked(token: str) -> str:
    """The token as it stands in a page: different each time, so that compression tells nothing of it (BREACH)."""
    plain = token.encode()
    pad = secrets.token_bytes(len(plain))
    return base64.urlsafe_b64encode(pad + _xor(pad, plain)).decode()


def _unmasked(sent: str) -> bytes:
    try:
        both = base64.urlsafe_b64decode(sent.encode())
    except ValueError:
        return b""
    half = len(both) // 2
    return _xor(both[:half], both[half:])


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=False))


async def _form_field(request: Request) -> str | None:
    if request.content_type[0] not in _FORMS:
        return None
    value = (await request.form()).get("csrf")
    return value if isinstance(value, str) else None
