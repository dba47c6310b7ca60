"""Answers that nobody may be let in by: each differs from an honest one in one thing."""

import base64
import copy
from datetime import timedelta

import pytest
from lxml import etree

from parlour.access.providers import NotVouchedFor, Provider
from parlour.foundation import clock
from parlour.people import Role
from tests.access.providers.desk import refusals
from tests.access.saml import desk
from tests.access.saml import provider as there
from tests.access.saml.desk import KEYS, OTHER_KEYS, Trip
from tests.access.saml.provider import SAML
from tests.builders import Company

DS = "http://www.w3.org/2000/09/xmldsig#"


@pytest.fixture
async def connection(acme: Company) -> Provider:
    await desk.person(acme)
    return await desk.connect(acme, newcomers_are=Role.AGENT)


@pytest.fixture
async def trip(acme: Company, connection: Provider) -> Trip:
    return await desk.set_out(acme, connection)


async def test_without_a_signature(trip: Trip) -> None:
    assert "is not signed" in await trip.refused(trip.unsigned())


async def test_with_the_signature_taken_away(trip: Trip) -> None:
    answer = trip.answer()
    signature = answer.find(f".//{{{DS}}}Signature")
    signature.getparent().remove(signature)
    assert "is not signed" in await trip.refused(answer)


async def test_with_the_assertions_signature_moved_around_the_response(trip: Trip) -> None:
    answer = trip.answer()
    signature = answer.find(f".//{{{DS}}}Signature")
    answer.append(signature)
    assert "it covers something else" in await trip.refused(answer)


async def test_with_a_word_changed_after_the_whole_response_was_signed(trip: Trip) -> None:
    answer = there.signed_around(trip.unsigned(), KEYS)
    answer.find(f".//{{{SAML}}}NameID").text = "alice@acme.test"
    assert "does not fit any of the provider's certificates" in await trip.refused(answer)


async def test_with_a_second_signature(trip: Trip) -> None:
    answer = trip.answer()
    answer.find(f"{{{SAML}}}Assertion").append(copy.deepcopy(answer.find(f".//{{{DS}}}Signature")))
    assert "a signature too many" in await trip.refused(answer)


@pytest.mark.parametrize("path", [f".//{{{SAML}}}NameID", f".//{{{SAML}}}AttributeValue", f".//{{{SAML}}}Audience"])
async def test_with_a_word_changed_after_signing(trip: Trip, path: str) -> None:
    answer = trip.answer()
    answer.find(path).text = "alice@acme.test"
    assert "does not fit any of the provider's certificates" in await trip.refused(answer)


async def test_signed_with_a_key_that_came_along(trip: Trip) -> None:
    assert "does not fit any of the provider's certificates" in await trip.refused(trip.answer(OTHER_KEYS))


@pytest.mark.parametrize(("digest", "method"), [("sha1", "rsa-sha256"), ("sha256", "rsa-sha1"), ("sha1", "rsa-sha1")])
async def test_signed_with_sha1(trip: Trip, digest: str, method: str) -> None:
    answer = there.signed(trip.unsigned(), KEYS, digest=digest, method=method)
    assert "SHA1 forbidden" in (await trip.refused(answer)).replace("_", " ")


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"audience": "https://elsewhere.test"}, "is for another audience: https://elsewhere.test"),
        ({"recipient": "https://elsewhere.test"}, "is for another recipient: https://elsewhere.test"),
        ({"destination": "https://elsewhere.test"}, "is for another address: https://elsewhere.test"),
        ({"issuer": "https://elsewhere.test"}, "came from another issuer: https://elsewhere.test"),
        ({"in_response_to": "_other"}, "belongs to another request: _other"),
        ({"in_response_to": ""}, "belongs to another request"),
        ({"name_id": ""}, "names nobody"),
        ({"name_id": "x" * 256}, "names nobody"),
        ({"name_id": "<saml:b>b-1</saml:b>"}, "names nobody"),
        ({"format": "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"}, "NameID is transient"),
        ({"status": "urn:oasis:names:tc:SAML:2.0:status:Responder"}, "The provider refused: Responder"),
    ],
)
async def test_meant_for_somebody_or_something_else(trip: Trip, said: dict[str, str], words: str) -> None:
    assert words in await trip.refused(trip.answer(**said))


@pytest.mark.parametrize(
    ("field", "minutes", "words"),
    [
        ("ends", -2, "ran out at"),
        ("confirmed_until", -2, "ran out at"),
        ("begins", 2, "counts from"),
        ("confirmed_until", 60 * 25, "more than a day"),
    ],
)
async def test_out_of_its_time(trip: Trip, field: str, minutes: int, words: str) -> None:
    answer = trip.answer(**{field: clock.now() + timedelta(minutes=minutes)})
    assert words in await trip.refused(answer)


