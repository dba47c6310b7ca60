"""Signing up, and the first proof most people give: address and password."""

import pytest

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
