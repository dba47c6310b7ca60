"""From a first proof to a session: the steps, the challenges in between, and what each organization asks."""

from datetime import UTC, datetime, timedelta

import pytest

from parlour import access
from parlour.access import ChallengeOver, Client, Entered, Identity, Method, Policy, Step, Waiting, WrongCode
from parlour.foundation import clock
from parlour.foundation.errors import Invalid, NotFound
from parlour.people import Actor, Role
from tests.access.authenticator import code
from tests.access.test_second_factor import MONDAY, set_up
from tests.builders import Company

LATER = MONDAY + timedelta(hours=1)
HERE = Client("192.0.2.7", "One browser")


def identity_of(company: Company, actor: Actor, *methods: Method) -> Identity:
    proofs = tuple(access.proof(method) for method in methods or (Method.PASSWORD,))
    return Identity(company.organization_id, actor.user_id, proofs)


async def arrive(company: Company, actor: Actor, client: Client = HERE) -> access.Outcome:
    return await access.arrive(company.installation, (identity_of(company, actor),), client)


async def set_policy(company: Company, **rules: object) -> Policy:
    async with company.database.transaction(company.organization_id) as tx:
        return await access.set_policy(tx, Policy(**rules))


async def test_a_password_alone_opens_where_nothing_more_is_asked(acme: Company) -> None:
    outcome = await arrive(acme, acme.bob)
    assert isinstance(outcome, Entered)
    session = await access.session_of(acme.installation, outcome.token)
    assert session and session.user_id == acme.bob.user_id


async def test_who_has_a_second_factor_shows_it(acme: Company) -> None:
    seed, _ = await set_up(acme, acme.bob)
    waiting = await arrive(acme, acme.bob)
    assert isinstance(waiting, Waiting)
    assert waiting.step is Step.SECOND_FACTOR
    with clock.frozen(LATER), pytest.raises(ChallengeOver):
        # It is as old as a day by then.
        await access.go_on(acme.installation, waiting.challenge, access.by_code(code(seed, LATER)), HERE)
    with clock.frozen(LATER):
        waiting = await arrive(acme, acme.bob)
        entered = await access.go_on(acme.installation, waiting.challenge, access.by_code(code(seed, LATER)), HERE)
    assert isinstance(entered, Entered)
    assert {proof.method for proof in entered.identity.proofs} == {Method.PASSWORD, Method.TOTP}


async def test_a_challenge_is_for_one_client_once_and_few_tries(acme: Company) -> None:
    seed, codes = await set_up(acme, acme.bob)
    with clock.frozen(LATER):
        waiting = await arrive(acme, acme.bob)
        for other in (Client("192.0.2.8", "One browser"), Client("192.0.2.7", "Another"), Client("", "", (), "x")):
            with pytest.raises(ChallengeOver):
                await access.go_on(acme.installation, waiting.challenge, access.by_code(code(seed, LATER)), other)
        assert isinstance(
            await access.go_on(acme.installation, waiting.challenge, access.by_code(code(seed, LATER)), HERE), Entered
        )
        with pytest.raises(ChallengeOver):
            await access.go_on(acme.installation, waiting.challenge, access.by_code(codes[0]), HERE)
        waiting = await arrive(acme, acme.bob)
        for _ in range(5):
            with pytest.raises(WrongCode):
                await access.go_on(acme.installation, waiting.challenge, access.by_code("nothing"), HERE)
        with pytest.raises(ChallengeOver):
            await access.go_on(acme.installation, waiting.challenge, access.by_code(codes[1]), HERE)


async def test_a_challenge_is_no_session_and_a_session_no_challenge(acme: Company) -> None:
    await set_up(acme, acme.bob)
    waiting = await arrive(acme, acme.bob)
    assert await access.session_of(acme.installation, waiting.challenge) is None
    entered = await arrive(acme, acme.alice)
    with pytest.raises(ChallengeOver):
        await access.go_on(acme.installation, entered.token, access.by_code("123456"), HERE)


