"""Whose words are whose: who may see them, who may write them, and what is refused."""

import pytest

from parlour.email import wording
from parlour.email.wording import Draft, Kind, NotYourWords, Owner, Text, Wording, WordingTaken
from parlour.foundation.errors import Invalid, NotFound
from parlour.people import Actor
from parlour.tickets import Words
from tests.builders import Company

HELLO = {"en": Text("Hello {{customer.first_name|there}}")}


async def add(company: Company, draft: Draft, by: Actor) -> Wording:
    async with company.database.transaction(company.organization_id) as tx:
        return await wording.add_wording(tx, draft, by=by)


async def seen(company: Company, kind: Kind, by: Actor, q: str = "") -> list[str]:
    async with company.database.reading(company.organization_id) as tx:
        return [one.name or next(iter(one.texts)) for one in await wording.wordings(tx, kind, seen_by=by, q=q)]


def template(name: str, owner: Owner | None = None, **texts: str) -> Draft:
    words = {language: Text(text) for language, text in texts.items()} or HELLO
    return Draft(Kind.TEMPLATE, words, owner or Owner(), name)


async def test_everybody_uses_the_organizations_and_their_own(acme: Company) -> None:
    await add(acme, template("Everybody's"), acme.alice)
    await add(acme, template("Bob's", Owner(user_id=acme.bob.user_id)), acme.bob)
    await add(acme, template("Billing's", Owner(department_id=acme.billing_id)), acme.alice)
    await add(acme, template("Support's", Owner(department_id=acme.support_id)), acme.alice)
    assert await seen(acme, Kind.TEMPLATE, acme.bob) == ["Everybody's", "Billing's", "Bob's", "Support's"]
    assert await seen(acme, Kind.TEMPLATE, acme.erin) == ["Everybody's", "Billing's"]
    assert await seen(acme, Kind.TEMPLATE, acme.alice) == ["Everybody's", "Billing's", "Support's"]


async def test_only_whose_they_are_may_write_them(acme: Company) -> None:
    shared = await add(acme, template("Everybody's"), acme.alice)
    bobs = await add(acme, template("Bob's", Owner(user_id=acme.bob.user_id)), acme.bob)
    for draft, by in [
        (template("Mine"), acme.bob),
        (template("Mine"), acme.mara),
        (template("Mine", Owner(department_id=acme.billing_id)), acme.erin),
        # A manager, but not one who works there.
        (template("Mine", Owner(department_id=acme.billing_id)), acme.mara),
        (template("Mine", Owner(user_id=acme.bob.user_id)), acme.alice),
        (Draft(Kind.SIGNATURE, HELLO, Owner(user_id=acme.bob.user_id)), acme.mara),
        (Draft(Kind.ACKNOWLEDGEMENT, HELLO), acme.mara),
    ]:
        with pytest.raises(NotYourWords):
            await add(acme, draft, by)
    async with acme.database.transaction(acme.organization_id) as tx:
        with pytest.raises(NotYourWords):
            await wording.remove_wording(tx, shared, by=acme.bob)
        with pytest.raises(NotYourWords):
            await wording.change_wording(tx, shared, template("Taken over"), by=acme.bob)
        # Nor make their own everybody's.
        with pytest.raises(NotYourWords):
            await wording.change_wording(tx, bobs, template("Bob's"), by=acme.bob)
        with pytest.raises(NotFound):
            await wording.find_wording(tx, Kind.TEMPLATE, bobs.id, seen_by=acme.alice)
    assert await seen(acme, Kind.TEMPLATE, acme.bob) == ["Everybody's", "Bob's"]


async def test_an_administrator_keeps_order_among_signatures(acme: Company) -> None:
    draft = Draft(Kind.SIGNATURE, HELLO, Owner(user_id=acme.bob.user_id))
    await add(acme, draft, acme.alice)
    assert await seen(acme, Kind.SIGNATURE, acme.bob) == ["en"]
    assert await seen(acme, Kind.SIGNATURE, acme.alice) == ["en"]
    assert await seen(acme, Kind.SIGNATURE, acme.mara) == []
    with pytest.raises(WordingTaken):
        await add(acme, draft, acme.bob)


async def test_a_name_is_taken_once_for_each_whose_they_are(acme: Company) -> None:
    await add(acme, template("Refund"), acme.alice)
    await add(acme, template("Refund", Owner(user_id=acme.bob.user_id)), acme.bob)
    with pytest.raises(WordingTaken):
        await add(acme, template("REFUND"), acme.alice)


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        (template(" "), "name"),
        (template("x" * 81), "name"),
        (template("x", en=" "), "texts.en.text"),
        (template("x", en="{{nobody}}"), "texts.en.text"),
        (template("x", **{"EN us": "x"}), "texts"),
        (template("x", en="x" * 20_001), "texts.en.text"),
        (Draft(Kind.TEMPLATE, {}, name="x"), "texts"),
        (Draft(Kind.TEMPLATE, {"en": Text("x", html="<b>x</b>")}, name="x"), "texts.en.html"),
        (Draft(Kind.SIGNATURE, {"en": Text("x", subject="x")}), "texts.en.subject"),
        (Draft(Kind.SIGNATURE, {"en": Text("x", html="{{oops}}")}), "texts.en.html"),
    ],
)
async def test_what_does_not_do_is_refused_by_its_field(acme: Company, draft: Draft, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        await add(acme, draft, acme.alice)
    assert list(refused.value.details or {}) == [field]
    assert await seen(acme, draft.kind, acme.alice) == []


async def test_another_organizations_mailbox_or_department_is_none(acme: Company, globex: Company) -> None:
    with pytest.raises(Invalid):
        await add(acme, template("x", Owner(department_id=globex.support_id)), acme.alice)


async def test_a_search_looks_into_names_and_texts(acme: Company) -> None:
    await add(acme, template("Refund", en="Your money is on its way."), acme.alice)
    await add(acme, template("100% wool", en="It shrinks."), acme.alice)
    assert await seen(acme, Kind.TEMPLATE, acme.bob, "MONEY") == ["Refund"]
    assert await seen(acme, Kind.TEMPLATE, acme.bob, "0% w") == ["100% wool"]
    assert await seen(acme, Kind.TEMPLATE, acme.bob, "_") == []


async def test_a_ticket_is_offered_what_fits_in_its_customers_language(acme: Company) -> None:
    await add(acme, template("Greeting", en="Hello {{customer.name}}", de="Guten Tag {{customer.name}}"), acme.alice)
    await add(acme, template("Invoice", Owner(department_id=acme.billing_id), en="#{{ticket.number}}"), acme.alice)
    german = "Unsere Kaffeemühle brummt seit gestern sehr laut, aber es kommt leider kein Kaffee heraus."
    ticket = await acme.ticket(words=Words(german), department_id=acme.support_id)
    async with acme.database.reading(acme.organization_id) as tx:
        for_bob = await wording.offers(tx, ticket, to=acme.bob, public_url="https://x.test")
        for_erin = await wording.offers(tx, ticket, to=acme.erin, public_url="https://x.test")
        [found] = await wording.offers(tx, ticket, to=acme.erin, public_url="https://x.test", q="inv")
        english = await wording.inserted(
            tx, ticket, for_bob[0].id, by=acme.bob, public_url="https://x.test", language="en"
        )
    assert [(one.name, one.language, one.text) for one in for_bob] == [("Greeting", "de", "Guten Tag Carol")]
    assert [one.name for one in for_erin] == ["Greeting", "Invoice"]
    assert (found.owner, found.text) == ("Billing", f"#{ticket.number}")
    assert english.text == "Hello Carol"
