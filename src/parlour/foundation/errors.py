"""Expected failures, each with the HTTP status it answers with. The docstring is the sentence a person reads."""

from collections.abc import Mapping
from typing import ClassVar


class Problem(Exception):
    """Something went wrong on our side. Please try again."""

    status: ClassVar[int] = 500

    def __init__(self, message: str | None = None, details: Mapping[str, object] | None = None) -> None:
        self.message = message or (type(self).__doc__ or "").strip()
        self.details = details
        super().__init__(self.message)


class BadRequest(Problem):
    """That request could not be understood. Check it against the API's documentation."""

    status = 400


class Unauthenticated(Problem):
    """Sign in first, or send a valid API token as `Authorization: Bearer …`."""

    status = 401


class Forbidden(Problem):
    """Your role does not allow this. Ask an administrator of your organization."""

    status = 403


class NotFound(Problem):
    """There is nothing here, or it is not yours to see."""

    status = 404


class Conflict(Problem):
    """That clashes with something that exists already."""

    status = 409


class Gone(Problem):
    """This was here, and is over."""

    status = 410


class PreconditionFailed(Problem):
    """This has changed since you read it. Read it again, then repeat your change."""

    status = 412


class TooSlow(Problem):
    """The request did not arrive in time. Send it again, over a better line."""

    status = 408


class TooLarge(Problem):
    """That is too large. Send less at once."""

    status = 413


class UnsupportedMediaType(Problem):
    """That content type is not accepted here."""

    status = 415


class Invalid(Problem):
    """Some fields need attention."""

    status = 422


class TooManyRequests(Problem):
    """Too many requests. Wait a moment, then try again."""

    status = 429

    def __init__(self, message: str | None = None, *, retry_after: int = 1) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unavailable(Problem):
    """This is not available right now. Try again in a moment."""

    status = 503
