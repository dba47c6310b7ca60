"""Passkeys: made, shown as the only factor or the second, refused where anything about them is bent."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from parlour import access, people
from parlour.access import Client, Entered, Identity, LastSecondFactor, Method, Policy, Waiting, WrongPasskey
from parlour.foundation.errors import NotFound
from parlour.people import Actor, Role
from tests.access.device import PRESENT, Device
from tests.builders import Company

HERE = Client("192.0.2.7", "Mozilla/5.0 Firefox/140.0", secret="this browser")
ELSEWHERE = Client("192.0.2.7", "Mozilla/5.0 Firefox/140.0", secret="another browser")
PARTY = access.party_at("https://help.example.com/somewhere")


def of(company: Company, actor: Actor) -> Identity:
    return Identity(company.organization_id, actor.user_id, ())


async def with_passkey(company: Company, actor: Actor) -> tuple[Device, UUID]:
    device = Device(PARTY.origin, PARTY.id)
    token, options = await access.begin_registration(company.installation, of(company, actor), PARTY, HERE)
    answer = device.make(options)
    passkey = await access.add_passkey(company.installation, of(company, actor), token, answer, HERE, " My  key ")
    return device, passkey


async def opens(company: Company, device: Device, client: Client = HERE) -> UUID | None:
    """Whose identity the device opens without a name; nobody's where it is refused."""
    token, options = await access.ask_whose(company.installation, PARTY, HERE)
    try:
        [found] = await access.identities_by_passkey(company.installation, token, device.show(options), client)
    except WrongPasskey:
        return None
    assert [proof.method for proof in found.proofs] == [Method.PASSKEY]
    assert found.organization_id == company.organization_id
    return found.user_id


async def counters(company: Company) -> list[int]:
    async with company.database.reading(company.organization_id) as tx:
        return await tx.values("select sign_count from passkeys order by id")


async def copies_recorded(company: Company) -> int:
    async with company.database.reading(company.organization_id) as tx:
        count: int = await tx.value("select count(*) from audit_records where act = 'PASSKEY_COPIED'")
        return count


def test_a_party_is_the_host_and_the_exact_origin() -> None:
    assert (PARTY.id, PARTY.origin) == ("help.example.com", "https://help.example.com")
    local = access.party_at("http://localhost:8000")
    assert (local.id, local.origin) == ("localhost", "http://localhost:8000")


async def test_a_passkey_finds_its_owner_without_a_name_and_is_both_factors(acme: Company) -> None:
    device, passkey = await with_passkey(acme, acme.bob)
    token, options = await access.ask_whose(acme.installation, PARTY, HERE)
    found = await access.identities_by_passkey(acme.installation, token, device.show(options), HERE)
    assert isinstance(await access.arrive(acme.installation, found, HERE), Entered)
    async with acme.database.reading(acme.organization_id) as tx:
        [kept] = await access.passkeys_of(tx, acme.bob.user_id)
    assert (kept.id, kept.name, kept.is_backed_up) == (passkey, "My key", False)
    assert kept.used_at is not None
    assert await counters(acme) == [1]


async def test_after_a_password_it_is_the_second_factor(acme: Company) -> None:
    device, _ = await with_passkey(acme, acme.bob)
    known = of(acme, acme.bob).shown(access.proof(Method.PASSWORD))
    waiting = await access.arrive(acme.installation, (known,), HERE)
    assert isinstance(waiting, Waiting)
    token, options = await access.ask_somebody(acme.installation, known, PARTY, HERE)
    device.flags = PRESENT
    prove = access.by_passkey(token, device.show(options), HERE)
    assert isinstance(await access.go_on(acme.installation, waiting.challenge, prove, HERE), Entered)


async def test_somebody_elses_passkey_is_no_second_factor(acme: Company) -> None:
    device, _ = await with_passkey(acme, acme.bob)
    token, options = await access.ask_somebody(acme.installation, of(acme, acme.alice), PARTY, HERE)
    with pytest.raises(WrongPasskey):
        await access.by_passkey(token, device.show(options), HERE)(acme.installation, of(acme, acme.alice))
    assert await counters(acme) == [0]


def _origin(device: Device) -> None:
    device.origin = "https://help.example.com.evil.example"


def _host(device: Device) -> None:
    device.rp_id = "evil.example"


def _unverified(device: Device) -> None:
    device.flags = PRESENT


def _absent(device: Device) -> None:
    device.flags = 0


def _handle(device: Device) -> None:
    device.handle = bytes(16) + device.handle[16:]


def _no_handle(device: Device) -> None:
    device.handle = b""


def _key(device: Device) -> None:
    device.key = Device(device.origin, device.rp_id).key


def _unknown(device: Device) -> None:
    device.credential_id = bytes(32)


@pytest.mark.parametrize("bend", [_origin, _host, _unverified, _absent, _handle, _no_handle, _key, _unknown])
async def test_an_answer_that_is_bent_opens_nothing(acme: Company, bend: Callable[[Device], None]) -> None:
    device, _ = await with_passkey(acme, acme.bob)
    bend(device)
    assert await opens(acme, device) is None
    assert await counters(acme) == [0]
    assert await copies_recorded(acme) == 0


async def test_the_handle_of_another_organization_opens_nothing(acme: Company, globex: Company) -> None:
    device, _ = await with_passkey(acme, acme.bob)
    other, _ = await with_passkey(globex, globex.bob)
    device.handle = other.handle
    assert await opens(acme, device) is None
    assert await opens(globex, other) == globex.bob.user_id


