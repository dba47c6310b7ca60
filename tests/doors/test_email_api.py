"""Mail over the API: handed in, accounted for, and mailboxes set up without a secret ever coming back."""

from typing import Any
from uuid import UUID

import httpx

from parlour import email
from tests.builders import Company
from tests.doors.conftest import Clients, failure

RAW = (
    b"From: Carol <carol@customer.test>\r\nTo: support@acme.test\r\nSubject: The grinder\r\n"
    b"Message-ID: <1@c.test>\r\n\r\nIt hums.\r\n"
)


async def mailbox(company: Company) -> str:
    async with company.database.transaction(company.organization_id) as tx:
        return (await email.add_mailbox(tx, f"support@{company.slug}.test")).address


async def take_in(company: Company, entry_id: str) -> None:
    await email.take_in(company.installation, company.organization_id, entry_id=UUID(entry_id))


async def hand_in(client: httpx.AsyncClient, address: str, raw: bytes = RAW) -> str:
    answer = await client.post("/api/email/inbound", params={"mailbox": address}, content=raw)
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"/api/email/ledger/{answer.json()['id']}"
    entry_id: str = answer.json()["id"]
    return entry_id


async def test_a_mail_handed_in_is_a_ticket_and_accounted_for(acme: Company, at_acme: Clients) -> None:
    alice, address = await at_acme.program("alice"), await mailbox(acme)
    entry_id = await hand_in(alice, address)
    waiting = (await alice.get("/api/email/ledger/summary")).json()
    assert waiting == {"seen": 1, "accounted": 0, "byOutcome": {"WAITING": 1}}
    await take_in(acme, entry_id)
    assert (await alice.get("/api/email/ledger/summary", params={"mailbox": address})).json() == {
        "seen": 1,
        "accounted": 1,
        "byOutcome": {"ADMITTED": 1},
    }
    entry = (await alice.get(f"/api/email/ledger/{entry_id}")).json()
    assert (entry["outcome"], entry["reason"], entry["subject"], entry["source"], entry["mailbox"]) == (
        "ADMITTED",
        None,
        "The grinder",
        "PUSH",
        address,
    )
    [comment] = (await alice.get(f"/api/tickets/{entry['ticketNumber']}/comments")).json()["items"]
    assert (comment["source"], comment["text"], comment["automatic"]) == ("EMAIL", "It hums.", False)
    assert comment["from"] == {"email": "carol@customer.test", "name": "Carol"}
    assert [one["email"] for one in comment["to"]] == ["support@acme.test"]
    assert comment["ledgerEntryId"] == entry_id


async def test_the_same_mail_handed_in_twice_has_one_effect(acme: Company, at_acme: Clients) -> None:
    alice, address = await at_acme.program("alice"), await mailbox(acme)
    for _ in range(2):
        await take_in(acme, await hand_in(alice, address))
    summary = (await alice.get("/api/email/ledger/summary")).json()
    assert summary == {"seen": 2, "accounted": 2, "byOutcome": {"ADMITTED": 1, "DUPLICATE": 1}}
    assert len((await alice.get("/api/tickets")).json()["items"]) == 1


async def test_a_mail_comes_back_byte_for_byte(acme: Company, at_acme: Clients) -> None:
    alice, address = await at_acme.program("alice"), await mailbox(acme)
    raw = RAW + bytes(range(256)) * 10
    entry_id = await hand_in(alice, address, raw)
    answer = await alice.get(f"/api/email/ledger/{entry_id}/raw")
    assert (answer.content, answer.headers["content-type"]) == (raw, "message/rfc822")
    assert answer.headers["content-disposition"] == f'attachment; filename="{entry_id}.eml"'


async def test_what_is_refused_says_why_and_is_admitted_by_hand(acme: Company, at_acme: Clients) -> None:
    alice, address = await at_acme.program("alice"), await mailbox(acme)
    entry_id = await hand_in(alice, address, b"Subject: Nobody wrote this\r\n\r\nHello\r\n")
    await take_in(acme, entry_id)
    [entry] = (await alice.get("/api/email/ledger", params={"outcome": "REFUSED"})).json()["items"]
    assert (entry["id"], bool(entry["reason"])) == (entry_id, True)
    assert (await alice.post(f"/api/email/ledger/{entry_id}/retry")).status_code == 204
    assert (await alice.get(f"/api/email/ledger/{entry_id}")).json()["outcome"] == "WAITING"
    await take_in(acme, entry_id)
    admitted = await alice.post(f"/api/email/ledger/{entry_id}/admit")
    assert admitted.status_code == 200, admitted.text
    ticket = (await alice.get(f"/api/tickets/{admitted.json()['ticketId']}")).json()
    assert ticket["subject"] == "Nobody wrote this"


