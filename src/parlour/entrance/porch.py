"""What happens to every request and answer, whatever the door: one thin layer of plain ASGI."""

import re
import time
from collections.abc import Callable
from functools import lru_cache
from random import Random
from typing import Any, Final

import structlog

from parlour.entrance import errors
from parlour.entrance.browsers.hosts import Hosts, TurnedAway
from parlour.entrance.browsers.origins import EXPOSED
from parlour.entrance.browsers.policies import ALONE, REPORTS, headers_for
from parlour.entrance.browsers.reports import Reports
from parlour.entrance.compression import compressed
from parlour.entrance.files.host import FilesHost
from parlour.entrance.idempotency import Attempt
from parlour.entrance.limits import Left
from parlour.entrance.patience import Patience
from parlour.entrance.static import PREFIX, Static
from parlour.foundation import circumstances
from parlour.foundation.circumstances import Circumstances
from parlour.foundation.errors import BadRequest, Problem, TooSlow, Unavailable
from parlour.foundation.settings import Settings

Watch = Callable[[str, str, int, float], None]
"""Told of each answer: method, route, status, seconds."""

log = structlog.get_logger()

_ID: Final = re.compile(rb"[A-Za-z0-9._-]{8,64}")
_VARY: Final = b"accept-encoding, cookie, authorization, origin"
# Nothing is kept secret by a request's id, and the system's own randomness takes many times as long.
_random: Final = Random()  # noqa: S311
_WRITES: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class Porch:
    """Request id, safety headers, compression, `Idempotency-Key`, static files, and the last net under a failure."""

    def __init__(
        self, app: Any, settings: Settings, *, hosts: Hosts, files: FilesHost, watch: Watch | None = None
    ) -> None:
        self.app = app
        self._hosts = hosts
        self._files = files
        self._seconds = settings.request_seconds
        self._static = Static()
        self._reports = Reports()
        self._watch = watch
        self._headers_for = lru_cache(64)(
            lambda content_type: headers_for(content_type, settings.public_url, settings.files_origin)
        )

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started_at = time.perf_counter()
        headers = dict(scope["headers"])
        state = scope["state"] = {"request_id": _request_id(headers)}
        if scope["method"] == "HEAD":
            scope = {**scope, "method": "GET"}
            send = _without_body(send)
        patience = Patience(receive, send, self._seconds)
        exit_ = _Exit(patience.send, state, headers.get(b"accept-encoding", b""), self._headers_for)
        try:
            async with patience:
                with circumstances.under(_circumstances(scope, headers)):
                    await self._let_in(scope, patience.receive, exit_.send, headers)
        except Exception as failure:
            problem = _problem(failure, patience, state["request_id"], scope["path"])
            if exit_.status is not None:
                # Half an answer is out: ending the connection is the only honest thing left.
                raise
            await _fail(exit_.send, problem, state["request_id"])
        if self._watch:
            route = scope.get("path_template", "")
            self._watch(scope["method"], route, exit_.status or 0, time.perf_counter() - started_at)

    async def _let_in(self, scope: Any, receive: Any, send: Any, headers: dict[bytes, bytes]) -> None:
        if self._files.is_asked(scope):
            await self._give_file(scope, send)
            return
        if away := await self._hosts.turned_away(scope):
            await _turn_away(send, away)
            return
        if scope["path"].startswith(PREFIX):
            await self._static(scope, receive, send)
            return
        if scope["path"] == REPORTS:
            await self._reports(scope, receive, send)
            return
        if "\x00" in scope["path"]:
            await _fail(send, BadRequest("An address can't hold NUL characters."), scope["state"]["request_id"])
            return
        key = headers.get(b"idempotency-key")
        if key is None or scope["method"] not in _WRITES:
            await self.app(scope, receive, send)
            return
        attempt = scope["state"]["attempt"] = Attempt(scope, receive, key)
        await self.app(scope, attempt.receive, attempt.send)
        await attempt.finish(send)

    async def _give_file(self, scope: Any, send: Any) -> None:
        try:
            await self._files.serve(scope, send)
        except Problem as problem:
            if problem.status >= 500:
                raise
            await _fail(send, problem, scope["state"]["request_id"])


