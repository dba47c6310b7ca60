"""Encrypted assertions: what is opened, and that nobody learns from a refusal how far something got."""

import copy
from datetime import timedelta
from typing import Any

import pytest
from lxml import etree

from parlour.access.providers import Provider, TooManyKeys
from parlour.access.providers.saml import decrypting, keys
from parlour.access.providers.saml.keys import Pair
from parlour.foundation import clock
from parlour.foundation.errors import Forbidden, Invalid
from parlour.people import Role
from tests.access.saml import desk
from tests.access.saml import provider as there
from tests.access.saml.desk import KEYS, OTHER_KEYS, Trip
from tests.access.saml.provider import SAML
from tests.builders import Company

XENC = "http://www.w3.org/2001/04/xmlenc#"
NOT_OPENED = (
    "The encrypted assertion can't be opened with a key of ours, or what is in it is not signed as it should be. "
    "Give the provider our metadata anew."
)


@pytest.fixture
async def connection(acme: Company, pair: Pair) -> Provider:
    await desk.person(acme)
    connection = await desk.connect(acme, newcomers_are=Role.AGENT)
    await desk.show_key(acme, pair)
    return connection


@pytest.fixture
async def trip(acme: Company, connection: Provider) -> Trip:
    return await desk.set_out(acme, connection)


def inside(answer: Any) -> Any:
    return copy.deepcopy(answer.find(f"{{{SAML}}}Assertion"))


def flipped(text: str, place: int) -> str:
    """With one bit of what the base64 stands for turned."""
    raw = bytearray(there.base64.b64decode(text))
    raw[place] ^= 1
    return there.base64.b64encode(bytes(raw)).decode()


async def test_signed_and_then_encrypted_it_opens(trip: Trip, pair: Pair) -> None:
    for block in (False, True):
        again = await desk.set_out(trip.company, trip.provider)
        assert (await again.back(there.encrypted(again.answer(), pair.certificate, block=block))).identity


async def test_encrypted_by_somebody_who_can_not_sign(acme: Company, connection: Provider, pair: Pair) -> None:
    # Whoever has our certificate, which is public, can encrypt.
    for forged in ("unsigned", "signed by another", "changed after signing"):
        trip = await desk.set_out(acme, connection)
        answer = trip.unsigned() if forged == "unsigned" else trip.answer(OTHER_KEYS if "another" in forged else KEYS)
        if forged == "changed after signing":
            answer.find(f".//{{{SAML}}}NameID").text = "somebody else"
        assert await trip.refused(there.encrypted(answer, pair.certificate)) == NOT_OPENED


@pytest.mark.parametrize("block", [False, True])
async def test_whatever_is_changed_the_refusal_is_the_same(
    acme: Company, connection: Provider, pair: Pair, block: bool
) -> None:
    # The wrapped key, the beginning, the middle, and the end, where the padding or the tag is.
    for value, place in ((0, 7), (1, 3), (1, 700), (1, -20), (1, -17), (1, -1)):
        trip = await desk.set_out(acme, connection)
        answer = there.encrypted(trip.answer(), pair.certificate, block=block)
        written = list(answer.iter(f"{{{XENC}}}CipherValue"))[value]
        written.text = flipped(written.text, place)
        assert await trip.refused(answer) == NOT_OPENED, (value, place)


@pytest.mark.parametrize("content", [b"", b"<", b"no xml", b"<a/>", b"\x00" * 64])
async def test_whatever_is_in_it_the_refusal_is_the_same(trip: Trip, pair: Pair, content: bytes) -> None:
    assert await trip.refused(there.encrypted(trip.answer(), pair.certificate, content)) == NOT_OPENED


async def test_encrypted_for_another_key(trip: Trip, other_pair: Pair) -> None:
    assert await trip.refused(there.encrypted(trip.answer(), other_pair.certificate)) == NOT_OPENED


