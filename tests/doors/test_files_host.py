"""Files on a host of their own: led there after the look at who asks, given there to that person for a minute."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio

from parlour import access, people, tickets
from parlour.entrance import COOKIE
from parlour.entrance.files import passes
from parlour.foundation import clock, ids, settings
from parlour.foundation.settings import Settings
from parlour.people import Actor
from parlour.tickets import Changes, Source, Upload, Words
from tests.builders import Company, begin_session
from tests.doors.conftest import started, token_of

MAIN, FILES = "http://parlour.test", "https://strangers.test"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(200))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def apart(settings: Settings) -> AsyncIterator[Any]:
    """The app with its files apart."""
    known = {"rate_limits": "off", "files_url": FILES, "base_url": MAIN}
    async with started(settings.model_copy(update=known)) as asgi:
        yield asgi


@asynccontextmanager
async def client(asgi: Any, origin: str = MAIN, **headers: str) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(asgi, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=origin, headers=headers) as made:
        yield made


async def sent(company: Company, name: str = "pump.png", content: bytes = PNG, **opening: Any) -> str:
    ticket = await company.ticket(**opening)
    async with company.database.transaction(company.organization_id) as tx:
        upload = Upload(name, "application/octet-stream", content)
        stored = await tickets.store_attachment(tx, company.installation.blobs, upload, by=company.bob)
        held = await tickets.hold(tx, ticket.id, seen_by=company.bob)
        await tickets.reply(tx, held, Words("See", attachment_ids=[stored.id]), by=company.bob, source=Source.API)
    return str(stored.id)


async def led(asgi: Any, company: Company, actor: Actor, path: str, cookie: str = "") -> httpx.Response:
    """What the installation's own host answers to somebody signed in."""
    async with client(asgi, accept="text/html") as browser:
        browser.cookies.set(COOKIE, cookie or await begin_session(company, actor))
        return await browser.get(path)


async def fetched(asgi: Any, address: str, **headers: str) -> httpx.Response:
    async with client(asgi, FILES, **headers) as browser:
        return await browser.get(address)


async def test_an_agent_and_a_customer_are_led_there_and_get_it_as_it_is(apart: Any, acme: Company) -> None:
    file = await sent(acme)
    doors = (acme.bob, f"/dashboard/attachments/{file}"), (acme.carol, f"/portal/{acme.slug}/files/{file}")
    for actor, path in doors:
        answer = await led(apart, acme, actor, path)
        assert (answer.status_code, answer.headers["cache-control"]) == (307, "private, no-store")
        address = answer.headers["location"]
        assert address.startswith(f"{FILES}/attachment/")
        given = await fetched(apart, address)
        assert (given.status_code, given.content) == (200, PNG)
        headers = given.headers
        assert (headers["content-type"], headers["content-disposition"].split(";")[0]) == ("image/png", "inline")
        assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox"
        assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "no-referrer")
        assert headers["cross-origin-resource-policy"] == "cross-origin"
        kept = int(headers["cache-control"].removeprefix("private, max-age="))
        assert 0 < kept <= passes.SECONDS
        assert "set-cookie" not in headers


async def test_what_is_no_picture_is_downloaded_and_no_page_may_hold_it(apart: Any, acme: Company) -> None:
    file = await sent(acme, "evil.html", b"<!doctype html><script>alert(1)</script>")
    given = await fetched(
        apart, (await led(apart, acme, acme.bob, f"/dashboard/attachments/{file}")).headers["location"]
    )
    assert given.headers["content-disposition"] == "attachment; filename*=UTF-8''evil.html"
    assert given.headers["content-type"] == "application/octet-stream"


async def test_a_program_is_led_there_with_the_range_it_asks_for(apart: Any, acme: Company) -> None:
    file = await sent(acme)
    async with client(apart, authorization=f"Bearer {await token_of(acme, acme.bob)}") as program:
        answer = await program.get(f"/api/attachments/{file}", headers={"range": "bytes=4-9"})
    assert answer.status_code == 307
    address = answer.headers["location"]
    part = await fetched(apart, address, range="bytes=4-9")
    assert (part.status_code, part.content) == (206, PNG[4:10])
    assert part.headers["content-range"] == f"bytes 4-9/{len(PNG)}"
    assert part.headers["cross-origin-resource-policy"] == "same-origin"
    beyond = await fetched(apart, address, range="bytes=99999-")
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(PNG)}")
    async with client(apart, FILES) as other:
        told = await other.head(address)
    assert (told.status_code, told.content, told.headers["content-length"]) == (200, b"", str(len(PNG)))


