"""The mail server that takes our mail: the installation's, or a mailbox's own."""

import asyncio
import socket
from collections.abc import Sequence
from enum import StrEnum
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import UUID

import msgspec

from parlour.foundation.settings import Settings


class Security(StrEnum):
    """How the connection is protected."""

    NONE = "NONE"
    OFFERED = "OFFERED"
    """Encrypted where the server offers it, whoever it is (RFC 7435)."""
    STARTTLS = "STARTTLS"
    TLS = "TLS"


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """Where to connect and as whom. With an access token the sign-in is XOAUTH2.

    `verified` asks for a certificate of a known authority, or of the one in `authority_file`. Where `addresses` are
    named, nothing else is connected to: somebody looked at them, and the name may lead elsewhere by now. `owner` is
    whose sign-in it is: two mailboxes never share a connection, whatever they claim to be called.
    """

    host: str
    port: int
    security: Security = Security.OFFERED
    username: str | None = None
    password: str | None = None
    access_token: str | None = None
    verified: bool = True
    authority_file: str | None = None
    addresses: Sequence[str] = ()
    owner: UUID | None = None

    @property
    def key(self) -> str:
        """What tells servers apart; without their secrets."""
        return f"{self.owner or ''} {self.security}://{self.username or ''}@{self.host}:{self.port}"


_PORTS: Final = {Security.TLS: 465}
_MOST_ADDRESSES: Final = 4


def installation_server(settings: Settings) -> Server | None:
    """What `smtp_url` says: `smtp://user:password@host:587?starttls=yes`, `smtps://…`. None where it is not set."""
    if not settings.smtp_url:
        return None
    address = urlsplit(settings.smtp_url)
    wanted = parse_qs(address.query, keep_blank_values=True)
    security = Security.OFFERED
    if address.scheme == "smtps":
        security = Security.TLS
    elif "starttls" in wanted:
        security = Security.NONE if wanted["starttls"] == ["no"] else Security.STARTTLS
    return Server(
        host=address.hostname or "localhost",
        port=address.port or _PORTS.get(security, 25),
        security=security,
        username=unquote(address.username) if address.username else None,
        password=unquote(address.password) if address.password else None,
        verified=wanted.get("verify") != ["no"],
        authority_file=wanted["authority"][0] if "authority" in wanted else None,
    )


async def dialled(server: Server, seconds: float) -> socket.socket | None:
    """A connection to one of the addresses that were looked at. None where any address of the name will do.

    Raises `ConnectionError`.
    """
    failure: OSError | None = None
    for address in list(server.addresses)[:_MOST_ADDRESSES]:
        connection = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
        connection.setblocking(False)
        try:
            async with asyncio.timeout(seconds):
                await asyncio.get_running_loop().sock_connect(connection, (address, server.port))
        except OSError as refused:
            connection.close()
            failure = refused
        except BaseException:
            connection.close()
            raise
        else:
            return connection
    if failure:
        reason = failure.strerror or "it does not answer"
        raise ConnectionError(f"{server.host} can't be reached on port {server.port}: {reason}.") from failure
    return None
