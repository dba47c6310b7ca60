"""Asks a web server something, without being led to where strangers must not send us (SSRF).

A name is resolved once, every address it has is looked at, and the connection goes to one of those very addresses; each
redirect goes through the same. Nothing is unpacked, and nothing is read beyond a size and a time.
"""

import asyncio
import re
import ssl
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from socket import SOCK_STREAM
from typing import Final
from urllib.parse import SplitResult, quote, urljoin, urlsplit

import h11
import msgspec

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""A host's addresses."""

_PIECE: Final = 64 * 1024
_PORTS: Final = {"http": 80, "https": 443}
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_FORBIDDEN_IN_URL: Final = re.compile(r"[\x00-\x20\x7f\\]")
# Public by their number, but inside: Azure's wire server, and what IANA keeps for protocols (Oracle's metadata).
_INSIDE: Final = (ip_network("168.63.129.16/32"), ip_network("192.0.0.0/24"), ip_network("192.88.99.0/24"))


class NotFetched(Exception):
    """There is no answer, or none that may be read. `words` say why, for an administrator."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


class Limits(msgspec.Struct, frozen=True):
    """Where reading ends. With content types named, any other is refused before its body is read."""

    seconds: float = 10.0
    size: int = 2 * 1024 * 1024
    redirects: int = 3
    content_types: tuple[str, ...] = ()


_USUAL: Final = Limits()


class Answer(msgspec.Struct, frozen=True):
    """What the server said, whatever the status. Header names are in lower case; `url` is where redirects led."""

    status: int
    headers: dict[str, str]
    body: bytes
    url: str

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").split(";")[0].strip().lower()


async def resolve(host: str, port: int) -> list[str]:
    """As the system does it."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class Guard(msgspec.Struct, frozen=True):
    """Where a request may go."""

    only_public: bool = True
    ports: frozenset[int] | None = frozenset({80, 443})
    resolve: Resolve = resolve
    tls: ssl.SSLContext | None = None


PUBLIC: Final = Guard()
"""For every URL that somebody outside the installation chose."""

ANYWHERE: Final = Guard(only_public=False, ports=None)
"""For the URLs of the operator's own settings."""


class _Ask(msgspec.Struct, frozen=True):
    url: str
    method: str
    headers: Mapping[str, str]
    body: bytes | None


async def fetch(
    url: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    limits: Limits = _USUAL,
    guard: Guard = PUBLIC,
) -> Answer:
    """The answer, redirects followed. Raises `NotFetched`."""
    ask = _Ask(url, method, headers or {}, body)
    try:
        async with asyncio.timeout(limits.seconds):
            for _ in range(limits.redirects + 1):
                answer = await _exchange(ask, limits, guard)
                location = answer.headers.get("location")
                if answer.status not in _REDIRECTS or not location:
                    return answer
                ask = _redirected(ask, answer.status, urljoin(ask.url, location))
    except TimeoutError as timeout:
        raise NotFetched("The server did not answer in time.") from timeout
    except (OSError, ssl.SSLError) as failure:
        raise NotFetched(f"The server could not be reached: {failure}") from failure
    except (h11.ProtocolError, ValueError) as failure:
        raise NotFetched(f"The server's answer made no sense: {failure}") from failure
    raise NotFetched("The server sends from one address to the next without end.")


async def addresses(host: str, port: int, guard: Guard = PUBLIC) -> list[str]:
    """Where to connect to: the host's addresses, all of them permitted. Raises `NotFetched`."""
    try:
        found = await guard.resolve(host, port)
    except (OSError, UnicodeError) as unknown:
        raise NotFetched(f"There is no server named {host}.") from unknown
    if not found:
        raise NotFetched(f"There is no server named {host}.")
    # One bad address among good ones is a trick, not a mistake.
    if guard.only_public and not all(is_public(address) for address in found):
        raise NotFetched(f"{host} leads to a private network.")
    return found


def is_public(address: str) -> bool:
    """Whether it is an address of the open Internet, and of nothing near us."""
    try:
        return _is_public(ip_address(address.split("%")[0]))
    except ValueError:
        return False


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address):
        # IPv4 in disguise is judged as what it is.
        inner = address.ipv4_mapped or address.sixtofour
        if inner:
            return _is_public(inner)
    if any(address in network for network in _INSIDE if network.version == address.version):
        return False
    is_special = address.is_multicast or address.is_reserved or address.is_unspecified or address.is_link_local
    return address.is_global and not is_special and not address.is_loopback


async def _exchange(ask: _Ask, limits: Limits, guard: Guard) -> Answer:
    target = _target(ask.url, guard)
    host, port = _host_and_port(target)
    pinned = await addresses(host, port, guard)
    context = (guard.tls or _tls()) if target.scheme == "https" else None
    reader, writer = await _connect(pinned, port, context, host)
    try:
        return await _converse(reader, writer, ask, target, limits)
    finally:
        writer.transport.abort()