class _Exit:
    """The way out: headers are added, and a whole body is compressed."""

    __slots__ = ("_accepts", "_headers_for", "_send", "_start", "_state", "status")

    def __init__(self, send: Any, state: dict[str, Any], accepts: bytes, headers_for: Any) -> None:
        self.status: int | None = None
        self._send = send
        self._state = state
        self._accepts = accepts
        self._headers_for = headers_for
        self._start: Any = None

    async def send(self, event: Any) -> None:
        kind = event["type"]
        if kind == "http.response.start":
            self._start = event
            return
        if kind == "http.response.body" and self._start is not None:
            start, self._start = self._start, None
            event = self._finish(start, event)
            self.status = start["status"]
            await self._send(start)
        await self._send(event)

    def _finish(self, start: Any, event: Any) -> Any:
        headers = start["headers"] = list(start["headers"])
        names = dict(headers)
        content_type = names.get(b"content-type", b"")
        whole = not event.get("more_body") and b"content-encoding" not in names
        if whole and self._accepts and (small := compressed(event.get("body", b""), content_type, self._accepts)):
            body, encoding = small
            headers[:] = [pair for pair in headers if pair[0] not in (b"content-length", b"vary")]
            headers += [(b"content-length", str(len(body)).encode()), (b"content-encoding", encoding)]
            headers.append((b"vary", _VARY))
            event = {"type": "http.response.body", "body": body, "more_body": False}
        elif b"vary" not in names:
            headers.append((b"vary", _VARY))
        # A file that somebody sent is no page of ours, whatever it says it is.
        shown_as = b"" if b"content-disposition" in names else content_type
        ours = self._headers_for(shown_as)
        if "portal" in self._state:
            ours = [ALONE if pair[0] == ALONE[0] else pair for pair in ours]
        headers.extend(pair for pair in ours if pair[0] not in names)
        if b"cache-control" not in names:
            headers.append((b"cache-control", b"private, no-cache"))
        headers.append((b"x-request-id", self._state["request_id"].encode()))
        told = [value.partition(b"=")[0] for name, value in headers if name == b"set-cookie"]
        # What the handler itself says of a cookie is the last word on it.
        headers += [header for header in self._state.get("cookies", ()) if header[1].partition(b"=")[0] not in told]
        headers += _told_of(self._state)
        if any(name == b"set-cookie" for name, _ in headers):
            _keep_nowhere(headers)
        return event


def _keep_nowhere(headers: list[tuple[bytes, bytes]]) -> None:
    # Somebody's cookie is nobody else's to be given, whatever the page says of itself.
    if not any(name == b"cache-control" and b"no-store" in value for name, value in headers):
        headers[:] = [pair for pair in headers if pair[0] != b"cache-control"]
        headers.append((b"cache-control", b"private, no-store"))


def _told_of(state: dict[str, Any]) -> list[tuple[bytes, bytes]]:
    """What the guard found out on the way in: how much is left, and whether a page elsewhere may read this."""
    headers = []
    left: Left | None = state.get("limit")
    if left:
        headers.append((b"ratelimit-limit", str(left.limit).encode()))
        headers.append((b"ratelimit-remaining", str(left.remaining).encode()))
        headers.append((b"ratelimit-reset", str(left.reset).encode()))
    if origin := state.get("origin"):
        headers.append((b"access-control-allow-origin", origin.encode("latin-1")))
        headers.append((b"access-control-expose-headers", EXPOSED))
    return headers


def _without_body(send: Any) -> Any:
    """A HEAD is a GET whose answer ends after its headers (RFC 9110, 9.3.2)."""

    async def send_headers(event: Any) -> None:
        await send({**event, "body": b""} if event["type"] == "http.response.body" else event)

    return send_headers


def _request_id(headers: dict[bytes, bytes]) -> str:
    given = headers.get(b"x-request-id")
    if given and _ID.fullmatch(given):
        return given.decode()
    return f"{_random.getrandbits(64):016x}"


def _circumstances(scope: Any, headers: dict[bytes, bytes]) -> Circumstances:
    agent = headers.get(b"user-agent", b"").decode("latin-1")
    return Circumstances(user_agent=agent or None, request_id=scope["state"]["request_id"])


def _problem(failure: Exception, patience: Patience, request_id: str, path: str) -> Problem:
    """What is answered instead; logged, unless whoever raised it has said all there is to say."""
    match failure:
        case Unavailable():
            return failure
        case TimeoutError():
            log.warning("request.took_too_long", request_id=request_id, path=path)
            return Unavailable() if patience.is_whole else TooSlow()
        case _:
            log.error("request.failed", request_id=request_id, path=path, exc_info=failure)
            return Problem()


async def _fail(send: Any, problem: Problem, request_id: str) -> None:
    body = errors.body(problem, request_id)
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    headers += [(name.encode(), str(value).encode()) for name, value in getattr(problem, "headers", {}).items()]
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _turn_away(send: Any, away: TurnedAway) -> None:
    body = f"{away.words}\n".encode() if away.words else b""
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    if away.location:
        headers.append((b"location", away.location.encode("latin-1")))
    await send({"type": "http.response.start", "status": away.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
