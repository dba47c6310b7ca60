"""Pictures that a mail wants from elsewhere: shown when somebody asks, fetched by us, trackers never."""

import hashlib
import re
from collections.abc import Callable
from datetime import timedelta
from html import escape, unescape
from typing import Final
from urllib.parse import urlencode, urlsplit
from uuid import UUID

import msgspec

from parlour.foundation import clock, fetching
from parlour.foundation.crypto import Signer
from parlour.foundation.errors import NotFound
from parlour.foundation.fetching import PUBLIC, Guard, Limits

PATH: Final = "/images"
GUARD: Final = PUBLIC
"""A mail's pictures are fetched from the open Internet only."""

_LIFETIME: Final = timedelta(days=2)
_DAY: Final = 86_400
_KINDS: Final = ("image/png", "image/jpeg", "image/jpg", "image/gif", "image/webp", "image/avif", "image/x-icon")
_LIMITS: Final = Limits(seconds=8.0, size=5 * 1024 * 1024, redirects=3, content_types=_KINDS)
_IMAGE: Final = re.compile(r"<img((?:\s+[\w-]+=\"[^\"]*\")*)\s*/?>")
_ATTRIBUTE: Final = re.compile(r"([\w-]+)=\"([^\"]*)\"")
_STARTS: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)

# What only counts who opens a mail: by its path, or by whose it is.
_TRACKING_PATH: Final = re.compile(
    r"/(open|opens|track(ing)?|trk|pixel|px|beacon|wf/open|e/o|imp|impression|spacer|blank|clear|transparent|1x1)"
    r"(\.(gif|png|aspx|php))?([/?]|$)|[/?&](utm_medium=email_open|open_?id|mail_?open)",
    re.IGNORECASE,
)
_TRACKERS: Final = re.compile(
    r"(^|\.)(list-manage\.com|mailchimp\.com|sendgrid\.net|mandrillapp\.com|mailgun\.org|sparkpostmail\.com|"
    r"hubspotemail\.net|hs-analytics\.net|pardot\.com|mktoresp\.com|doubleclick\.net|google-analytics\.com|"
    r"yesware\.com|mailtrack\.io|getnotify\.com|bananatag\.com|streak\.com|superhuman\.com|cirrusinsight\.com|"
    r"rs6\.net|exacttarget\.com|mailfoogae\.appspot\.com|pixel\.wp\.com|customeriomail\.com|klaviyomail\.com)$",
    re.IGNORECASE,
)


class Pictures(msgspec.Struct, frozen=True):
    """Cleaned HTML, and how many pictures from elsewhere it could show; trackers are not among them."""

    html: str
    remote: int
    trackers: int


class Picture(msgspec.Struct, frozen=True):
    """A picture as it was fetched."""

    content_type: str
    content: bytes


def without_pictures(cleaned: str) -> Pictures:
    """As it is first shown: nothing from elsewhere, and nothing left of trackers."""
    return _rewritten(cleaned, None)


def with_pictures(signer: Signer, organization_id: UUID, cleaned: str) -> Pictures:
    """As it is shown when somebody asks for its pictures: each fetched by us, from an address that we have signed."""
    return _rewritten(cleaned, lambda url: address_of(signer, organization_id, url))


def address_of(signer: Signer, organization_id: UUID, url: str) -> str:
    """Where our own proxy shows that picture, for a day or two."""
    until = int((clock.now() + _LIFETIME).timestamp()) // _DAY
    return f"{PATH}?{urlencode({'url': url, 'until': until, 'mark': _mark(signer, organization_id, url, until)})}"


def is_signed(signer: Signer, organization_id: UUID, url: str, until: str, mark: str) -> bool:
    """Whether we made that address for this organization, lately."""
    if not until.isascii() or not until.isdecimal() or len(until) > 8:
        return False
    payload = signer.verify(_purpose(organization_id), mark)
    return payload == _digest(url, int(until)) and int(until) * _DAY >= clock.now().timestamp() - _DAY


async def fetch_picture(url: str, guard: Guard = GUARD) -> Picture:
    """Raises `NotFound` where there is none that may be shown."""
    if is_tracker(url, {}):
        raise NotFound()
    try:
        answer = await fetching.fetch(url, headers={"Accept": "image/*"}, limits=_LIMITS, guard=guard)
    except fetching.NotFetched as failure:
        raise NotFound(failure.words) from failure
    kind = kind_of(answer.body)
    # What it says it is counts for nothing: a page must not come out as a picture.
    if answer.status != 200 or kind is None:
        raise NotFound()
    return Picture(kind, answer.body)


def is_tracker(url: str, attributes: dict[str, str]) -> bool:
    """Whether it only tells its owner who reads the mail."""
    sizes = [attributes[name] for name in ("width", "height") if name in attributes]
    if any(size in ("0", "1", "2") for size in sizes):
        return True
    try:
        place = urlsplit(url)
        return bool(_TRACKERS.search(place.hostname or "") or _TRACKING_PATH.search(f"{place.path}?{place.query}"))
    except ValueError:
        return True


def kind_of(content: bytes) -> str | None:
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    if content[4:12] in (b"ftypavif", b"ftypavis"):
        return "image/avif"
    return next((kind for start, kind in _STARTS if content.startswith(start)), None)


def _rewritten(cleaned: str, address: Callable[[str], str] | None) -> Pictures:
    remote = trackers = 0

    def one(image: re.Match[str]) -> str:
        nonlocal remote, trackers
        attributes = {name: unescape(value) for name, value in _ATTRIBUTE.findall(image[1])}
        url = attributes.get("data-remote-src")
        if url is None:
            return image[0]
        if is_tracker(url, attributes):
            trackers += 1
            return ""
        remote += 1
        shown = f'src="{escape(address(url))}" loading="lazy"' if address else None
        return image[0].replace(f'data-remote-src="{_written(image[1])}"', shown) if shown else image[0]

    return Pictures(_IMAGE.sub(one, cleaned), remote, trackers)


def _written(attributes: str) -> str:
    written: dict[str, str] = dict(_ATTRIBUTE.findall(attributes))
    return written["data-remote-src"]


def _mark(signer: Signer, organization_id: UUID, url: str, until: int) -> str:
    return signer.sign(_purpose(organization_id), _digest(url, until))


def _digest(url: str, until: int) -> bytes:
    return hashlib.sha256(f"{until} {url}".encode("utf-8", "surrogatepass")).digest()[:16]


def _purpose(organization_id: UUID) -> str:
    return f"email.picture:{organization_id}"
