"""Failures, translated once: JSON for programs, a page for people; nothing of our inside leaks."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlsplit

import jinja2
import msgspec
import psycopg
import structlog
from litestar import Response
from litestar.exceptions import HTTPException, MethodNotAllowedException, NotFoundException
from litestar.response import Redirect
from psycopg import errors as sql

from parlour.access import ConfirmFirst
from parlour.entrance import pages
from parlour.foundation import clock
from parlour.foundation.errors import (
    BadRequest,
    Conflict,
    Invalid,
    NotFound,
    Problem,
    TooManyRequests,
    Unavailable,
)

log = structlog.get_logger()


class Moved(Problem):
    """This has moved to another address."""

    status = 307

    def __init__(self, location: str) -> None:
        super().__init__()
        self.location = location


class Failure(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """What every error looks like to a program. `error` says what to do, `details` names the fields."""

    error: str
    timestamp: str
    request_id: str
    details: Mapping[str, Any] | None = None


_SCIM: Final = "/api/scim/"

# What the database refuses because of what was sent, and how that is told. The first class that fits decides.
_DATABASE: Final = (
    (sql.DeadlockDetected, Unavailable),
    (sql.SerializationFailure, Unavailable),
    (sql.LockNotAvailable, Unavailable),
    (sql.QueryCanceled, Unavailable),
    (psycopg.DataError, Invalid),
    (sql.CheckViolation, Invalid),
    (psycopg.IntegrityError, Conflict),
    (psycopg.OperationalError, Unavailable),
)
_DATABASE_SENTENCES: Final = {
    Invalid: "One of the values is too long, too large, or of a kind that can't be stored.",
    Conflict: "Something this refers to was just changed or removed. Read it again, then repeat.",
}


def answer(request: Any, failure: Exception) -> Response[Any]:
    """The answer to a request that failed."""
    problem = _problem(failure)
    if isinstance(problem, Moved):
        # For a while only, and with the form that was sent.
        return Redirect(problem.location, status_code=307, headers={"cache-control": "no-store"})
    if problem.status >= 500:
        log.error("request.failed", request_id=_id(request), path=request.scope["path"], exc_info=failure)
    headers = _headers(problem, failure)
    if _is_for_a_program(request):
        if request.scope["path"].startswith(_SCIM):
            return _for_a_directory(problem, headers)
        return Response(
            body(problem, _id(request)), status_code=problem.status, headers=headers, media_type="application/json"
        )
    if problem.status == 401 and request.method == "GET":
        return Redirect(_sign_in(request), status_code=303)
    if isinstance(problem, ConfirmFirst):
        return Redirect(_confirm(request), status_code=303)
    return _page(request, problem, headers)


def _for_a_directory(problem: Problem, headers: dict[str, str]) -> Response[Any]:
    """As RFC 7644, 3.12 has it. It knows no 422: a value that can't be is a 400."""
    status = 400 if problem.status == 422 else problem.status
    kinds = {409: "uniqueness", 422: "invalidValue"}
    kind = getattr(problem, "scim_type", kinds.get(problem.status))
    said = " ".join([problem.message, *(str(detail) for detail in (problem.details or {}).values())])
    error = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "detail": said, "status": str(status)}
    written = msgspec.json.encode({**error, "scimType": kind} if kind else error)
    return Response(written, status_code=status, headers=headers, media_type="application/scim+json")


def body(problem: Problem, request_id: str) -> bytes:
    """The JSON of a failure."""
    failure = Failure(problem.message, clock.now().isoformat(), request_id, problem.details or None)
    return msgspec.json.encode(failure)


def _problem(failure: Exception) -> Problem:
    if isinstance(failure, Problem):
        return failure
    if isinstance(failure, NotFoundException):
        return NotFound()
    if isinstance(failure, HTTPException):
        return _of_status(failure)
    for kind, meant in _DATABASE:
        if isinstance(failure, kind):
            # Not its text: that quotes what somebody wrote.
            log.warning("request.refused_by_database", kind=kind.__name__, constraint=_constraint(failure))
            return meant(_DATABASE_SENTENCES.get(meant))
    return Problem()


def _constraint(failure: Exception) -> str | None:
    return failure.diag.constraint_name if isinstance(failure, psycopg.Error) else None


def _of_status(failure: HTTPException) -> Problem:
    problem = BadRequest() if failure.status_code < 500 else Problem()
    if isinstance(failure, MethodNotAllowedException):
        problem = BadRequest("This address does not answer to that method.")
    elif failure.status_code == 413:
        problem = BadRequest("That is too large. Send less at once.")
    problem.status = failure.status_code  # type: ignore[misc]
    if failure.status_code == 400 and isinstance(failure.extra, list):
        fields = {str(each.get("key")): each.get("message") for each in failure.extra if isinstance(each, dict)}
        problem.details = fields or None
    return problem


def _headers(problem: Problem, failure: Exception) -> dict[str, str]:
    headers = {"cache-control": "no-store", **getattr(problem, "headers", {})}
    if isinstance(failure, HTTPException) and failure.headers:
        headers |= {name.lower(): value for name, value in failure.headers.items()}
    if isinstance(problem, TooManyRequests):
        headers["retry-after"] = str(problem.retry_after)
    elif problem.status == 503:
        headers["retry-after"] = "2"
    elif problem.status == 401:
        headers["www-authenticate"] = "Bearer"
    return headers


def _id(request: Any) -> str:
    return str(request.scope["state"].get("request_id", ""))


def _is_for_a_program(request: Any) -> bool:
    return request.scope["path"].startswith("/api") or "text/html" not in request.headers.get("accept", "")


def _sign_in(request: Any) -> str:
    """Where this door signs people in: its routes' `opt` may name another place than `/sign-in`."""
    handler = request.scope.get("route_handler")
    place: str = handler.opt.get("sign_in", "/sign-in") if handler else "/sign-in"
    query = request.scope["query_string"].decode("latin-1")
    path = request.scope["path"] + (f"?{query}" if query else "")
    return f"{place.format(**request.scope.get('path_params', {}))}?next={quote(path, safe='/')}"


def _confirm(request: Any) -> str:
    """Where this door asks whether it is still you. A form is filled in again afterwards, on the page it came from."""
    handler = request.scope["route_handler"]
    place: str = handler.opt.get("confirm", "/confirm").format(**request.scope.get("path_params", {}))
    query = request.scope["query_string"].decode("latin-1")
    back = request.scope["path"] + (f"?{query}" if query else "")
    if request.method != "GET":
        back = urlsplit(request.headers.get("referer", "")).path or "/"
    return f"{place}?next={quote(back, safe='/')}"


def _page(request: Any, problem: Problem, headers: dict[str, str]) -> Response[Any]:
    try:
        return pages.render(request, "error.html", status=problem.status, headers=headers, problem=problem)
    except (jinja2.TemplateError, OSError, KeyError):
        # A failure of the page of failures must not hide the first one.
        log.warning("request.no_error_page", exc_info=True)
        return Response(problem.message, status_code=problem.status, headers=headers, media_type="text/plain")
