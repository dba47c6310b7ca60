"""Whom a provider's word opens: by subject, by a verified address, new, or nobody."""

import asyncio

import msgspec
import pytest

from parlour import access, people
from parlour.access import Client, Entered, Method, Waiting, providers
from parlour.access.providers import Brought, Draft, GroupRule, Kind, NotVouchedFor, coming_back
from parlour.access.providers.shown import Shown
from parlour.foundation import crypto
from parlour.foundation.database import Database
from parlour.people import Permission, Role, UserChanges, UserStatus
from tests.access.providers import desk
from tests.access.providers.desk import Forger
from tests.access.test_second_factor import set_up
from tests.builders import Company

BOB = {"email": "bob@acme.test", "email_verified": True}
NORA = {"sub": "nora", "email": "nora@acme.test", "email_verified": True, "name": "Nora New"}


async def test_from_the_first_time_on_only_the_subject_counts(acme: Company, forger: Forger) -> None:
    await desk.claim(acme, "acme.test")
    provider = await desk.add(acme, forger.issuer)
    await desk.there_and_back(acme, provider, forger, claims=BOB)
    # The address was given to somebody else there, and Bob has another one.
    again = await desk.there_and_back(acme, provider, forger, claims={"email": "alice@acme.test"})
    assert again.user_id == acme.bob.user_id


async def test_a_newcomer_is_added_once_with_the_role_that_newcomers_get(acme: Company, forger: Forger) -> None:
    await desk.claim(acme, "acme.test")
    provider = await desk.add(acme, forger.issuer, newcomers_are=Role.AGENT)
    first = await desk.there_and_back(acme, provider, forger, claims=NORA)
    second = await desk.there_and_back(acme, provider, forger, claims=NORA)
    assert first.user_id == second.user_id
    async with acme.database.reading(acme.organization_id) as tx:
        nora = await people.find_user(tx, first.user_id)
    assert (nora.name, nora.email, nora.role) == ("Nora New", "nora@acme.test", Role.AGENT)


async def test_who_was_deactivated_stays_out(acme: Company, forger: Forger) -> None:
    await desk.claim(acme, "acme.test")
    provider = await desk.add(acme, forger.issuer, newcomers_are=Role.AGENT)
    identity = await desk.there_and_back(acme, provider, forger, claims=NORA)
    await _deactivate(acme.database, acme, identity.user_id)
    await _deactivate(acme.database, acme, acme.bob.user_id)
    assert await desk.reason_of(acme, provider, forger, claims=NORA) == "inactive"
    assert await desk.reason_of(acme, provider, forger, claims={**BOB, "sub": "other"}) == "inactive"


async def test_groups_give_a_role_and_departments_each_time(acme: Company, forger: Forger) -> None:
    await desk.claim(acme, "acme.test")
    provider = await desk.add(acme, forger.issuer)
    rules = [
        GroupRule("help", Role.AGENT, acme.billing_id),
        GroupRule("leads", Role.MANAGER),
        GroupRule("help", None, acme.support_id),
    ]
    async with acme.database.transaction(acme.organization_id) as tx:
        await providers.set_rules(tx, provider, rules, by=acme.alice)
        assert await providers.rules_of(tx, provider.id) == rules
    identity = await desk.there_and_back(acme, provider, forger, claims={**NORA, "groups": ["leads", "help"]})
    assert await _place(acme, identity.user_id) == (Role.MANAGER, {acme.billing_id, acme.support_id})
    await desk.there_and_back(acme, provider, forger, claims={**NORA, "groups": ["leads"]})
    assert await _place(acme, identity.user_id) == (Role.MANAGER, set())
    await desk.there_and_back(acme, provider, forger, claims={**NORA, "groups": "help"})
    assert await _place(acme, identity.user_id) == (Role.AGENT, {acme.billing_id, acme.support_id})
    assert await desk.reason_of(acme, provider, forger, claims={**NORA, "groups": ["others"]}) == "in no group"
    # The last administrator stays one, whatever the groups say.
    alice = {"sub": "alice", "email": "alice@acme.test", "email_verified": True, "groups": ["help"]}
    administrator = await desk.there_and_back(acme, provider, forger, claims=alice)
    assert (await _place(acme, administrator.user_id))[0] is Role.ADMIN


async def test_a_provider_of_one_organization_opens_no_other(acme: Company, globex: Company, forger: Forger) -> None:
    # Globex has shown that the domain is theirs, Acme has not; and the people have the same addresses.
    await desk.claim(globex, "acme.test")
    provider = await desk.add(acme, forger.issuer)
    theirs = await desk.add(globex, forger.issuer)
    assert await desk.reason_of(acme, provider, forger, claims=BOB) == "domain not claimed"
    trip = await desk.set_out(acme, provider)
    brought = Brought(state=trip.asked["state"], code="any")
    with pytest.raises(NotVouchedFor, match="begun elsewhere"):
        await providers.arrival(desk.near(globex), theirs.id, desk.BROWSER, brought, signed_in=None)