async def test_wrapped_inside_the_encryption(acme: Company, connection: Provider, pair: Pair) -> None:
    for number in range(3):
        trip = await desk.set_out(acme, connection)
        answer = trip.answer()
        evil, honest = inside(answer), inside(answer)
        evil.remove(evil.find(f"{{{there.DS}}}Signature"))
        evil.find(f".//{{{SAML}}}NameID").text = "somebody else"
        evil.set("ID", "_evil")
        if number == 0:
            evil.append(honest)
        elif number == 1:
            # The honest one's signature in the forged one, and the honest one within it.
            signature = honest.find(f"{{{there.DS}}}Signature")
            honest.remove(signature)
            evil.insert(1, signature)
            etree.SubElement(signature, f"{{{there.DS}}}Object").append(honest)
        else:
            evil.insert(1, etree.fromstring("<advice/>"))
            evil[1].append(honest)
        assert await trip.refused(there.encrypted(answer, pair.certificate, etree.tostring(evil))) == NOT_OPENED


async def test_encrypted_once_more_inside(trip: Trip, pair: Pair) -> None:
    answer = trip.answer()
    twice = there.encrypted(copy.deepcopy(answer), pair.certificate).find(f"{{{SAML}}}EncryptedAssertion")
    assert await trip.refused(there.encrypted(answer, pair.certificate, etree.tostring(twice))) == NOT_OPENED


async def test_a_comment_inside_does_not_cut_a_name_in_two(trip: Trip, pair: Pair) -> None:
    answer = trip.answer()
    cut = etree.tostring(inside(answer)).replace(b">b-1<", b">b-1<!-- -->.evil<")
    assert await trip.refused(there.encrypted(answer, pair.certificate, cut)) == NOT_OPENED


async def test_a_plain_assertion_beside_an_encrypted_one(trip: Trip, pair: Pair) -> None:
    answer = trip.answer()
    plain = inside(answer)
    answer = there.encrypted(answer, pair.certificate)
    answer.append(plain)
    assert "one is expected" in await trip.refused(answer)


async def test_with_the_encryption_stripped_where_it_has_to_be(acme: Company, connection: Provider, pair: Pair) -> None:
    await desk.require_encryption(acme, connection)
    trip = await desk.set_out(acme, connection)
    assert "is not encrypted, as has to be here" in await trip.refused(trip.answer())
    trip = await desk.set_out(acme, connection)
    assert (await trip.back(there.encrypted(trip.answer(), pair.certificate))).identity


async def test_a_signature_around_it_is_looked_at_before_anything_is_opened(trip: Trip, pair: Pair) -> None:
    answer = there.signed_around(there.encrypted(trip.answer(), pair.certificate), KEYS)
    value = list(answer.iter(f"{{{XENC}}}CipherValue"))[1]
    value.text = flipped(value.text, -1)
    assert "does not fit any of the provider's certificates" in await trip.refused(answer)


async def test_a_signature_around_it_is_enough(trip: Trip, pair: Pair) -> None:
    answer = there.signed_around(there.encrypted(trip.unsigned(), pair.certificate), KEYS)
    assert (await trip.back(answer)).identity


@pytest.mark.parametrize(
    ("path", "algorithm", "words"),
    [
        (f"{{{XENC}}}EncryptedData", f"{XENC}tripledes-cbc", "Choose AES-256 with GCM there."),
        (f"{{{XENC}}}EncryptedData", "", "Choose AES-256 with GCM there."),
        (f"{{{XENC}}}EncryptedKey", f"{XENC}rsa-1_5", "Choose RSA-OAEP there."),
        (f"{{{XENC}}}EncryptedKey", f"{XENC}kw-aes256", "Choose RSA-OAEP there."),
    ],
)
async def test_what_is_not_agreed_on_is_not_tried(
    trip: Trip, pair: Pair, path: str, algorithm: str, words: str
) -> None:
    answer = there.encrypted(trip.answer(), pair.certificate)
    answer.find(f".//{path}/{{{XENC}}}EncryptionMethod").set("Algorithm", algorithm)
    assert words in await trip.refused(answer)


async def test_nothing_is_fetched_for_what_is_encrypted_elsewhere(trip: Trip, pair: Pair) -> None:
    answer = there.encrypted(trip.answer(), pair.certificate)
    value = list(answer.iter(f"{{{XENC}}}CipherValue"))[1]
    value.tag, value.text = f"{{{XENC}}}CipherReference", None
    value.set("URI", "http://127.0.0.1/")
    assert "0 of CipherValue" in await trip.refused(answer)


