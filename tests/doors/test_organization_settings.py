"""The organization's own settings: its page, the same for programs, and what its portal then looks like."""

import re

from parlour import people
from parlour.email import wording
from parlour.people import Organization
from tests.builders import Company
from tests.doors.conftest import Clients, Connect
from tests.doors.test_dashboard import desk
from tests.pictures import picture

PAGE = "/dashboard/settings/organization"
HTML = {"accept": "text/html"}


async def known(company: Company) -> Organization:
    async with company.database.reading(company.organization_id) as tx:
        return await people.this_organization(tx)


async def test_all_of_it_is_set_on_one_page(acme: Company, connect: Connect) -> None:
    alice = await desk(connect, acme, acme.alice)
    new = f"{acme.slug}-new"
    form = {"name": "Acme & Co", "slug": new, "colour": "#AA0055", "time_zone": "Europe/Berlin", "first": "de"}
    assert (await alice.post(PAGE, data={**form, "language": ["fr", "en"]})).status_code == 303
    organization = await known(acme)
    assert (organization.name, organization.slug) == ("Acme & Co", new)
    assert (organization.colour, organization.time_zone) == ("#aa0055", "Europe/Berlin")
    async with acme.database.reading(acme.organization_id) as tx:
        assert await wording.languages(tx) == ["de", "fr", "en"]
    page = (await alice.get(PAGE)).text
    assert re.search(rf"{acme.slug}</span><span class=\"faint\">leads here until", page)
    assert '<option value="Europe/Berlin" selected>' in page


async def test_what_is_refused_stands_there_to_be_corrected(acme: Company, globex: Company, connect: Connect) -> None:
    alice = await desk(connect, acme, acme.alice)
    before = await known(acme)
    answer = await alice.post(PAGE, data={"name": "Acme!", "slug": globex.slug, "colour": "#112233"})
    assert answer.status_code == 409
    assert "Another organization has this short name already." in answer.text
    assert f'value="{globex.slug}"' in answer.text
    assert 'value="Acme!"' in answer.text
    assert await known(acme) == before


async def test_links_with_the_short_name_of_before_still_lead_somewhere(
    acme: Company, connect: Connect, at_acme: Clients
) -> None:
    carol = await at_acme.browser("carol")
    ticket = await acme.ticket()
    async with acme.database.transaction(acme.organization_id) as tx:
        await people.change_organization(tx, people.OrganizationChanges(slug=f"{acme.slug}-new"))
    old, new = f"/portal/{acme.slug}", f"/portal/{acme.slug}-new"
    signed_in = await carol.get(f"{old}/tickets/{ticket.number}?x=1", headers=HTML)
    assert (signed_in.status_code, signed_in.headers["location"]) == (307, f"{new}/tickets/{ticket.number}?x=1")
    stranger = await connect().get(f"{old}/sign-in?next={old}/tickets/{ticket.number}", headers=HTML)
    assert stranger.headers["location"] == f"{new}/sign-in?next={new}/tickets/{ticket.number}"
    reply = await carol.post(f"{old}/tickets/{ticket.number}/reply", data={"body": "Hello"}, headers=HTML)
    assert (reply.status_code, reply.headers["location"]) == (307, f"{new}/tickets/{ticket.number}/reply")
    assert (await connect().get(f"{old}/brand.css")).headers["location"] == f"{new}/brand.css"


async def test_a_logo_is_shown_wherever_the_organization_is(acme: Company, connect: Connect) -> None:
    alice = await desk(connect, acme, acme.alice)
    assert (await connect().get(f"/portal/{acme.slug}/logo")).status_code == 404
    answer = await alice.post(f"{PAGE}/logo", files={"logo": ("logo.svg", picture("plum"), "image/svg+xml")})
    assert answer.status_code == 303
    logo = (await known(acme)).logo
    address = f"/portal/{acme.slug}/logo?v={logo}"
    assert f'src="{address}"' in (await alice.get(PAGE)).text
    assert f'src="{address}"' in (await connect().get(f"/portal/{acme.slug}/sign-in", headers=HTML)).text
    shown = await connect().get(address)
    assert shown.content.startswith(b"\x89PNG")
    assert shown.headers["content-type"] == "image/png"
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert shown.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "sandbox" in shown.headers["content-security-policy"]
    unnamed = await connect().get(f"/portal/{acme.slug}/logo")
    assert unnamed.headers["cache-control"] == "public, max-age=300"
    assert (await alice.post(f"{PAGE}/logo/remove")).status_code == 303
    assert (await connect().get(address)).status_code == 404


