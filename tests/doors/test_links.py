"""Ways in by mail, at the pages and over the API."""

import re

import httpx
import pytest

from parlour import access, email
from parlour.access import Purpose
from parlour.entrance import COOKIE
from parlour.foundation import ids
from tests.access.outbox import letters, run_links
from tests.access.test_second_factor import set_up
from tests.builders import Company, begin_session
from tests.doors.conftest import Connect

PAGE = {"accept": "text/html"}
GOOD = "plum harbour quiet lantern"


async def link_for(company: Company, address: str, purpose: Purpose = Purpose.SIGN_IN) -> str:
    """The link's path, as it came by mail."""
    await email.ask_for_link(company.installation, address, purpose, company.organization_id)
    await run_links(company)
    return (await letters(company))[-1].path


def token_in(path: str) -> str:
    return path.partition("token=")[2]


def where(path: str) -> str:
    return path.partition("?")[0]


async def test_a_customer_asks_for_a_link_and_is_in_their_portal(acme: Company, connect: Connect) -> None:
    client, home = connect(), f"/portal/{acme.slug}"
    assert f'href="{home}/sign-in/ask"' in (await client.get(f"{home}/sign-in", headers=PAGE)).text
    form = await client.get(f"{home}/sign-in/ask", headers=PAGE)
    assert form.status_code == 200
    asked = await client.post(f"{home}/sign-in/ask", data={"email": "carol@customer.test"}, headers=PAGE)
    assert (asked.status_code, asked.headers["location"]) == (303, f"{home}/sign-in/ask/sent?for=sign_in")
    assert "Look into your mail" in (await client.get(asked.headers["location"], headers=PAGE)).text
    await run_links(acme)
    [mail] = await letters(acme)
    page = await client.get(mail.path, headers=PAGE)
    assert page.status_code == 200
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    opened = await client.post(where(mail.path), data={"token": mail.token}, headers=PAGE)
    assert (opened.status_code, opened.headers["location"]) == (303, home)
    tickets = await client.get(home, headers={**PAGE, "cookie": session_cookie(opened)})
    assert tickets.status_code == 200
    again = await connect().post(where(mail.path), data={"token": mail.token}, headers=PAGE)
    assert again.status_code == 410
    assert COOKIE not in again.headers.get("set-cookie", "")


def session_cookie(answer: httpx.Response) -> str:
    [found] = [one for one in answer.headers.get_list("set-cookie") if one.startswith(f"{COOKIE}=")]
    return found.partition(";")[0]


async def test_a_program_that_opens_every_link_uses_none_up(acme: Company, connect: Connect) -> None:
    for purpose in Purpose.SIGN_IN, Purpose.PASSWORD:
        path = await link_for(acme, "carol@customer.test", purpose)
        scanner = connect()
        for _ in range(3):
            seen = await scanner.get(path, headers=PAGE)
            assert seen.status_code == 200
            assert COOKIE not in seen.headers.get("set-cookie", "")
            assert (await scanner.head(path)).status_code in (200, 405)
        async with acme.database.reading(acme.organization_id) as tx:
            assert await tx.value("select count(*) from links where used_at is not null") == 0


async def test_the_answer_to_asking_is_the_same_for_everybody(acme: Company, connect: Connect) -> None:
    for door in "/sign-in", f"/portal/{acme.slug}/sign-in":
        known, unknown = [
            await connect().post(f"{door}/ask", data={"email": address, "for": "password"}, headers=PAGE)
            for address in ("carol@customer.test", f"{ids.new().hex}@nowhere.test")
        ]
        for answer in known, unknown:
            del answer.headers["x-request-id"]
        assert (known.status_code, known.text, dict(known.headers)) == (
            unknown.status_code,
            unknown.text,
            dict(unknown.headers),
        )


async def test_asking_looks_nothing_up(acme: Company, connect: Connect) -> None:
    """So that it takes as long for an unknown address: one job is queued, nothing else is done."""
    await connect().post(f"/portal/{acme.slug}/sign-in/ask", data={"email": "carol@customer.test"}, headers=PAGE)
    async with acme.database.reading(acme.organization_id) as tx:
        assert await tx.value("select count(*) from links") == 0
        assert await tx.value("select count(*) from notices") == 0
    assert await run_links(acme) == 1


async def test_one_organizations_link_opens_no_other_portal(acme: Company, globex: Company, connect: Connect) -> None:
    path = await link_for(acme, "carol@customer.test")
    elsewhere = f"/portal/{globex.slug}/sign-in/link"
    assert (await connect().get(f"{elsewhere}?token={token_in(path)}", headers=PAGE)).status_code == 410
    refused = await connect().post(elsewhere, data={"token": token_in(path)}, headers=PAGE)
    assert refused.status_code == 410
    assert COOKIE not in refused.headers.get("set-cookie", "")
    assert (await connect().get(path, headers=PAGE)).status_code == 200


async def test_another_sites_page_uses_no_link(acme: Company, connect: Connect) -> None:
    path = await link_for(acme, "carol@customer.test")
    foreign = {**PAGE, "origin": "https://evil.test", "sec-fetch-site": "cross-site"}
    assert (await connect().post(where(path), data={"token": token_in(path)}, headers=foreign)).status_code == 403
    assert (await connect().get(path, headers=PAGE)).status_code == 200


