"""Requests that leave the house go only where strangers may send us, and end within bounds."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from parlour.foundation import fetching
from parlour.foundation.fetching import ANYWHERE, Guard, Limits, NotFetched, fetch, is_public

PUBLIC_ADDRESS = "93.184.215.14"


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.8.8",
        "0.0.0.0",
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "100.100.100.200",
        "192.0.0.192",
        "168.63.129.16",
        "192.0.2.1",
        "198.18.0.1",
        "203.0.113.7",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "2002:a9fe:a9fe::1",
        "2001:0:7f00:1::",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
        "2001:db8::1",
        "not an address",
        "",
    ],
)
def test_an_address_near_us_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", [PUBLIC_ADDRESS, "1.1.1.1", "2606:4700:4700::1111", "::ffff:1.1.1.1"])
def test_an_address_of_the_open_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://example.org/x",
        "gopher://example.org:70/_x",
        "data:text/plain,x",
        "//example.org/",
        "http://",
        "http:///x",
        "http://user:word@example.org/",
        "http://user@example.org/",
        "http://example.org:22/",
        "http://example.org:6379/",
        "http://exam ple.org/",
        "http://example.org/\r\nHost: inside",
        "http://example.org\\@127.0.0.1/",
        "http://" + "a" * 5000,
        "http://[::1",
        "http://example.org:99999/",
        "http://a..b/",
    ],
)
async def test_an_address_that_is_no_honest_page_is_refused(url: str) -> None:
    with pytest.raises(NotFetched):
        await fetch(url, guard=Guard(resolve=_never))


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "[::1]", "0x7f000001", "2130706433", "127.1", "017700000001", "localhost"]
)
async def test_however_it_is_spelled_our_own_machine_is_refused(host: str) -> None:
    with pytest.raises(NotFetched, match=r"private network|no server"):
        await fetch(f"http://{host}/")


async def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    with pytest.raises(NotFetched, match="private network"):
        await fetch("http://two-faced.test/", guard=Guard(resolve=_answers(PUBLIC_ADDRESS, "10.0.0.7")))


async def test_a_name_is_resolved_once_and_the_connection_goes_to_that_address() -> None:
    """DNS rebinding: the second answer would be another address, but nobody asks a second time."""
    async with _server(_page()) as server:
        asked: list[str] = []

        async def rebinding(host: str, port: int) -> list[str]:
            asked.append(host)
            return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.2"]

        guard = Guard(only_public=False, ports=None, resolve=rebinding)
        answer = await fetch(f"http://changing.test:{server.port}/a?b=c", guard=guard)
    assert (answer.status, answer.body, asked) == (200, b"hello", ["changing.test"])
    assert server.heard[0].startswith(b"GET /a?b=c HTTP/1.1\r\nhost: changing.test:")


async def test_a_name_that_becomes_private_between_two_fetches_is_refused() -> None:
    turns = iter([[PUBLIC_ADDRESS], ["169.254.169.254"]])

    async def rebinding(host: str, port: int) -> list[str]:
        return next(turns)

    guard = Guard(resolve=rebinding)
    assert await fetching.addresses("changing.test", 80, guard) == [PUBLIC_ADDRESS]
    with pytest.raises(NotFetched, match="private network"):
        await fetching.addresses("changing.test", 80, guard)


async def test_a_redirect_to_a_private_address_is_not_followed() -> None:
    async def of_names(host: str, port: int) -> list[str]:
        return {"outside.test": [PUBLIC_ADDRESS], "inside.test": ["10.0.0.1"]}[host]

    # The first hop is let through to our own server by hand; the second must be looked at like any other.
    async with _server(_redirect("http://inside.test/secret")) as server:
        guard = Guard(ports=None, resolve=of_names)
        real_connect = fetching._connect

        async def to_us(pinned: list[str], port: int, context: object, host: str) -> object:
            return await real_connect(["127.0.0.1"], server.port, None, host)

        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(fetching, "_connect", to_us)
            with pytest.raises(NotFetched, match=r"inside\.test leads to a private network"):
                await fetch("http://outside.test/", guard=guard)
    assert len(server.heard) == 1


@pytest.mark.parametrize("place", ["file:///etc/passwd", "gopher://x/", "http://user:x@somewhere.test/"])
async def test_a_redirect_to_something_that_is_no_page_is_not_followed(place: str) -> None:
    async with _server(_redirect(place)) as server:
        with pytest.raises(NotFetched):
            await fetch(server.url, guard=ANYWHERE)


async def test_redirects_end() -> None:
    async with _server(_redirect("/again")) as server:
        with pytest.raises(NotFetched, match="without end"):
            await fetch(server.url, guard=ANYWHERE, limits=Limits(redirects=3))
    assert len(server.heard) == 4


async def test_a_redirect_to_another_host_does_not_get_the_password() -> None:
    here = Guard(only_public=False, ports=None, resolve=_answers("127.0.0.1"))
    async with _server(_page()) as other, _server(_redirect(f"http://other.test:{other.port}/")) as first:
        await fetch(first.url, guard=here, headers={"Authorization": "Bearer secret"})
    assert b"secret" in first.heard[0] and b"secret" not in other.heard[0]


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 5000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + (b"3e8\r\n" + b"x" * 1000 + b"\r\n") * 5,
    ],
)
async def test_an_answer_that_is_too_large_is_not_read(answer: bytes) -> None:
    async with _server(answer) as server:
        with pytest.raises(NotFetched, match="too large"):
            await fetch(server.url, guard=ANYWHERE, limits=Limits(size=4000))


async def test_a_packed_answer_is_not_unpacked() -> None:
    async with _server(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx") as server:
        with pytest.raises(NotFetched, match="packed"):
            await fetch(server.url, guard=ANYWHERE)


async def test_an_answer_of_another_kind_is_refused_before_it_is_read() -> None:
    async with _server(_page(b"text/html")) as server:
        with pytest.raises(NotFetched, match="text/html"):
            await fetch(server.url, guard=ANYWHERE, limits=Limits(content_types=("image/png",)))


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", b"SSH-2.0-OpenSSH_9\r\n", b"\x00" * 100]
)
async def test_an_answer_that_is_no_answer_ends_in_words(answer: bytes) -> None:
    async with _server(answer) as server:
        with pytest.raises(NotFetched):
            await fetch(server.url, guard=ANYWHERE)


async def test_a_header_block_without_end_is_not_read() -> None:
    async with _server(b"HTTP/1.1 200 OK\r\n" + b"X-Long: 1\r\n" * 20_000) as server:
        with pytest.raises(NotFetched):
            await fetch(server.url, guard=ANYWHERE)


async def test_a_server_that_says_nothing_is_left_in_time() -> None:
    async with _server(None) as server:
        with pytest.raises(NotFetched, match="in time"):
            await fetch(server.url, guard=ANYWHERE, limits=Limits(seconds=0.2))


async def test_a_closed_port_ends_in_words() -> None:
    async with _server(_page()) as server:
        pass
    with pytest.raises(NotFetched, match="could not be reached"):
        await fetch(server.url, guard=ANYWHERE)


async def test_a_body_is_sent_whole() -> None:
    async with _server(_page()) as server:
        answer = await fetch(server.url, method="POST", body=b"a=b", headers={"X-One": "1"}, guard=ANYWHERE)
    assert answer.content_type == "text/plain"
    assert server.heard[0].startswith(b"POST / HTTP/1.1\r\n") and server.heard[0].endswith(b"\r\n\r\na=b")


@dataclass
class _Server:
    port: int = 0
    heard: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"


@asynccontextmanager
async def _server(answer: bytes | None) -> AsyncIterator[_Server]:
    """Gives the same bytes to everybody; None says nothing at all."""
    known = _Server()
    ending = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        known.heard.append(await reader.read(65536))
        if answer is None:
            await ending.wait()
        else:
            writer.write(answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    known.port = server.sockets[0].getsockname()[1]
    try:
        yield known
    finally:
        ending.set()
        server.close()


def _page(content_type: bytes = b"text/plain") -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: " + content_type + b"\r\nContent-Length: 5\r\n\r\nhello"


def _redirect(place: str) -> bytes:
    return f"HTTP/1.1 302 Found\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n".encode()


def _answers(*addresses: str) -> Callable[[str, int], Awaitable[list[str]]]:
    async def resolve(host: str, port: int) -> list[str]:
        return list(addresses)

    return resolve


async def _never(host: str, port: int) -> list[str]:
    raise AssertionError(f"{host} was asked for")
