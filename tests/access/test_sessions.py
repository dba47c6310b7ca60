"""Sessions: begun, used, ended."""

from datetime import UTC, datetime, timedelta

from parlour import access
from parlour.access import Client
from parlour.foundation import clock
from tests.builders import Company, begin_session

MONDAY = datetime(2030, 4, 1, 9, 0, tzinfo=UTC)
HERE = Client("192.0.2.7", "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) Safari/605.1.15")


async def test_a_session_lives_until_it_is_ended(acme: Company) -> None:
    cache = acme.installation.cache
    first, second = await begin_session(acme, acme.bob), await begin_session(acme, acme.bob)
    session = await access.session_of(acme.installation, first)
    assert session and (session.organization_id, session.user_id) == (acme.organization_id, acme.bob.user_id)
    assert await access.session_of(acme.installation, "guess") is None
    assert not await cache.exists(f"session:{first}")
    await access.sign_out(acme.installation, first)
    assert await access.session_of(acme.installation, first) is None
    await access.end_sessions_of(acme.installation, acme.organization_id, acme.bob.user_id)
    assert await access.session_of(acme.installation, second) is None


async def test_a_session_that_is_not_used_ends(acme: Company) -> None:
    with clock.frozen(MONDAY):
        token = await begin_session(acme, acme.bob)
    with clock.frozen(MONDAY + timedelta(days=14, seconds=-1)):
        assert await access.session_of(acme.installation, token, HERE)
    with clock.frozen(MONDAY + timedelta(days=28, seconds=-1)):
        assert await access.session_of(acme.installation, token) is None


async def test_a_session_ends_however_much_it_is_used(acme: Company) -> None:
    with clock.frozen(MONDAY):
        token = await begin_session(acme, acme.bob)
    for day in range(10, 90, 10):
        with clock.frozen(MONDAY + timedelta(days=day)):
            assert await access.session_of(acme.installation, token, HERE)
    with clock.frozen(MONDAY + timedelta(days=90)):
        assert await access.session_of(acme.installation, token) is None
    assert await access.session_of(acme.installation, token) is None
