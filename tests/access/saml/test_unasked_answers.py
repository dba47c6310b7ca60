"""Sign-ins that begin at the provider: taken where a connection says so, and checked like any other."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from parlour.access import providers
from parlour.access.providers import Arrival, Brought, Draft, Kind, NotVouchedFor, Provider
from parlour.foundation import clock, crypto
from parlour.people import Role
from tests.access.providers.desk import BROWSER, near, people_of, refusals
from tests.access.saml import desk
from tests.access.saml import provider as there
from tests.access.saml.desk import KEYS, OTHER_KEYS
from tests.builders import Company


async def connected(company: Company, *, takes_unasked: bool = True, **more: Any) -> tuple[UUID, Provider]:
    person = await desk.person(company)
    return person, await desk.connect(company, newcomers_are=Role.AGENT, takes_unasked=takes_unasked, **more)


def answer(company: Company, provider: Provider, **said: Any) -> Any:
    question = {"id": "", "audience": provider.client_id, "recipient": f"{provider.client_id}/saml"}
    honest = {"issuer": provider.issuer, "attributes": {"email": [desk.address_of(company)]}}
    return there.response(question, **{**honest, **said})


async def arrive(company: Company, provider: Provider, unasked: Any, browser: str = BROWSER) -> Arrival:
    """Posted, looked at in a browser, and gone on with."""
    installation = near(company)
    ticket = await providers.hold_unasked(installation, provider.id, there.encoded(unasked))
    asked = await providers.ask_whether(installation, provider.id, BROWSER, ticket, "/dashboard/settings")
    assert asked.who == desk.address_of(company)
    brought = Brought(state=asked.state, code=ticket)
    return await providers.arrival(installation, provider.id, browser, brought, signed_in=None)


async def refused(company: Company, provider: Provider, unasked: Any) -> str:
    before = await people_of(company)
    with pytest.raises(NotVouchedFor) as refusal:
        await arrive(company, provider, unasked)
    assert await people_of(company) == before
    assert (await refusals(company))[-1] == refusal.value.reason
    return refusal.value.reason


async def test_it_opens_what_any_other_would(acme: Company) -> None:
    bob, provider = await connected(acme)
    arrival = await arrive(acme, provider, there.signed(answer(acme, provider), KEYS))
    assert arrival.identity and (arrival.identity.user_id, arrival.next_page) == (bob, "/dashboard/settings")


async def test_it_is_off_unless_an_administrator_has_switched_it_on(acme: Company) -> None:
    _, provider = await connected(acme, takes_unasked=False)
    with pytest.raises(NotVouchedFor, match="not begun here"):
        await arrive(acme, provider, there.signed(answer(acme, provider), KEYS))
    with pytest.raises(NotVouchedFor, match="not begun here"):
        await providers.hold_unasked(near(acme), UUID(int=0), "x")


async def test_switched_off_meanwhile_it_comes_to_nothing(acme: Company) -> None:
    _, provider = await connected(acme)
    installation = near(acme)
    ticket = await providers.hold_unasked(
        installation, provider.id, there.encoded(there.signed(answer(acme, provider), KEYS))
    )
    asked = await providers.ask_whether(installation, provider.id, BROWSER, ticket, "")
    draft = Draft(kind=Kind.SAML, name="Their SAML", issuer="", client_id="", takes_unasked=False)
    async with acme.database.transaction(acme.organization_id) as tx:
        await providers.change_provider(tx, installation, provider, draft, by=acme.alice)
    with pytest.raises(NotVouchedFor):
        brought = Brought(state=asked.state, code=ticket)
        await providers.arrival(installation, provider.id, BROWSER, brought, signed_in=None)
    assert "takes no sign-ins that begin" in (await refusals(acme))[-1]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"audience": "https://elsewhere.test"}, "is for another audience"),
        ({"recipient": "https://elsewhere.test"}, "is for another recipient"),
        ({"destination": "https://elsewhere.test"}, "is for another address"),
        ({"issuer": "https://elsewhere.test"}, "came from another issuer"),
        # Somebody's answer to a question of ours, taken out of their browser.
        ({"in_response_to": "_other"}, "belongs to another request"),
        ({"begins": clock.now() - timedelta(minutes=7)}, "was not made just now"),
    ],
)
async def test_it_is_refused_like_any_other(acme: Company, said: dict[str, Any], words: str) -> None:
    _, provider = await connected(acme)
    # As the question would have it, so that one thing only is wrong.
    more = {"destination": f"{provider.client_id}/saml"} if "recipient" in said else {}
    assert words in await refused(acme, provider, there.signed(answer(acme, provider, **{**more, **said}), KEYS))


async def test_nobody_elses_signature_counts(acme: Company) -> None:
    _, provider = await connected(acme)
    assert "does not fit any" in await refused(acme, provider, there.signed(answer(acme, provider), OTHER_KEYS))
    assert "is not signed" in await refused(acme, provider, answer(acme, provider))


async def test_it_is_used_once(acme: Company) -> None:
    _, provider = await connected(acme)
    signed = there.signed(answer(acme, provider), KEYS)
    assert (await arrive(acme, provider, signed)).identity
    assert "was used before" in await refused(acme, provider, signed)


async def test_an_answer_to_a_question_and_one_to_none_do_not_stand_in_for_each_other(acme: Company) -> None:
    _, provider = await connected(acme)
    trip = await desk.set_out(acme, provider)
    assert "belongs to another request" in await trip.refused(there.signed(answer(acme, provider), KEYS))
    trip = await desk.set_out(acme, provider)
    assert "belongs to another request" in await refused(acme, provider, trip.answer())


async def test_only_the_browser_that_was_asked_goes_on(acme: Company) -> None:
    _, provider = await connected(acme)
    with pytest.raises(NotVouchedFor, match="begun elsewhere"):
        await arrive(acme, provider, there.signed(answer(acme, provider), KEYS), browser=crypto.new_secret())


async def test_a_neighbours_connection_takes_nothing_of_it(acme: Company, globex: Company) -> None:
    _, provider = await connected(acme)
    theirs = await desk.connect(globex, entity_id=provider.issuer, takes_unasked=True)
    signed = there.encoded(there.signed(answer(acme, provider), KEYS))
    with pytest.raises(NotVouchedFor):
        await providers.hold_unasked(near(globex), theirs.id, signed)
    assert "is for another address" in (await refusals(globex))[-1]
