"""The public pages, over the real app."""

import re
from urllib.parse import urlencode

import httpx
import pytest

from parlour import access, email, people
from parlour.entrance import COOKIE
from parlour.foundation import ids
from tests.builders import Company
from tests.doors.conftest import HOST, Clients, Connect

PASSWORD = "a long enough sentence"
PAGE = {"accept": "text/html"}


async def _with_password(company: Company, first: str) -> str:
    """Gives somebody a password, and their address an organization of its own to be found in."""
    address = f"{first}-{ids.new().hex[-8:]}@acme.test"
    async with company.database.transaction(company.organization_id) as tx:
        await tx.run(
            "update users set email = %(email)s, password_hash = %(hash)s where id = %(id)s",
            id=getattr(company, first).user_id,
            email=address,
            hash=await access.hashed_password(PASSWORD),
        )
    return address


async def _sign_in(client: httpx.AsyncClient, address: str, password: str, **more: str) -> httpx.Response:
    return await client.post("/sign-in", data={"email": address, "password": password, **more}, headers=PAGE)


async def test_the_front_page_says_what_it_is_and_leads_in(connect: Connect) -> None:
    answer = await connect().get("/", headers=PAGE)
    assert answer.status_code == 200
    assert "<h1" in answer.text
    assert 'href="/sign-up"' in answer.text
    assert 'href="/sign-in"' in answer.text
    assert COOKIE not in answer.headers.get("set-cookie", "")


@pytest.mark.parametrize("path", ["/", "/sign-in", "/sign-up"])
async def test_no_page_holds_styles_or_scripts_of_its_own(connect: Connect, path: str) -> None:
    answer = await connect().get(path, headers=PAGE)
    assert answer.status_code == 200
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert not re.search(r"\sstyle=|<style|\son[a-z]+=", answer.text)
    assert all("src=" in script for script in re.findall(r"<script[^>]*>", answer.text))


async def test_the_right_password_opens_the_dashboard(acme: Company, connect: Connect) -> None:
    address = await _with_password(acme, "bob")
    answer = await _sign_in(connect(), address.upper(), PASSWORD)
    assert (answer.status_code, answer.headers["location"]) == (303, "/dashboard")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    assert "httponly" in cookie.lower()
    assert "samesite=lax" in cookie.lower()


async def test_a_customer_is_led_to_their_portal_whatever_was_asked(acme: Company, connect: Connect) -> None:
    address = await _with_password(acme, "carol")
    answer = await _sign_in(connect(), address, PASSWORD, next="/dashboard")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/portal/{acme.slug}")


async def test_an_unknown_address_and_a_wrong_password_look_the_same(acme: Company, connect: Connect) -> None:
    address = await _with_password(acme, "bob")
    wrong = await _sign_in(connect(), address, "not the password")
    unknown = await _sign_in(connect(), f"nobody-{ids.new().hex}@acme.test", PASSWORD)
    assert wrong.status_code == unknown.status_code == 422
    said = [re.search(r'<div class="banner[^>]*>.*?</div>', answer.text, re.DOTALL) for answer in (wrong, unknown)]
    assert said[0]
    assert said[1]
    assert said[0][0] == said[1][0]
    assert "set-cookie" not in wrong.headers
    assert PASSWORD not in wrong.text


async def test_an_inactive_user_can_not_come_in(acme: Company, connect: Connect) -> None:
    address = await _with_password(acme, "bob")
    async with acme.database.transaction(acme.organization_id) as tx:
        bob = await people.find_user(tx, acme.bob.user_id)
        await people.change_user(tx, bob, people.UserChanges(status=people.UserStatus.INACTIVE), by=None)
    assert (await _sign_in(connect(), address, PASSWORD)).status_code == 422


async def test_after_signing_in_one_is_where_one_wanted_to_go(acme: Company, connect: Connect) -> None:
    address = await _with_password(acme, "bob")
    answer = await _sign_in(connect(), address, PASSWORD, next="/dashboard/tickets/7?show=all")
    assert answer.headers["location"] == "/dashboard/tickets/7?show=all"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.test/",
        "//evil.test",
        "/\\evil.test",
        "javascript:alert(1)",
        "/\t/evil.test",
        "evil.test",
        "/sign-out",
    ],
)
async def test_signing_in_leads_nowhere_else(acme: Company, connect: Connect, elsewhere: str) -> None:
    address = await _with_password(acme, "bob")
    answer = await _sign_in(connect(), address, PASSWORD, next=elsewhere)
    assert answer.headers["location"] == "/dashboard"
    page = await connect().get(f"/sign-in?{urlencode({'next': elsewhere})}", headers=PAGE)
    assert 'name="next" value=""' in page.text