async def test_the_key_before_still_opens_for_a_month(
    acme: Company, connection: Provider, pair: Pair, other_pair: Pair
) -> None:
    await desk.show_key(acme, other_pair)
    for certificate in (pair.certificate, other_pair.certificate):
        trip = await desk.set_out(acme, connection)
        assert (await trip.back(there.encrypted(trip.answer(), certificate))).identity
    with clock.frozen(clock.now() + keys.OLD_ONES_COUNT_FOR + timedelta(seconds=1)):
        trip = await desk.set_out(acme, connection)
        answer = trip.answer(now=clock.now())
        assert await trip.refused(there.encrypted(answer, pair.certificate)) == NOT_OPENED
        trip = await desk.set_out(acme, connection)
        answer = trip.answer(now=clock.now())
        assert (await trip.back(there.encrypted(answer, other_pair.certificate))).identity


async def test_the_key_lies_sealed_and_is_renewed_by_administrators_only_and_not_without_end(
    acme: Company, connection: Provider, pair: Pair
) -> None:
    async with acme.database.reading(acme.organization_id) as tx:
        before = await keys.our_keys(tx)
        sealed = await tx.value("select sealed from saml_keys")
        assert await keys.private_halves(tx, acme.installation) == [pair.private]
    assert [key.certificate for key in before] == [pair.certificate]
    assert b"PRIVATE" not in bytes(sealed) and pair.private.splitlines()[1] not in bytes(sealed)
    for actor in (acme.bob, acme.carol):
        with pytest.raises(Forbidden):
            async with acme.database.transaction(acme.organization_id) as tx:
                await keys.show_key(tx, acme.installation, pair, by=actor)
    for _ in range(4):
        await desk.show_key(acme, pair)
    with pytest.raises(TooManyKeys):
        await desk.show_key(acme, pair)
    async with acme.database.reading(acme.organization_id) as tx:
        assert len(await keys.our_keys(tx)) == 5


async def test_encryption_is_not_asked_for_before_there_is_a_key(acme: Company) -> None:
    await desk.person(acme)
    connection = await desk.connect(acme)
    with pytest.raises(Invalid) as refusal:
        await desk.require_encryption(acme, connection)
    assert list(refusal.value.details or {}) == ["encryptedOnly"]
    trip = await desk.set_out(acme, connection)
    assert (await trip.back(trip.answer())).identity


async def test_an_encrypted_answer_without_a_key_says_what_to_do(acme: Company, pair: Pair) -> None:
    await desk.person(acme)
    trip = await desk.set_out(acme, await desk.connect(acme))
    assert "there is no key for it here" in await trip.refused(there.encrypted(trip.answer(), pair.certificate))


def test_newer_ways_of_wrapping_are_understood() -> None:
    """RSA-OAEP with SHA-256 in both its places, as XML Encryption 1.1 names it."""
    root = etree.fromstring(
        f'<saml:EncryptedAssertion xmlns:saml="{SAML}" xmlns:e="{XENC}" xmlns:n="http://www.w3.org/2009/xmlenc11#"'
        f' xmlns:ds="{there.DS}"><e:EncryptedData><e:EncryptionMethod Algorithm="{XENC}aes128-cbc"/>'
        "<e:CipherData><e:CipherValue>AA==</e:CipherValue></e:CipherData></e:EncryptedData><e:EncryptedKey>"
        f'<e:EncryptionMethod Algorithm="{decrypting.OAEP}"><ds:DigestMethod Algorithm="{XENC}sha256"/>'
        '<n:MGF Algorithm="http://www.w3.org/2009/xmlenc11#mgf1sha256"/></e:EncryptionMethod>'
        "<e:CipherData><e:CipherValue>AQ==</e:CipherValue></e:CipherData></e:EncryptedKey></saml:EncryptedAssertion>"
    )
    sealed = decrypting.sealed_in(root)
    assert (sealed.digest, sealed.mask, sealed.wrapped_key, sealed.content) == ("SHA256", "SHA256", b"\1", b"\0")
