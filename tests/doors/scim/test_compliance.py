"""An independent client and its test of compliance, over the wire to the real application."""

import asyncio

import httpx2
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import CheckResult, Status, check_server

from tests.builders import Company
from tests.doors.scim.conftest import directory_token


async def test_nothing_of_what_the_standard_demands_is_missing(acme: Company, processes: list[str]) -> None:
    token = await directory_token(acme)

    def check() -> list[CheckResult]:
        headers = {"authorization": f"Bearer {token}"}
        with httpx2.Client(base_url=f"{processes[0]}/api/scim/v2", headers=headers, timeout=30) as client:
            return check_server(SyncSCIMClient(client))

    results = await asyncio.to_thread(check)
    wrong = [f"{one.status.name} {one.title}: {one.reason}" for one in results if one.status.name in _BAD]
    assert wrong == []
    assert sum(one.status is Status.SUCCESS for one in results) > 50


_BAD = {"ERROR", "CRITICAL", "DEVIATION"}
