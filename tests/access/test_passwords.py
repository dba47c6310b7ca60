"""Signing up, and the first proof most people give: address and password."""

import asyncio

import pytest
from argon2 import PasswordHasher

from parlour import access, people
from parlour.access import SignUp, WeakPassword, WrongCredentials
from parlour.foundation import ids
from parlour.foundation.errors import Invalid
from parlour.people import NewUser, Role, SlugTaken, UserChanges, UserStatus
from tests.builders import Company

PASSWORD = "correct horse battery"


async def _sign_up(company: Company, slug: str, email: str = "zoe@new.test") -> people.User:
    async with company.database.transaction(ids.new()) as tx:
        return await access.sign_up(tx, SignUp("New & Sons", slug, "Zoe", email, PASSWORD))


async def test_signing_up_makes_an_organization_and_its_administrator(acme: Company) -> None:
    slug = f"new-{acme.slug}"
    zoe = await _sign_up(acme, slug)
    assert (zoe.name, zoe.email, zoe.role) == ("Zoe", "zoe@new.test", Role.ADMIN)
    organization_id = await acme.database.doorways.organization_by_slug(slug)
    assert organization_id
    (found,) = await access.identities_by_password(acme.database, " Zoe@New.test ", PASSWORD, organization_id)
    assert (found.organization_id, found.user_id) == (organization_id, zoe.id)


async def test_a_short_name_belongs_to_one_organization(acme: Company) -> None:
    with pytest.raises(SlugTaken):
        await _sign_up(acme, acme.slug)


@pytest.mark.parametrize("slug", ["", "-a", "a--b", "Acme", "api", "a" * 61, "a b", "ä"])
async def test_a_bad_short_name_is_refused(acme: Company, slug: str) -> None:
    with pytest.raises(Invalid):
        await _sign_up(acme, slug)


@pytest.mark.parametrize("password", ["short", "zoe@new.test"])
async def test_a_weak_password_is_refused(acme: Company, password: str) -> None:
    with pytest.raises(WeakPassword):
        async with acme.database.transaction(ids.new()) as tx:
            await access.sign_up(tx, SignUp("New", f"weak-{acme.slug}", "Zoe", "zoe@new.test", password))
    assert await acme.database.doorways.organization_by_slug(f"weak-{acme.slug}") is None


@pytest.mark.parametrize(("email", "password"), [("zoe@new.test", "wrong"), ("nobody@new.test", PASSWORD), ("", "")])
async def test_wrong_credentials_say_the_same_whatever_is_wrong(acme: Company, email: str, password: str) -> None:
    await _sign_up(acme, f"credentials-{acme.slug}")
    with pytest.raises(WrongCredentials) as refusal:
        await access.identities_by_password(acme.database, email, password)
    assert refusal.value.message == WrongCredentials.__doc__


async def test_who_was_deactivated_cannot_sign_in(acme: Company) -> None:
    slug = f"left-{acme.slug}"
    await _sign_up(acme, slug)
    organization_id = await acme.database.doorways.organization_by_slug(slug)
    assert organization_id
    async with acme.database.transaction(organization_id) as tx:
        yan = await people.add_user(
            tx, NewUser("Yan", "yan@new.test", Role.AGENT, password_hash=await access.hashed_password(PASSWORD))
        )
    assert await access.identities_by_password(acme.database, "yan@new.test", PASSWORD, organization_id)
    async with acme.database.transaction(organization_id) as tx:
        await people.change_user(tx, yan, UserChanges(status=UserStatus.INACTIVE), by=None)
    with pytest.raises(WrongCredentials):
        await access.identities_by_password(acme.database, "yan@new.test", PASSWORD, organization_id)


async def test_a_guess_costs_no_more_than_twenty_hashes_and_the_first_organizations_come_first(acme: Company) -> None:
    address = f"{ids.new().hex}@new.test"
    signed_up = [await _sign_up(acme, f"many-{number}-{acme.slug}", address) for number in range(22)]
    found = await access.identities_by_password(acme.database, address, PASSWORD)
    assert [one.user_id for one in found] == [user.id for user in signed_up[:20]]
    last_id = await acme.database.doorways.organization_by_slug(f"many-21-{acme.slug}")
    assert last_id
    (at_its_own_page,) = await access.identities_by_password(acme.database, address, PASSWORD, last_id)
    assert at_its_own_page.user_id == signed_up[21].id


async def test_a_hash_of_weaker_parameters_is_made_anew_by_the_next_right_password(acme: Company) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    address = f"{ids.new().hex}@new.test"
    async with acme.database.transaction(acme.organization_id) as tx:
        new = NewUser("Yan", address, Role.AGENT, password_hash=weak)
        yan = await people.add_user(tx, new)

    async def kept() -> tuple[str, object]:
        async with acme.database.reading(acme.organization_id) as tx:
            [row] = await tx.values(
                "select array[password_hash, password_changed_at::text] from users where id = %(id)s", id=yan.id
            )
        return row[0], row[1]

    before = await kept()
    with pytest.raises(WrongCredentials):
        await access.identities_by_password(acme.database, address, "not the password")
    assert await kept() == before == (weak, before[1])
    (found,) = await access.identities_by_password(acme.database, address, PASSWORD)
    renewed, changed_at = await kept()
    assert (found.user_id, changed_at) == (yan.id, before[1])
    assert renewed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    # And not again each time.
    assert await access.identities_by_password(acme.database, address, PASSWORD)
    assert await kept() == (renewed, before[1])


async def test_a_password_that_is_changed_meanwhile_stays(acme: Company) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    address, new_hash = f"{ids.new().hex}@new.test", await access.hashed_password("plum harbour quiet lantern")
    async with acme.database.transaction(acme.organization_id) as tx:
        yan = await people.add_user(tx, NewUser("Yan", address, Role.AGENT, password_hash=weak))
    # Somebody signs in with the old one; before its hash is renewed, a new one is there.
    async with acme.database.transaction(acme.organization_id) as tx:
        await tx.run("update users set password_hash = %(hash)s where id = %(id)s", hash=new_hash, id=yan.id)
        signing_in = asyncio.create_task(access.identities_by_password(acme.database, address, PASSWORD))
        await asyncio.wait({signing_in}, timeout=0.5)
    assert (await signing_in)[0].user_id == yan.id
    async with acme.database.reading(acme.organization_id) as tx:
        assert await tx.value("select password_hash from users where id = %(id)s", id=yan.id) == new_hash