def _target(url: str, guard: Guard) -> SplitResult:
    if _FORBIDDEN_IN_URL.search(url) or len(url) > 4000:
        raise NotFetched("That is no address of a web page.")
    target = urlsplit(url)
    if target.scheme not in _PORTS or not target.hostname:
        raise NotFetched("Only addresses that begin with http:// or https:// can be fetched.")
    if target.username is not None or target.password is not None:
        raise NotFetched("An address with a name or password in it is not fetched.")
    if guard.ports is not None and (target.port or _PORTS[target.scheme]) not in guard.ports:
        raise NotFetched("That port is not one of a web server.")
    return target


def _host_and_port(target: SplitResult) -> tuple[str, int]:
    host = (target.hostname or "").rstrip(".")
    # UnicodeError is a ValueError: a name that can't be one ends as `NotFetched`.
    return host if ":" in host else host.encode("idna").decode(), target.port or _PORTS[target.scheme]


async def _connect(
    pinned: list[str], port: int, context: ssl.SSLContext | None, host: str
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    failure = OSError("no address")
    for address in pinned[:4]:
        try:
            name = host if context else None
            return await asyncio.open_connection(address, port, ssl=context, server_hostname=name)
        except OSError as refused:
            failure = refused
    raise failure


async def _converse(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, ask: _Ask, target: SplitResult, limits: Limits
) -> Answer:
    connection = h11.Connection(h11.CLIENT)
    path = quote(target.path or "/", safe="/%:@!$&'()*+,;=~-._") + (
        f"?{quote(target.query, safe='/%:@!$&()*+,;=~-._?')}" if target.query else ""
    )
    sent = {
        "host": target.netloc.encode("idna").decode() if not target.netloc.isascii() else target.netloc,
        "user-agent": "Parlour",
        "accept-encoding": "identity",
        "connection": "close",
        **{name.lower(): value for name, value in ask.headers.items()},
        **({"content-length": str(len(ask.body))} if ask.body is not None else {}),
    }
    writer.write(connection.send(h11.Request(method=ask.method, target=path, headers=list(sent.items()))) or b"")
    if ask.body is not None:
        writer.write(connection.send(h11.Data(data=ask.body)) or b"")
    writer.write(connection.send(h11.EndOfMessage()) or b"")
    await writer.drain()
    return await _answer(connection, reader, ask.url, limits)


async def _answer(connection: h11.Connection, reader: asyncio.StreamReader, url: str, limits: Limits) -> Answer:
    response: h11.Response | None = None
    pieces: list[bytes] = []
    size = 0
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await reader.read(_PIECE))
        elif isinstance(event, h11.Response):
            response = event
            _check_headers(_headers(response), response.status_code, limits)
        elif isinstance(event, h11.Data):
            size += len(event.data)
            if size > limits.size:
                raise NotFetched("The answer is too large.")
            pieces.append(bytes(event.data))
        elif isinstance(event, h11.EndOfMessage) and response:
            return Answer(response.status_code, _headers(response), b"".join(pieces), url)
        elif not isinstance(event, h11.InformationalResponse):
            raise NotFetched("The server hung up.")


def _check_headers(headers: dict[str, str], status: int, limits: Limits) -> None:
    if status in _REDIRECTS:
        return
    length = headers.get("content-length", "0")
    if length.isdecimal() and int(length) > limits.size:
        raise NotFetched("The answer is too large.")
    if headers.get("content-encoding", "identity").lower() not in ("", "identity"):
        raise NotFetched("The answer is packed, though it was not asked to be.")
    content_type = headers.get("content-type", "").split(";")[0].strip().lower()
    if status < 300 and limits.content_types and content_type not in limits.content_types:
        raise NotFetched(f"The answer is of a kind that was not asked for: {content_type or 'none'}.")


def _headers(response: h11.Response) -> dict[str, str]:
    return {name.decode("ascii"): value.decode("latin-1") for name, value in response.headers}


def _redirected(ask: _Ask, status: int, url: str) -> _Ask:
    before, after = urlsplit(ask.url), urlsplit(url)
    if before.scheme == "https" and after.scheme != "https":
        raise NotFetched("The server sends from an encrypted address to one that is not.")
    headers = ask.headers
    if (before.scheme, before.netloc) != (after.scheme, after.netloc):
        private = ("authorization", "cookie")
        headers = {name: value for name, value in headers.items() if name.lower() not in private}
    keeps = status in (307, 308) or ask.method in ("GET", "HEAD")
    return _Ask(url, ask.method if keeps else "GET", headers, ask.body if keeps else None)


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()
