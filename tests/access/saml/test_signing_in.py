"""An honest answer opens what OpenID Connect's would: by subject, by address, by groups."""

import pytest

from parlour.access import Method, providers
from parlour.access.providers import Draft, GroupRule, Kind
from parlour.foundation import clock
from parlour.foundation.errors import Invalid
from parlour.people import Role
from tests.access.providers.desk import near, people_of
from tests.access.saml import desk
from tests.access.saml import provider as there
from tests.access.saml.desk import KEYS, OTHER_KEYS
from tests.builders import Company


async def test_an_address_of_a_claimed_domain_counts_once_and_the_name_id_for_good(acme: Company) -> None:
    bob = await desk.person(acme)
    provider = await desk.connect(acme)
    trip = await desk.set_out(acme, provider)
    first = await trip.back(trip.answer())
    assert first.identity and first.identity.user_id == bob and first.next_page == "/dashboard"
    trip = await desk.set_out(acme, provider)
    again = await trip.back(trip.answer(attributes={"email": [desk.address_of(acme, "alice")]}))
    assert again.identity and again.identity.user_id == bob


async def test_a_newcomer_gets_name_role_and_department_from_the_attributes(acme: Company) -> None:
    await desk.person(acme)
    provider = await desk.connect(acme, newcomers_are=Role.AGENT, groups_claim="memberOf", name_attribute="cn")
    async with acme.database.transaction(acme.organization_id) as tx:
        await providers.set_rules(tx, provider, [GroupRule("leads", Role.MANAGER, acme.billing_id)], by=acme.alice)
    trip = await desk.set_out(acme, provider)
    said = {"mail": [desk.address_of(acme, "Nora")], "cn": ["Nora & New"], "memberOf": ["staff", "leads"]}
    arrival = await trip.back(trip.answer(name_id="n-1", attributes=said))
    assert arrival.identity
    assert f"{desk.address_of(acme, 'nora')} MANAGER ACTIVE" in await people_of(acme)
    async with acme.database.reading(acme.organization_id) as tx:
        name = await tx.value("select name from users where id = %(id)s", id=arrival.identity.user_id)
    assert name == "Nora & New"


async def test_the_address_may_be_the_name_id(acme: Company) -> None:
    bob = await desk.person(acme)
    trip = await desk.set_out(acme, await desk.connect(acme))
    arrival = await trip.back(trip.answer(name_id=desk.address_of(acme), attributes={}))
    assert arrival.identity and arrival.identity.user_id == bob


async def test_each_certificate_of_the_metadata_counts_while_keys_change(acme: Company) -> None:
    await desk.person(acme)
    provider = await desk.connect(acme, KEYS, OTHER_KEYS)
    for keys in (KEYS, OTHER_KEYS):
        trip = await desk.set_out(acme, provider)
        assert (await trip.back(trip.answer(keys))).identity
    described = there.metadata(provider.issuer, desk.SIGN_ON, OTHER_KEYS)
    draft = Draft(Kind.SAML, "Renewed", "", "", metadata=described)
    async with acme.database.transaction(acme.organization_id) as tx:
        provider = await providers.change_provider(tx, near(acme), provider, draft, by=acme.alice)
    trip = await desk.set_out(acme, provider)
    assert "does not fit any" in await trip.refused(trip.answer(KEYS))


async def test_a_certificate_that_ran_out_still_shows_whose_it_is(acme: Company) -> None:
    await desk.person(acme)
    old = there.Keys(days=-1)
    provider = await desk.connect(acme, old)
    trip = await desk.set_out(acme, provider)
    assert (await trip.back(trip.answer(old))).identity
    told = await providers.check_provider(near(acme), acme.organization_id, provider)
    assert told.startswith("1 certificate may sign; the last ran out on ")


async def test_a_second_factor_there_counts_where_the_connection_says_so(acme: Company) -> None:
    await desk.person(acme)
    context = "https://refeds.org/profile/mfa"
    for counts, methods in (
        (True, [Method.PROVIDER, Method.PROVIDER_SECOND_FACTOR]),
        (False, [Method.PROVIDER]),
    ):
        provider = await desk.connect(acme, counts_as_second_factor=counts)
        trip = await desk.set_out(acme, provider)
        arrival = await trip.back(trip.answer(context=context))
        assert arrival.identity and [each.method for each in arrival.identity.proofs] == methods


async def test_clocks_may_differ_by_less_than_a_minute(acme: Company) -> None:
    await desk.person(acme)
    provider = await desk.connect(acme)
    now = clock.now()
    for seconds, words in ((59, None), (61, "counts from")):
        trip = await desk.set_out(acme, provider)
        answer = trip.answer(begins=now.fromtimestamp(now.timestamp() + seconds + (0 if words else -1), now.tzinfo))
        if words:
            with clock.frozen(now):
                assert words in await trip.refused(answer)
        else:
            with clock.frozen(now):
                assert (await trip.back(answer)).identity


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        ("", "Paste the provider's metadata, or give its address."),
        ("<a", "The document is not well-formed XML."),
        ("<a/>", "The metadata has to describe exactly one identity provider (IDPSSODescriptor)."),
        ('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "The document brings a document type, which SAML never needs."),
        (there.metadata("https://x.test", "https://x.test/sso"), "The metadata names no certificate for signing."),
    ],
)
async def test_metadata_that_says_too_little_is_refused_with_what_is_missing(
    acme: Company, metadata: str, words: str
) -> None:
    draft = Draft(Kind.SAML, "Their SAML", "", "", metadata=metadata)
    with pytest.raises(Invalid) as refusal:
        async with acme.database.transaction(acme.organization_id) as tx:
            await providers.add_provider(tx, near(acme), draft, by=acme.alice)
    assert refusal.value.details == {"metadata": words}
    async with acme.database.reading(acme.organization_id) as tx:
        assert await providers.providers(tx) == []


async def test_people_are_sent_over_tls_only_and_to_a_web_address(acme: Company) -> None:
    for address in ("http://x.test/sso", "javascript:alert(1)", "https://x.test/ sso"):
        draft = Draft(Kind.SAML, "S", "", "", metadata=there.metadata("https://x.test", address, KEYS))
        with pytest.raises(Invalid):
            async with acme.database.transaction(acme.organization_id) as tx:
                await providers.add_provider(tx, acme.installation, draft, by=acme.alice)


async def test_another_providers_metadata_does_not_replace_this_ones(acme: Company) -> None:
    provider = await desk.connect(acme)
    draft = Draft(Kind.SAML, "S", "", "", metadata=there.metadata("https://other.test", desk.SIGN_ON, OTHER_KEYS))
    with pytest.raises(Invalid):
        async with acme.database.transaction(acme.organization_id) as tx:
            await providers.change_provider(tx, near(acme), provider, draft, by=acme.alice)
    async with acme.database.reading(acme.organization_id) as tx:
        kept = await providers.connection_of(tx, provider.id)
        assert (await providers.find_provider(tx, provider.id)) == provider
    assert len(kept.certificates) == 1 and kept.sign_on == desk.SIGN_ON
