"""Invitations: who may ask whom, and what becomes of whoever accepts."""

import asyncio
from datetime import timedelta

import pytest

from parlour import access, email, people
from parlour.access import (
    Client,
    Entered,
    Invitation,
    InvitationOver,
    LinkOver,
    Method,
    NewInvitation,
    Policy,
    Purpose,
    Step,
    Waiting,
    WeakPassword,
)
from parlour.access.invitations.inviting import HasLeft, IsHere, NotYoursToInvite
from parlour.foundation import clock, ids
from parlour.foundation.errors import Invalid, NotFound, Problem
from parlour.people import Actor, Reach, Role, UserChanges, UserStatus
from tests.access.outbox import Notice, letters
from tests.access.test_second_factor import MONDAY
from tests.builders import Company

HERE = Client("192.0.2.7", "One browser")
GOOD = "plum harbour quiet lantern"


async def invite(company: Company, by: Actor, **new: object) -> tuple[Invitation, Notice]:
    async with company.database.transaction(company.organization_id) as tx:
        made = await access.invite(tx, NewInvitation(**{"email": "new@acme.test", **new}), by=by)
        await email.send_invitation(tx, made)
    return made, (await letters(company))[-1]


async def user(company: Company, address: str) -> people.User | None:
    async with company.database.reading(company.organization_id) as tx:
        return await people.user_by_email(tx, address)


async def test_who_accepts_answers_customers(acme: Company) -> None:
    made, mail = await invite(acme, acme.alice, department_ids=[acme.billing_id], message="We need you")
    assert (mail.to, mail.subject) == ("new@acme.test", "Alice invites you to Acme")
    assert "We need you" in mail.text
    for _ in range(2):
        asked = await access.asked_by_link(acme.installation, mail.token)
        assert (asked.invitation.id, asked.organization.name, asked.known_name) == (made.id, "Acme", "")
    with pytest.raises(WeakPassword):
        await access.accept_invitation(acme.installation, mail.token, "Nora", "nora nora")
    assert await user(acme, "new@acme.test") is None
    identity = await access.accept_invitation(acme.installation, mail.token, "Nora", GOOD)
    nora = await user(acme, "new@acme.test")
    assert nora
    assert (nora.id, nora.name, nora.role, nora.reach) == (identity.user_id, "Nora", Role.AGENT, Reach.ORGANIZATION)
    async with acme.database.reading(acme.organization_id) as tx:
        actor = await people.actor_of(tx, nora.id)
        acts = await tx.values("select act from audit_records where act like 'INVI%%' order by position")
        assert await access.invitations(tx) == []
    assert actor
    assert actor.department_ids == (acme.billing_id,)
    assert acts == ["INVITED", "INVITATION_ACCEPTED"]
    outcome = await access.arrive(acme.installation, (identity,), HERE)
    assert isinstance(outcome, Entered)
    assert await access.identities_by_password(acme.database, "new@acme.test", GOOD, acme.organization_id)
    with pytest.raises(InvitationOver):
        await access.accept_invitation(acme.installation, mail.token, "Eve", GOOD)


@pytest.mark.parametrize("change", [UserChanges(status=UserStatus.INACTIVE), UserChanges(role=Role.AGENT)])
async def test_an_invitation_gives_what_its_sender_may_give_now(acme: Company, change: UserChanges) -> None:
    async with acme.database.transaction(acme.organization_id) as tx:
        second = await people.add_user(tx, people.NewUser("Second", "second@acme.test", Role.ADMIN))
        actor = await people.actor_of(tx, second.id)
    assert actor
    _, mail = await invite(acme, actor, role=Role.ADMIN)
    async with acme.database.transaction(acme.organization_id) as tx:
        await access.change_user(tx, second, change, by=acme.alice)
    with pytest.raises(InvitationOver):
        await access.asked_by_link(acme.installation, mail.token)
    with pytest.raises(InvitationOver):
        await access.accept_invitation(acme.installation, mail.token, "Eve", GOOD)
    assert await user(acme, "new@acme.test") is None


