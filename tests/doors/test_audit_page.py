"""The audit trail's page, before any script runs."""

import re
from datetime import UTC, datetime

import pytest

from parlour import audit
from parlour.audit import Act, Outcome, Subject
from parlour.foundation import clock
from tests.audit.hand import hand, write
from tests.audit.reading import last, rows
from tests.builders import Company
from tests.doors.conftest import Clients

HERE = "/dashboard/settings/audit"


async def test_it_shows_who_did_what_with_before_and_after(acme: Company, at_acme: Clients) -> None:
    with clock.frozen(datetime(2026, 5, 4, 12, 30, 15, tzinfo=UTC)):
        await write(acme, "<b>Bob</b>")
    browser = await at_acme.browser("alice")
    page = (await browser.get(HERE)).text
    assert "&lt;b&gt;Bob&lt;/b&gt;" in page
    assert "<b>Bob" not in page
    assert 'title="2026-05-04 12:30:15 UTC"' in page
    assert re.search(r"<del>AGENT</del>.*<ins>MANAGER</ins>", page)
    assert re.search(r">Alice</a>\s*<span class=\"trail-act\">changed a role", page)


async def test_filters_stand_in_the_address_and_in_the_form(acme: Company, at_acme: Clients) -> None:
    await write(acme, "Bob")
    async with acme.database.transaction(acme.organization_id) as tx:
        on = Subject("user", acme.bob.user_id, "The one who failed")
        await audit.record(tx, Act.SIGN_IN_REFUSED, on=on, outcome=Outcome.REFUSED)
    browser = await at_acme.browser("alice")
    page = (await browser.get(HERE, params={"what": "SIGN_IN", "outcome": "REFUSED", "q": "failed"})).text
    assert "The one who failed" in page
    assert "changed a role" not in page
    assert 'value="SIGN_IN" selected' in page
    assert 'value="REFUSED" selected' in page
    assert 'value="failed"' in page
    assert f"{HERE}/export?q=failed&amp;what=SIGN_IN&amp;outcome=REFUSED&amp;format=csv" in page
    nothing = (await browser.get(HERE, params={"q": "nobody of that name"})).text
    assert "No record fits" in nothing


async def test_the_next_page_goes_on_where_one_ends(acme: Company, at_acme: Clients) -> None:
    await write(acme, *[f"number {number:03}" for number in range(120)])
    browser = await at_acme.browser("alice")
    seen: list[str] = []
    address = f"{HERE}?what=ROLE_CHANGED"
    for _ in range(3):
        page = (await browser.get(address)).text
        seen += re.findall(r"number \d{3}", re.sub(r"<summary.*?</summary>", "", page))
        older = re.search(r'href="([^"]*after=[^"]*)"', page)
        address = older[1].replace("&amp;", "&") if older else ""
    assert address == ""
    assert seen == [f"number {number:03}" for number in reversed(range(120))]


@pytest.mark.parametrize(
    "query", ["what=DREAMT", "since=yesterday", "actor=x", "after=x", "outcome=MAYBE", "after=2026_1"]
)
async def test_an_address_that_makes_no_sense_is_refused(acme: Company, at_acme: Clients, query: str) -> None:
    browser = await at_acme.browser("alice")
    before = await last(acme)
    assert (await browser.get(f"{HERE}?{query}")).status_code == 400
    assert await last(acme) == before


@pytest.mark.parametrize("first", ["mara", "bob"])
async def test_others_than_administrators_see_neither_page_nor_tab(acme: Company, at_acme: Clients, first: str) -> None:
    browser = await at_acme.browser(first)
    assert (await browser.get(HERE)).status_code == 403
    assert (await browser.get(f"{HERE}/export")).status_code == 403
    assert f'href="{HERE}"' not in (await browser.get("/dashboard/settings")).text


async def test_the_chain_is_checked_by_a_button(acme: Company, at_acme: Clients, owner_database_url: str) -> None:
    browser = await at_acme.browser("alice")
    answer = await browser.post(f"{HERE}/verify")
    assert (answer.status_code, answer.headers["location"]) == (303, HERE)
    assert "The%20chain%20is%20whole" in answer.headers["set-cookie"]
    async with hand(owner_database_url, acme.organization_id) as one:
        await one.does("delete from audit_records where position = 2")
    answer = await browser.post(f"{HERE}/verify")
    assert "record%202%20is%20missing" in answer.headers["set-cookie"]


@pytest.mark.parametrize("typed", ["", "30", "many", "99999999"])
async def test_a_time_that_is_too_short_or_none_is_refused(acme: Company, at_acme: Clients, typed: str) -> None:
    browser = await at_acme.browser("alice")
    before = await last(acme)
    answer = await browser.post(f"{HERE}/retention", data={"keep_days": typed})
    assert answer.status_code == 303
    assert "error" in answer.headers["set-cookie"]
    assert await last(acme) == before


async def test_an_export_from_the_page_is_the_list_as_asked(acme: Company, at_acme: Clients) -> None:
    await write(acme, "Bob", "=Carol")
    browser = await at_acme.browser("alice")
    answer = await browser.get(f"{HERE}/export", params={"what": "ROLE_CHANGED", "format": "csv"})
    assert answer.status_code == 200
    lines = answer.text.splitlines()
    assert [line.count("'=Carol") for line in lines] == [0, 0, 1]
    exported = (await rows(acme))[-1]
    assert (exported.act, exported.details) == ("TRAIL_EXPORTED", {"acts": ["ROLE_CHANGED"], "form": "csv"})