async def test_a_second_factor_comes_after_the_link(acme: Company, connect: Connect) -> None:
    await set_up(acme, acme.bob)
    await email.send_link(
        acme.installation,
        acme.organization_id,
        link_id=ids.new(),
        email=acme.bob.email,
        purpose=Purpose.SIGN_IN,
        everywhere=False,
    )
    path = (await letters(acme))[-1].path
    answer = await connect().post(where(path), data={"token": token_in(path)}, headers=PAGE)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"/portal/{acme.slug}/sign-in/totp")
    assert f"{COOKIE}=" not in " ".join(answer.headers.get_list("set-cookie"))


async def test_a_first_password_opens_the_portal_and_its_owner_is_told(acme: Company, connect: Connect) -> None:
    before = await begin_session(acme, acme.carol)
    path, client = await link_for(acme, "carol@customer.test", Purpose.PASSWORD), connect()
    weak = await client.post(where(path), data={"token": token_in(path), "password": "carol"}, headers=PAGE)
    assert weak.status_code == 422
    assert "Use at least ten characters." in weak.text
    assert await access.session_of(acme.installation, before)
    done = await client.post(where(path), data={"token": token_in(path), "password": GOOD}, headers=PAGE)
    assert (done.status_code, done.headers["location"]) == (303, f"/portal/{acme.slug}")
    assert await access.session_of(acme.installation, before) is None
    told = (await letters(acme))[-1]
    assert (told.kind, told.to) == ("PASSWORD_CHANGED", "carol@customer.test")
    assert "http" not in told.text
    form = {"email": "carol@customer.test", "password": GOOD}
    signed_in = await connect().post(f"/portal/{acme.slug}/sign-in", data=form, headers=PAGE)
    assert signed_in.status_code == 303


async def test_no_link_leads_elsewhere(acme: Company, connect: Connect) -> None:
    for wanted in "https://evil.test/", "//evil.test", "/\\evil.test", "javascript:alert(1)":
        path = await link_for(acme, "carol@customer.test")
        sent = {"token": token_in(path), "next": wanted}
        answer = await connect().post(where(path), data=sent, headers=PAGE)
        assert answer.headers.get("location", f"/portal/{acme.slug}") == f"/portal/{acme.slug}"
        async with acme.database.transaction(acme.organization_id) as tx:
            await tx.run("delete from links")


async def test_asking_again_and_again_has_to_wait(acme: Company, connect: Connect, limited: object) -> None:
    client, address = connect(limited), f"{ids.new().hex}@customer.test"
    answers = [
        await client.post(f"/portal/{acme.slug}/sign-in/ask", data={"email": address}, headers=PAGE) for _ in range(6)
    ]
    assert [answer.status_code for answer in answers[:5]] == [303] * 5
    assert answers[5].status_code == 429
    assert int(answers[5].headers["retry-after"]) >= 1
    assert await run_links(acme, address) == 5


@pytest.mark.parametrize("host", ["evil.test", "parlour.test.evil.test"])
async def test_the_link_leads_here_whatever_host_was_asked(acme: Company, connect: Connect, host: str) -> None:
    form = {"email": "carol@customer.test"}
    await connect().post(f"/portal/{acme.slug}/sign-in/ask", data=form, headers={**PAGE, "host": host})
    await run_links(acme)
    [mail] = await letters(acme)
    assert mail.url.startswith(acme.installation.settings.public_url)
    assert "evil" not in mail.raw


async def test_programs_sign_in_with_a_link(acme: Company, connect: Connect) -> None:
    client = connect()
    asked = await client.post("/api/auth/link", json={"email": "carol@customer.test", "organization": acme.slug})
    unknown = await client.post("/api/auth/link", json={"email": "no@customer.test", "organization": acme.slug})
    nowhere = await client.post("/api/auth/link", json={"email": "no@customer.test", "organization": "nowhere"})
    assert [(one.status_code, one.content) for one in (asked, unknown, nowhere)] == [(202, b"")] * 3
    await run_links(acme)
    [mail] = await letters(acme)
    opened = await client.post("/api/auth/sign-in", json={"link": mail.token})
    assert opened.status_code == 200
    assert opened.json()["user"]["email"] == "carol@customer.test"
    again = await connect().post("/api/auth/sign-in", json={"link": mail.token})
    assert again.status_code == 410


async def test_programs_choose_a_password_with_a_link(acme: Company, connect: Connect) -> None:
    client = connect()
    body = {"email": "carol@customer.test", "organization": acme.slug}
    assert (await client.post("/api/auth/reset", json=body)).status_code == 202
    await run_links(acme)
    [mail] = await letters(acme)
    weak = await client.post("/api/auth/password", json={"token": mail.token, "password": "carol"})
    assert (weak.status_code, list(weak.json()["details"])) == (422, ["password"])
    assert (await client.post("/api/auth/password", json={"token": mail.token, "password": GOOD})).status_code == 204
    over = await client.post("/api/auth/password", json={"token": mail.token, "password": GOOD})
    assert over.status_code == 410
    assert re.search("Ask for a new one", over.json()["error"])
    signed_in = await client.post("/api/auth/sign-in", json={**body, "password": GOOD})
    assert signed_in.status_code == 200