async def test_what_an_administrator_offered_no_manager_makes_less(acme: Company) -> None:
    async with acme.database.transaction(acme.organization_id) as tx:
        billing = await people.find_department(tx, acme.billing_id)
        await people.set_members(tx, billing, [acme.mara.user_id], by=None)
        mara = await people.actor_of(tx, acme.mara.user_id)
    assert mara
    await invite(acme, mara, email="other@acme.test", department_ids=[acme.billing_id])
    made, _ = await invite(acme, acme.alice, role=Role.ADMIN)
    with pytest.raises(NotYoursToInvite):
        await invite(acme, mara, department_ids=[acme.billing_id])
    async with acme.database.reading(acme.organization_id) as tx:
        assert await access.find_invitation(tx, made.id) == made


async def test_of_two_who_accept_at_once_one_does(acme: Company) -> None:
    _, mail = await invite(acme, acme.alice)
    both = [access.accept_invitation(acme.installation, mail.token, "Nora", "") for _ in range(2)]
    done = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(type(one).__name__ for one in done) == ["Identity", "InvitationOver"]


async def test_it_is_over_after_seven_days_and_good_again_when_sent_again(acme: Company) -> None:
    with clock.frozen(MONDAY):
        made, mail = await invite(acme, acme.alice)
    with clock.frozen(MONDAY + timedelta(days=7)):
        with pytest.raises(InvitationOver):
            await access.asked_by_link(acme.installation, mail.token)
        async with acme.database.transaction(acme.organization_id) as tx:
            [waiting] = await access.invitations(tx)
            assert waiting.is_over
            again = await access.invite_again(tx, waiting, by=acme.alice)
        assert (again.id, again.expires_at) == (made.id, MONDAY + timedelta(days=14))
        assert (await access.asked_by_link(acme.installation, mail.token)).invitation.id == made.id


async def test_one_that_is_taken_back_opens_nothing(acme: Company) -> None:
    made, mail = await invite(acme, acme.alice)
    async with acme.database.transaction(acme.organization_id) as tx:
        await access.revoke_invitation(tx, made, by=acme.alice)
        with pytest.raises(NotFound):
            await access.find_invitation(tx, made.id)
    with pytest.raises(InvitationOver):
        await access.accept_invitation(acme.installation, mail.token, "Nora", GOOD)
    assert await user(acme, "new@acme.test") is None


async def test_its_link_is_for_nothing_else(acme: Company) -> None:
    _, mail = await invite(acme, acme.alice)
    for purpose in Purpose:
        with pytest.raises(LinkOver):
            await access.places_by_link(acme.installation, purpose, mail.token)
    text = access.link_text(acme.installation.signer, Purpose.SIGN_IN, acme.organization_id, ids.new())
    with pytest.raises(LinkOver):
        await access.asked_by_link(acme.installation, text)


async def test_a_manager_invites_agents_into_departments_of_their_own(acme: Company) -> None:
    async with acme.database.transaction(acme.organization_id) as tx:
        billing = await people.find_department(tx, acme.billing_id)
        await people.set_members(tx, billing, [acme.mara.user_id], by=None)
        mara = await people.actor_of(tx, acme.mara.user_id)
    assert mara
    made, _ = await invite(acme, mara, department_ids=[acme.billing_id], reach=Reach.ORGANIZATION)
    assert (made.role, made.reach) == (Role.AGENT, Reach.DEPARTMENTS)
    for more in (
        {"department_ids": []},
        {"department_ids": [acme.support_id]},
        {"department_ids": [acme.billing_id, acme.support_id]},
        {"department_ids": [acme.billing_id], "role": Role.MANAGER},
        {"department_ids": [acme.billing_id], "role": Role.ADMIN},
    ):
        with pytest.raises(NotYoursToInvite):
            await invite(acme, mara, email="other@acme.test", **more)
    async with acme.database.transaction(acme.organization_id) as tx:
        [only] = await access.invitations(tx)
        theirs = await access.invite(tx, NewInvitation("boss@acme.test", Role.ADMIN), by=acme.alice)
        with pytest.raises(NotYoursToInvite):
            await access.revoke_invitation(tx, theirs, by=mara)
        with pytest.raises(NotYoursToInvite):
            await access.invite_again(tx, theirs, by=mara)
    assert only.id == made.id