async def test_whoever_may_not_see_it_is_led_nowhere(apart: Any, acme: Company, globex: Company) -> None:
    file = await sent(acme, department_id=acme.support_id)
    for company, actor in ((acme, acme.erin), (globex, globex.alice)):
        answer = await led(apart, company, actor, f"/dashboard/attachments/{file}")
        assert (answer.status_code, answer.headers.get("location")) == (404, None)


def _pass(company: Company, file: str, **changes: Any) -> passes.Pass:
    given = {
        "organization_id": company.organization_id,
        "user_id": company.bob.user_id,
        "session_id": None,
        "about": ids.UUID(file).bytes,
        "to_page": True,
    }
    return passes.Pass(**(given | changes))


async def test_a_pass_is_for_one_file_one_person_and_one_organization(
    apart: Any, acme: Company, globex: Company
) -> None:
    file, neighbours = await sent(acme, department_id=acme.support_id), await sent(globex)
    signer = acme.installation.signer
    good = passes.written(signer, _pass(acme, file))
    assert (await fetched(apart, f"/attachment/{good}")).status_code == 200
    moved = (
        _pass(acme, neighbours),
        _pass(acme, file, organization_id=globex.organization_id),
        _pass(globex, file),
        _pass(acme, file, user_id=acme.erin.user_id),
        _pass(acme, file, user_id=acme.dave.user_id),
        _pass(acme, file, session_id=ids.new()),
        _pass(acme, file, about=b"x" * 32),
    )
    for wrong in moved:
        answer = await fetched(apart, f"/attachment/{passes.written(signer, wrong)}")
        assert answer.status_code == 404, wrong
    turned = good[:-9] + ("b" if good[-9] == "a" else "a") + good[-8:]
    forged = [turned, good[2:], good + "aa", "", "x", "%00", good[:-10]]
    forged.append(signer.sign("another purpose", b"x" * 73))
    for text in forged:
        assert (await fetched(apart, f"/attachment/{text}")).status_code == 404, text
    assert (await fetched(apart, f"/picture/{good}?url=http://x.test")).status_code == 404


async def test_an_address_is_good_for_a_minute(apart: Any, acme: Company) -> None:
    text = passes.written(acme.installation.signer, _pass(acme, await sent(acme)))
    with clock.frozen(clock.now() + timedelta(seconds=passes.SECONDS)):
        answer = await fetched(apart, f"/attachment/{text}")
    assert (answer.status_code, answer.content.count(PNG)) == (410, 0)
    now = clock.now().replace(second=1)
    with clock.frozen(now):
        first = passes.written(acme.installation.signer, _pass(acme, str(ids.new())))
    with clock.frozen(now + timedelta(seconds=20)):
        later = passes.written(acme.installation.signer, _pass(acme, str(ids.new())))
    assert first != later
    with clock.frozen(now):
        [shown] = {passes.written(acme.installation.signer, _pass(acme, str(acme.organization_id))) for _ in range(3)}
        read = passes.read(acme.installation.signer, shown)
        assert read and 30 < read.seconds_left <= 60


async def test_it_ends_at_once_with_the_session_the_person_and_what_they_see(apart: Any, acme: Company) -> None:
    file = await sent(acme, department_id=acme.billing_id)
    path = f"/dashboard/attachments/{file}"

    async def address_for(actor: Actor) -> str:
        answer = await led(apart, acme, actor, path)
        return str(answer.headers["location"])

    signed_out, passed_on, made_inactive = [await address_for(one) for one in (acme.mara, acme.erin, acme.bob)]
    for address in (signed_out, passed_on, made_inactive):
        assert (await fetched(apart, address)).status_code == 200
    await access.end_sessions_of(acme.installation, acme.organization_id, acme.mara.user_id)
    assert (await fetched(apart, signed_out)).status_code == 404
    async with acme.database.transaction(acme.organization_id) as tx:
        [ticket] = (await tickets.list_page(tx, tickets.Filter(), seen_by=acme.alice)).tickets
        held = await tickets.hold(tx, ticket.id, seen_by=acme.alice)
        await tickets.change(tx, held, Changes(department_id=acme.support_id), by=acme.alice)
        user = await people.find_user(tx, acme.bob.user_id)
        await people.change_user(tx, user, people.UserChanges(status=people.UserStatus.INACTIVE), by=None)
    assert (await fetched(apart, passed_on)).status_code == 404
    assert (await fetched(apart, made_inactive)).status_code == 404


