"""How an organization treats mail: a page in words, and the same for programs."""

from typing import Any

import pytest

from parlour import email, tickets
from parlour.email import safety
from tests.builders import Company
from tests.doors.conftest import Clients, Connect, failure
from tests.doors.test_dashboard import desk

PAGE = "/dashboard/settings/mail-rules"
FORM = {
    "quarantines_forgeries": "on",
    "spam_threshold": "7,5",
    "attachment_limit": "1.5",
    "attachments_limit": "20",
    "refused_endings": ".exe, js *.scr",
    "follow_up_days": "",
    "sender_limit": "40",
    "undo_seconds": "20",
}


async def known(company: Company) -> tuple[safety.MailRules, int | None, int]:
    async with company.database.reading(company.organization_id) as tx:
        return await safety.mail_rules(tx), await tickets.follow_up_days(tx), await email.undo_seconds(tx)


async def test_all_of_it_is_set_on_one_page(acme: Company, connect: Connect) -> None:
    alice = await desk(connect, acme, acme.alice)
    page = (await alice.get(PAGE)).text
    assert 'name="attachment_limit" type="text" value="25"' in page
    assert 'name="follow_up_days" type="text" value="14"' in page
    assert "No spam filter is connected." in page
    assert (await alice.post(PAGE, data=FORM)).status_code == 303
    rules, days, undo = await known(acme)
    assert rules == safety.MailRules(
        quarantines_spam=False,
        attachment_limit=1_572_864,
        attachments_limit=20 * 1024 * 1024,
        refused_endings=["exe", "js", "scr"],
        spam_threshold=7.5,
        sender_limit=40,
    )
    assert (days, undo) == (None, 20)
    assert 'name="spam_threshold" type="text" value="7.5"' in (await alice.get(PAGE)).text


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("attachment_limit", "", "Write a number; 0 for none at all."),
        ("attachments_limit", "9999", "Between 0 bytes and 1 GB."),
        ("undo_seconds", "121", "A reply can be undone for 0 to 120 seconds."),
        ("follow_up_days", "4000", "Between 0 and 3650 days"),
        ("sender_limit", "0", "Between 1 and 100,000 mails"),
        ("spam_threshold", "much", "Write a score, such as 7.5."),
        ("refused_endings", "a/b", "At most 200 endings of letters and digits"),
    ],
)
async def test_what_makes_no_sense_is_refused_beside_its_field(
    field: str, value: str, words: str, acme: Company, connect: Connect
) -> None:
    before = await known(acme)
    answer = await (await desk(connect, acme, acme.alice)).post(PAGE, data=FORM | {field: value})
    assert answer.status_code == 422
    assert f'id="about-{field}">{words}' in answer.text
    assert 'name="sender_limit" type="text" value="' in answer.text
    assert await known(acme) == before


async def test_only_those_who_manage_mail_come_there(acme: Company, connect: Connect) -> None:
    before = await known(acme)
    bob = await desk(connect, acme, acme.bob)
    assert (await bob.get(PAGE)).status_code == 403
    assert (await bob.post(PAGE, data=FORM)).status_code == 403
    assert await known(acme) == before


async def test_programs_read_and_change_the_same(at_acme: Clients, acme: Company) -> None:
    alice, bob = await at_acme.program("alice"), await at_acme.program("bob")
    usual: dict[str, Any] = (await alice.get("/api/email/rules")).json()
    assert usual == {
        "acknowledges": False,
        "quarantinesSpam": True,
        "quarantinesForgeries": True,
        "attachmentLimit": 26_214_400,
        "attachmentsLimit": 52_428_800,
        "refusedEndings": [],
        "spamThreshold": None,
        "senderLimit": None,
        "followUpDays": 14,
    }
    changes = {"spamThreshold": 6.5, "followUpDays": None, "refusedEndings": ["EXE"]}
    changed = (await alice.put("/api/email/rules", json=changes)).json()
    assert changed == usual | changes | {"refusedEndings": ["exe"]}
    refused = await alice.put("/api/email/rules", json={"senderLimit": 0})
    assert refused.status_code == 422
    assert "senderLimit" in failure(refused)["details"]
    assert (await bob.put("/api/email/rules", json={"acknowledges": True})).status_code == 403
    assert (await alice.get("/api/email/rules")).json() == changed
