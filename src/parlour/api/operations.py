"""How an operation of the API is written down: its signature is its contract, here and in the OpenAPI document."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Final, Generic, TypeVar, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec
from litestar.enums import HttpMethod
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse

from parlour import entrance
from parlour.entrance import Request
from parlour.foundation.errors import NotFound
from parlour.people import Permission
from parlour.tickets import Reference

Content = TypeVar("Content")
Function = Callable[..., Awaitable[Any]]

_GUARDED: Final = ("limit", "fresh", "confirmed", "uploads", "mails", "uncounted", "from_elsewhere")
REFUSALS: Final = (400, 401, 403, 429, 503)
"""What any operation may answer beside its own."""


class Answer(msgspec.Struct, Generic[Content], frozen=True):
    """A result with headers of its own: `ETag`, `Location`. Without content: only the headers."""

    content: Content | None
    headers: Mapping[str, str] = {}
    status: int | None = None


def shown_once(secret: Content) -> Answer[Content]:
    """A secret, which no cache on the way keeps."""
    return Answer(secret, {"cache-control": "no-store"})


class Operation(msgspec.Struct, frozen=True):
    """Everything the document says of an operation."""

    method: str
    path: str
    permission: Permission | str
    name: str
    room: str
    summary: str
    description: str
    status: int
    parameters: dict[str, Any]
    query: Any
    body: Any
    result: Any
    refusals: tuple[int, ...]
    headers: dict[str, str]
    accepts: dict[str, str]
    when_unwell: Any = None
    """What a 503 gives, where it is more than an error."""
    example: Any = None
    """What a body may look like."""
    file: bool = False
    """Takes a file as multipart/form-data, or gives one."""
    raw: bool = False
    """Takes a mail as it is."""


def operation(
    line: str, permission: Permission | str, *, status: int = 200, refusals: tuple[int, ...] = (), **more: Any
) -> Callable[[Function], HTTPRouteHandler]:
    """Declare a function as `GET /tickets/{reference}`: named parameters, `query` and `body` come by annotation.

    `more` is the rest of `Operation`; `limit`, `uploads`, `mails` and `uncounted` are for the guard.
    """
    method, _, path = line.partition(" ")
    guard: dict[str, Any] = {name: more.pop(name) for name in _GUARDED if name in more}

    def declare(function: Function) -> HTTPRouteHandler:
        hints = get_type_hints(function)
        described = _described(function, hints, method, path, permission, status, refusals, more)
        opt = {"permission": permission, "operation": described, **guard}
        handler = _handler(function, described)
        return HTTPRouteHandler(
            _litestar_path(path),
            http_method=HttpMethod(method),
            # The handler answers with a response of its own: this is only what Litestar checks for.
            status_code=200,
            opt=opt,
            name=described.name,
        )(handler)

    return declare


def _described(function: Any, hints: dict[str, Any], *line: Any) -> Operation:
    method, path, permission, status, refusals, more = line
    summary, _, description = (function.__doc__ or "").strip().partition("\n")
    parameters = {name: hints[name] for name in hints if f"{{{name}}}" in path}
    found = {400, *refusals} if permission == entrance.PUBLIC else {*REFUSALS, *refusals}
    if parameters:
        found.add(404)
    if "body" in hints:
        found |= {413, 415, 422}
    if "body" in hints or method != "GET":
        found |= {409, 422}
    return Operation(
        method=method,
        path=path,
        permission=permission,
        name=function.__name__,
        room=function.__module__.rpartition(".")[2],
        summary=summary,
        description=" ".join(description.split()),
        status=status,
        parameters=parameters,
        query=hints.get("query"),
        body=hints.get("body"),
        result=_content_of(hints["return"]),
        refusals=tuple(sorted(found)),
        headers=more.pop("headers", {}),
        accepts=more.pop("accepts", {}),
        **more,
    )


def _content_of(hint: Any) -> Any:
    if hint is ASGIResponse:
        return None
    return get_args(hint)[0] if get_origin(hint) is Answer else hint


def _litestar_path(path: str) -> str:
    return path.replace("}", ":str}")


def _handler(function: Function, described: Operation) -> Callable[[Request], Awaitable[ASGIResponse]]:
    conversions = {name: _reference if kind == Reference else _uuid for name, kind in described.parameters.items()}
    query = partial(entrance.query, shape=described.query) if described.query else None
    body = partial(entrance.json_body, shape=described.body) if described.body else None

    async def handler(request: Request) -> ASGIResponse:
        arguments: dict[str, Any] = {
            name: convert(request.scope["path_params"][name]) for name, convert in conversions.items()
        }
        if query:
            arguments["query"] = query(request)
        elif request.scope["query_string"]:
            entrance.refuse_query(request)
        if body:
            arguments["body"] = await body(request)
        return _response(await function(request, **arguments), described.status)

    handler.__name__ = described.name
    return handler


def _response(result: Any, status: int) -> ASGIResponse:
    if isinstance(result, ASGIResponse):
        return result
    headers: dict[str, Any] = {}
    if isinstance(result, Answer):
        headers, status, result = dict(result.headers), result.status or status, result.content
    if result is None:
        return ASGIResponse(status_code=status, headers=headers)
    return ASGIResponse(body=_encode(result), status_code=status, headers=headers, media_type="application/json")


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as wrong:
        raise NotFound() from wrong


def _reference(text: str) -> Reference:
    if len(text) <= 10 and text.isascii() and text.isdecimal():
        return int(text)
    return _uuid(text)


_encode = msgspec.json.Encoder().encode
