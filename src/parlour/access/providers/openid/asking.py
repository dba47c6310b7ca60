"""Every request to a provider: guarded, small, quick. Nothing that it answers is believed here."""

from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from parlour.access.providers.keeping import plain_http
from parlour.foundation.fetching import ANYWHERE, PUBLIC, Answer, Limits, NotFetched, fetch
from parlour.foundation.installation import Installation

_LIMITS: Final = Limits(seconds=8.0, size=512 * 1024, redirects=0)
"""No redirects: a client secret and a code go to the address that was agreed on, and nowhere else."""


class BadAnswer(Exception):
    """The provider did not say what it should. `words` are for an administrator."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


async def ask(
    installation: Installation, url: str, *, body: bytes | None = None, headers: dict[str, str] | None = None
) -> Any:
    """The JSON that is answered. Raises `BadAnswer`."""
    check_address(installation, url)
    sent = {"accept": "application/json", **(headers or {})}
    if body is not None:
        sent["content-type"] = "application/x-www-form-urlencoded"
    guard = ANYWHERE if plain_http(installation) else PUBLIC
    method = "GET" if body is None else "POST"
    try:
        answer = await fetch(url, method=method, headers=sent, body=body, limits=_LIMITS, guard=guard)
    except NotFetched as failure:
        raise BadAnswer(f"{_host(url)}: {failure.words}") from failure
    return _read(url, answer)


def check_address(installation: Installation, url: object) -> str:
    """An address that a provider gave. Raises `BadAnswer` where it leads out of TLS."""
    if not isinstance(url, str) or not url.startswith(
        ("https://", "http://") if plain_http(installation) else "https://"
    ):
        raise BadAnswer("The provider names an address that does not begin with https://.")
    return url


def _read(url: str, answer: Answer) -> Any:
    try:
        found = msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, RecursionError) as broken:
        raise BadAnswer(f"{_host(url)} answers with {answer.status}, and not with JSON.") from broken
    if answer.status >= 300 or not isinstance(found, dict | list):
        error = found.get("error") if isinstance(found, dict) else ""
        more = f" ({error[:80]})" if isinstance(error, str) and error else ""
        raise BadAnswer(f"{_host(url)} answers with {answer.status}{more}.")
    return found


def _host(url: str) -> str:
    return urlsplit(url).netloc
