"""Nobody else's page writes in anybody's name: every route that changes something, knocked at as such a page would."""

from typing import Any

import httpx

from tests.builders import Company
from tests.doors.all_rows import everything_of
from tests.doors.belongings import Belongings, belongings_of
from tests.doors.conftest import Clients, session_of
from tests.doors.every_route import addresses, routes, sent

FROM_ELSEWHERE = {
    "POST /api/auth/tokens": "an app of ours anywhere, with a person's own password",
    "POST /api/auth/tokens/refresh": "an app of ours anywhere, with its own refresh token",
    "POST /api/auth/tokens/revoke": "an app of ours anywhere, with its own refresh token",
    "POST /portal/{slug:str}/enter": "the organization's own site, with a token it has signed",
    "POST /sign-in/with/{provider_id:uuid}/logout": "the identity provider's page, with what it has signed",
    "POST /sign-in/with/{provider_id:uuid}/saml": "the identity provider's page, with what it has signed",
}
"""What another site's page may send, since it says by something of its own that it may."""

Way = dict[str, str]


async def test_a_route_that_is_open_to_other_sites_is_known(unlimited: Any) -> None:
    found = {
        f"{method} {path}"
        for path, handler in routes(unlimited)
        for method in handler.http_methods
        if handler.opt.get("from_elsewhere")
    }
    assert found == set(FROM_ELSEWHERE)


async def test_no_other_page_writes_in_anybodys_name(unlimited: Any, acme: Company, at_acme: Clients) -> None:
    belongings = await belongings_of(acme)
    _, token = await session_of(acme, acme.alice)
    _, another = await session_of(acme, acme.alice)
    ways: dict[str, Way] = {
        "with no token": {},
        "with the token of another session": {"x-csrf-token": another},
        "from another site": {"origin": "https://evil.test"},
        "from a page without an origin": {"origin": "null"},
        "from a site that a browser calls another": {"sec-fetch-site": "cross-site"},
        "from a neighbouring host": {"sec-fetch-site": "same-site"},
    }
    alice = await at_acme.browser("alice")
    rightly = alice.headers.pop("x-csrf-token")
    before, passed, knocks = await everything_of(acme), [], 0
    for method, path, address, body in _unsafe(unlimited, acme, belongings):
        for how, headers in ways.items():
            # Whoever comes from elsewhere has even got hold of the right token.
            stolen = {} if "token" in how else {"x-csrf-token": rightly}
            answer = await alice.request(method, address, headers={**stolen, **headers}, **body)
            knocks += 1
            if not _is_refused(answer):
                passed.append(f"{how}: {method} {path} -> {answer.status_code}")
    assert passed == []
    assert knocks > 800
    assert await everything_of(acme) == before
    assert token != another


def _unsafe(asgi: Any, company: Company, belongings: Belongings) -> list[tuple[str, str, str, dict[str, Any]]]:
    return [
        (method, path, addresses(path, company, belongings)[0], sent(handler, company, belongings))
        for path, handler in routes(asgi)
        for method in sorted(handler.http_methods - {"GET", "HEAD", "OPTIONS"})
        if f"{method} {path}" not in FROM_ELSEWHERE
    ]


def _is_refused(answer: httpx.Response) -> bool:
    """By the guard, for what it is: not by chance, for what was sent."""
    said = answer.text
    return answer.status_code == 403 and ("another site" in said or "grown old" in said)