async def test_two_windows_of_a_newcomer_make_one_person(acme: Company, forger: Forger) -> None:
    await desk.claim(acme, "acme.test")
    provider = await desk.add(acme, forger.issuer, newcomers_are=Role.CUSTOMER)
    shown = Shown("nora", "nora@acme.test", "Nora")
    attempt = coming_back.Attempt(acme.organization_id, provider.id, "", "", "", 0.0)
    both = await asyncio.gather(*(coming_back._identity(desk.near(acme), attempt, provider, shown) for _ in range(2)))
    assert both[0].user_id == both[1].user_id


async def test_somebody_signed_in_connects_an_account_themselves(acme: Company, forger: Forger) -> None:
    provider = await desk.add(acme, forger.issuer)
    trip = await desk.set_out(acme, provider, user_id=acme.bob.user_id)
    claims = {"nonce": trip.asked["nonce"], "email": "private@elsewhere.test"}
    await forger.plan(claims=claims, challenge=trip.asked["code_challenge"])
    with pytest.raises(NotVouchedFor):
        await trip.back(signed_in=acme.alice.user_id)
    trip = await desk.set_out(acme, provider, user_id=acme.bob.user_id)
    await forger.plan(claims={**claims, "nonce": trip.asked["nonce"]}, challenge=trip.asked["code_challenge"])
    assert (await trip.back(signed_in=acme.bob.user_id)).identity is None
    identity = await desk.there_and_back(acme, provider, forger)
    assert identity.user_id == acme.bob.user_id
    trip = await desk.set_out(acme, provider, user_id=acme.alice.user_id)
    await forger.plan(claims={"nonce": trip.asked["nonce"]}, challenge=trip.asked["code_challenge"])
    with pytest.raises(NotVouchedFor, match="belongs to somebody else"):
        await trip.back(signed_in=acme.alice.user_id)


async def test_a_provider_counts_as_second_factor_only_where_it_may(acme: Company, forger: Forger) -> None:
    await desk.claim(acme, "acme.test")
    strict = await desk.add(acme, forger.issuer)
    trusted = await desk.add(acme, forger.issuer, client_id="trusted", counts_as_second_factor=True)
    await set_up(acme, acme.bob)
    both = {**BOB, "amr": ["pwd", "mfa"]}
    client = Client("192.0.2.7", "One browser", secret=crypto.new_secret())
    for provider, claims, comes_in in (
        (strict, both, False),
        (trusted, {**BOB, "aud": "trusted"}, False),
        (trusted, {**both, "aud": "trusted"}, True),
    ):
        identity = await desk.there_and_back(acme, provider, forger, claims=claims)
        outcome = await access.arrive(acme.installation, (identity,), client)
        assert isinstance(outcome, Entered if comes_in else Waiting)
    assert Method.PROVIDER_SECOND_FACTOR in {proof.method for proof in identity.proofs}


async def _deactivate(database: Database, company: Company, user_id: object) -> None:
    async with database.transaction(company.organization_id) as tx:
        user = await people.find_user(tx, user_id)  # type: ignore[arg-type]
        await people.change_user(tx, user, UserChanges(status=UserStatus.INACTIVE), by=None)


async def _place(company: Company, user_id: object) -> tuple[Role, set[object]]:
    async with company.database.reading(company.organization_id) as tx:
        actor = await people.actor_of(tx, user_id)  # type: ignore[arg-type]
    assert actor
    return actor.role, set(actor.department_ids)


async def test_only_an_administrator_says_who_vouches(acme: Company, forger: Forger) -> None:
    provider = await desk.add(acme, forger.issuer)
    mara = msgspec.structs.replace(acme.mara, granted=frozenset(Permission))
    draft = Draft(Kind.GITHUB, "GitHub", "", "theirs", "secret")
    async with acme.database.transaction(acme.organization_id) as tx:
        claimed = await providers.claim_domain(tx, "acme.test", by=acme.alice)
        for refused in (
            providers.add_provider(tx, desk.near(acme), draft, by=mara),
            providers.change_provider(tx, desk.near(acme), provider, draft, by=mara),
            providers.remove_provider(tx, provider, by=mara),
            providers.set_rules(tx, provider, [GroupRule("all", Role.ADMIN)], by=mara),
            providers.claim_domain(tx, "other.test", by=mara),
            providers.release_domain(tx, claimed, by=mara),
        ):
            with pytest.raises(people.OnlyAdministrators):
                await refused
        assert await providers.providers(tx) == [provider]
        assert await providers.claimed_domains(tx) == [claimed]
        assert await providers.rules_of(tx, provider.id) == []
