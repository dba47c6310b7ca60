"""Only through the provider: whom it concerns, and who comes in all the same."""

import pytest

from parlour import access, people
from parlour.access import Client, Entered, Identity, Method, Policy, Step, Waiting, providers
from parlour.access.providers import NobodyVouches, OnlyProviders
from parlour.foundation import crypto
from parlour.foundation.errors import Invalid
from parlour.people import Actor
from tests.access.providers import desk
from tests.builders import Company


async def ask(company: Company, except_for: Actor, by: Actor | None = None) -> None:
    async with company.database.transaction(company.organization_id) as tx:
        rule = OnlyProviders(True, except_for.user_id)
        await providers.set_only_providers(tx, rule, by=by or company.alice)


async def arrive(company: Company, actor: Actor, method: Method) -> access.Outcome:
    identity = Identity(company.organization_id, actor.user_id, (access.proof(method),))
    client = Client("192.0.2.7", "One browser", secret=crypto.new_secret())
    return await access.arrive(company.installation, (identity,), client)


async def test_agents_come_in_through_the_provider_only(acme: Company) -> None:
    await desk.add(acme, "https://sign-in.acme.test")
    before = await arrive(acme, acme.bob, Method.PASSWORD)
    assert isinstance(before, Entered)
    await ask(acme, acme.alice)
    for method in (Method.PASSWORD, Method.LINK):
        waiting = await arrive(acme, acme.bob, method)
        assert isinstance(waiting, Waiting) and waiting.step is Step.PROVIDER
    assert isinstance(await arrive(acme, acme.bob, Method.PROVIDER), Entered)
    # Not customers, and not the one administrator who must come in when the provider is away.
    assert isinstance(await arrive(acme, acme.carol, Method.PASSWORD), Entered)
    assert isinstance(await arrive(acme, acme.alice, Method.PASSWORD), Entered)
    # The session that was there is asked the same, at its next request.
    async with acme.database.reading(acme.organization_id) as tx:
        standing = await access.standing_of(tx, acme.bob.user_id)
    assert standing and standing.due(before.identity) is Step.PROVIDER
    assert standing.policy == Policy()


async def test_the_rule_rests_while_no_provider_is_in_use(acme: Company) -> None:
    provider = await desk.add(acme, "https://sign-in.acme.test")
    await ask(acme, acme.alice)
    async with acme.database.transaction(acme.organization_id) as tx:
        await providers.remove_provider(tx, provider, by=acme.alice)
    assert isinstance(await arrive(acme, acme.bob, Method.PASSWORD), Entered)


async def test_a_rule_that_would_lock_everybody_out_is_not_made(acme: Company) -> None:
    with pytest.raises(NobodyVouches):
        await ask(acme, acme.alice)
    await desk.add(acme, "https://sign-in.acme.test")
    for nobody in (acme.bob, acme.carol):
        with pytest.raises(Invalid):
            await ask(acme, nobody)
    with pytest.raises(people.OnlyAdministrators):
        await ask(acme, acme.alice, by=acme.mara)
    async with acme.database.reading(acme.organization_id) as tx:
        assert await providers.only_providers(tx) == OnlyProviders()
