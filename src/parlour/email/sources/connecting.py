"""Reaches a mail server: the name is looked up once, looked at, and that very address is connected to."""

import asyncio
import socket
import ssl
from functools import cache
from typing import Final

from parlour.email.sources import troubles
from parlour.email.sources.troubles import Step, Trouble
from parlour.foundation import fetching
from parlour.foundation.settings import Settings

CONNECT_SECONDS: Final = 15.0
# Keeps what a slow database has not taken yet in the server's hands, not in our memory.
_BUFFER: Final = 1024 * 1024

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def addresses(settings: Settings, host: str, port: int) -> list[str]:
    """Where a host is. Raises `Trouble` where it is nowhere, or in a private network that is not allowed."""
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            found = await fetching.resolve(host, port)
    except (socket.gaierror, UnicodeError) as unknown:
        raise Trouble(Step.DNS, f"There is no server named {host}.") from unknown
    except TimeoutError as timeout:
        raise Trouble(Step.DNS, f"Nobody could say in time where {host} is.", "Try again in a minute.") from timeout
    if settings.private_hosts == "refuse" and not all(fetching.is_public(address) for address in found):
        raise Trouble(
            Step.DNS,
            f"{host} leads to a private network.",
            "Name a public server. Whoever runs this installation can allow private ones: PARLOUR_PRIVATE_HOSTS=allow.",
        )
    return found


async def connect(settings: Settings, host: str, port: int, *, tls: bool) -> Streams:
    """A connection, encrypted at once where `tls`. Raises `Trouble`."""
    failure: Exception | None = None
    for address in (await addresses(settings, host, port))[:4]:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                streams = await asyncio.open_connection(
                    address,
                    port,
                    limit=_BUFFER,
                    ssl=context(settings.mail_ca_file) if tls else None,
                    server_hostname=host if tls else None,
                )
        except ssl.SSLError as failed:
            raise troubles.of_tls(host, failed) from failed
        except (OSError, TimeoutError) as failed:
            failure = failed
        else:
            _keep_alive(streams[1])
            return streams
    if isinstance(failure, ConnectionRefusedError):
        raise Trouble(Step.CONNECTION, f"{host} takes no connections on port {port}.") from failure
    if isinstance(failure, TimeoutError):
        raise Trouble(Step.CONNECTION, f"{host} did not answer on port {port}.") from failure
    raise Trouble(Step.CONNECTION, f"{host} can't be reached on port {port}: {failure}.") from failure


async def encrypt(settings: Settings, host: str, streams: Streams) -> None:
    """After STARTTLS. Raises `Trouble`."""
    try:
        await streams[1].start_tls(
            context(settings.mail_ca_file), server_hostname=host, ssl_handshake_timeout=CONNECT_SECONDS
        )
    except ssl.SSLError as failed:
        raise troubles.of_tls(host, failed) from failed
    except (OSError, TimeoutError) as failed:
        raise Trouble(Step.TLS, f"{host} hung up while the connection was being encrypted.") from failed


@cache
def context(authority_file: str) -> ssl.SSLContext:
    """What is trusted: the system's authorities, and one of the operator's own."""
    trusted = ssl.create_default_context()
    if authority_file:
        trusted.load_verify_locations(authority_file)
    return trusted


def _keep_alive(writer: asyncio.StreamWriter) -> None:
    # A router that forgets a quiet connection tells nobody: the system asks after a minute, and gives up after two.
    connection = writer.get_extra_info("socket")
    if connection is None:
        return
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 20), ("TCP_KEEPCNT", 3)):
        if hasattr(socket, option):
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