async def test_the_ledger_comes_in_pages_and_is_searched(acme: Company, at_acme: Clients) -> None:
    alice, address = await at_acme.program("alice"), await mailbox(acme)
    made = [await hand_in(alice, address, RAW.replace(b"<1@", f"<{number}@".encode())) for number in range(5)]
    first = (await alice.get("/api/email/ledger", params={"limit": 3})).json()
    second = (await alice.get("/api/email/ledger", params={"limit": 3, "after": first["next"]})).json()
    assert [entry["id"] for entry in [*first["items"], *second["items"]]] == made[::-1]
    assert "next" not in second
    assert (await alice.get("/api/email/ledger", params={"q": "carol@CUSTOMER"})).json()["items"][0]["id"] == made[4]
    assert (await alice.get("/api/email/ledger", params={"q": "nobody_"})).json() == {"items": []}
    assert (await alice.get("/api/email/ledger", params={"outcome": "WAITING", "mailbox": address})).json() == {
        "items": [*first["items"], *second["items"]]
    }


async def test_only_administrators_touch_the_mail(acme: Company, at_acme: Clients) -> None:
    address = await mailbox(acme)
    for first in ("mara", "bob", "carol"):
        client = await at_acme.program(first)
        answers = [
            await client.post("/api/email/inbound", params={"mailbox": address}, content=RAW),
            await client.get("/api/email/ledger/summary"),
            await client.get("/api/email/ledger"),
            await client.get("/api/email/mailboxes"),
        ]
        assert [answer.status_code for answer in answers] == [403] * 4


async def test_nobody_hands_in_mail_for_another_organization(
    acme: Company, globex: Company, at_globex: Clients
) -> None:
    address = await mailbox(acme)
    gina = await at_globex.program("alice")
    refused = await gina.post("/api/email/inbound", params={"mailbox": address}, content=RAW)
    assert (refused.status_code, failure(refused)["error"]) == (404, "There is no mailbox of that address.")


async def test_a_mailbox_is_set_up_changed_and_removed(acme: Company, at_acme: Clients) -> None:
    alice = await at_acme.program("alice")
    new: dict[str, Any] = {
        "address": f"Help@{acme.slug}.test",
        "kind": "IMAP",
        "departmentId": str(acme.billing_id),
        "imap": {"host": "imap.example.com", "username": "help"},
        "secrets": {"imapPassword": "quokka"},
    }
    made = await alice.post("/api/email/mailboxes", json=new)
    assert made.status_code == 201, made.text
    shown = made.json()
    assert (shown["address"], shown["imap"]["port"], shown["imap"]["folder"], shown["secrets"]) == (
        f"help@{acme.slug}.test",
        993,
        "INBOX",
        ["imapPassword"],
    )
    assert (shown["health"]["state"], shown["departmentId"]) == ("WAITING", str(acme.billing_id))
    assert "quokka" not in made.text
    place = made.headers["location"]
    moved = await alice.patch(place, json={"imap": {"host": "elsewhere.example.com"}, "isActive": False})
    assert (moved.json()["secrets"], moved.json()["health"]["state"]) == ([], "OFF")
    assert (await alice.delete(place)).status_code == 204
    assert (await alice.get(place)).status_code == 404
    assert (await alice.post("/api/email/mailboxes", json=new)).status_code == 201
    async with acme.database.reading(acme.organization_id) as tx:
        dumped = " ".join(await tx.values("select s::text from mailbox_secrets s"))
    assert "quokka" not in dumped


async def test_what_is_missing_is_said_field_by_field(acme: Company, at_acme: Clients) -> None:
    alice = await at_acme.program("alice")
    wrong = {"address": f"x@{acme.slug}.test", "kind": "IMAP", "imap": {"host": "a b", "folder": " "}}
    answer = await alice.post("/api/email/mailboxes", json=wrong)
    assert (answer.status_code, sorted(failure(answer)["details"])) == (422, ["imap.folder", "imap.host"])


async def test_a_private_mail_server_is_refused_in_words(acme: Company, at_acme: Clients) -> None:
    alice = await at_acme.program("alice")
    new = {"address": f"x@{acme.slug}.test", "kind": "IMAP", "imap": {"host": "127.0.0.1", "security": "NONE"}}
    made = await alice.post("/api/email/mailboxes", json=new)
    tested = await alice.post(f"{made.headers['location']}/test")
    assert tested.json() == {
        "items": [
            {
                "step": "DNS",
                "isWell": False,
                "words": "127.0.0.1 leads to a private network.",
                "advice": "Name a public server. Whoever runs this installation can allow private ones: "
                "PARLOUR_PRIVATE_HOSTS=allow.",
            }
        ]
    }
