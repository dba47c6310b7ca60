"""Refresh tokens of apps: each works once, a copy ends them all; and keys that come and go."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from parlour import access, people
from parlour.access import Client, Policy, apps
from parlour.access.apps import RefreshOver, RefreshTokenReused, Tokens, keys
from parlour.foundation import clock, crypto
from parlour.people import Actor, UserChanges, UserStatus
from tests.access.app import signed_in_app
from tests.builders import Company, begin_session

MONDAY = datetime(2030, 4, 1, 9, 0, tzinfo=UTC)
PHONE = Client("192.0.2.9", "okhttp/5.1.0")
LATER = timedelta(minutes=1)

End = Callable[[Company, Actor, Tokens], Awaitable[None]]


async def refresh(company: Company, text: str, after: timedelta | None = None) -> Tokens:
    with clock.frozen(MONDAY + after if after is not None else clock.now()):
        return await apps.refresh(company.installation, text, PHONE)


async def acts_of(company: Company) -> list[str]:
    async with company.database.reading(company.organization_id) as tx:
        return await tx.values("select act from audit_records order by position")


async def is_signed_in(company: Company, tokens: Tokens) -> bool:
    listed = await access.sessions_of(company.installation, company.organization_id, tokens.session.user_id)
    return tokens.session.id in {one.id for one in listed}


async def test_the_cookie_of_the_sign_in_opens_nothing_once_it_has_become_tokens(acme: Company) -> None:
    cookie = await begin_session(acme, acme.bob)
    session = await access.session_of(acme.installation, cookie)
    async with acme.database.reading(acme.organization_id) as tx:
        standing = await access.standing_of(tx, acme.bob.user_id)
    assert session and standing
    entered = access.Entered(cookie, session.identity, standing)
    tokens = await apps.tokens_for(acme.installation, entered)
    assert await access.session_of(acme.installation, cookie) is None
    [listed] = await access.sessions_of(acme.installation, acme.organization_id, acme.bob.user_id)
    assert (listed.id, listed.is_app) == (tokens.session.id, True)
    with pytest.raises(RefreshOver):
        await apps.tokens_for(acme.installation, entered)


async def test_each_refresh_token_gives_way_to_another(acme: Company) -> None:
    with clock.frozen(MONDAY):
        first = await signed_in_app(acme, acme.bob)
    second = await refresh(acme, first.refresh_token, LATER)
    third = await refresh(acme, second.refresh_token, 2 * LATER)
    assert len({first.refresh_token, second.refresh_token, third.refresh_token}) == 3
    assert {first.session.id} == {second.session.id, third.session.id}
    assert third.session.begun_at == MONDAY.timestamp()
    kept = await acme.installation.cache.get(f"refresh:{first.session.id.hex}")
    assert kept
    assert third.refresh_token.removeprefix("parlour_refresh_") not in kept


async def test_an_answer_that_was_lost_is_given_again_until_its_token_is_used(acme: Company) -> None:
    with clock.frozen(MONDAY):
        first = await signed_in_app(acme, acme.bob)
    second = await refresh(acme, first.refresh_token, LATER)
    again = await refresh(acme, first.refresh_token, LATER + timedelta(seconds=29))
    assert again.refresh_token == second.refresh_token
    await refresh(acme, second.refresh_token, LATER + timedelta(seconds=29))
    with pytest.raises(RefreshTokenReused):
        await refresh(acme, first.refresh_token, LATER + timedelta(seconds=29))
    assert not await is_signed_in(acme, first)


async def test_a_copy_ends_the_whole_family_and_stands_in_the_trail(acme: Company) -> None:
    with clock.frozen(MONDAY):
        first, other = await signed_in_app(acme, acme.bob), await signed_in_app(acme, acme.bob)
    second = await refresh(acme, first.refresh_token, LATER)
    with pytest.raises(RefreshTokenReused):
        await refresh(acme, first.refresh_token, LATER + timedelta(seconds=30))
    for text in (first.refresh_token, second.refresh_token):
        with pytest.raises(RefreshOver) as over:
            await refresh(acme, text, LATER + timedelta(seconds=31))
        assert not isinstance(over.value, RefreshTokenReused)
    assert (await acts_of(acme))[-2:] == ["REFRESH_TOKEN_REUSED", "SESSIONS_ENDED"]
    assert await is_signed_in(acme, other)
    assert await refresh(acme, other.refresh_token, LATER)


async def test_of_many_at_once_all_get_the_same_successor(acme: Company) -> None:
    first = await signed_in_app(acme, acme.bob)
    answers = await asyncio.gather(*(refresh(acme, first.refresh_token) for _ in range(12)))
    assert len({answer.refresh_token for answer in answers}) == 1
    assert await refresh(acme, answers[0].refresh_token)


async def test_tokens_end_as_sessions_do_unused_or_however_much_they_are_used(acme: Company) -> None:
    with clock.frozen(MONDAY):
        idle, busy = await signed_in_app(acme, acme.bob), await signed_in_app(acme, acme.bob)
    with pytest.raises(RefreshOver):
        await refresh(acme, idle.refresh_token, timedelta(days=14))
    for day in range(10, 90, 10):
        busy = await refresh(acme, busy.refresh_token, timedelta(days=day))
    assert busy.ends_at == MONDAY + timedelta(days=90)
    with pytest.raises(RefreshOver):
        await refresh(acme, busy.refresh_token, timedelta(days=90))


async def test_the_organizations_own_shorter_limits_hold(acme: Company) -> None:
    with clock.frozen(MONDAY):
        tokens = await signed_in_app(acme, acme.bob)
        async with acme.database.transaction(acme.organization_id) as tx:
            await access.set_policy(tx, Policy(idle_minutes=30))
    for _ in range(2):
        with pytest.raises(RefreshOver):
            await refresh(acme, tokens.refresh_token, timedelta(minutes=30))


async def _sign_out(company: Company, actor: Actor, tokens: Tokens) -> None:
    await apps.give_up(company.installation, tokens.refresh_token)


async def _end_one(company: Company, actor: Actor, tokens: Tokens) -> None:
    await access.end_one_of(company.installation, company.organization_id, actor.user_id, tokens.session.id)


async def _end_all(company: Company, actor: Actor, tokens: Tokens) -> None:
    await access.end_sessions_of(company.installation, company.organization_id, actor.user_id)


async def _deactivate(company: Company, actor: Actor, tokens: Tokens) -> None:
    async with company.database.transaction(company.organization_id) as tx:
        user = await people.find_user(tx, actor.user_id)
        changed = await access.change_user(tx, user, UserChanges(status=UserStatus.INACTIVE), by=company.alice)
    await access.after_change(company.installation, company.organization_id, changed)


@pytest.mark.parametrize("end", [_sign_out, _end_one, _end_all, _deactivate])
async def test_whatever_ends_a_session_ends_tokens(acme: Company, end: End) -> None:
    tokens = await signed_in_app(acme, acme.bob)
    await end(acme, acme.bob, tokens)
    with pytest.raises(RefreshOver):
        await refresh(acme, tokens.refresh_token)
    assert not await is_signed_in(acme, tokens)


async def test_a_text_we_never_made_ends_nobodys_sign_in(acme: Company) -> None:
    tokens = await signed_in_app(acme, acme.bob)
    text = tokens.refresh_token
    forged = [
        text[:-1] + ("A" if text[-1] != "A" else "E"),
        text[:40] + ("A" if text[40] != "A" else "B") + text[41:],
        text.removeprefix("parlour_refresh_"),
        text + "=",
        text.swapcase(),
        "parlour_refresh_" + "A" * 107,
        "parlour_refresh_",
        "ключ",
        tokens.session.id.hex,
    ]
    for wrong in forged:
        with pytest.raises(RefreshOver) as over:
            await refresh(acme, wrong)
        assert not isinstance(over.value, RefreshTokenReused), wrong
    assert await refresh(acme, text)


async def test_a_key_is_known_before_it_signs_and_after(acme: Company) -> None:
    signer = crypto.Signer("a secret of this test")
    period = timedelta(days=28)
    begins = datetime.fromtimestamp((MONDAY.timestamp() // period.total_seconds()) * period.total_seconds(), UTC)
    signing = []
    for moment in (begins - timedelta(seconds=1), begins, begins + period):
        with clock.frozen(moment):
            signing.append(keys.signing_key(signer).id)
    assert len(set(signing)) == 3
    with clock.frozen(begins):
        assert [key["kid"] for key in keys.published_keys(signer)["keys"]] == signing
        assert set(keys.good_keys(signer)) == set(signing[:2])
    with clock.frozen(begins + timedelta(hours=2)):
        assert set(keys.good_keys(signer)) == {signing[1]}
        again = keys.signing_key(crypto.Signer("a secret of this test"))
        assert again.id == signing[1]
        assert keys.signing_key(crypto.Signer("another")).id != signing[1]
        assert set(again.public) == {"kty", "crv", "x", "y", "kid", "use", "alg"}
