"""Codes of an app, backup codes, remembered browsers."""

import asyncio
import base64
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from parlour import access
from parlour.access import AlreadySetUp, Client, Identity, Method, Policy, WrongCode
from parlour.foundation import clock
from parlour.foundation.errors import NotFound, TooManyRequests
from parlour.people import Actor
from tests.access.authenticator import code, code_of_step
from tests.builders import Company

MONDAY = datetime(2030, 4, 1, 9, 0, 10, tzinfo=UTC)
STEP = timedelta(seconds=30)
HERE = Client("192.0.2.7", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")


async def set_up(company: Company, actor: Actor, at: datetime = MONDAY) -> tuple[str, list[str]]:
    """A second factor of somebody's: its seed and the backup codes."""
    with clock.frozen(at):
        async with company.database.transaction(company.organization_id) as tx:
            seed = (await access.begin_enrolment(tx, company.installation, actor.user_id)).seed
            codes = await access.confirm_enrolment(tx, company.installation, actor.user_id, code(seed, at))
    return seed, codes


async def shows(company: Company, actor: Actor, typed: str, at: datetime) -> Method | None:
    """What a code counts as at a moment; nothing where it is refused."""
    identity = Identity(company.organization_id, actor.user_id, ())
    with clock.frozen(at):
        try:
            return (await access.by_code(typed)(company.installation, identity)).method
        except WrongCode:
            return None


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
async def test_the_codes_are_those_of_the_standard(acme: Company, seconds: int, expected: str) -> None:
    """The vectors of RFC 6238, appendix B: of our own authenticator, and with six digits of the program."""
    key = b"12345678901234567890"
    assert code_of_step(key, seconds // 30, 8) == expected
    at = datetime.fromtimestamp(seconds, UTC)
    await _with_seed(acme, acme.bob, base64.b32encode(key).decode())
    assert await shows(acme, acme.bob, expected[2:], at) is Method.TOTP


async def _with_seed(company: Company, actor: Actor, seed: str) -> None:
    from_outside = await access.second_factor.totp.seal_seed(  # type: ignore[attr-defined]
        company.installation.sealer, company.organization_id, actor.user_id, seed
    )
    async with company.database.transaction(company.organization_id) as tx:
        await tx.run(
            """
            insert into second_factors (organization_id, user_id, sealed_seed, created_at, confirmed_at)
            values (current_organization(), %(user_id)s, %(seed)s, now(), now())
            """,
            user_id=actor.user_id,
            seed=from_outside,
        )


@pytest.mark.parametrize(("steps", "counts"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
async def test_a_code_counts_one_step_early_and_one_step_late(acme: Company, steps: int, counts: bool) -> None:
    seed, _ = await set_up(acme, acme.bob)
    later = MONDAY + timedelta(hours=1)
    shown = await shows(acme, acme.bob, code(seed, later + steps * STEP), later)
    assert shown is (Method.TOTP if counts else None)


async def test_a_code_is_good_once_and_an_older_one_never_after_it(acme: Company) -> None:
    seed, _ = await set_up(acme, acme.bob)
    later = MONDAY + timedelta(hours=1)
    assert await shows(acme, acme.bob, code(seed, later), later) is Method.TOTP
    assert await shows(acme, acme.bob, code(seed, later), later) is None
    assert await shows(acme, acme.bob, code(seed, later - STEP), later) is None
    assert await shows(acme, acme.bob, code(seed, later + STEP), later + STEP) is Method.TOTP


async def test_the_code_that_set_it_up_signs_nobody_in(acme: Company) -> None:
    seed, _ = await set_up(acme, acme.bob)
    assert await shows(acme, acme.bob, code(seed, MONDAY), MONDAY) is None


async def test_of_many_who_send_one_code_at_once_one_comes_in(acme: Company) -> None:
    seed, codes = await set_up(acme, acme.bob)
    later = MONDAY + timedelta(hours=1)
    for typed, method in ((code(seed, later), Method.TOTP), (codes[0], Method.BACKUP_CODE)):
        outcomes = await asyncio.gather(*(shows(acme, acme.bob, typed, later) for _ in range(3)))
        assert sorted(str(outcome) for outcome in outcomes) == sorted([str(method), *["None"] * 2])


async def test_spaces_and_capitals_are_forgiven(acme: Company) -> None:
    seed, codes = await set_up(acme, acme.bob)
    later = MONDAY + timedelta(hours=1)
    right = code(seed, later)
    assert await shows(acme, acme.bob, f" {right[:3]} {right[3:]} ", later) is Method.TOTP
    assert await shows(acme, acme.bob, codes[1].upper().replace("-", " "), later) is Method.BACKUP_CODE


async def test_ten_backup_codes_are_each_good_once(acme: Company) -> None:
    _, codes = await set_up(acme, acme.bob)
    assert len(set(codes)) == 10
    assert await shows(acme, acme.bob, codes[3], MONDAY) is Method.BACKUP_CODE
    assert await shows(acme, acme.bob, codes[3], MONDAY) is None
    async with acme.database.transaction(acme.organization_id) as tx:
        known = await access.second_factor_of(tx, acme.bob.user_id)
        assert known and known.codes_left == 9
        renewed = await access.renew_codes(tx, acme.installation, acme.bob.user_id)
    assert await shows(acme, acme.bob, codes[4], MONDAY) is None
    assert await shows(acme, acme.bob, renewed[4], MONDAY) is Method.BACKUP_CODE


async def test_nobodys_codes_are_good_for_anybody_else(acme: Company, globex: Company) -> None:
    seed, codes = await set_up(acme, acme.bob)
    await set_up(acme, acme.alice)
    await set_up(globex, globex.bob)
    later = MONDAY + timedelta(hours=1)
    for company, actor in ((acme, acme.alice), (globex, globex.bob)):
        assert await shows(company, actor, code(seed, later), later) is None
        assert await shows(company, actor, codes[0], later) is None


async def test_neither_seed_nor_codes_stand_in_the_database(acme: Company) -> None:
    seed, codes = await set_up(acme, acme.bob)
    async with acme.database.reading(acme.organization_id) as tx:
        kept = [bytes(value) for value in await tx.values("select sealed_seed from second_factors")]
        kept += [bytes(value) for value in await tx.values("select digest from backup_codes")]
    assert len(kept) == 11
    plain = [seed.encode(), base64.b32decode(seed), *[one.encode() for one in codes]]
    plain += [one.replace("-", "").encode() for one in codes]
    assert not any(secret in value for secret in plain for value in kept)


async def test_nothing_counts_until_the_first_code_came_back(acme: Company) -> None:
    async with acme.database.transaction(acme.organization_id) as tx:
        first = await access.begin_enrolment(tx, acme.installation, acme.bob.user_id)
        again = await access.begin_enrolment(tx, acme.installation, acme.bob.user_id)
        assert first.seed == again.seed
        assert await access.second_factor_of(tx, acme.bob.user_id) is None
        with pytest.raises(WrongCode):
            await access.confirm_enrolment(tx, acme.installation, acme.bob.user_id, "000000x")
    async with acme.database.reading(acme.organization_id) as tx:
        assert not (await access.standing_of(tx, acme.bob.user_id)).has_second_factor
    with clock.frozen(clock.now() + timedelta(hours=2)):
        async with acme.database.transaction(acme.organization_id) as tx:
            assert (await access.begin_enrolment(tx, acme.installation, acme.bob.user_id)).seed != first.seed


async def test_one_can_not_set_up_a_second_one_over_the_first(acme: Company) -> None:
    seed, _ = await set_up(acme, acme.bob)
    later = MONDAY + timedelta(hours=1)
    for verb in (access.begin_enrolment, None):
        with pytest.raises(AlreadySetUp), clock.frozen(later):
            async with acme.database.transaction(acme.organization_id) as tx:
                if verb:
                    await verb(tx, acme.installation, acme.bob.user_id)
                await access.confirm_enrolment(tx, acme.installation, acme.bob.user_id, code(seed, later))
    assert await shows(acme, acme.bob, code(seed, later), later) is Method.TOTP


async def test_guessing_codes_is_stopped_whoever_guesses(acme: Company) -> None:
    seed, _ = await set_up(acme, acme.bob)
    later = MONDAY + timedelta(hours=1)
    assert [await shows(acme, acme.bob, f"{number:06}x", later) for number in range(5)] == [None] * 5
    with pytest.raises(TooManyRequests) as refusal:
        await shows(acme, acme.bob, code(seed, later), later)
    assert refusal.value.retry_after <= 60
    with pytest.raises(TooManyRequests):
        await shows(acme, acme.bob, code(seed, later), later + timedelta(seconds=59))
    assert await shows(acme, acme.bob, code(seed, later + 2 * STEP), later + 2 * STEP) is Method.TOTP


async def test_a_browser_is_remembered_for_its_user_for_its_time_until_it_is_taken_back(
    acme: Company, globex: Company
) -> None:
    bob = Identity(acme.organization_id, acme.bob.user_id, ())
    mark = await _remembered(acme, bob)
    client = Client("192.0.2.8", HERE.agent, devices=("nonsense", mark))
    recognise = access.arriving.devices.recognise  # type: ignore[attr-defined]
    installation = acme.installation
    with clock.frozen(MONDAY + timedelta(days=30, seconds=-1)):
        assert (await recognise(installation, bob, client)).method is Method.DEVICE
        async with acme.database.reading(acme.organization_id) as tx:
            (device,) = await access.devices_of(tx, acme.bob.user_id)
        assert (device.name, device.address) == ("Firefox on Linux", "192.0.2.8")
        for other in ((acme.organization_id, acme.alice.user_id), (globex.organization_id, globex.bob.user_id)):
            assert await recognise(installation, Identity(*other, ()), client) is None
        changed = mark[:40] + ("b" if mark[40] == "a" else "a") + mark[41:]
        assert await recognise(installation, bob, Client("192.0.2.8", devices=(changed,))) is None
    with clock.frozen(MONDAY + timedelta(days=30)):
        assert await recognise(installation, bob, client) is None
    with clock.frozen(MONDAY):
        async with acme.database.transaction(acme.organization_id) as tx:
            with pytest.raises(NotFound):
                await access.forget_device(tx, acme.alice.user_id, device.id)
            await access.forget_device(tx, acme.bob.user_id, device.id)
        assert await recognise(installation, bob, client) is None


async def test_a_policy_made_stricter_counts_for_browsers_that_are_remembered_already(acme: Company) -> None:
    bob = Identity(acme.organization_id, acme.bob.user_id, ())
    client = Client("192.0.2.8", HERE.agent, devices=(await _remembered(acme, bob),))
    recognise = access.arriving.devices.recognise  # type: ignore[attr-defined]

    async def lasts(days: int) -> datetime | None:
        """Until when it is remembered, if it is by the first of these."""
        async with acme.database.transaction(acme.organization_id) as tx:
            await access.set_policy(tx, Policy(device_days=days))
            listed = await access.devices_of(tx, acme.bob.user_id)
        is_known = await recognise(acme.installation, bob, client) is not None
        assert is_known == (len(listed) == 1)
        return listed[0].expires_at if listed else None

    with clock.frozen(MONDAY + timedelta(days=7)):
        assert await lasts(90) == MONDAY + timedelta(days=30)
        assert await lasts(8) == MONDAY + timedelta(days=8)
        assert await lasts(7) is None
        assert await lasts(0) is None
    with clock.frozen(MONDAY):
        assert await lasts(0) is None


async def _remembered(company: Company, identity: Identity) -> str:
    with clock.frozen(MONDAY):
        async with company.database.transaction(company.organization_id) as tx:
            return await access.remember_device(tx, company.installation.signer, identity, HERE, 30)


async def test_without_it_nothing_of_it_is_left(acme: Company) -> None:
    seed, codes = await set_up(acme, acme.bob)
    await _remembered(acme, Identity(acme.organization_id, acme.bob.user_id, ()))
    async with acme.database.transaction(acme.organization_id) as tx:
        await access.remove_second_factor(tx, acme.bob.user_id)
    later = MONDAY + timedelta(hours=1)
    assert await shows(acme, acme.bob, code(seed, later), later) is None
    assert await shows(acme, acme.bob, codes[0], later) is None
    assert await _rows(acme, acme.bob.user_id) == 0


async def _rows(company: Company, user_id: UUID) -> int:
    async with company.database.reading(company.organization_id) as tx:
        left: int = await tx.value(
            """
            select (select count(*) from second_factors where user_id = %(id)s)
                + (select count(*) from backup_codes where user_id = %(id)s)
                + (select count(*) from devices where user_id = %(id)s)
            """,
            id=user_id,
        )
    return left