@pytest.mark.parametrize("name_id", ["b-1<!-- -->.evil.test", "b-1<?cut here?>.evil.test"])
async def test_with_a_comment_that_cuts_the_name_in_two(trip: Trip, name_id: str) -> None:
    assert "comments or instructions" in await trip.refused(trip.answer(name_id=name_id))


LAUGHS = b'<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
OUTSIDE = b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize("before", [LAUGHS, OUTSIDE, b'<!DOCTYPE a SYSTEM "http://127.0.0.1:1/a.dtd">'])
async def test_with_a_document_type(trip: Trip, before: bytes) -> None:
    text = before + etree.tostring(trip.answer()).replace(b"b-1", b"&b;")
    assert "document type" in await trip.refused(text)


async def test_with_a_document_type_in_an_encoding_that_hides_it(trip: Trip) -> None:
    hidden = LAUGHS.replace(b"<", b"+ADw-").replace(b">", b"+AD4-")
    named = b'<?xml version="1.0" encoding="utf-7"?>'
    assert "not well-formed" in await trip.refused(named + hidden + etree.tostring(trip.answer()))


async def test_with_a_document_type_of_two_bytes_a_letter(trip: Trip) -> None:
    assert "not well-formed" in await trip.refused((LAUGHS + etree.tostring(trip.answer())).decode().encode("utf-16"))


async def test_that_is_no_response_at_all(trip: Trip) -> None:
    assert "no SAML 2.0 response" in await trip.refused(b"<a/>")


async def test_with_an_encrypted_assertion(trip: Trip) -> None:
    answer = trip.unsigned()
    answer.remove(answer.find(f"{{{SAML}}}Assertion"))
    etree.SubElement(answer, f"{{{SAML}}}EncryptedAssertion")
    assert "there is no key for it here" in await trip.refused(answer)


async def test_used_before(acme: Company, connection: Provider, trip: Trip) -> None:
    # The second attempt's own question, and the first one's assertion ID.
    assert (await trip.back(trip.answer(assertion_id="_the-same"))).identity
    again = await desk.set_out(acme, connection)
    assert "was used before" in await again.refused(again.answer(assertion_id="_the-same"))


async def test_the_very_same_answer_twice(acme: Company, trip: Trip) -> None:
    answer = trip.answer()
    assert (await trip.back(answer)).identity
    with pytest.raises(NotVouchedFor, match="not begun here"):
        await trip.back(answer)
    later = await desk.set_out(acme, trip.provider)
    assert "belongs to another request" in await later.refused(answer)


async def test_of_another_connection_of_the_same_organization(acme: Company, trip: Trip) -> None:
    other = await desk.set_out(acme, await desk.connect(acme, OTHER_KEYS))
    assert "is for another address" in await trip.refused(other.answer(OTHER_KEYS))
    # Even where it is made for this one: the key is the other's.
    trip = await desk.set_out(acme, trip.provider)
    assert "does not fit any" in await trip.refused(trip.answer(OTHER_KEYS))


async def test_of_a_neighbours_connection_with_the_same_provider(acme: Company, globex: Company, trip: Trip) -> None:
    theirs = await desk.connect(globex, entity_id=trip.provider.issuer)
    other = await desk.set_out(globex, theirs)
    answer = other.answer(id=trip.question["id"], in_response_to=trip.question["id"])
    answer.set("Destination", trip.question["recipient"])
    assert "another audience" in await trip.refused(answer)
    with pytest.raises(NotVouchedFor, match="not begun here"):
        await trip.back(trip.answer(), provider=theirs)
    assert await refusals(globex) == []


async def test_in_another_browser(trip: Trip) -> None:
    with pytest.raises(NotVouchedFor, match="begun elsewhere"):
        await trip.back(trip.answer(), browser="another browser's cookie")


async def test_that_nobody_had_asked_for(acme: Company, connection: Provider) -> None:
    asked = {"id": "", "audience": connection.client_id, "recipient": f"{connection.client_id}/saml"}
    for state in ("", "https://evil.test/", "/dashboard"):
        trip = Trip(acme, connection, state, asked)
        with pytest.raises(NotVouchedFor, match="not begun here"):
            await trip.back(trip.answer())


async def test_too_long(trip: Trip) -> None:
    with pytest.raises(NotVouchedFor, match="too long"):
        await trip.back(b" " * (256 * 1024 + 3))


async def test_that_is_no_base64(acme: Company, trip: Trip) -> None:
    assert base64.b64decode(there.encoded(b"<a/>")) == b"<a/>"
    assert "well-formed" in await trip.refused(b"\xff\xfe")
    assert (await refusals(acme))[-1] == "The document is not well-formed XML."


async def test_an_address_that_the_organization_has_not_claimed(trip: Trip) -> None:
    assert await trip.refused(trip.answer(name_id="z", attributes={"email": ["eve@evil.test"]})) == "domain not claimed"
