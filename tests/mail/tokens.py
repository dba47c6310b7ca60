"""Access tokens (RFC 7519, HS256) and the server that hands them out against a refresh token (RFC 6749 6)."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qs


def signed(key: bytes, address: str, lives: float) -> str:
    """As the mail server checks it by itself."""
    now = time.time()
    claims = {"sub": address, "iat": int(now) - 10, "exp": int(now + lives)}
    head = _encoded(json.dumps({"alg": "HS256", "typ": "JWT", "kid": "default"}).encode())
    body = f"{head}.{_encoded(json.dumps(claims).encode())}"
    return f"{body}.{_encoded(hmac.digest(key, body.encode(), hashlib.sha256))}"


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Provider:
    """Stands in for Google and Microsoft: gives access tokens for a refresh token, until it is told not to."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self.owners: dict[str, str] = {}
        """Whose mailbox each refresh token opens."""
        self.refusal: dict[str, str] = {}
        self.asked: list[dict[str, str]] = []
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/token"

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length:")[2].split("\r\n")[0])
        form = {name: values[0] for name, values in parse_qs((await reader.readexactly(length)).decode()).items()}
        self.asked.append(form)
        owner = self.owners.get(form.get("refresh_token", ""))
        refusal = self.refusal or ({} if owner else {"error": "invalid_grant", "error_description": "Token revoked."})
        body = json.dumps(
            refusal or {"access_token": signed(self._key, owner or "", 3600), "expires_in": 3600}
        ).encode()
        status = "400 Bad Request" if refusal else "200 OK"
        writer.write(
            f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
            "Connection: close\r\n\r\n".encode()
            + body
        )
        await writer.drain()
        writer.close()


@asynccontextmanager
async def provider(key: bytes) -> AsyncIterator[Provider]:
    """Answers inside, on a free port of this machine."""
    twin = Provider(key)
    server = await asyncio.start_server(twin.answer, "127.0.0.1", 0)
    twin.port = server.sockets[0].getsockname()[1]
    try:
        yield twin
    finally:
        server.close()
        await server.wait_closed()