async def test_agents_invite_nobody(acme: Company) -> None:
    with pytest.raises(NotYoursToInvite):
        await invite(acme, acme.erin, department_ids=[acme.billing_id])


@pytest.mark.parametrize(
    ("new", "refusal"),
    [
        ({"email": "bob@acme.test"}, IsHere),
        ({"email": "not an address"}, Invalid),
        ({"email": "a@b.test\r\nBcc: eve@evil.test"}, Invalid),
        ({"role": Role.CUSTOMER}, Invalid),
        ({"message": "x" * 501}, Invalid),
        ({"department_ids": [ids.new()]}, Invalid),
    ],
)
async def test_what_makes_no_sense_is_refused(acme: Company, new: dict[str, object], refusal: type[Problem]) -> None:
    with pytest.raises(refusal):
        await invite(acme, acme.alice, **new)
    assert await letters(acme) == []


async def test_a_customer_becomes_an_agent_by_accepting_and_nobody_comes_back_by_it(acme: Company) -> None:
    _, mail = await invite(acme, acme.alice, email="carol@customer.test", role=Role.MANAGER)
    asked = await access.asked_by_link(acme.installation, mail.token)
    assert asked.known_name == "Carol"
    carol = await user(acme, "carol@customer.test")
    assert carol
    assert carol.role is Role.CUSTOMER
    identity = await access.accept_invitation(acme.installation, mail.token, "", "")
    assert identity.user_id == acme.carol.user_id
    carol = await user(acme, "carol@customer.test")
    assert carol
    assert (carol.role, carol.name) == (Role.MANAGER, "Carol")
    _, mail = await invite(acme, acme.alice, email="dave@customer.test")
    async with acme.database.transaction(acme.organization_id) as tx:
        dave = await people.find_user(tx, acme.dave.user_id)
        await people.change_user(tx, dave, UserChanges(status=UserStatus.INACTIVE), by=None)
    with pytest.raises(InvitationOver):
        await access.accept_invitation(acme.installation, mail.token, "Dave", "")
    with pytest.raises(HasLeft):
        await invite(acme, acme.alice, email="dave@customer.test")


async def test_the_organizations_policy_holds_from_the_first_moment(acme: Company) -> None:
    async with acme.database.transaction(acme.organization_id) as tx:
        await access.set_policy(tx, Policy(second_factor_for=(Role.AGENT,)))
    _, mail = await invite(acme, acme.alice)
    identity = await access.accept_invitation(acme.installation, mail.token, "Nora", "")
    assert [one.method for one in identity.proofs] == [Method.LINK]
    waiting = await access.arrive(acme.installation, (identity,), HERE)
    assert isinstance(waiting, Waiting)
    assert waiting.step is Step.SET_UP


async def test_nothing_in_a_message_or_a_name_writes_a_header_or_a_placeholder(acme: Company) -> None:
    async with acme.database.transaction(acme.organization_id) as tx:
        name = "Al\r\nBcc: eve@evil.test {{link.url}}"
        await tx.run("update users set name = %(name)s where id = %(id)s", name=name, id=acme.alice.user_id)
    _, mail = await invite(acme, acme.alice, message="Hi\r\n\r\nBcc: eve@evil.test\n{{link.url}} <b>x</b>")
    head = mail.raw.partition("\r\n\r\n")[0]
    assert not any(line.lower().startswith("bcc") for line in head.splitlines())
    assert mail.text.count("token=") == 1
    assert "<b>x</b>" not in mail.raw.partition("text/html")[2]
