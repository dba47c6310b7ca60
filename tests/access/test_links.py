"""Links by mail: single use, short-lived, for one purpose and one place, and nothing stored that opens anything."""

from datetime import timedelta

import msgspec
import pytest

from parlour import access, email, people
from parlour.access import Client, Entered, LinkOver, Method, Purpose, Step, Waiting, WeakPassword
from parlour.foundation import clock, ids
from parlour.people import UserChanges, UserStatus
from tests.access.outbox import Notice, letters, run_links
from tests.access.test_second_factor import MONDAY, set_up
from tests.builders import Company, begin_session

HERE = Client("192.0.2.7", "One browser")
GOOD = "plum harbour quiet lantern"


async def ask(company: Company, address: str, purpose: Purpose = Purpose.SIGN_IN) -> list[Notice]:
    """Asks at the company's own door, and gives the mails that come of it."""
    before = len(await letters(company))
    await email.ask_for_link(company.installation, address, purpose, company.organization_id)
    await run_links(company)
    return (await letters(company))[before:]


async def test_a_link_opens_once(acme: Company) -> None:
    [mail] = await ask(acme, " Carol@Customer.test ")
    assert (mail.kind, mail.to) == ("SIGN_IN_LINK", "carol@customer.test")
    assert mail.subject == "Your link to sign in to Acme"
    assert f"/portal/{acme.slug}/sign-in/link?token=" in mail.url
    for _ in range(2):
        [place] = await access.places_by_link(acme.installation, Purpose.SIGN_IN, mail.token)
        assert place.user.id == acme.carol.user_id
    [identity] = await access.identities_by_link(acme.installation, mail.token, acme.organization_id)
    assert (identity.user_id, [one.method for one in identity.proofs]) == (acme.carol.user_id, [Method.LINK])
    with pytest.raises(LinkOver):
        await access.identities_by_link(acme.installation, mail.token, acme.organization_id)
    with pytest.raises(LinkOver):
        await access.places_by_link(acme.installation, Purpose.SIGN_IN, mail.token)


async def test_it_is_over_after_a_quarter_of_an_hour(acme: Company) -> None:
    with clock.frozen(MONDAY):
        [mail] = await ask(acme, "carol@customer.test")
    with clock.frozen(MONDAY + timedelta(minutes=15)), pytest.raises(LinkOver):
        await access.identities_by_link(acme.installation, mail.token)
    with clock.frozen(MONDAY + timedelta(minutes=15, seconds=-1)):
        assert await access.identities_by_link(acme.installation, mail.token)


async def test_it_is_for_one_purpose_and_one_place(acme: Company, globex: Company) -> None:
    [mail] = await ask(acme, "carol@customer.test")
    with pytest.raises(LinkOver):
        await access.identities_by_link(acme.installation, mail.token, globex.organization_id)
    with pytest.raises(LinkOver):
        await access.places_by_link(acme.installation, Purpose.PASSWORD, mail.token)
    with pytest.raises(LinkOver):
        await access.set_password_by_link(acme.installation, mail.token, GOOD)
    assert await access.identities_by_link(acme.installation, mail.token, acme.organization_id)


@pytest.mark.parametrize("change", ["", "x", "longer", "first", "last", "é", "\x00"])
async def test_a_text_that_was_tampered_with_opens_nothing(acme: Company, change: str) -> None:
    [mail] = await ask(acme, "carol@customer.test")
    other = {"a": "b"}.get(mail.token[0], "a")
    tampered = {
        "longer": mail.token + "a" * 300,
        "first": other + mail.token[1:],
        "last": mail.token[:-8],
        "é": mail.token[:-1] + "é",
        "\x00": mail.token + "\x00",
    }.get(change, change)
    with pytest.raises(LinkOver):
        await access.identities_by_link(acme.installation, tampered)


async def test_a_link_of_nobodys_making_names_a_row_that_is_not_there(acme: Company) -> None:
    text = access.link_text(acme.installation.signer, Purpose.SIGN_IN, acme.organization_id, ids.new())
    with pytest.raises(LinkOver):
        await access.identities_by_link(acme.installation, text)


async def test_nothing_is_stored_that_opens_anything(acme: Company) -> None:
    [mail] = await ask(acme, "carol@customer.test")
    async with acme.database.reading(acme.organization_id) as tx:
        stored = "".join(
            [
                *await tx.values("select to_jsonb(one)::text from notices one"),
                *await tx.values("select to_jsonb(one)::text from links one"),
                *await tx.values("select to_jsonb(one)::text from audit_records one"),
            ]
        )
    assert "carol@customer.test" in stored
    assert mail.token not in stored


async def test_an_unknown_or_inactive_address_gets_no_mail(acme: Company, globex: Company) -> None:
    assert await ask(acme, "nobody@customer.test") == []
    assert await ask(acme, "not an address\r\nBcc: eve@evil.test") == []
    async with acme.database.transaction(acme.organization_id) as tx:
        dave = await people.find_user(tx, acme.dave.user_id)
        await access.change_user(tx, dave, UserChanges(status=UserStatus.INACTIVE), by=None)
    assert await ask(acme, acme.dave.email) == []
    assert await letters(globex) == []


async def test_who_is_made_inactive_or_moves_finds_the_link_over(acme: Company) -> None:
    [mail] = await ask(acme, "carol@customer.test")
    async with acme.database.transaction(acme.organization_id) as tx:
        await tx.run("update users set email = 'new@customer.test' where id = %(id)s", id=acme.carol.user_id)
    with pytest.raises(LinkOver):
        await access.identities_by_link(acme.installation, mail.token)


