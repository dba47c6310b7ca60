"""One's own address: confirmed by whoever signs an organization up, and changed only by a link to the new one."""

from uuid import UUID

import httpx

from parlour import access, people
from parlour.access import LinkOver, NewInvitation, Purpose
from parlour.foundation import ids
from parlour.foundation.installation import Installation
from tests.access.outbox import letters
from tests.builders import Company
from tests.doors.conftest import Clients, Connect

PAGE = {"accept": "text/html"}
SECURITY = "/dashboard/settings/security"


async def email_of(company: Company, user_id: UUID) -> str:
    async with company.database.reading(company.organization_id) as tx:
        return (await people.find_user(tx, user_id)).email


async def confirm(client: httpx.AsyncClient, token: str) -> int:
    return (await client.post("/address", data={"token": token}, headers=PAGE)).status_code


async def test_a_new_address_counts_once_its_link_is_opened_and_the_old_one_is_told(
    acme: Company, at_acme: Clients, connect: Connect
) -> None:
    bob = await at_acme.browser("bob")
    asked = await bob.post(f"{SECURITY}/address", data={"email": "Robert@New.test"})
    assert (asked.status_code, asked.headers["location"]) == (303, SECURITY)
    [mail] = await letters(acme)
    assert (mail.kind, mail.to) == ("ADDRESS_LINK", "robert@new.test")
    for _ in range(2):
        seen = await connect().get(mail.path, headers=PAGE)
        assert seen.status_code == 200
        assert "robert@new.test" in seen.text
    assert await email_of(acme, acme.bob.user_id) == "bob@acme.test"
    assert await confirm(connect(), mail.token) == 303
    assert await email_of(acme, acme.bob.user_id) == "robert@new.test"
    told = (await letters(acme))[-1]
    assert (told.kind, told.to) == ("ADDRESS_CHANGED", "bob@acme.test")
    assert "robert" not in told.raw
    assert await confirm(connect(), mail.token) == 410
    async with acme.database.reading(acme.organization_id) as tx:
        assert await tx.value("select act from audit_records order by position desc limit 1") == "ADDRESS_CONFIRMED"
    assert (await bob.get(SECURITY)).status_code == 200


async def test_nobody_learns_who_else_has_an_address(acme: Company, at_acme: Clients) -> None:
    carol, home = await at_acme.browser("carol"), f"/portal/{acme.slug}"
    answers = [
        await carol.post(f"{home}/security/address", data={"email": address})
        for address in ("dave@customer.test", "nobody@customer.test")
    ]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].headers["set-cookie"] == answers[1].headers["set-cookie"]
    assert [mail.to for mail in await letters(acme)] == ["nobody@customer.test"]
    wrong = await carol.post(f"{home}/security/address", data={"email": "a@b.test\r\nBcc: e@evil.test"})
    assert wrong.status_code == 303
    assert len(await letters(acme)) == 1


async def test_an_address_that_is_taken_meanwhile_stays_where_it_is(
    acme: Company, at_acme: Clients, connect: Connect
) -> None:
    bob = await at_acme.browser("bob")
    await bob.post(f"{SECURITY}/address", data={"email": "both@new.test"})
    [mail] = await letters(acme)
    async with acme.database.transaction(acme.organization_id) as tx:
        await people.customer_by_email(tx, "both@new.test")
    assert await confirm(connect(), mail.token) == 410
    assert await email_of(acme, acme.bob.user_id) == "bob@acme.test"


async def test_its_link_signs_nobody_in(acme: Company, at_acme: Clients) -> None:
    bob = await at_acme.browser("bob")
    await bob.post(f"{SECURITY}/address", data={"email": "robert@new.test"})
    [mail] = await letters(acme)
    for purpose in (Purpose.SIGN_IN, Purpose.PASSWORD):
        try:
            await access.places_by_link(acme.installation, purpose, mail.token)
        except LinkOver:
            continue
        raise AssertionError(purpose)


async def test_whoever_signs_up_invites_nobody_before_their_address_is_confirmed(
    running: Installation, acme: Company, connect: Connect
) -> None:
    client, address = connect(), f"{ids.new().hex}@founder.test"
    form = {"organization": f"New {ids.new().hex[-8:]}", "name": "Zoe", "email": address}
    done = await client.post("/sign-up", data={**form, "password": "plum harbour quiet lantern"}, headers=PAGE)
    assert done.status_code == 303
    [place] = await running.database.doorways.users_by_email(address)
    company = type("New", (), {"installation": running, "database": running.database})()
    company.organization_id = place.organization_id
    [mail] = await letters(company)
    assert (mail.kind, mail.to) == ("ADDRESS_LINK", address)
    new = NewInvitation("friend@new.test")
    async with running.database.transaction(place.organization_id) as tx:
        zoe = await people.actor_of(tx, place.id)
        assert zoe
        try:
            await access.invite(tx, new, by=zoe)
        except access.ConfirmYourAddress:
            assert await access.invitations(tx) == []
        else:
            raise AssertionError("invited")
    assert await confirm(connect(), mail.token) == 303
    async with running.database.transaction(place.organization_id) as tx:
        assert not await access.is_unconfirmed(tx, place.id)
        assert (await access.invite(tx, new, by=zoe)).email == "friend@new.test"