async def test_guessing_is_stopped_and_told_when_to_go_on(acme: Company, connect: Connect, limited: object) -> None:
    address = await _with_password(acme, "bob")
    # From where no other test guesses: pauses grow by address too.
    client = connect(limited, address="127.0.0.78")
    answers = [await _sign_in(client, address, f"guess number {number}") for number in range(7)]
    assert answers[-1].status_code == 429
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
    assert (await _sign_in(client, address, PASSWORD)).status_code == 429


async def test_signing_out_ends_the_session_itself(acme: Company, at_acme: Clients, connect: Connect) -> None:
    browser = await at_acme.browser("carol")
    home = f"/portal/{acme.slug}"
    assert (await browser.get(home, headers=PAGE)).status_code == 200
    answer = await browser.post("/sign-out", headers=PAGE)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    again = await browser.get(home, headers=PAGE)
    assert (again.status_code, again.headers["location"].split("?")[0]) == (303, f"{home}/sign-in")


async def test_another_site_can_not_sign_anybody_out(acme: Company, at_acme: Clients) -> None:
    browser = await at_acme.browser("carol", with_csrf=False)
    answer = await browser.post("/sign-out", headers={**PAGE, "origin": "https://evil.test"})
    assert answer.status_code == 403
    assert (await browser.get(f"/portal/{acme.slug}", headers=PAGE)).status_code == 200


async def test_signing_up_makes_an_organization_with_a_mailbox_and_signs_in(connect: Connect, acme: Company) -> None:
    mark = ids.new().hex[-8:]
    client = connect()
    fields = {
        "organization": f"Blühende Gärten {mark}",
        "name": "Ada",
        "email": "Ada@garden.test",
        "password": PASSWORD,
    }
    answer = await client.post("/sign-up", data=fields, headers=PAGE)
    assert (answer.status_code, answer.headers["location"]) == (303, "/dashboard")
    slug = people.slug_from(fields["organization"])
    organization_id = await acme.database.doorways.organization_by_slug(slug)
    assert organization_id
    async with acme.database.reading(organization_id) as tx:
        administrator = await people.user_by_email(tx, "ada@garden.test")
        assert administrator
        assert (administrator.name, administrator.role) == ("Ada", people.Role.ADMIN)
        assert [mailbox.address for mailbox in await email.mailboxes(tx)] == [f"support@{slug}.parlour.test"]
    assert (await client.get("/sign-up", headers=PAGE)).headers["location"] == "/dashboard"


async def test_two_organizations_may_have_one_name(connect: Connect, acme: Company) -> None:
    name = f"Namesakes {ids.new().hex[-8:]}"
    for _ in range(2):
        fields = {"organization": name, "name": "Ada", "email": "ada@garden.test", "password": PASSWORD}
        assert (await connect().post("/sign-up", data=fields, headers=PAGE)).status_code == 303
    async with acme.database.reading(acme.organization_id) as tx:
        assert await tx.value("select count(*) from organizations") == 1


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("organization", " ", "has 1 to 120 characters"),
        ("name", "", "A name has 1 to 200 characters."),
        ("email", "not an address", "That is not an e-mail address."),
        ("password", "short", "at least ten characters"),
        ("password", "ada@garden.test", "are what is tried first"),
        ("password", "x" * 1001, "at most 1,000 characters"),
    ],
)
async def test_a_form_that_can_not_be_taken_says_why_and_keeps_the_rest(
    connect: Connect, acme: Company, field: str, value: str, said: str
) -> None:
    name = f"Refused {ids.new().hex[-8:]}"
    fields = {"organization": name, "name": "Ada", "email": "ada@garden.test", "password": PASSWORD, field: value}
    answer = await connect().post("/sign-up", data=fields, headers=PAGE)
    assert answer.status_code == 422
    assert said in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert ("Ada" in answer.text) is (field != "name")
    assert PASSWORD not in answer.text
    assert await acme.database.doorways.organization_by_slug(people.slug_from(name)) is None


async def test_an_organizations_own_host_leads_to_its_portal(acme: Company, connect: Connect) -> None:
    host = f"help-{acme.slug}.test"
    async with acme.database.transaction(acme.organization_id) as tx:
        await tx.run("update organizations set host = %(host)s", host=host)
    answer = await connect().get(f"http://{host}/", headers=PAGE)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/portal/{acme.slug}")
    assert (await connect().get(f"{HOST}/", headers=PAGE)).status_code == 200