async def test_an_answer_is_good_once_and_for_one_question_and_browser(acme: Company) -> None:
    device, _ = await with_passkey(acme, acme.bob)
    assert await opens(acme, device, ELSEWHERE) is None
    token, options = await access.ask_whose(acme.installation, PARTY, HERE)
    another, _ = await access.ask_whose(acme.installation, PARTY, HERE)
    answer = device.show(options)
    for each, counts in ((another, False), (token, True), (token, False)):
        assert await _counts(acme, each, answer) is counts


async def _counts(company: Company, token: str, answer: dict[str, Any]) -> bool:
    try:
        return bool(await access.identities_by_passkey(company.installation, token, answer, HERE))
    except WrongPasskey:
        return False


async def test_of_two_who_send_one_answer_at_once_one_comes_in(acme: Company) -> None:
    device, _ = await with_passkey(acme, acme.bob)
    token, options = await access.ask_whose(acme.installation, PARTY, HERE)
    answer = device.show(options)
    assert sorted(await asyncio.gather(*(_counts(acme, token, answer) for _ in range(3)))) == [False, False, True]


@pytest.mark.parametrize("answer", [{}, {"rawId": 7}, {"rawId": "AA"}, {"rawId": "AA", "response": []}])
async def test_what_is_no_answer_at_all_opens_nothing(acme: Company, answer: dict[str, Any]) -> None:
    token, _ = await access.ask_whose(acme.installation, PARTY, HERE)
    assert not await _counts(acme, token, answer)


async def test_a_counter_that_goes_back_is_refused_and_written_down(acme: Company) -> None:
    device, _ = await with_passkey(acme, acme.bob)
    device.count = 6
    assert await opens(acme, device) == acme.bob.user_id
    device.count = 4
    assert await opens(acme, device) is None
    assert await counters(acme) == [7]
    assert await copies_recorded(acme) == 1
    device.count = 7
    assert await opens(acme, device) == acme.bob.user_id


async def test_a_device_without_a_counter_comes_in_again_and_again(acme: Company) -> None:
    device, _ = await with_passkey(acme, acme.bob)
    for _ in range(2):
        device.count = -1
        assert await opens(acme, device) == acme.bob.user_id
    assert await counters(acme) == [0]


async def test_a_passkey_is_made_only_by_whoever_was_asked_and_verified(acme: Company) -> None:
    bob, ada = of(acme, acme.bob), of(acme, acme.alice)
    for identity, client, flags in ((ada, HERE, 5), (bob, ELSEWHERE, 5), (bob, HERE, PRESENT)):
        device = Device(PARTY.origin, PARTY.id)
        device.flags = flags
        token, options = await access.begin_registration(acme.installation, bob, PARTY, HERE)
        with pytest.raises(WrongPasskey):
            await access.add_passkey(acme.installation, identity, token, device.make(options), client, "Key")
    assert await counters(acme) == []


async def test_one_passkey_is_nobodys_twice(acme: Company, globex: Company) -> None:
    device, _ = await with_passkey(acme, acme.bob)
    bob = of(globex, globex.bob)
    token, options = await access.begin_registration(globex.installation, bob, PARTY, HERE)
    with pytest.raises(access.KnownPasskey):
        await access.add_passkey(globex.installation, bob, token, device.make(options), HERE, "Key")
    assert await counters(globex) == []


async def test_a_removed_passkey_opens_nothing_and_only_its_owner_removes_it(acme: Company) -> None:
    device, passkey = await with_passkey(acme, acme.bob)
    async with acme.database.transaction(acme.organization_id) as tx:
        with pytest.raises(NotFound):
            await access.remove_passkey(tx, acme.alice.user_id, acme.alice.role, passkey)
        with pytest.raises(NotFound):
            await access.rename_passkey(tx, acme.alice.user_id, passkey, "Mine")
    assert await opens(acme, device) == acme.bob.user_id
    async with acme.database.transaction(acme.organization_id) as tx:
        await access.rename_passkey(tx, acme.bob.user_id, passkey, "Blue key")
        await access.remove_passkey(tx, acme.bob.user_id, acme.bob.role, passkey)
    assert await opens(acme, device) is None


async def test_the_last_second_factor_stays_where_the_organization_asks_for_one(acme: Company) -> None:
    _, first = await with_passkey(acme, acme.bob)
    _, second = await with_passkey(acme, acme.bob)
    async with acme.database.transaction(acme.organization_id) as tx:
        await access.set_policy(tx, Policy(second_factor_for=tuple(Role)))
        await access.remove_passkey(tx, acme.bob.user_id, acme.bob.role, first)
        with pytest.raises(LastSecondFactor):
            await access.remove_passkey(tx, acme.bob.user_id, acme.bob.role, second)
        assert [one.id for one in await access.passkeys_of(tx, acme.bob.user_id)] == [second]


async def test_an_administrator_who_helps_takes_lost_passkeys_away(acme: Company) -> None:
    device, _ = await with_passkey(acme, acme.bob)
    async with acme.database.transaction(acme.organization_id) as tx:
        assert await access.users_with_second_factor(tx) == {acme.bob.user_id}
        await access.take_away_second_factor(tx, await people.find_user(tx, acme.bob.user_id), by=acme.alice)
        assert await access.users_with_second_factor(tx) == set()
    assert await opens(acme, device) is None
