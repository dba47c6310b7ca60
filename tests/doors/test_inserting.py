"""Templates beside the composer, as its menu and as a page before JavaScript."""

from uuid import UUID

from parlour.email import wording
from parlour.email.wording import Draft, Kind, Owner, Text
from parlour.people import Actor
from tests.builders import Company
from tests.doors.conftest import Clients

MENU = {"x-menu": "1"}


async def template(company: Company, name: str, text: str, by: Actor | None = None) -> UUID:
    owner = Owner(user_id=by.user_id) if by else Owner()
    async with company.database.transaction(company.organization_id) as tx:
        draft = Draft(Kind.TEMPLATE, {"en": Text(text)}, owner, name)
        return (await wording.add_wording(tx, draft, by=by or company.alice)).id


async def test_the_menu_shows_what_would_be_inserted(acme: Company, at_acme: Clients) -> None:
    ticket = await acme.ticket()
    shared = await template(acme, "Greeting", "Hello {{customer.name}}, <b>you</b>")
    await template(acme, "Mine", "By {{agent.name}} on #{{ticket.number}}", by=acme.bob)
    bob, mara = await at_acme.browser("bob"), await at_acme.browser("mara")
    path = f"/dashboard/tickets/{ticket.number}/templates"
    menu = (await bob.get(path, headers=MENU)).text
    assert "Hello Carol, &lt;b&gt;you&lt;/b&gt;" in menu
    assert f"By Bob on #{ticket.number}" in menu
    assert "<html" not in menu
    assert "Mine" not in (await mara.get(path, headers=MENU)).text
    assert "Greeting" not in (await bob.get(path, params={"q": "by bo"}, headers=MENU)).text
    assert "No template has these words." in (await bob.get(path, params={"q": "zebra"}, headers=MENU)).text
    inserted = await bob.get(f"{path}/{shared}")
    assert inserted.json() == {"text": "Hello Carol, <b>you</b>", "language": "en"}


async def test_before_javascript_a_page_leads_back_to_a_field_that_is_filled(acme: Company, at_acme: Clients) -> None:
    ticket = await acme.ticket()
    shared = await template(acme, "Greeting", "Hello {{customer.name}}")
    bob = await at_acme.browser("bob")
    page = (await bob.get(f"/dashboard/tickets/{ticket.number}/templates", params={"view": "mine"})).text
    back = f"/dashboard/tickets/{ticket.number}?view=mine&amp;template={shared}#composer-body"
    assert f'href="{back}"' in page
    opened = (await bob.get(back.replace("&amp;", "&"))).text
    assert ">Hello Carol</textarea>" in opened


async def test_nobody_inserts_what_is_not_theirs(acme: Company, at_acme: Clients) -> None:
    ticket = await acme.ticket()
    own = await template(acme, "Mine", "Secret", by=acme.bob)
    mara, carol = await at_acme.browser("mara"), await at_acme.browser("carol")
    path = f"/dashboard/tickets/{ticket.number}/templates"
    assert (await mara.get(f"{path}/{own}")).status_code == 404
    assert (await mara.get(f"/dashboard/tickets/{ticket.number}", params={"template": str(own)})).status_code == 404
    assert (await carol.get(path)).status_code == 403
    hidden = await acme.ticket(department_id=acme.support_id)
    erin = await at_acme.browser("erin")
    assert (await erin.get(f"/dashboard/tickets/{hidden.number}/templates")).status_code == 404
