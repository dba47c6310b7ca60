"""The pages where words are written: one language at a time, previewed, refused by name, taken back."""

import re
from uuid import UUID

import httpx
import pytest

from parlour import email
from parlour.email import safety, wording
from parlour.email.wording import Draft, Kind, Owner, Text, Wording
from parlour.people import Actor
from tests.builders import Company
from tests.doors.conftest import Clients

SETTINGS = "/dashboard/settings"
TEMPLATES = f"{SETTINGS}/templates"
SIGNATURES = f"{SETTINGS}/signatures"
AUTOMATIC = f"{SETTINGS}/automatic-mails"


async def kept(company: Company, kind: Kind, by: Actor | None = None) -> list[Wording]:
    async with company.database.reading(company.organization_id) as tx:
        return await wording.wordings(tx, kind, seen_by=by or company.alice)


async def write(company: Company, kind: Kind, by: Actor, owner: Owner | None = None, **texts: str) -> UUID:
    draft = Draft(kind, {code: Text(text) for code, text in texts.items()}, owner or Owner(), "Greeting")
    async with company.database.transaction(company.organization_id) as tx:
        return (await wording.add_wording(tx, draft, by=by)).id


def shown(page: httpx.Response) -> str:
    """What the preview says, as text."""
    return re.sub(r"<[^>]*>", "", page.text.partition('class="words-sheet')[2].partition("</section>")[0])


async def test_a_template_is_written_in_one_language_after_the_other(acme: Company, at_acme: Clients) -> None:
    bob = await at_acme.browser("bob")
    assert "No templates yet" in (await bob.get(TEMPLATES)).text
    form = {"language": "en", "name": "Greeting", "owner": f"user:{acme.bob.user_id}", "text": "Hello\r\nyou"}
    made = await bob.post(TEMPLATES, data=form)
    [template] = await kept(acme, Kind.TEMPLATE, acme.bob)
    path = f"{TEMPLATES}/{template.id}"
    assert (made.status_code, made.headers["location"]) == (303, f"{path}?language=en")
    saved = await bob.post(path, data={**form, "language": "de", "name": "Welcome", "text": "Hallo"})
    assert saved.headers["location"] == f"{path}?language=de"
    [template] = await kept(acme, Kind.TEMPLATE, acme.bob)
    assert (template.name, template.texts) == ("Welcome", {"en": Text("Hello\nyou"), "de": Text("Hallo")})
    page = (await bob.get(path, params={"language": "de"})).text
    assert ">Hallo</textarea>" in page
    assert f'href="{path}?language=en" lang="en">English</a>' in page
    await bob.post(f"{path}/forget", data={"language": "en"})
    assert list((await kept(acme, Kind.TEMPLATE, acme.bob))[0].texts) == ["de"]
    await bob.post(f"{path}/remove")
    assert await kept(acme, Kind.TEMPLATE, acme.bob) == []


async def test_what_is_refused_is_named_and_nothing_typed_is_lost(acme: Company, at_acme: Clients) -> None:
    bob = await at_acme.browser("bob")
    form = {
        "language": "en",
        "name": "Greeting",
        "owner": f"user:{acme.bob.user_id}",
        "text": "Hello {{customer.nmae}}",
    }
    refused = await bob.post(TEMPLATES, data=form)
    assert refused.status_code == 422
    assert "There is no placeholder {{customer.nmae}}." in refused.text
    assert ">Hello {{customer.nmae}}</textarea>" in refused.text
    assert 'value="Greeting"' in refused.text
    # Nor is it everybody's because a form says so.
    assert (await bob.post(TEMPLATES, data={**form, "text": "Hello", "owner": ""})).status_code == 403
    for owner in ("user:none", "organization:x", f"user_id:{acme.bob.user_id}"):
        assert (await bob.post(TEMPLATES, data={**form, "text": "Hello", "owner": owner})).status_code == 404
    assert await kept(acme, Kind.TEMPLATE, acme.bob) == []


async def test_a_preview_shows_what_is_typed_and_saves_nothing(acme: Company, at_acme: Clients) -> None:
    bob, ticket = await at_acme.browser("bob"), await acme.ticket("The grinder hums")
    form = {"language": "en", "name": "x", "text": "About {{ticket.subject}}, {{customer.name}} <b>"}
    part = await bob.post(f"{TEMPLATES}/preview", data=form, headers={"x-preview": "1"})
    assert "<html" not in part.text
    assert "About My order has not arrived, Carol Weber &lt;b&gt;" in part.text
    own = await bob.post(f"{TEMPLATES}/preview", data={**form, "ticket": f"#{ticket.number}"})
    assert "<html" in own.text
    assert "About The grinder hums, Carol &lt;b&gt;" in shown(own)
    assert ">About {{ticket.subject}}, {{customer.name}} &lt;b&gt;</textarea>" in own.text
    for field, said in [
        ({"ticket": "999"}, "There is no ticket #999, or it is not yours to see."),
        ({"ticket": "x"}, "A ticket is named by its number."),
        ({"text": "{{x}}"}, "There is no placeholder {{x}}."),
        ({"text": " "}, "Write something, and it is shown here."),
    ]:
        part = await bob.post(f"{TEMPLATES}/preview", data={**form, **field}, headers={"x-preview": "1"})
        assert said in part.text
    assert await kept(acme, Kind.TEMPLATE, acme.bob) == []


