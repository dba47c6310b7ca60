"""The settings of mail as pages: what became of each mail, and what waits for somebody to decide."""

import re
from uuid import UUID

import httpx
import pytest

from parlour import email, tickets
from parlour.email import sources
from tests.builders import Company
from tests.doors.conftest import Clients
from tests.doors.test_mailbox_pages import add, mailboxes_of

HERE = "/dashboard/settings/mailboxes"
LEDGER = "/dashboard/settings/ledger"
QUARANTINE = "/dashboard/settings/quarantine"


async def came(company: Company, subject: str, sender: str = "Carol <carol@customer.test>") -> UUID:
    """A mail in the ledger that nobody has read yet."""
    found = await mailboxes_of(company)
    async with company.database.transaction(company.organization_id) as tx:
        mailbox = found[0] if found else await email.add_mailbox(tx, f"support@{company.slug}.test")
    raw = f"From: {sender}\r\nSubject: {subject}\r\n\r\n<b>It hums.</b>\r\n".encode()
    delivery = email.Delivery(mailbox.id, "carol@customer.test", [mailbox.address], raw)
    return await email.receive(company.installation, company.organization_id, delivery)


async def read(company: Company, entry_id: UUID) -> None:
    await email.take_in(company.installation, company.organization_id, entry_id=entry_id)


async def outcome_of(company: Company, entry_id: UUID) -> str | None:
    async with company.database.reading(company.organization_id) as tx:
        return (await email.ledger_row(tx, entry_id)).outcome


@pytest.mark.parametrize("path", [HERE, f"{HERE}/new", LEDGER, QUARANTINE])
@pytest.mark.parametrize("first", ["carol", "bob", "mara"])
async def test_mail_is_set_up_by_administrators_only(path: str, first: str, at_acme: Clients) -> None:
    client = await at_acme.browser(first)
    assert (await client.get(path)).status_code == 403
    assert "settings/mailboxes" not in (await client.get("/dashboard/settings")).text


async def test_what_is_wrong_with_a_mailbox_stands_in_the_list(acme: Company, at_acme: Clients) -> None:
    alice = await at_acme.browser("alice")
    mailbox = await add(alice, acme)
    async with acme.database.transaction(acme.organization_id) as tx:
        trouble = sources.Trouble(sources.Step.LOGIN, "The server refuses the password.")
        await sources.note_trouble(tx, mailbox.id, trouble)
    page = (await alice.get(HERE)).text
    for words in ("Failing", "The server refuses the password.", "Since ", trouble.advice):
        assert words in page


async def test_the_ledger_counts_and_names_every_mail(acme: Company, at_acme: Clients) -> None:
    alice = await at_acme.browser("alice")
    first = await came(acme, "The kettle &amp; co")
    assert words(await alice.get(LEDGER)).startswith("1 seen, 0 accounted for")
    await read(acme, first)
    page = await alice.get(LEDGER)
    assert words(page).startswith("1 seen = 1 accounted for")
    assert "The kettle &amp;amp; co" in page.text
    assert re.search(r'href="/dashboard/tickets/\d+"', page.text)


async def test_the_ledger_says_what_no_scanner_has_looked_at(acme: Company, at_acme: Clients) -> None:
    alice = await at_acme.browser("alice")
    entry_id = await came(acme, "The plan")
    async with acme.database.transaction(acme.organization_id) as tx:
        words = "ClamAV: <plan>.zip (no answer in time)."
        await tx.run("update inbound_messages set unchecked = %(words)s where id = %(id)s", words=words, id=entry_id)
    assert "Not checked by ClamAV: &lt;plan&gt;.zip (no answer in time)." in (await alice.get(LEDGER)).text
    entry = await (await at_acme.program("alice")).get(f"/api/email/ledger/{entry_id}")
    assert entry.json()["unchecked"] == words


async def test_the_ledger_is_narrowed_and_paged(acme: Company, at_acme: Clients) -> None:
    alice = await at_acme.browser("alice")
    entries = [await came(acme, f"Mail {number}") for number in range(31)]
    await read(acme, entries[0])
    page = (await alice.get(LEDGER)).text
    assert page.count('class="ledger-row"') == 30
    older = re.search(r'href="([^"]*before=[^"]*)"', page)
    assert older
    assert (await alice.get(older[1].replace("&amp;", "&"))).text.count('class="ledger-row"') == 1
    assert (await alice.get(LEDGER, params={"outcome": "WAITING"})).text.count('class="ledger-row"') == 30
    found = (await alice.get(LEDGER, params={"q": "mail 0", "outcome": "ADMITTED"})).text
    assert found.count('class="ledger-row"') == 1
    for nonsense in ({"outcome": "LOST"}, {"mailbox": "x"}, {"before": "x"}):
        assert (await alice.get(LEDGER, params=nonsense)).status_code == 400


async def test_a_mail_held_back_becomes_a_ticket_by_hand(acme: Company, at_acme: Clients) -> None:
    alice = await at_acme.browser("alice")
    entry_id = await came(acme, "No sender", sender="")
    await conclude(acme, entry_id, "REFUSED")
    answer = await alice.post(f"{LEDGER}/{entry_id}/ticket")
    number = int(answer.headers["location"].removeprefix("/dashboard/tickets/"))
    async with acme.database.reading(acme.organization_id) as tx:
        assert (await tickets.find(tx, number, seen_by=acme.alice)).subject == "No sender"
    again = await alice.post(f"{LEDGER}/{entry_id}/ticket?outcome=REFUSED&junk=1")
    assert (again.status_code, again.headers["location"]) == (303, f"{LEDGER}?outcome=REFUSED")


