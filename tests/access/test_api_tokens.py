"""API tokens: what they open, what they may do, how one knows them."""

import re
from datetime import datetime, timedelta

import pytest

from parlour import access, entrance
from parlour.access import Client
from parlour.access.programs import texts
from parlour.foundation import clock, crypto
from parlour.foundation.errors import NotFound
from parlour.people import ALLOWED, Permission, Role
from tests.builders import Company


async def test_a_token_opens_its_users_door_until_it_is_revoked_or_expires(acme: Company) -> None:
    doorways = acme.database.doorways
    async with acme.database.transaction(acme.organization_id) as tx:
        token, text = await access.create_token(tx, acme.bob.user_id, "Reports")
        _, brief = await access.create_token(tx, acme.bob.user_id, "Brief", clock.now() + timedelta(seconds=60))
        assert text.startswith("parlour_")
        assert await tx.value("select count(*) from api_tokens where digest = %(text)s::bytea", text=text.encode()) == 0
    found = await doorways.user_by_token(crypto.digest(text))
    assert found and (found.organization_id, found.id) == (acme.organization_id, acme.bob.user_id)
    assert await doorways.user_by_token(crypto.digest(text + "x")) is None
    async with acme.database.transaction(acme.organization_id) as tx:
        with pytest.raises(NotFound):
            await access.revoke_token(tx, acme.alice.user_id, token.id)
        await access.revoke_token(tx, acme.bob.user_id, token.id)
        await tx.run("update api_tokens set expires_at = now() - interval '1 second' where name = 'Brief'")
    assert await doorways.user_by_token(crypto.digest(text)) is None
    assert await doorways.user_by_token(crypto.digest(brief)) is None


def test_a_token_carries_a_checksum_that_a_scanner_can_verify() -> None:
    text = texts.new_text()
    assert re.fullmatch("parlour_[0-9A-Za-z]{49}", text)
    assert re.fullmatch("parlour_scim_[0-9A-Za-z]{49}", texts.new_text(texts.DIRECTORY_PREFIX))
    # The check value of CRC-32: what it makes of these nine digits.
    assert texts.checksum("123456789") == _base_62(0xCBF43926)
    assert not texts.is_mistyped(text)
    other = "0" if text[20] != "0" else "1"
    assert texts.is_mistyped(text[:20] + other + text[21:])
    # As they were made before: 43 characters, no checksum.
    assert not texts.is_mistyped("parlour_" + "x" * 43)


def _base_62(number: int) -> str:
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    return "".join(digits[number // 62**place % 62] for place in range(5, -1, -1))


async def test_a_token_of_before_still_opens_the_door(acme: Company) -> None:
    old = "parlour_" + "A-b_" * 10 + "xyz"
    identities = entrance.Identities(acme.installation)
    async with acme.database.transaction(acme.organization_id) as tx:
        token, _ = await access.create_token(tx, acme.bob.user_id, "Old")
        await tx.run("update api_tokens set digest = %(d)s where id = %(id)s", d=crypto.digest(old), id=token.id)
    visitor = await identities.by_token(old)
    assert (visitor.actor.user_id, visitor.actor.permissions) == (acme.bob.user_id, ALLOWED[Role.AGENT])


async def test_a_token_may_do_what_it_allows_and_its_owner_may_whichever_is_less(acme: Company) -> None:
    scopes = frozenset({Permission.READ_TICKETS, Permission.MANAGE_MAIL})
    async with acme.database.transaction(acme.organization_id) as tx:
        _, text = await access.create_token(tx, acme.alice.user_id, "Mail", None, scopes)
        _, bobs = await access.create_token(tx, acme.bob.user_id, "Mail", None, scopes)
    identities = entrance.Identities(acme.installation)
    assert (await identities.by_token(text)).actor.permissions == scopes
    assert (await identities.by_token(bobs)).actor.permissions == {Permission.READ_TICKETS}
    async with acme.database.transaction(acme.organization_id) as tx:
        await tx.run("update users set role = 'AGENT' where id = %(id)s", id=acme.alice.user_id)
    identities.forget()
    assert (await identities.by_token(text)).actor.permissions == {Permission.READ_TICKETS}


async def test_its_use_is_written_down_once_a_minute(acme: Company) -> None:
    async with acme.database.transaction(acme.organization_id) as tx:
        _, text = await access.create_token(tx, acme.bob.user_id, "Reports")

    async def used() -> tuple[datetime | None, str | None]:
        # Another process each, which remembers nothing.
        async with acme.database.reading(acme.organization_id) as tx:
            token = (await access.tokens_of(tx, acme.bob.user_id))[0]
        return token.last_used_at, token.last_used_from

    assert await used() == (None, None)
    first = clock.now().replace(microsecond=0)
    with clock.frozen(first):
        await entrance.Identities(acme.installation).by_token(text, Client("192.0.2.1"))
    assert await used() == (first, "192.0.2.1")
    with clock.frozen(first + timedelta(seconds=59)):
        await entrance.Identities(acme.installation).by_token(text, Client("192.0.2.2"))
    assert await used() == (first, "192.0.2.1")
    with clock.frozen(first + timedelta(seconds=60)):
        await entrance.Identities(acme.installation).by_token(text, Client("192.0.2.2"))
    assert await used() == (first + timedelta(seconds=60), "192.0.2.2")