async def test_an_organization_asks_for_a_second_factor_once_the_time_to_set_it_up_is_over(acme: Company) -> None:
    with clock.frozen(MONDAY):
        await set_policy(acme, second_factor_for=(Role.ADMIN, Role.AGENT), second_factor_from=LATER)
    with clock.frozen(LATER - timedelta(seconds=1)):
        assert isinstance(await arrive(acme, acme.bob), Entered)
    with clock.frozen(LATER):
        waiting = await arrive(acme, acme.bob)
        assert isinstance(waiting, Waiting)
        assert waiting.step is Step.SET_UP
        assert isinstance(await arrive(acme, acme.carol), Entered)
        async with acme.database.transaction(acme.organization_id) as tx:
            seed = (await access.begin_enrolment(tx, acme.installation, acme.bob.user_id)).seed
        told: list[str] = []
        prove = access.by_setting_up(code(seed, LATER), told)
        with pytest.raises(ChallengeOver):
            await access.go_on(acme.installation, waiting.challenge, prove, HERE)
        entered = await access.go_on(acme.installation, waiting.challenge, prove, HERE, at=Step.SET_UP)
        assert isinstance(entered, Entered)
        assert len(told) == 10
        again = await arrive(acme, acme.bob)
        assert isinstance(again, Waiting)
        assert again.step is Step.SECOND_FACTOR


async def test_an_open_session_meets_a_new_rule_at_its_next_request(acme: Company) -> None:
    entered = await arrive(acme, acme.bob)
    assert isinstance(entered, Entered)
    assert entered.standing.due(entered.identity) is None
    await set_policy(acme, second_factor_for=(Role.AGENT,))
    async with acme.database.reading(acme.organization_id) as tx:
        standing = await access.standing_of(tx, acme.bob.user_id)
    assert standing.due(entered.identity) is Step.SET_UP


@pytest.mark.parametrize(
    ("rules", "field"),
    [
        ({"idle_minutes": 4}, "idleMinutes"),
        ({"longest_hours": 0}, "longestHours"),
        ({"device_days": 91}, "deviceDays"),
        ({"second_factor_from": datetime(2300, 1, 1, tzinfo=UTC)}, "secondFactorFrom"),
    ],
)
async def test_rules_stay_within_reason(acme: Company, rules: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        await set_policy(acme, **rules)
    assert list(refusal.value.details or {}) == [field]
    async with acme.database.reading(acme.organization_id) as tx:
        assert await access.policy_of(tx) == Policy()


async def test_a_switch_meets_the_other_organizations_own_rules(acme: Company, globex: Company) -> None:
    seed, _ = await set_up(globex, globex.bob)
    installation, both = acme.installation, (identity_of(acme, acme.bob), identity_of(globex, globex.bob))
    with clock.frozen(LATER):
        both = (identity_of(acme, acme.bob), identity_of(globex, globex.bob))
        entered = await access.arrive(installation, both, HERE)
        assert isinstance(entered, Entered)
        session = await access.session_of(installation, entered.token)
        assert session and session.organization_id == acme.organization_id
        waiting = await access.switch(installation, entered.token, session, globex.organization_id, HERE)
        assert isinstance(waiting, Waiting)
        with pytest.raises(ChallengeOver):
            # Without the session it began in, it leads nowhere.
            await access.go_on(installation, waiting.challenge, access.by_code(code(seed, LATER)), HERE)
        waiting = await access.switch(installation, entered.token, session, globex.organization_id, HERE)
    soon = LATER + timedelta(seconds=30)
    with clock.frozen(soon):
        over = await access.go_on(
            installation, waiting.challenge, access.by_code(code(seed, soon)), HERE, into=entered.token
        )
        assert isinstance(over, Entered)
        there = await access.session_of(installation, over.token)
        assert there and there.user_id == globex.bob.user_id
        assert there.csrf != session.csrf
        back = await access.switch(installation, over.token, there, acme.organization_id, HERE)
        assert isinstance(back, Entered)
        assert back.identity.user_id == acme.bob.user_id
        with pytest.raises(NotFound):
            await access.switch(installation, back.token, session, acme.bob.user_id, HERE)
