"""An identity provider that others have written understands us, and we understand it."""

import base64
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from lxml import etree

from parlour.access import providers
from parlour.access.providers import Arrival, Brought, Provider
from parlour.access.providers.saml import decrypting
from parlour.access.providers.saml.keys import Pair
from parlour.people import Role
from tests.access.providers.desk import BROWSER, near, people_of, refusals
from tests.access.saml import desk
from tests.access.saml.counterpart import Counterpart
from tests.access.saml.provider import SAML
from tests.builders import Company

DS = "http://www.w3.org/2000/09/xmldsig#"


async def introduced(company: Company, away: Counterpart, *, pair: Pair | None = None, **told: Any) -> Provider:
    """Each has the other's metadata; ours names a key where there is a pair."""
    provider = await desk.connect(company, metadata=await away.metadata(), newcomers_are=Role.AGENT)
    if pair:
        await desk.show_key(company, pair)
    async with company.database.reading(company.organization_id) as tx:
        certificate = await providers.shown_certificate(tx)
    installation = near(company)
    name, consumer = providers.our_name(installation, provider.id), providers.saml_consumer(installation, provider.id)
    ours = providers.our_metadata(name, consumer, certificate)
    assert await away.learn(ours, desk.address_of(company), **told) == provider.client_id
    return provider


async def posted(company: Company, provider: Provider, away: Counterpart) -> dict[str, str]:
    """Signed in at its form: what it posts to the address that our metadata names."""
    address = await providers.address_of(near(company), company.organization_id, provider, BROWSER)
    action, fields = await away.signed_in(address)
    assert action == providers.saml_consumer(near(company), provider.id)
    assert fields["RelayState"] == dict(parse_qsl(urlsplit(address).query))["RelayState"]
    return fields


async def back(company: Company, provider: Provider, fields: dict[str, str]) -> Arrival:
    installation, state = near(company), fields["RelayState"]
    ticket = await providers.hold_saml_answer(installation, provider.id, state, fields["SAMLResponse"])
    brought = Brought(state=state, code=ticket)
    return await providers.arrival(installation, provider.id, BROWSER, brought, signed_in=None)


def signed_in(fields: dict[str, str]) -> list[str]:
    """The names of the elements that carry a signature."""
    root = etree.fromstring(base64.b64decode(fields["SAMLResponse"]))
    return [etree.QName(each.getparent()).localname for each in root.iter(f"{{{DS}}}Signature")]


@pytest.mark.parametrize(
    ("signs", "carriers"),
    [("assertion", ["Assertion"]), ("response", ["Response"]), ("both", ["Response", "Assertion"])],
)
async def test_what_it_signs_opens_the_door(acme: Company, away: Counterpart, signs: str, carriers: list[str]) -> None:
    bob = await desk.person(acme)
    provider = await introduced(acme, away, signs=signs)
    fields = await posted(acme, provider, away)
    assert signed_in(fields) == carriers
    arrival = await back(acme, provider, fields)
    assert arrival.identity and arrival.identity.user_id == bob


async def test_a_newcomer_gets_what_its_attributes_say(acme: Company, away: Counterpart) -> None:
    await desk.claim(acme, f"{acme.slug}.test")
    provider = await introduced(acme, away)
    arrival = await back(acme, provider, await posted(acme, provider, away))
    assert arrival.identity and f"{desk.address_of(acme)} AGENT ACTIVE" in await people_of(acme)
    async with acme.database.reading(acme.organization_id) as tx:
        name = await tx.value("select name from users where id = %(id)s", id=arrival.identity.user_id)
    assert name == "Bob of Acme"


@pytest.mark.parametrize("signs", ["assertion", "response", "both"])
@pytest.mark.parametrize("algorithm", [*decrypting.AES_GCM, *decrypting.AES_CBC])
async def test_what_it_encrypts_for_us_is_opened(
    acme: Company, away: Counterpart, pair: Pair, algorithm: str, signs: str
) -> None:
    bob = await desk.person(acme)
    chosen = {"dataEncryptionAlgorithm": algorithm, "keyEncryptionAlgorithm": decrypting.OAEP_OF_2001}
    provider = await introduced(acme, away, pair=pair, signs=signs, encrypted=chosen)
    await desk.require_encryption(acme, provider)
    fields = await posted(acme, provider, away)
    assert b"EncryptedAssertion" in base64.b64decode(fields["SAMLResponse"])
    assert desk.address_of(acme).encode() not in base64.b64decode(fields["SAMLResponse"])
    arrival = await back(acme, provider, fields)
    assert arrival.identity and arrival.identity.user_id == bob


async def test_a_key_that_it_wraps_in_the_old_way_is_refused(acme: Company, away: Counterpart, pair: Pair) -> None:
    await desk.person(acme)
    chosen = {"keyEncryptionAlgorithm": "http://www.w3.org/2001/04/xmlenc#rsa-1_5"}
    provider = await introduced(acme, away, pair=pair, encrypted=chosen)
    with pytest.raises(providers.NotVouchedFor):
        await back(acme, provider, await posted(acme, provider, away))
    assert "Choose RSA-OAEP there." in (await refusals(acme))[-1]


async def test_what_it_encrypts_for_somebody_else_stays_closed(
    acme: Company, globex: Company, away: Counterpart, pair: Pair, other_pair: Pair
) -> None:
    await desk.person(acme)
    provider = await introduced(acme, away, pair=pair, encrypted={})
    fields = await posted(acme, provider, away)
    async with acme.database.transaction(acme.organization_id) as tx:
        await tx.run("delete from saml_keys")
    await desk.show_key(acme, other_pair)
    await desk.show_key(globex, pair)
    with pytest.raises(providers.NotVouchedFor):
        await back(acme, provider, fields)
    assert "can't be opened with a key of ours" in (await refusals(acme))[-1]


@pytest.mark.parametrize("signs", ["assertion", "response", "both"])
async def test_a_word_changed_in_what_it_signed_is_found(acme: Company, away: Counterpart, signs: str) -> None:
    await desk.person(acme)
    provider = await introduced(acme, away, signs=signs)
    fields = await posted(acme, provider, away)
    answer = etree.fromstring(base64.b64decode(fields["SAMLResponse"]))
    answer.find(f".//{{{SAML}}}NameID").text = "somebody else"
    before = await people_of(acme)
    with pytest.raises(providers.NotVouchedFor):
        await back(acme, provider, {**fields, "SAMLResponse": base64.b64encode(etree.tostring(answer)).decode()})
    assert await people_of(acme) == before
    assert "does not fit any of the provider's certificates" in (await refusals(acme))[-1]