@pytest.mark.parametrize(
    "path", ["/", "/sign-in", "/dashboard", "/api/tickets", "/api/health", "/metrics", "/static/x.js", "/attachment/"]
)
async def test_nothing_else_is_served_there_to_nobody(apart: Any, acme: Company, path: str) -> None:
    async with client(apart, FILES) as browser:
        browser.cookies.set(COOKIE, await begin_session(acme, acme.alice))
        for method in ("GET", "POST", "PUT", "DELETE", "OPTIONS"):
            answer = await browser.request(method, path)
            assert (answer.status_code, "set-cookie" in answer.headers) == (404, False), method


async def test_a_certificate_may_be_had_for_it(apart: Any) -> None:
    async with client(apart) as proxy:
        for name, status in (("strangers.test", 200), ("other.test", 404)):
            assert (await proxy.get("/tls/ask", params={"domain": name})).status_code == status


async def test_no_socket_is_opened_there(apart: Any) -> None:
    said: list[Any] = []

    async def receive() -> dict[str, str]:
        return {"type": "websocket.connect"}

    async def send(event: Any) -> None:
        said.append(event)

    scope = {"type": "websocket", "path": "/api/socket/", "headers": [(b"host", b"strangers.test")]}
    await apart(scope, receive, send)
    assert said == [{"type": "websocket.close", "code": 1008}]


@pytest.mark.parametrize("host", ["parlour.test", "127.0.0.1", "localhost", "evil.test", "xstrangers.test"])
async def test_no_other_name_gives_a_file_out_for_a_pass(apart: Any, acme: Company, host: str) -> None:
    text = passes.written(acme.installation.signer, _pass(acme, await sent(acme)))
    async with client(apart, MAIN, host=host, **{"x-forwarded-host": "strangers.test"}) as browser:
        answer = await browser.get(f"/attachment/{text}")
    assert answer.status_code in (404, 421)
    assert PNG not in answer.content


@pytest.mark.parametrize("host", ["strangers.test", "STRANGERS.test:443", "strangers.test."])
async def test_its_name_is_known_however_it_is_written(apart: Any, acme: Company, host: str) -> None:
    text = passes.written(acme.installation.signer, _pass(acme, await sent(acme)))
    async with client(apart, MAIN, host=host) as browser:
        assert (await browser.get(f"/attachment/{text}")).content == PNG
        assert (await browser.get("/sign-in")).status_code == 404


async def test_pages_may_show_pictures_from_there_and_nothing_more(apart: Any, unlimited: Any) -> None:
    async with client(apart, accept="text/html") as browser:
        policy = (await browser.get("/sign-in")).headers["content-security-policy"]
    async with client(unlimited, accept="text/html") as browser:
        usual = (await browser.get("/sign-in")).headers["content-security-policy"]
    assert f"img-src 'self' data: blob: {FILES};" in policy
    assert policy.replace(f" {FILES}", "") == usual


@pytest.mark.parametrize(
    "wrong", ["http://parlour.test:8443", "apart.test", "https://apart.test/path", "ftp://apart.test", "https://"]
)
def test_a_host_that_is_none_of_its_own_is_refused_at_the_start(settings: Settings, wrong: str) -> None:
    with pytest.raises(SystemExit, match="PARLOUR_FILES_URL"):
        _load(settings, wrong)
    assert _load(settings, FILES).files_origin == FILES


def _load(known: Settings, files_url: str) -> Settings:
    told = known.model_dump() | {"files_url": files_url, "base_url": MAIN}
    return settings.load(**told)
