"""The settings of a mailbox as pages: set up without a secret ever coming back."""

import re

import httpx

from parlour import email
from tests.builders import Company
from tests.doors.conftest import Clients

HERE = "/dashboard/settings/mailboxes"
PASSWORD = "pa ss-numbat"


def typed(company: Company, **other: str) -> dict[str, str]:
    """The form of a mailbox on another server, filled in."""
    form = {"kind": "IMAP", "address": f"help@{company.slug}.test", "name": "Help", "department_id": ""}
    server = {"host": "imap.example.com", "port": "", "security": "TLS", "username": "", "folder": "INBOX"}
    more = {"sign_in": "PASSWORD", "imap_password": PASSWORD, "begin": "NEW"}
    return {**form, **server, **more, **other}


async def mailboxes_of(company: Company) -> list[email.Mailbox]:
    async with company.database.reading(company.organization_id) as tx:
        return await email.mailboxes(tx)


async def add(alice: httpx.AsyncClient, company: Company) -> email.Mailbox:
    answer = await alice.post(HERE, data=typed(company))
    [mailbox] = await mailboxes_of(company)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{HERE}/{mailbox.id}")
    return mailbox


async def test_a_mailbox_is_added_and_its_password_never_shown(acme: Company, at_acme: Clients) -> None:
    alice = await at_acme.browser("alice")
    mailbox = await add(alice, acme)
    assert mailbox.imap
    assert (mailbox.imap.host, mailbox.imap.port, mailbox.imap.username) == ("imap.example.com", 993, mailbox.address)
    assert mailbox.secrets == ["imap_password"]
    for path in (HERE, f"{HERE}/{mailbox.id}"):
        page = (await alice.get(path)).text
        assert mailbox.address in page
        assert "numbat" not in page
    assert "One is set. Leave this empty to keep it." in (await alice.get(f"{HERE}/{mailbox.id}")).text


async def test_what_is_wrong_is_said_beside_what_was_typed(acme: Company, at_acme: Clients) -> None:
    alice = await at_acme.browser("alice")
    answer = await alice.post(HERE, data=typed(acme, host="not a host", name="Quills"))
    assert answer.status_code == 422
    assert "Enter the name of the mail server, for example imap.example.com." in answer.text
    assert 'value="Quills"' in answer.text
    assert "numbat" not in answer.text
    assert (await alice.post(HERE, data=typed(acme, port="many"))).status_code == 422
    assert (await alice.post(HERE, data=typed(acme, security="MAGIC"))).status_code == 422
    assert (await alice.post(HERE, data={})).status_code == 422
    assert await mailboxes_of(acme) == []


async def test_an_empty_secret_stays_until_its_box_says_to_forget_it(acme: Company, at_acme: Clients) -> None:
    alice = await at_acme.browser("alice")
    mailbox = await add(alice, acme)
    kept = typed(acme, imap_password="", name="Helpdesk")
    assert (await alice.post(f"{HERE}/{mailbox.id}", data=kept)).status_code == 303
    [changed] = await mailboxes_of(acme)
    assert (changed.name, changed.secrets) == ("Helpdesk", ["imap_password"])
    await alice.post(f"{HERE}/{mailbox.id}", data={**kept, "forget": "imap_password"})
    assert (await mailboxes_of(acme))[0].secrets == []


async def test_answers_leave_over_a_server_of_the_mailboxs_own(acme: Company, at_acme: Clients) -> None:
    alice = await at_acme.browser("alice")
    server = {"outgoing_host": "SMTP.example.com", "outgoing_port": "", "outgoing_security": "STARTTLS"}
    own = {**server, "outgoing_sign_in": "PASSWORD", "outgoing_username": "help", "outgoing_password": PASSWORD}
    wrong = await alice.post(HERE, data=typed(acme, **{**own, "outgoing_host": "smtp example"}))
    assert (wrong.status_code, "for example smtp.example.com." in wrong.text) == (422, True)
    assert await mailboxes_of(acme) == []
    await alice.post(HERE, data=typed(acme, **own))
    [mailbox] = await mailboxes_of(acme)
    assert mailbox.outgoing
    own_server = mailbox.outgoing
    assert (own_server.host, own_server.port, own_server.username) == ("smtp.example.com", 587, "help")
    assert mailbox.secrets == ["imap_password", "outgoing_password"]
    page = (await alice.get(f"{HERE}/{mailbox.id}")).text
    assert 'value="smtp.example.com"' in page
    assert "numbat" not in page
    # Whoever sets mailboxes up and is no administrator is not asked, and what is there stays.
    form = {name: value for name, value in typed(acme, name="Other").items() if name != "kind"}
    await alice.post(f"{HERE}/{mailbox.id}", data=form)
    [kept] = await mailboxes_of(acme)
    assert (kept.name, kept.outgoing) == ("Other", mailbox.outgoing)
    await alice.post(f"{HERE}/{mailbox.id}", data={**form, "outgoing_host": "", "forget": "outgoing_password"})
    [ended] = await mailboxes_of(acme)
    assert (ended.outgoing, ended.secrets) == (None, ["imap_password"])


async def test_a_mailbox_is_switched_off_and_on_and_removed(acme: Company, at_acme: Clients) -> None:
    alice = await at_acme.browser("alice")
    mailbox = await add(alice, acme)
    await alice.post(f"{HERE}/{mailbox.id}/switch", data={"active": "no"})
    assert (await mailboxes_of(acme))[0].is_active is False
    assert "Switched off" in (await alice.get(HERE)).text
    await alice.post(f"{HERE}/{mailbox.id}/switch", data={"active": "yes"})
    assert (await mailboxes_of(acme))[0].is_active is True
    assert (await alice.post(f"{HERE}/{mailbox.id}/remove")).status_code == 303
    assert await mailboxes_of(acme) == []
    assert (await alice.get(f"{HERE}/{mailbox.id}")).status_code == 404


async def test_the_test_button_says_what_it_found(acme: Company, at_acme: Clients) -> None:
    alice = await at_acme.browser("alice")
    async with acme.database.transaction(acme.organization_id) as tx:
        mailbox = await email.add_mailbox(tx, f"support@{acme.slug}.test")
    answer = await alice.post(f"{HERE}/{mailbox.id}/test")
    assert answer.status_code == 200
    assert "The test went well" in answer.text
    assert f"Mail for {mailbox.address} is brought to the SMTP listener; nothing has to be fetched." in answer.text


async def test_a_webhooks_address_is_shown_once(acme: Company, at_acme: Clients) -> None:
    alice = await at_acme.browser("alice")
    form = {"kind": "PUSH", "address": f"push@{acme.slug}.test", "provider": "MAILGUN", "signing_key": "numbat"}
    assert (await alice.post(HERE, data={**form, "provider": "SES"})).status_code == 422
    added = await alice.post(HERE, data=form)
    [mailbox] = await mailboxes_of(acme)
    assert mailbox.push == email.PushSettings(provider=email.Provider.MAILGUN)
    assert mailbox.secrets == ["signing_key"]
    answer = await alice.post(f"{HERE}/{mailbox.id}/hook")
    assert answer.headers["cache-control"] == "no-store"
    assert re.search(r"<code>http[^<]*/api/email/hooks/[^<]{20,}/mime</code>", answer.text)
    assert "/api/email/hooks/" not in (await alice.get(added.headers["location"])).text