async def test_a_mail_that_failed_is_read_again(acme: Company, at_acme: Clients) -> None:
    alice = await at_acme.browser("alice")
    entry_id = await came(acme, "Again")
    await conclude(acme, entry_id, "FAILED")
    assert "Try again: a mail without a subject" in (await alice.get(LEDGER, params={"outcome": "FAILED"})).text
    assert (await alice.post(f"{LEDGER}/{entry_id}/retry")).headers["location"] == LEDGER
    assert await outcome_of(acme, entry_id) is None
    await read(acme, entry_id)
    assert await outcome_of(acme, entry_id) == "ADMITTED"


async def test_the_raw_mail_is_a_file_of_text(acme: Company, at_acme: Clients) -> None:
    alice = await at_acme.browser("alice")
    answer = await alice.get(f"{LEDGER}/{await came(acme, 'Raw')}/raw")
    assert answer.content.endswith(b"\r\n\r\n<b>It hums.</b>\r\n")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["content-disposition"].startswith("attachment;")


async def test_several_mails_leave_quarantine_at_once(acme: Company, at_acme: Clients) -> None:
    alice = await at_acme.browser("alice")
    entries = [await came(acme, f"Held {number}") for number in range(3)]
    for entry_id in entries:
        await conclude(acme, entry_id, "QUARANTINED")
    assert (await alice.get(QUARANTINE)).text.count('name="mail"') == 3
    let_in = {"act": "release", "mail": [str(entries[0]), str(entries[1])]}
    assert (await alice.post(QUARANTINE, data=let_in)).headers["location"] == QUARANTINE
    await alice.post(QUARANTINE, data={"act": "reject", "mail": str(entries[2])})
    assert [await outcome_of(acme, entry_id) for entry_id in entries] == [None, None, "REFUSED"]
    assert "Nothing waits here" in (await alice.get(QUARANTINE)).text


async def test_a_neighbours_quarantine_is_out_of_reach(acme: Company, at_globex: Clients) -> None:
    entry_id = await came(acme, "Held")
    await conclude(acme, entry_id, "QUARANTINED")
    gina = await at_globex.browser("alice")
    for act in ("release", "reject"):
        await gina.post(QUARANTINE, data={"act": act, "mail": str(entry_id)})
    assert await outcome_of(acme, entry_id) == "QUARANTINED"


async def test_deciding_about_nothing_changes_nothing(acme: Company, at_acme: Clients) -> None:
    alice = await at_acme.browser("alice")
    for form in ({}, {"act": "release"}, {"act": "burn", "mail": str(await came(acme, "Held"))}):
        answer = await alice.post(QUARANTINE, data=form)
        assert (answer.status_code, answer.headers["location"]) == (303, QUARANTINE)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("QUEUED", ["Queued", "Not delivered yet, tried 0 times: No such user."]),
        ("BOUNCED", ["Came back", "This mail came back: No such user."]),
        ("FAILED", ["Failed", "This mail was not delivered: No such user."]),
        ("CANCELLED", ["Not sent"]),
    ],
)
async def test_a_ticket_tells_how_far_a_reply_has_come(
    state: str, words: list[str], acme: Company, at_acme: Clients
) -> None:
    ticket = await acme.ticket()
    async with acme.database.transaction(acme.organization_id) as tx:
        await email.add_mailbox(tx, f"support@{acme.slug}.test")
        held = await tickets.hold(tx, ticket.id, seen_by=acme.bob)
        comment = await tickets.reply(tx, held, tickets.Words("Hello"), by=acme.bob, source=tickets.Source.API)
        await email.prepare_reply(tx, held, comment, None, by=acme.bob)
        await tx.run("update outbound_messages set state = %(state)s, last_error = 'No such user.'", state=state)
    page = (await (await at_acme.browser("bob")).get(f"/dashboard/tickets/{ticket.number}")).text
    for sentence in words:
        assert sentence in page


async def test_a_ticket_warns_of_a_sender_who_is_not_proved(acme: Company, at_acme: Clients) -> None:
    alice = await at_acme.browser("alice")
    entry_id = await came(acme, "Forged")
    await read(acme, entry_id)
    async with acme.database.transaction(acme.organization_id) as tx:
        await tx.run("""update inbound_messages set authentication = '{"dmarc": "fail"}', automatic = 'NOTICE'""")
        row = await email.ledger_row(tx, entry_id)
    page = (await alice.get(f"/dashboard/tickets/{row.ticket_number}")).text
    assert "Sender not proved" in page
    assert "Written by a program" in page


async def conclude(company: Company, entry_id: UUID, outcome: str) -> None:
    async with company.database.transaction(company.organization_id) as tx:
        await tx.run(
            "update inbound_messages set outcome = %(outcome)s, reason = 'So.', processed_at = now() where id = %(id)s",
            id=entry_id,
            outcome=outcome,
        )


def words(answer: httpx.Response) -> str:
    """The ledger's sum as it is read."""
    found = re.search(r'id="ledger-title">(.*?)</p>', answer.text, re.DOTALL)
    assert found
    return re.sub(r"<[^>]+>", "", found[1])
