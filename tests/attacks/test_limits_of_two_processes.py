"""Limits, where more than one process counts, and where a minute ends and another begins."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio

from parlour import entrance, people
from parlour.entrance import Limit, Limits
from parlour.foundation import clock
from parlour.foundation.installation import Installation
from parlour.foundation.settings import Settings
from parlour.people import Allowance
from tests.builders import Company
from tests.doors.conftest import HOST, started, token_of

A_FULL_MINUTE = datetime(2031, 5, 6, 7, 8, tzinfo=UTC)


@asynccontextmanager
async def _two(settings: Settings, **limits: str) -> AsyncIterator[list[Any]]:
    """Two web processes' worth of app: they share Valkey and the database, and nothing else."""
    known = settings.model_copy(update={"rate_limits": "on", "trusted_proxies": "127.0.0.1", **limits})
    async with started(known) as one, started(known) as other:
        yield [one, other]


def _client(asgi: Any, **headers: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(asgi), base_url=HOST, headers=headers)


async def test_what_one_process_counted_the_other_knows(acme: Company, settings: Settings) -> None:
    token = await token_of(acme, acme.bob)
    async with _two(settings, api_limit="4/hour", ticket_limit="2/hour") as apps:
        bob = [_client(asgi, authorization=f"Bearer {token}") for asgi in apps]
        body = {"subject": "Leak", "body": "Water"}
        opened = [(await bob[turn % 2].post("/api/tickets", json=body)).status_code for turn in range(3)]
        assert opened == [201, 201, 429]
        asked = [await bob[turn % 2].get("/api/me") for turn in range(3)]
        assert [answer.status_code for answer in asked] == [200, 429, 429]
        assert asked[1].headers["ratelimit-remaining"] == "0"
        assert 0 < int(asked[1].headers["retry-after"]) == int(asked[1].headers["ratelimit-reset"])


async def test_signing_in_is_limited_by_account_and_by_address_across_processes(
    acme: Company, settings: Settings
) -> None:
    async with _two(settings) as apps:

        async def guess(turn: int, email: str, address: str) -> int:
            async with _client(apps[turn % 2], **{"x-forwarded-for": address}) as client:
                return (await client.post("/api/auth/sign-in", json={"email": email, "password": "wrong"})).status_code

        victim = f"victim@{acme.slug}.test"
        nets = acme.organization_id.bytes
        by_account = [await guess(turn, victim, f"198.18.{nets[-1]}.{turn}") for turn in range(7)]
        assert by_account == [401] * 5 + [429] * 2
        address = f"203.0.{nets[-1]}.{nets[-2]}"
        by_address = [await guess(turn, f"{turn}@{acme.slug}.test", address) for turn in range(7)]
        assert by_address == [401] * 5 + [429] * 2


@pytest_asyncio.fixture(loop_scope="session")
async def ten(running: Installation) -> Installation:
    settings = running.settings.model_copy(update={"rate_limits": "on", "api_limit": "10/minute"})
    return Installation(settings, *[getattr(running, name) for name in running.__struct_fields__[1:]])


async def test_the_end_of_a_minute_gives_nobody_twice_the_limit(acme: Company, ten: Installation) -> None:
    limits, whose = Limits(ten), f"sliding/{acme.slug}"

    async def passed(seconds: float, asks: int) -> int:
        with clock.frozen(A_FULL_MINUTE + timedelta(seconds=seconds)):
            taken = [await limits.take(Limit.API, whose) for _ in range(asks)]
        return sum(not left.is_over for left in taken if left)

    assert await passed(59, 20) == 10
    assert await passed(61, 20) == 0
    assert await passed(90, 20) == 5
    assert await passed(200, 20) == 10


@pytest.mark.parametrize("into", [0, 17, 45, 59])
async def test_who_waits_as_long_as_told_may_go_on(acme: Company, ten: Installation, into: int) -> None:
    limits, whose = Limits(ten), f"waiting/{acme.slug}/{into}"
    now = A_FULL_MINUTE + timedelta(seconds=into)
    for _ in range(5):
        with clock.frozen(now):
            while (left := await limits.take(Limit.API, whose)) and not left.is_over:
                pass
        assert left is not None
        assert 1 <= left.reset <= 66
        now += timedelta(seconds=left.reset)
        with clock.frozen(now):
            again = await limits.take(Limit.API, whose)
        assert again
        assert not again.is_over


async def test_a_plan_raises_the_limit_of_one_organization_only(
    acme: Company, globex: Company, ten: Installation
) -> None:
    async with acme.database.transaction(acme.organization_id) as tx:
        await people.set_allowance(tx, Allowance.API, 25, 60)
    limits = Limits(ten)
    for company, most in ((acme, 25), (globex, 10)):
        with clock.frozen(A_FULL_MINUTE):
            taken = [await limits.take(Limit.API, company.slug, company.organization_id) for _ in range(30)]
        assert sum(not left.is_over for left in taken if left) == most
        assert {left.limit for left in taken if left} == {most}
    async with acme.database.transaction(acme.organization_id) as tx:
        await people.end_allowance(tx, Allowance.API)
        assert await people.allowances(tx) == {}


async def test_the_screens_of_one_person_share_their_limit(acme: Company, ten: Installation) -> None:
    settings = ten.settings.model_copy(update={"socket_limit": "3/hour"})
    both = [Limits(Installation(settings, *[getattr(ten, name) for name in ten.__struct_fields__[1:]])) for _ in "ab"]
    taken = [await both[turn % 2].take(Limit.SOCKET, str(acme.bob.user_id)) for turn in range(4)]
    assert [left.is_over for left in taken if left] == [False, False, False, True]


def test_every_limit_of_an_organization_can_be_a_plans() -> None:
    # What a directory may ask is the installation's to say.
    of_organizations = set(entrance.Limit) - {Limit.SCIM}
    assert {limit.value for limit in of_organizations} == {kind.value for kind in Allowance}
