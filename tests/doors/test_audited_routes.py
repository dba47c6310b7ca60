"""Every route that changes what protects an organization leaves a record in its audit trail, or says here why not."""

from typing import Any

import msgspec
from litestar import Litestar

from parlour.people import Permission
from tests.builders import Company
from tests.doors.acts import send, thing_of, things_of
from tests.doors.audited_routes import CASES, WITHOUT_A_RECORD
from tests.doors.conftest import Clients
from tests.doors.every_route import named

DAILY_WORK = {
    Permission.READ_TICKETS,
    Permission.OPEN_TICKETS,
    Permission.REPLY_TO_TICKETS,
    Permission.WRITE_NOTES,
    Permission.CHANGE_TICKETS,
    Permission.READ_OWN_NOTIFICATIONS,
}
"""What needs none of these permissions is looked at."""


async def test_every_route_that_changes_a_setting_is_recorded(unlimited: Any, acme: Company, at_acme: Clients) -> None:
    silent = []
    for route in _routes(unlimited):
        if route in WITHOUT_A_RECORD:
            continue
        assert route in CASES, f"{route}: say in CASES which act it is, or in WITHOUT_A_RECORD why there is none."
        case, things = CASES[route], await things_of(acme)
        before = await _last(acme)
        if case.first:
            async with acme.database.transaction(acme.organization_id) as tx:
                await tx.run(f"{case.first} where id = %(id)s", id=things[thing_of(route)])
        client = await (at_acme.program("alice") if " /api" in route else at_acme.browser("alice"))
        answer = await send(client, route, case, things)
        assert answer.status_code < 400, (route, answer.status_code, answer.text[:500])
        acts = await _acts(acme, before)
        if (case.act.value, acme.alice.user_id) not in acts:
            silent.append((route, answer.status_code, acts))
    assert silent == []


def test_nothing_is_excused_or_expected_that_is_not_there(unlimited: Any) -> None:
    routes = set(_routes(unlimited))
    assert {*CASES, *WITHOUT_A_RECORD} - routes == set()
    assert set(CASES) & set(WITHOUT_A_RECORD) == set()


def _routes(asgi: Any) -> list[str]:
    doors: Litestar = asgi.other_asgi_app.app
    found = []
    for route in doors.routes:
        for handler in getattr(route, "route_handlers", ()):
            path = named(route.path)
            permission = handler.opt.get("permission")
            for method in sorted(handler.http_methods - {"OPTIONS"}):
                name = f"{method} {path}"
                is_sensitive = permission in set(Permission) - DAILY_WORK and method != "GET"
                if is_sensitive or name in CASES:
                    found.append(name)
    return found


async def _last(company: Company) -> int:
    async with company.database.reading(company.organization_id) as tx:
        found: int = await tx.value("select last_position from audit_trails")
    return found


async def _acts(company: Company, after: int) -> list[tuple[str, object]]:
    async with company.database.reading(company.organization_id) as tx:
        rows = await tx.all(
            _Row, "select act, actor_id from audit_records where position > %(after)s order by position", after=after
        )
    return [(row.act, row.actor_id) for row in rows]


class _Row(msgspec.Struct):
    act: str
    actor_id: Any


async def test_what_is_refused_changes_nothing_and_records_nothing(acme: Company, at_acme: Clients) -> None:
    program = await at_acme.program("bob")
    before = await _last(acme)
    answer = await program.put(f"/api/users/{acme.mara.user_id}", json={"role": "AGENT"})
    assert answer.status_code == 403
    assert await _last(acme) == before
