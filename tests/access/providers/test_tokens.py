"""A provider that lies: nothing it says counts unless all of it is right."""

from datetime import timedelta
from typing import Any

import pytest

from parlour.access import Method, providers
from parlour.access.providers import Brought, NotVouchedFor, Provider
from parlour.foundation import clock
from tests.access.providers import desk
from tests.access.providers.desk import Forger
from tests.builders import Company

BOB = {"email": "bob@acme.test", "email_verified": True}


@pytest.fixture
async def provider(acme: Company, forger: Forger) -> Provider:
    await desk.claim(acme, "acme.test")
    return await desk.add(acme, forger.issuer)


async def test_a_right_token_brings_in_whoever_has_the_address(
    acme: Company, provider: Provider, forger: Forger
) -> None:
    identity = await desk.there_and_back(acme, provider, forger, claims=BOB)
    assert (identity.organization_id, identity.user_id) == (acme.organization_id, acme.bob.user_id)
    assert [proof.method for proof in identity.proofs] == [Method.PROVIDER]


async def test_what_is_asked_for_is_bound_to_this_sign_in(acme: Company, provider: Provider) -> None:
    first, second = [(await desk.set_out(acme, provider)).asked for _ in range(2)]
    assert first["response_type"] == "code" and first["code_challenge_method"] == "S256"
    assert first["redirect_uri"].endswith(f"/sign-in/with/{provider.id}/back")
    for name in ("state", "nonce", "code_challenge"):
        assert len(first[name]) == 43 and first[name] != second[name]


@pytest.mark.parametrize(
    ("lie", "reason"),
    [
        ({"claims": {"nonce": "another"}}, "The ID token belongs to another sign-in."),
        ({"claims": {"nonce": None}}, "The ID token belongs to another sign-in."),
        ({"claims": {"aud": "somebody-else"}}, "The ID token is meant for somebody else."),
        ({"claims": {"aud": ["parlour", "another"]}}, "The ID token was given to somebody else."),
        ({"claims": {"aud": ["parlour"], "azp": "another"}}, "The ID token was given to somebody else."),
        ({"claims": {"iss": "https://evil.test"}}, "The ID token is another issuer's."),
        ({"claims": {"exp": 1}}, "The ID token has run out."),
        ({"claims": {"exp": None}}, "The ID token does not say when it was made."),
        ({"claims": {"exp": True}}, "The ID token does not say when it was made."),
        ({"claims": {"iat": 9_999_999_999}}, "The ID token is of the future: compare the clocks."),
        ({"claims": {"nbf": 9_999_999_999}}, "The ID token is of the future: compare the clocks."),
        ({"claims": {"iat": 1_000_000_000}}, "The ID token is old."),
        ({"claims": {"sub": None}}, "The ID token does not say who it is."),
        ({"claims": {"sub": 7}}, "The ID token does not say who it is."),
        ({"alg": "none"}, "The ID token is signed in a way that is not accepted."),
        ({"alg": "HS256"}, "The ID token is signed in a way that is not accepted."),
        ({"key": "never-shown"}, "The ID token is not signed with a key of the issuer."),
        ({"key": "never-shown", "kid": "first"}, "The ID token is not signed with a key of the issuer."),
        ({"claims": {"email_verified": False}}, "no verified address"),
        ({"claims": {"email_verified": None}}, "no verified address"),
        ({"claims": {"email": "bob@unclaimed.test"}}, "domain not claimed"),
        ({"claims": {"email": "bob@sub.acme.test"}}, "domain not claimed"),
        ({"claims": {"email": "nobody@acme.test"}}, "nobody of that address"),
        ({"challenge": "of another attempt"}, None),
    ],
)
async def test_a_lie_is_refused_and_written_down(
    acme: Company, provider: Provider, forger: Forger, lie: dict[str, Any], reason: str | None
) -> None:
    trip = await desk.set_out(acme, provider)
    plan = {"challenge": trip.asked["code_challenge"], **lie}
    plan["claims"] = {**BOB, "nonce": trip.asked["nonce"], **lie.get("claims", {})}
    before = await desk.people_of(acme)
    await forger.plan(**plan)
    with pytest.raises(NotVouchedFor) as refusal:
        await trip.back()
    assert await desk.people_of(acme) == before
    expected = reason or f"{forger.issuer.removeprefix('http://')} answers with 400 (invalid_grant)."
    assert refusal.value.reason == expected
    assert await desk.refusals(acme) == [expected]