async def test_a_file_that_is_no_picture_leaves_the_logo_as_it_is(acme: Company, connect: Connect) -> None:
    alice = await desk(connect, acme, acme.alice)
    await alice.post(f"{PAGE}/logo", files={"logo": ("a.png", picture())})
    before = await known(acme)
    for files in ({"logo": ("a.png", b"<svg/>", "image/png")}, {"other": ("a.png", b"")}):
        answer = await alice.post(f"{PAGE}/logo", files=files)
        assert answer.status_code == 422
        assert 'aria-describedby="about-logo"' in answer.text
    assert await known(acme) == before


async def test_programs_change_the_organization_too(acme: Company, at_acme: Clients) -> None:
    alice, bob = await at_acme.program("alice"), await at_acme.program("bob")
    made = await alice.post("/api/organization/logo", files={"file": ("a.png", picture())})
    assert made.status_code == 200, made.text
    changes = {"timeZone": "Asia/Tokyo", "slug": f"{acme.slug}-new"}
    changed = (await alice.put("/api/organization", json=changes)).json()
    assert (changed["timeZone"], changed["slug"]) == ("Asia/Tokyo", f"{acme.slug}-new")
    assert changed["logo"] == made.json()["logo"].replace(acme.slug, f"{acme.slug}-new")
    assert (await alice.put("/api/organization", json={"timeZone": "Mars/Base"})).status_code == 422
    assert (await bob.delete("/api/organization/logo")).status_code == 403
    assert (await bob.get("/api/organization")).json() == changed
    assert (await alice.delete("/api/organization/logo")).status_code == 204
    assert (await bob.get("/api/organization")).json()["logo"] is None


async def test_plan_and_usage_are_shown_in_words_and_to_programs(
    acme: Company, connect: Connect, at_acme: Clients
) -> None:
    alice = await desk(connect, acme, acme.alice)
    assert "This installation sets you no limits." in (await alice.get("/dashboard/settings/plan")).text
    async with acme.database.transaction(acme.organization_id) as tx:
        await people.set_plan(tx, people.Plan.TEAM)
        await people.agree_on(tx, {people.Resource.SEATS: 4})
    page = (await alice.get("/dashboard/settings/plan")).text
    assert "<b>The limit is reached.</b> Nobody can be added as an agent." in page
    assert 'aria-label="Seats: 100 % of your limit"' in page
    assert "0 B of 25.0 GB" in page
    answer = (await (await at_acme.program("alice")).get("/api/organization/usage")).json()
    assert answer["plan"] == "TEAM"
    assert [(each["resource"], each["amount"], each["limit"]) for each in answer["items"]] == [
        ("SEATS", 4, 4),
        ("MAILBOXES", 0, 5),
        ("STORAGE", 0, 25_000_000_000),
        ("TICKETS", 0, 5_000),
    ]
    assert (await (await at_acme.program("bob")).get("/api/organization/usage")).status_code == 403
    invited = {"email": "frank@acme.test", "role": "AGENT"}
    refused = await alice.post("/dashboard/settings/invitations", data=invited)
    assert refused.status_code == 409
    assert "Every seat of your plan is taken." in refused.text
    made = await (await at_acme.program("alice")).post(
        "/api/users", json={"name": "Frank", "email": "frank@acme.test", "role": "AGENT"}
    )
    assert made.status_code == 409
    assert "Every seat of your plan is taken." in made.json()["error"]
