"""API tokens."""

from datetime import timedelta

import pytest

from parlour import access
from parlour.foundation import clock, crypto
from parlour.foundation.errors import NotFound
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
