"""Somebody at a browser with a passkey: what the page's script does, done by hand."""

import json
import re
from typing import Any

import httpx
import msgspec

from parlour import access, email
from parlour.entrance import COOKIE
from parlour.people import Actor
from tests.access.device import Device
from tests.builders import Company, begin_session
from tests.doors.conftest import HOST, Connect
from tests.doors.test_signing_in import PAGE, with_password

HERE = "/dashboard/settings/security"
PROGRAM = {"accept": "application/json"}


def device(origin: str = HOST, rp_id: str = "parlour.test") -> Device:
    return Device(origin, rp_id)


class Desk:
    """A browser; `page` is one whose forms may be sent."""

    def __init__(self, client: httpx.AsyncClient, page: str = HERE) -> None:
        self.client, self.page = client, page

    @property
    def session(self) -> str | None:
        return self.client.cookies.get(COOKIE)

    async def post(self, path: str, **fields: str) -> httpx.Response:
        headers = {**PAGE, "referer": f"{HOST}{self.page}"}
        return await self.client.post(path, data={"csrf": await self._csrf(), **fields}, headers=headers)

    async def begin(self, path: str) -> tuple[str, str]:
        """The ceremony and its options."""
        answer = await self.client.post(f"{path}/begin", headers={**PROGRAM, "x-csrf-token": await self._csrf()})
        assert answer.status_code == 200, answer.text
        assert answer.headers["cache-control"] == "no-store"
        told = answer.json()
        return told["ceremony"], json.dumps(told["options"])

    async def make(self, key: Device, name: str = "Blue key") -> httpx.Response:
        """On the page of one's own security."""
        ceremony, options = await self.begin(f"{self.page}/passkeys")
        answer = json.dumps(key.make(options))
        return await self.post(f"{self.page}/passkeys", ceremony=ceremony, answer=answer, name=name)

    async def show(self, key: Device, page: str, *, at: str = "", **fields: str) -> httpx.Response:
        """On a page that asks for it, or, below it, `at` the address of its own."""
        ceremony, options = await self.begin(f"{page}/passkey")
        return await self.post(f"{page}{at}", ceremony=ceremony, answer=json.dumps(key.show(options)), **fields)

    async def _csrf(self) -> str:
        if self.session is None:
            return ""
        page = await self.client.get(self.page, headers=PAGE)
        found = re.search(r'name="csrf-token" content="([^"]+)"', page.text)
        assert found, page.text[:500]
        return found[1]


async def arrived(company: Company, connect: Connect, actor: Actor, page: str = HERE) -> Desk:
    """Somebody who has just come in with their password; their address is in `x-address`."""
    client = connect()
    client.headers["x-address"] = await with_password(company, actor)
    client.cookies.set(COOKIE, await begin_session(company, actor), domain="parlour.test")
    return Desk(client, page)


async def with_key(company: Company, connect: Connect, actor: Actor, page: str = HERE) -> tuple[Device, Desk]:
    key, desk = device(), await arrived(company, connect, actor, page)
    assert (await desk.make(key)).status_code == 303
    return key, desk


async def rows(company: Company) -> list[Any]:
    """Every passkey there is."""
    async with company.database.reading(company.organization_id) as tx:
        return await tx.values("select (user_id, name, sign_count)::text from passkeys order by created_at, id")


async def run_news(company: Company) -> int:
    """How many jobs about passkeys were waiting; each is run twice, as after a worker's death."""
    async with company.database.transaction(company.organization_id) as tx:
        waiting = await tx.values(
            """
            delete from procrastinate_jobs
            where task_name = 'email.tell_of_passkey' and args ->> 'organization_id' = %(company)s
            returning args
            """,
            company=str(company.organization_id),
        )
    for arguments in waiting * 2:
        told = dict(arguments["fact"])
        fact = msgspec.convert(told, type=_FACTS[told.pop("name")], strict=False)
        await email.tell_of_passkey(company.installation, company.organization_id, fact=fact)
    return len(waiting)


_FACTS = {fact.__name__: fact for fact in (access.PasskeyAdded, access.PasskeyRemoved)}
