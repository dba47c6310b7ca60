"""Globex knocks at every route of every door, with Acme's ids in hand: nothing is found, nothing is changed."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from litestar.handlers import HTTPRouteHandler

from tests.builders import Company
from tests.doors.all_rows import everything_of
from tests.doors.belongings import SECRET, Belongings, belongings_of
from tests.doors.conftest import Clients
from tests.doors.every_route import addresses, routes, sent
from tests.doors.open_by_design import OPEN_BY_DESIGN

SAYS_SO_ITSELF = {
    # No worker runs in these tests.
    "/api/health",
    # RFC 7644, 3.4.3: a server that searches each kind on its own answers 501.
    "/api/scim/v2/.search",
}


@pytest_asyncio.fixture(loop_scope="session")
async def belongings(acme: Company) -> Belongings:
    return await belongings_of(acme)


@pytest.mark.parametrize("first", ["alice", "mara", "bob", "carol"])
async def test_no_route_gives_or_changes_a_neighbours_thing(
    unlimited: Any, acme: Company, globex: Company, belongings: Belongings, at_globex: Clients, first: str
) -> None:
    program = await at_globex.program(first)
    before = await everything_of(acme)
    assert any(SECRET in row for row in before)
    knocked, wrong = 0, []
    for path, handler, addressed in _knocks(unlimited, acme, globex, belongings):
        # A session of its own each: one of the routes ends it.
        is_for_programs = path.startswith("/api") and not handler.opt.get("fresh")
        client = program if is_for_programs else await at_globex.browser(first)
        for method in sorted(handler.http_methods):
            answer = await client.request(method, addressed, **sent(handler, acme, belongings))
            knocked += 1
            said = f"{method} {path} -> {answer.status_code} {answer.text[:200]}"
            is_at_home = addressed.startswith(f"/portal/{globex.slug}") and path.count("{") == 1
            is_forbidden = answer.status_code == 403 and first != "alice"
            may_be_there = is_at_home or is_forbidden
            wrong += [f"{trouble}: {said}" for trouble in _wrong(path, answer, acme, belongings, may_be_there)]
    assert wrong == []
    assert knocked > 200
    assert await everything_of(acme) == before


def _knocks(
    asgi: Any, company: Company, neighbour: Company, belongings: Belongings
) -> Iterator[tuple[str, HTTPRouteHandler, str]]:
    """With a company's ids, at its own portal and at the neighbour's."""
    for path, handler in routes(asgi):
        for addressed in addresses(path, company, belongings):
            yield path, handler, addressed
            if path.startswith("/portal/{slug"):
                yield path, handler, addressed.replace(company.slug, neighbour.slug)


def _wrong(
    path: str, answer: httpx.Response, company: Company, belongings: Belongings, may_be_there: bool
) -> Iterator[str]:
    if answer.status_code >= 500 and path not in SAYS_SO_ITSELF:
        yield "fails"
    if "{" in path and path not in OPEN_BY_DESIGN and not may_be_there:
        # To another organization's portal, somebody signed in here is nobody.
        is_sign_in = answer.status_code == 401 or "/sign-in" in answer.headers.get("location", "")
        if answer.status_code != 404 and not (path.startswith("/portal") and is_sign_in):
            yield "is found"
    text = answer.text.lower() + str(answer.headers).lower()
    if SECRET in text:
        yield "leaks words"
    ours = (company.carol.user_id, company.bob.user_id, belongings.ticket.id, belongings.comment_id)
    if answer.request.method == "GET" and any(str(thing) in text for thing in ours):
        yield "leaks ids"