async def test_signatures_say_how_replies_end(acme: Company, at_acme: Clients) -> None:
    bob = await at_acme.browser("bob")
    page = (await bob.get(SIGNATURES)).text
    assert "With the name of the organization and nothing else." in page
    assert "The organization’s footer" not in page
    await write(acme, Kind.SIGNATURE, acme.alice, en="{{organization.name}}, {{portal.url}}")
    form = {"language": "en", "owner": f"user:{acme.bob.user_id}", "text": "Cheers, {{agent.name}}", "html": ""}
    assert (await bob.post(SIGNATURES, data=form)).status_code == 303
    page = await bob.get(SIGNATURES)
    assert "Cheers, BobAcme, " in shown(page)
    assert f"/portal/{acme.slug}" in shown(page)
    [footer] = [one for one in await kept(acme, Kind.SIGNATURE) if one.user_id is None]
    one = await bob.get(f"{SIGNATURES}/{footer.id}")
    assert "disabled" in one.text
    assert ">Save<" not in one.text
    assert (await bob.post(f"{SIGNATURES}/{footer.id}", data=form)).status_code == 403
    assert (await bob.post(f"{SIGNATURES}/{footer.id}/remove")).status_code == 403
    assert (await kept(acme, Kind.SIGNATURE))[0].texts == footer.texts


async def test_an_automatic_mail_begins_with_the_built_in_text_and_goes_back_to_it(
    acme: Company, at_acme: Clients
) -> None:
    alice = await at_acme.browser("alice")
    begun = (await alice.get(f"{AUTOMATIC}/new", params={"owner": "", "language": "fr"})).text
    assert ">Nous avons bien reçu votre message" in begun
    assert "This is the built-in text." in begun
    form = {"language": "fr", "owner": "", "text": "Bien reçu, {{customer.name}}.", "subject": "Bonjour"}
    await alice.post(AUTOMATIC, data=form)
    [own] = await kept(acme, Kind.ACKNOWLEDGEMENT)
    assert own.texts == {"fr": Text("Bien reçu, {{customer.name}}.", subject="Bonjour")}
    page = (await alice.get(f"{AUTOMATIC}/{own.id}")).text
    assert "This is the built-in text." not in page
    assert "Bonjour [#42]" in page
    assert "Bien reçu, {{customer.name}}." in (await alice.get(AUTOMATIC)).text
    await alice.post(f"{AUTOMATIC}/{own.id}/remove")
    assert await kept(acme, Kind.ACKNOWLEDGEMENT) == []
    assert "The built-in text" in (await alice.get(AUTOMATIC)).text


async def test_acknowledging_is_switched_for_all_and_for_a_mailbox(acme: Company, at_acme: Clients) -> None:
    async with acme.database.transaction(acme.organization_id) as tx:
        mailbox = await email.add_mailbox(tx, f"support@{acme.slug}.test")
    alice = await at_acme.browser("alice")
    form = {"acknowledges": "on", "first": "de", "language": ["en", "fr"], f"mailbox-{mailbox.id}": "no"}
    assert (await alice.post(f"{AUTOMATIC}/settings", data=form)).status_code == 303
    async with acme.database.reading(acme.organization_id) as tx:
        assert (await safety.mail_rules(tx)).acknowledges is True
        assert await wording.languages(tx) == ["de", "en", "fr"]
        assert (await email.find_mailbox(tx, mailbox.id)).acknowledges is False
    refused = await alice.post(f"{AUTOMATIC}/settings", data={"first": "nothing"})
    assert refused.status_code == 422
    async with acme.database.reading(acme.organization_id) as tx:
        assert (await safety.mail_rules(tx)).acknowledges is True
        assert await wording.languages(tx) == ["de", "en", "fr"]


@pytest.mark.parametrize("path", [AUTOMATIC, f"{AUTOMATIC}/new", f"{AUTOMATIC}/new?owner="])
async def test_automatic_mails_are_for_administrators(path: str, at_acme: Clients) -> None:
    for first in ("mara", "bob", "carol"):
        assert (await (await at_acme.browser(first)).get(path)).status_code == 403


async def test_a_manager_writes_for_the_departments_they_work_in(acme: Company, at_acme: Clients) -> None:
    from_erins = {"language": "en", "name": "Ours", "owner": f"department:{acme.billing_id}", "text": "Hello"}
    mara = await at_acme.browser("mara")
    assert f'value="department:{acme.billing_id}"' not in (await mara.get(f"{TEMPLATES}/new")).text
    assert (await mara.post(TEMPLATES, data=from_erins)).status_code == 403
    await mara.post(
        f"{SETTINGS}/departments/{acme.billing_id}", data={"name": "Billing", "member": str(acme.mara.user_id)}
    )
    assert f'value="department:{acme.billing_id}"' in (await mara.get(f"{TEMPLATES}/new")).text
    assert (await mara.post(TEMPLATES, data=from_erins)).status_code == 303
    assert [one.name for one in await kept(acme, Kind.TEMPLATE)] == ["Ours"]
