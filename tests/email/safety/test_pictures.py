"""Pictures from elsewhere are shown when somebody asks, fetched by us, and trackers never."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from parlour.email import safety
from parlour.email.safety.pictures import fetch_picture, is_tracker, kind_of
from parlour.foundation import clock, html
from parlour.foundation.errors import NotFound
from parlour.foundation.fetching import ANYWHERE
from tests.builders import Company

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 50


def test_pictures_wait_until_they_are_asked_for(acme: Company) -> None:
    cleaned = html.clean('<p>Hi <img src="https://shop.test/a.png?x=1&amp;y=2" alt="a>b" width="40"></p>')
    first = safety.without_pictures(cleaned)
    assert (first.html, first.remote, first.trackers) == (cleaned, 1, 0)
    assert ' src="' not in first.html
    shown = safety.with_pictures(acme.installation.signer, acme.organization_id, cleaned)
    assert 'src="/images?url=https%3A%2F%2Fshop.test%2Fa.png%3Fx%3D1%26y%3D2&amp;until=' in shown.html
    assert "shop.test/a" not in shown.html and 'alt="a&gt;b"' in shown.html


@pytest.mark.parametrize(
    "image",
    [
        '<img src="https://shop.test/logo.png" width="1" height="1">',
        '<img src="https://shop.test/logo.png" height="0">',
        '<img src="https://shop.test/track/open.gif?id=4711">',
        '<img src="https://shop.test/wf/open?upn=abc">',
        '<img src="https://u4711.ct.sendgrid.net/x.png">',
        '<img src="https://shop.list-manage.com/x.png">',
        '<img src="https://www.google-analytics.com/collect?v=1">',
        '<img src="https://shop.test/pixel.png">',
    ],
)
def test_a_tracker_is_left_out_even_when_pictures_are_shown(acme: Company, image: str) -> None:
    shown = safety.with_pictures(acme.installation.signer, acme.organization_id, html.clean(f"<p>Hi{image}</p>"))
    assert (shown.html, shown.remote, shown.trackers) == ("<p>Hi</p>", 0, 1)


@pytest.mark.parametrize(
    "url",
    ["https://shop.test/pictures/opening.png", "https://cdn.test/b/bucket/o/a.png", "https://shop.test/tracks.jpg"],
)
def test_a_picture_is_no_tracker(url: str) -> None:
    assert not is_tracker(url, {"width": "100"})


def test_only_what_we_signed_for_this_organization_is_fetched(acme: Company, globex: Company) -> None:
    signer, url = acme.installation.signer, "https://shop.test/a.png"
    shown = safety.with_pictures(signer, acme.organization_id, f'<img data-remote-src="{url}">')
    asked = {
        name: values[0]
        for name, values in parse_qs(urlsplit(shown.html.split('"')[1].replace("&amp;", "&")).query).items()
    }
    assert safety.is_signed(signer, acme.organization_id, **asked)
    assert not safety.is_signed(signer, globex.organization_id, **asked)
    for name, wrong in (
        ("url", "http://169.254.169.254/"),
        ("until", "99999"),
        ("until", "x"),
        ("mark", "aaaa"),
        ("mark", ""),
    ):
        assert not safety.is_signed(signer, acme.organization_id, **asked | {name: wrong})
    with clock.frozen(clock.now() + timedelta(days=5)):
        assert not safety.is_signed(signer, acme.organization_id, **asked)


async def test_a_picture_is_fetched_and_what_is_none_is_not_shown() -> None:
    async with _serving(b"image/png", PNG) as url:
        assert (await fetch_picture(url, ANYWHERE)).content_type == "image/png"
    for content_type, body in ((b"text/html", b"<script>"), (b"image/png", b"<script>"), (b"image/svg+xml", b"<svg>")):
        async with _serving(content_type, body) as url:
            with pytest.raises(NotFound):
                await fetch_picture(url, ANYWHERE)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/a.png", "http://[::1]/a.png", "file:///etc/passwd", "http://10.0.0.1/a.png"]
)
async def test_a_picture_inside_our_network_is_not_fetched(url: str) -> None:
    with pytest.raises(NotFound):
        await fetch_picture(url)


def test_a_picture_is_what_its_bytes_say() -> None:
    assert [kind_of(start) for start in (PNG, b"GIF89a", b"\xff\xd8\xff", b"RIFF0000WEBP", b"<svg", b"")] == [
        "image/png",
        "image/gif",
        "image/jpeg",
        "image/webp",
        None,
        None,
    ]


@asynccontextmanager
async def _serving(content_type: bytes, body: bytes) -> AsyncIterator[str]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65536)
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nContent-Length: %d\r\n\r\n%b" % (content_type, len(body), body)
        )
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/a.png"
    finally:
        server.close()
