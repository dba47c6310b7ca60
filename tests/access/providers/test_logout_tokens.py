"""Told that somebody signed out there: what ends which sessions, and what ends none."""

from datetime import timedelta
from typing import Any

import pytest

from parlour import access
from parlour.access import Client, Entered, Identity, providers
from parlour.access.providers import Draft, Kind, NotVouchedFor, Provider
from parlour.foundation import clock, crypto, ids
from tests.access.providers import desk
from tests.access.providers.desk import Forger
from tests.builders import Company, begin_session

BOB = {"email": "bob@acme.test", "email_verified": True}
EVENT = "http://schemas.openid.net/event/backchannel-logout"


@pytest.fixture
async def provider(acme: Company, forger: Forger) -> Provider:
    await desk.claim(acme, "acme.test")
    return await desk.add(acme, forger.issuer)


async def enter(company: Company, provider: Provider, forger: Forger, sid: str | None, sub: str = "subject-1") -> str:
    """A session that came of one there: its cookie."""
    claims = {**BOB, "sub": sub, "sid": sid}
    identity = await desk.there_and_back(company, provider, forger, claims=claims)
    return await session_for(company, identity)


async def session_for(company: Company, identity: Identity) -> str:
    client = Client("192.0.2.7", "One browser", secret=crypto.new_secret())
    outcome = await access.arrive(company.installation, (identity,), client)
    assert isinstance(outcome, Entered)
    return outcome.token


async def is_in(company: Company, token: str) -> bool:
    return await access.session_of(company.installation, token) is not None


async def told(company: Company, provider: Provider, forger: Forger, **plan: Any) -> int:
    return await providers.told_to_end(near(company), provider.id, await forger.logout_token(**plan))


near = desk.near


async def test_a_session_there_ends_the_one_that_came_of_it_and_no_other(
    acme: Company, provider: Provider, forger: Forger
) -> None:
    first, second = [await enter(acme, provider, forger, sid) for sid in ("at-home", "at-work")]
    typed = await begin_session(acme, acme.bob)
    assert await told(acme, provider, forger, claims={"sid": "at-home"}) == 1
    assert [await is_in(acme, token) for token in (first, second, typed)] == [False, True, True]
    async with acme.database.reading(acme.organization_id) as tx:
        ended = await tx.values("select details ->> 'sessions' from audit_records where act = 'SESSIONS_ENDED'")
    assert ended == ["1"]


async def test_a_subject_alone_ends_all_that_came_of_it(acme: Company, provider: Provider, forger: Forger) -> None:
    tokens = [await enter(acme, provider, forger, sid) for sid in ("at-home", "at-work", None)]
    typed = await begin_session(acme, acme.bob)
    assert await told(acme, provider, forger) == 3
    assert [await is_in(acme, token) for token in (*tokens, typed)] == [False, False, False, True]


async def test_a_session_alone_is_enough(acme: Company, provider: Provider, forger: Forger) -> None:
    first, second = [await enter(acme, provider, forger, sid) for sid in ("at-home", "at-work")]
    assert await told(acme, provider, forger, claims={"sid": "at-work", "sub": None}) == 1
    assert [await is_in(acme, token) for token in (first, second)] == [True, False]
    assert await told(acme, provider, forger, claims={"sid": "never", "sub": None}) == 0


async def test_another_subject_or_provider_ends_nothing(
    acme: Company, globex: Company, provider: Provider, forger: Forger
) -> None:
    token = await enter(acme, provider, forger, "at-home")
    assert await told(acme, provider, forger, claims={"sub": "subject-2", "sid": "at-home"}) == 0
    other = await desk.add(acme, forger.issuer, client_id="another")
    assert await told(acme, other, forger, claims={"aud": "another", "sid": "at-home"}) == 0
    theirs = await desk.add(globex, forger.issuer)
    assert await told(globex, theirs, forger, claims={"sid": "at-home"}) == 0
    assert await is_in(acme, token)