async def test_nobodys_mailbox_is_filled(acme: Company) -> None:
    with clock.frozen(MONDAY):
        mails = [len(await ask(acme, "carol@customer.test")) for _ in range(5)]
    assert mails == [1, 1, 1, 0, 0]
    with clock.frozen(MONDAY + timedelta(minutes=16)):
        assert len(await ask(acme, "carol@customer.test")) == 1


async def test_a_job_that_runs_again_sends_one_mail(acme: Company) -> None:
    await email.ask_for_link(acme.installation, "carol@customer.test", Purpose.SIGN_IN, acme.organization_id)
    assert await run_links(acme, times=3) == 1
    assert len(await letters(acme)) == 1


async def test_a_second_factor_is_asked_for_all_the_same(acme: Company) -> None:
    await set_up(acme, acme.bob)
    [mail] = await ask(acme, acme.bob.email)
    identities = await access.identities_by_link(acme.installation, mail.token)
    waiting = await access.arrive(acme.installation, identities, HERE)
    assert isinstance(waiting, Waiting)
    assert waiting.step is Step.SECOND_FACTOR


async def test_who_is_known_in_several_places_chooses_after_the_proof(acme: Company, globex: Company) -> None:
    address = f"{ids.new().hex}@both.test"
    for company in (acme, globex):
        async with company.database.transaction(company.organization_id) as tx:
            await tx.run("update users set email = %(email)s where id = %(id)s", email=address, id=company.bob.user_id)
    settings = acme.installation.settings.model_copy(update={"development": True})
    installation = msgspec.structs.replace(acme.installation, settings=settings)
    link_id = ids.new()
    await email.send_link(
        installation, ids.new(), link_id=link_id, email=address, purpose=Purpose.SIGN_IN, everywhere=True
    )
    [mail] = [*await letters(acme), *await letters(globex)]
    assert "/sign-in/link?token=" in mail.url
    places = await access.places_by_link(acme.installation, Purpose.SIGN_IN, mail.token)
    assert {place.id for place in places} == {acme.organization_id, globex.organization_id}
    other = places[1].id
    identities = await access.identities_by_link(acme.installation, mail.token, chosen=other)
    assert [one.organization_id for one in identities] == [other, places[0].id]
    outcome = await access.arrive(acme.installation, identities, HERE)
    assert isinstance(outcome, Entered)
    assert outcome.identity.organization_id == other


async def test_a_first_password_is_set_and_everything_else_ends(acme: Company) -> None:
    [mail] = await ask(acme, "carol@customer.test", Purpose.PASSWORD)
    [sign_in] = await ask(acme, "carol@customer.test")
    session = await begin_session(acme, acme.carol)
    assert (mail.kind, mail.subject) == ("PASSWORD_LINK", "Choose a password for Acme")
    with pytest.raises(WeakPassword):
        await access.set_password_by_link(acme.installation, mail.token, "carol@customer")
    identity = await access.set_password_by_link(acme.installation, mail.token, GOOD, acme.organization_id)
    await access.end_sessions_of(acme.installation, identity.organization_id, identity.user_id)
    assert await access.session_of(acme.installation, session) is None
    found = await access.identities_by_password(acme.database, "carol@customer.test", GOOD, acme.organization_id)
    assert found[0].user_id == acme.carol.user_id
    for used in (mail, sign_in):
        with pytest.raises(LinkOver):
            await access.identities_by_link(acme.installation, used.token)
    with pytest.raises(LinkOver):
        await access.set_password_by_link(acme.installation, mail.token, "another harbour quiet lantern")


async def test_the_mail_is_a_programs_and_never_a_ticket(acme: Company) -> None:
    async with acme.database.transaction(acme.organization_id) as tx:
        box = await email.add_mailbox(tx, f"help@{acme.slug}.test", "Acme helps")
        await tx.run(
            "update users set name = %(name)s where id = %(id)s", name="X\r\nBcc: e@evil.test", id=acme.carol.user_id
        )
    [mail] = await ask(acme, "carol@customer.test")
    head = mail.raw.partition("\r\n\r\n")[0]
    assert "Auto-Submitted: auto-generated" in head
    assert "X-Auto-Response-Suppress: All" in head
    assert f"From: Acme helps <{box.address}>" in head
    assert "Bcc" not in head
    async with acme.database.transaction(acme.organization_id) as tx:
        await tx.run("update users set email = %(email)s where id = %(id)s", email=box.address, id=acme.dave.user_id)
    assert await ask(acme, box.address) == []
    async with acme.database.reading(acme.organization_id) as tx:
        states = await tx.values("select state from notices order by created_at, id")
        assert await tx.value("select count(*) from tickets") == 0
    assert states == ["SENT", "FAILED"]


async def test_the_trail_knows_of_it(acme: Company) -> None:
    [mail] = await ask(acme, "carol@customer.test", Purpose.PASSWORD)
    await access.set_password_by_link(acme.installation, mail.token, GOOD)
    async with acme.database.reading(acme.organization_id) as tx:
        acts = await tx.values("select act from audit_records order by position")
    assert acts[-2:] == ["LINK_SENT", "PASSWORD_SET_BY_LINK"]


async def test_a_lost_job_is_made_good_and_an_old_one_given_up(acme: Company) -> None:
    with clock.frozen(MONDAY):
        await email.ask_for_link(acme.installation, "carol@customer.test", Purpose.SIGN_IN, acme.organization_id)
        await run_links(acme)
    with clock.frozen(MONDAY + timedelta(minutes=20)):
        await email.resume_notices(acme.installation)
    async with acme.database.reading(acme.organization_id) as tx:
        [row] = await tx.values("select array[state, last_error] from notices")
    assert row == ["FAILED", "No server took it in time."]
