"""Identifiers, signatures, rows, the clock, files."""

from datetime import UTC, datetime
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as some

from parlour.foundation import clock, ids
from parlour.foundation.crypto import Signer
from parlour.foundation.errors import NotFound
from tests.builders import Company


def test_identifiers_are_uuid_version_7_and_sort_by_time() -> None:
    made = [ids.new() for _ in range(1000)]
    assert {(one.version, one.variant) for one in made} == {(7, "specified in RFC 4122")}
    assert abs((made[0].int >> 80) / 1000 - datetime.now(UTC).timestamp()) < 60
    assert made == sorted(set(made))


@given(some.binary(min_size=1, max_size=60))
def test_a_signature_verifies_for_its_own_purpose_only(payload: bytes) -> None:
    signer = Signer("secret")
    token = signer.sign("reply", payload)
    assert signer.verify("reply", token) == payload
    assert signer.verify("reply", token.upper()) == payload
    assert signer.verify("other", token) is None
    assert Signer("another secret").verify("reply", token) is None


@given(some.text(max_size=80))
def test_what_was_not_signed_does_not_verify(token: str) -> None:
    assert Signer("secret").verify("reply", token) is None


@given(some.binary(min_size=1, max_size=30), some.data())
def test_one_changed_letter_breaks_a_signature(payload: bytes, data: some.DataObject) -> None:
    signer = Signer("secret")
    token = signer.sign("reply", payload)
    # The last letter of base32 may hold unused bits, so it is left alone.
    place = data.draw(some.integers(0, len(token) - 2))
    letter = data.draw(some.sampled_from("abcdefghijklmnopqrstuvwxyz234567").filter(lambda one: one != token[place]))
    assert signer.verify("reply", token[:place] + letter + token[place + 1 :]) is None


def test_the_clock_stands_still_when_told_to() -> None:
    moment = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    with clock.frozen(moment):
        assert clock.now() == moment
    assert clock.now() > moment


class _Pair(msgspec.Struct):
    id: UUID
    name: str


async def test_a_query_that_does_not_fit_its_struct_is_refused(acme: Company) -> None:
    with pytest.raises(TypeError, match="_Pair has the fields"):
        async with acme.database.reading(acme.organization_id) as tx:
            await tx.all(_Pair, "select name, id from departments")


async def test_a_blob_is_read_whole_in_part_and_gone(acme: Company) -> None:
    blobs, name = acme.installation.blobs, f"{acme.organization_id}/file"
    content = bytes(range(256)) * 3000
    await blobs.put(name, content)
    assert await blobs.get(name) == content
    pieces = [piece async for piece in await blobs.stream(name, 100, 600_000)]
    assert b"".join(pieces) == content[100:600_000]
    await blobs.delete(name)
    with pytest.raises(NotFound):
        await blobs.get(name)