@pytest.mark.parametrize(
    ("lie", "reason"),
    [
        ({"claims": {"iss": "https://evil.test"}}, "another issuer's"),
        ({"claims": {"aud": "somebody-else"}}, "meant for somebody else"),
        ({"claims": {"aud": None}}, "meant for somebody else"),
        ({"claims": {"nonce": "n"}}, "is no logout token"),
        ({"claims": {"events": None}}, "is no logout token"),
        ({"claims": {"events": {"http://schemas.openid.net/event/other": {}}}}, "is no logout token"),
        ({"claims": {"events": [EVENT]}}, "is no logout token"),
        ({"claims": {"events": {EVENT: None}}}, "is no logout token"),
        ({"claims": {"sub": None}}, "does not say who it is"),
        ({"claims": {"sub": 7}}, "has no sub"),
        ({"claims": {"sid": ["a"]}}, "has no sid"),
        ({"claims": {"jti": None}}, "has no jti"),
        ({"claims": {"iat": None}}, "was not made just now"),
        ({"claims": {"iat": 1}}, "was not made just now"),
        ({"claims": {"iat": 4_000_000_000}}, "was not made just now"),
        ({"claims": {"iat": "now"}}, "does not say when"),
        ({"claims": {"exp": 1}}, "has run out"),
        ({"header": {"typ": "at+jwt"}}, "of another kind"),
        ({"alg": "none"}, "signed in a way that is not accepted"),
        ({"alg": "HS256"}, "signed in a way that is not accepted"),
        ({"key": "never-shown"}, "not signed with a key of the issuer"),
        ({"key": "never-shown", "kid": "first"}, "not signed with a key of the issuer"),
    ],
)
async def test_a_forged_one_ends_nothing(
    acme: Company, provider: Provider, forger: Forger, lie: dict[str, Any], reason: str
) -> None:
    token = await enter(acme, provider, forger, "at-home")
    with pytest.raises(NotVouchedFor) as refusal:
        await told(acme, provider, forger, **lie)
    assert reason in refusal.value.reason
    assert await is_in(acme, token)


async def test_an_id_token_ends_nothing_and_a_logout_token_opens_nothing(
    acme: Company, provider: Provider, forger: Forger
) -> None:
    token = await enter(acme, provider, forger, "at-home")
    trip = await desk.set_out(acme, provider)
    with pytest.raises(NotVouchedFor):
        await told(acme, provider, forger, claims={"nonce": trip.asked["nonce"], "events": None, "jti": None})
    event = {"claims": {**BOB, "nonce": None, "events": {EVENT: {}}, "jti": "j"}}
    assert "belongs to another sign-in" in await desk.reason_of(acme, provider, forger, **event)
    assert await is_in(acme, token)


async def test_it_is_used_once(acme: Company, provider: Provider, forger: Forger) -> None:
    said = await forger.logout_token()
    assert await providers.told_to_end(near(acme), provider.id, said) == 0
    token = await enter(acme, provider, forger, "at-home")
    with pytest.raises(NotVouchedFor) as refusal:
        await providers.told_to_end(near(acme), provider.id, said)
    assert "used before" in refusal.value.reason and await is_in(acme, token)
    with clock.frozen(clock.now() + timedelta(minutes=12)), pytest.raises(NotVouchedFor):
        await providers.told_to_end(near(acme), provider.id, said)


async def test_nobody_and_a_provider_that_is_switched_off_end_nothing(
    acme: Company, provider: Provider, forger: Forger
) -> None:
    token, said = await enter(acme, provider, forger, "at-home"), await forger.logout_token()
    with pytest.raises(NotVouchedFor):
        await providers.told_to_end(near(acme), ids.new(), said)
    draft = Draft(Kind.OPENID, "Off", "", "parlour", is_active=False)
    async with acme.database.transaction(acme.organization_id) as tx:
        await providers.change_provider(tx, near(acme), provider, draft, by=acme.alice)
    with pytest.raises(NotVouchedFor):
        await providers.told_to_end(near(acme), provider.id, said)
    assert await is_in(acme, token)
