"""Sessions: begun, used, replaced, ended."""

from datetime import UTC, datetime, timedelta

import pytest

from parlour import access, entrance
from parlour.access import Client, Policy, Session
from parlour.foundation import clock
from parlour.people import Actor
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


async def _used(company: Company, token: str) -> Session | None:
    """As a door does that lets it in."""
    session = await access.session_of(company.installation, token)
    return await access.note_session_use(company.installation, token, session, HERE) if session else None


async def test_a_session_that_is_not_used_ends(acme: Company) -> None:
    with clock.frozen(MONDAY):
        token = await begin_session(acme, acme.bob)
    with clock.frozen(MONDAY + timedelta(days=14, seconds=-1)):
        assert await _used(acme, token)
    with clock.frozen(MONDAY + timedelta(days=28, seconds=-1)):
        assert await access.session_of(acme.installation, token) is None


async def test_a_session_ends_however_much_it_is_used(acme: Company) -> None:
    with clock.frozen(MONDAY):
        token = await begin_session(acme, acme.bob)
    for day in range(10, 90, 10):
        with clock.frozen(MONDAY + timedelta(days=day)):
            assert await _used(acme, token)
    with clock.frozen(MONDAY + timedelta(days=90)):
        assert await access.session_of(acme.installation, token) is None
    assert await access.session_of(acme.installation, token) is None


async def test_one_that_was_idle_too_long_for_its_organization_does_not_come_back_by_being_tried(acme: Company) -> None:
    identities = entrance.Identities(acme.installation)
    with clock.frozen(MONDAY):
        token = await begin_session(acme, acme.bob)
        async with acme.database.transaction(acme.organization_id) as tx:
            await access.set_policy(tx, Policy(idle_minutes=30))
    with clock.frozen(MONDAY + timedelta(minutes=29)):
        assert await identities.by_session(token, HERE)
    for minutes in (59, 60, 61):
        with clock.frozen(MONDAY + timedelta(minutes=minutes)):
            assert await identities.by_session(token, HERE) is None


async def _switched(company: Company, token: str) -> str:
    """The session's cookie is made anew, by switching to where it is already."""
    session = await access.session_of(company.installation, token)
    assert session
    outcome = await access.switch(company.installation, token, session, company.organization_id, HERE)
    assert isinstance(outcome, access.Entered)
    return outcome.token


async def _lies_at(company: Company, actor: Actor) -> int:
    """How many places there are in which sessions of theirs are looked for."""
    return int(await company.installation.cache.scard(f"sessions:{company.organization_id}:{actor.user_id}"))


async def test_a_cookie_that_fades_is_never_made_into_one_that_lasts(acme: Company) -> None:
    old = await begin_session(acme, acme.bob)
    new = await _switched(acme, old)
    assert await access.session_of(acme.installation, old)
    with pytest.raises(access.SessionChanged):
        await _switched(acme, old)
    assert await _lies_at(acme, acme.bob) == 1
    assert await access.session_of(acme.installation, new)


async def test_who_ends_all_other_sessions_ends_a_copy_of_their_cookie_of_a_moment_ago(acme: Company) -> None:
    old = await begin_session(acme, acme.bob)
    new = await _switched(acme, old)
    await access.end_sessions_of(acme.installation, acme.organization_id, acme.bob.user_id, except_for=new)
    assert await access.session_of(acme.installation, old) is None
    assert await access.session_of(acme.installation, new)


async def test_what_was_ended_while_a_cookie_was_made_anew_stays_ended(acme: Company) -> None:
    token = await begin_session(acme, acme.bob)
    session = await access.session_of(acme.installation, token)
    assert session
    await access.end_sessions_of(acme.installation, acme.organization_id, acme.bob.user_id)
    with pytest.raises(access.SessionChanged):
        await access.replace_session(acme.installation, token, session, session.identity)
    assert await access.renew_session(acme.installation, token, session, session.identity) is None
    assert await _lies_at(acme, acme.bob) == 0


async def test_a_use_that_is_noted_late_does_not_bring_a_replaced_cookie_back(acme: Company) -> None:
    with clock.frozen(MONDAY):
        old = await begin_session(acme, acme.bob)
    with clock.frozen(MONDAY + timedelta(minutes=5)):
        session = await access.session_of(acme.installation, old)
        assert session
        await _switched(acme, old)
        await access.note_session_use(acme.installation, old, session, HERE)
    with clock.frozen(MONDAY + timedelta(minutes=6)):
        assert await access.session_of(acme.installation, old) is None
