"""What the endpoints share: bodies, pages, ETags, and which attributes are asked for (RFC 7644)."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar.response.base import ASGIResponse

from parlour.access import directory
from parlour.api.scim import filters
from parlour.api.scim.resources import LIST, Refused, Resource
from parlour.entrance import Limit, Request, needs
from parlour.foundation.errors import NotFound, PreconditionFailed
from parlour.people import Permission

PATH: Final = "/scim/v2"
MAY: Final = {**needs(Permission.PROVISION_PEOPLE, confirmed=True), "uncounted": True, "limit": Limit.SCIM}
MOST: Final = 200
_ALWAYS: Final = frozenset({"id", "schemas", "meta"})
_CORE: Final = re.compile(r"urn:ietf:params:scim:schemas:core:2\.0:(?:User|Group):", re.IGNORECASE)
_FIRST_AND_COUNT: Final = (("startIndex", 1), ("count", 100))


def base_of(request: Request) -> str:
    """Where it is, as the outside knows it."""
    return f"{request.installation.settings.public_url.rstrip('/') or str(request.base_url).rstrip('/')}/api{PATH}"


class Asked(msgspec.Struct, frozen=True):
    """A question for several, in the address or in the body of a `.search`."""

    wanted: directory.Wanted
    only: frozenset[str]
    out: frozenset[str]


def asked(sent: Mapping[str, Any]) -> Asked:
    """The page, the filter and the attributes. Raises `Refused` or `BadFilter`."""
    start, count = (_number(sent.get(name), otherwise) for name, otherwise in _FIRST_AND_COUNT)
    filter_ = str(sent.get("filter") or "").strip()
    wanted = directory.Wanted(
        filters.read(filter_) if filter_ else None,
        str(sent.get("sortBy") or ""),
        str(sent.get("sortOrder") or "").lower() == "descending",
        skip=min(max(start, 1), 10_000_000) - 1,
        limit=min(max(count, 0), MOST),
    )
    return Asked(wanted, _names(sent.get("attributes")), _names(sent.get("excludedAttributes")))


async def sent(request: Request) -> Resource:
    """The body: an object. Raises `Refused`."""
    written = await request.body()
    try:
        body = msgspec.json.decode(written)
        text = written.decode()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as broken:
        raise Refused("The body is no JSON.", "invalidSyntax") from broken
    if not isinstance(body, dict) or "\\u0000" in text:
        raise Refused("The body is a JSON object, without NUL characters.", "invalidSyntax")
    return body


def page(found: Iterable[Resource], total: int, asked: Asked) -> ASGIResponse:
    resources = [_chosen(resource, asked.only, asked.out) for resource in found]
    first = asked.wanted.skip + 1
    listed = {"schemas": [LIST], "totalResults": total, "startIndex": first, "itemsPerPage": len(resources)}
    return answer({**listed, "Resources": resources})


def one(request: Request, resource: Resource, status: int = 200) -> ASGIResponse:
    """A resource with its ETag; 304 to whoever has this version already."""
    version = resource["meta"]["version"]
    headers = {"etag": version, "location": resource["meta"]["location"]}
    if request.method == "GET" and version in _tags(request, "if-none-match"):
        return ASGIResponse(status_code=304, headers=headers)
    return answer(_chosen(resource, *_named(request)), status, headers)


def nothing() -> ASGIResponse:
    return ASGIResponse(status_code=204)


def answer(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> ASGIResponse:
    return ASGIResponse(
        body=msgspec.json.encode(body), status_code=status, headers=headers or {}, media_type="application/scim+json"
    )


def must_be_as_read(request: Request, resource: Resource) -> None:
    """Raises `PreconditionFailed` where `If-Match` names another version."""
    expected = _tags(request, "if-match")
    if expected and "*" not in expected and resource["meta"]["version"] not in expected:
        raise PreconditionFailed()


def uuid_of(text: str) -> UUID:
    """Raises `NotFound` where it is none: no such resource can be."""
    try:
        return UUID(text)
    except ValueError as wrong:
        raise NotFound() from wrong


def _chosen(resource: Resource, only: frozenset[str], out: frozenset[str]) -> Resource:
    if only:
        tops = {name.partition(".")[0] for name in only} | {"id", "schemas"}
        return {name: value for name, value in resource.items() if name.lower() in tops}
    return {name: value for name, value in resource.items() if name.lower() not in out - _ALWAYS}


def _named(request: Request) -> tuple[frozenset[str], frozenset[str]]:
    query = request.query_params
    return _names(query.get("attributes")), _names(query.get("excludedAttributes"))


def _names(sent: Any) -> frozenset[str]:
    named = sent if isinstance(sent, list) else str(sent or "").split(",")
    return frozenset(_CORE.sub("", str(name).strip()).lower() for name in named if str(name).strip())


def _tags(request: Request, header: str) -> set[str]:
    return {tag.strip() for tag in request.headers.get(header, "").split(",") if tag.strip()}


def _number(sent: Any, otherwise: int) -> int:
    if sent is None:
        return otherwise
    text = str(sent)
    if not text.lstrip("-").isdecimal() or len(text) > 12:
        raise Refused("`startIndex` and `count` are numbers.", "invalidValue")
    return int(text)