async def test_a_new_key_is_found_and_an_unknown_one_asked_for_once(
    acme: Company, provider: Provider, forger: Forger
) -> None:
    await desk.there_and_back(acme, provider, forger, claims=BOB)
    before = await forger.seen("/jwks")
    await desk.there_and_back(acme, provider, forger, claims=BOB)
    assert await forger.seen("/jwks") == before
    await desk.there_and_back(acme, provider, forger, claims=BOB, key="second", shown=["second"])
    assert await forger.seen("/jwks") == before + 1
    for _ in range(3):
        await desk.reason_of(acme, provider, forger, claims=BOB, key="never-shown", shown=["second"])
    assert await forger.seen("/jwks") == before + 1


async def test_a_state_is_for_one_browser_one_provider_and_once(
    acme: Company, provider: Provider, forger: Forger
) -> None:
    other = await desk.add(acme, forger.issuer, client_id="another")
    trip = await desk.set_out(acme, provider)
    await forger.plan(claims={**BOB, "nonce": trip.asked["nonce"]}, challenge=trip.asked["code_challenge"])
    for browser, at in (("another browser", provider), ("", provider), (desk.BROWSER, other)):
        trip = await desk.set_out(acme, provider)
        brought = Brought(state=trip.asked["state"], code="any")
        with pytest.raises(NotVouchedFor, match="begun elsewhere"):
            await providers.arrival(desk.near(acme), at.id, browser, brought, signed_in=None)
        # It is used up, also for whom it was made.
        with pytest.raises(NotVouchedFor, match="begun elsewhere"):
            await trip.back()
    with pytest.raises(NotVouchedFor, match="begun elsewhere"):
        await trip.back(state="made up")


async def test_a_sign_in_that_took_too_long_is_over(acme: Company, provider: Provider) -> None:
    with clock.frozen(clock.now()):
        trip = await desk.set_out(acme, provider)
    with clock.frozen(clock.now() + timedelta(minutes=10, seconds=1)), pytest.raises(NotVouchedFor, match="too long"):
        await trip.back()


async def test_an_answer_of_another_issuer_is_refused(acme: Company, provider: Provider, forger: Forger) -> None:
    before = await forger.seen("/token")
    trip = await desk.set_out(acme, provider)
    with pytest.raises(NotVouchedFor):
        await trip.back(issuer="https://evil.test")
    assert await desk.refusals(acme) == ["The answer came from another issuer."]
    assert await forger.seen("/token") == before


async def test_who_promises_to_name_itself_has_to(acme: Company, forger: Forger) -> None:
    await forger.plan(about={"authorization_response_iss_parameter_supported": True})
    provider = await desk.add(acme, forger.issuer)
    trip = await desk.set_out(acme, provider)
    with pytest.raises(NotVouchedFor):
        await trip.back()
    assert await desk.refusals(acme) == ["The answer came from another issuer."]


async def test_who_declines_there_is_not_in(acme: Company, provider: Provider) -> None:
    trip = await desk.set_out(acme, provider)
    with pytest.raises(NotVouchedFor, match="You did not sign in there"):
        await trip.back(error="access_denied", code="")
    assert await desk.refusals(acme) == ["declined there"]


async def test_an_issuer_that_calls_itself_otherwise_is_not_asked(acme: Company, forger: Forger) -> None:
    await forger.plan(about={"issuer": "https://accounts.google.com"})
    provider = await desk.add(acme, forger.issuer)
    with pytest.raises(NotVouchedFor, match="does not answer as it should"):
        await desk.set_out(acme, provider)
    with pytest.raises(providers.NotRight, match=r"calls itself https://accounts\.google\.com"):
        await providers.check_provider(desk.near(acme), acme.organization_id, provider)


async def test_userinfo_about_somebody_else_is_refused(acme: Company, provider: Provider, forger: Forger) -> None:
    more = {**BOB, "sub": "subject-2"}
    assert await desk.reason_of(acme, provider, forger, userinfo=more) == (
        "The provider's two answers are about different people."
    )
    identity = await desk.there_and_back(acme, provider, forger, userinfo={**BOB, "sub": "subject-1"})
    assert identity.user_id == acme.bob.user_id


async def test_a_provider_inside_the_network_is_not_reached(acme: Company, provider: Provider) -> None:
    with pytest.raises(NotVouchedFor) as refusal:
        await providers.address_of(acme.installation, acme.organization_id, provider, desk.BROWSER)
    assert "https://" in refusal.value.reason
