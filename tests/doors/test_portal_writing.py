"""What customers write in their pages, and how they come in, over the real app."""

from uuid import uuid4

import pytest

from parlour import access, tickets
from parlour.tickets import Changes, Filter, Priority, Source, Status
from tests.builders import Company
from tests.doors.conftest import Clients, Connect

PAGE = {"accept": "text/html"}
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40


def _home(company: Company) -> str:
    return f"/portal/{company.slug}"


async def test_a_customer_opens_a_ticket_with_files(acme: Company, at_acme: Clients) -> None:
    carol = await at_acme.browser("carol")
    answer = await carol.post(
        f"{_home(acme)}/tickets",
        data={"subject": "  It   leaks ", "body": "Half a glass a day.", "department": str(acme.billing_id)},
        files=[("files", ("puddle.png", PNG, "image/png")), ("files", ("", b"", "application/octet-stream"))],
        headers=PAGE,
    )
    assert (answer.status_code, answer.headers["location"]) == (303, f"{_home(acme)}/tickets/1")
    async with acme.database.reading(acme.organization_id) as tx:
        ticket = await tickets.find(tx, 1, seen_by=acme.alice)
        [comment] = await tickets.last_comments(tx, ticket, 5, seen_by=acme.alice)
    assert (ticket.subject, ticket.source, ticket.status, ticket.priority, ticket.department_id) == (
        "It leaks",
        Source.WEB_FORM,
        Status.OPEN,
        Priority.MEDIUM,
        acme.billing_id,
    )
    assert (ticket.requester_id, comment.author_id, comment.text) == (
        acme.carol.user_id,
        acme.carol.user_id,
        "Half a glass a day.",
    )
    assert [(file.name, file.content_type, file.size) for file in comment.attachments] == [
        ("puddle.png", "image/png", len(PNG))
    ]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"subject": " ", "body": "Words."}, "A subject has 1 to 500 characters."),
        ({"subject": "Words", "body": " "}, "Write something, or attach a file."),
        ({"subject": "Words", "body": "Words.", "department": "xyz"}, "There is no such department."),
        ({"subject": "Words", "body": "Words.", "department": str(uuid4())}, "There is no such department."),
    ],
)
async def test_a_new_ticket_that_can_not_be_taken_says_why(
    acme: Company, at_acme: Clients, fields: dict[str, str], said: str
) -> None:
    carol = await at_acme.browser("carol")
    answer = await carol.post(f"{_home(acme)}/tickets", data=fields, headers=PAGE)
    assert answer.status_code == 422
    assert said in answer.text
    assert fields["body"] in answer.text
    async with acme.database.reading(acme.organization_id) as tx:
        assert await tickets.count(tx, Filter(), seen_by=acme.alice) == 0


async def test_a_customers_reply_joins_the_ticket_and_reopens_it(acme: Company, at_acme: Clients) -> None:
    ticket = await acme.ticket()
    async with acme.database.transaction(acme.organization_id) as tx:
        held = await tickets.hold(tx, ticket.id, seen_by=acme.bob)
        await tickets.change(tx, held, Changes(status=Status.RESOLVED), by=acme.bob)
    carol = await at_acme.browser("carol")
    answer = await carol.post(
        f"{_home(acme)}/tickets/{ticket.number}/reply",
        data={"body": "It hums again."},
        files=[("files", ("hum.txt", b"hmmm", "text/plain"))],
        headers=PAGE,
    )
    assert answer.status_code == 303
    after = await acme.now(ticket)
    assert (after.status, after.comment_count, after.preview) == (Status.OPEN, 2, "It hums again.")
    page = await carol.get(f"{_home(acme)}/tickets/{ticket.number}", headers=PAGE)
    assert "It hums again." in page.text
    assert "hum.txt" in page.text


async def test_an_empty_reply_is_refused_in_place(acme: Company, at_acme: Clients) -> None:
    ticket = await acme.ticket()
    carol = await at_acme.browser("carol")
    answer = await carol.post(f"{_home(acme)}/tickets/{ticket.number}/reply", data={"body": " "}, headers=PAGE)
    assert answer.status_code == 422
    assert "Write something, or attach a file." in answer.text
    assert await acme.now(ticket) == ticket


async def test_a_customer_says_that_it_is_solved(acme: Company, at_acme: Clients) -> None:
    ticket = await acme.ticket()
    carol = await at_acme.browser("carol")
    for _ in range(2):
        answer = await carol.post(f"{_home(acme)}/tickets/{ticket.number}/solved", headers=PAGE)
        assert answer.status_code == 303
    after = await acme.now(ticket)
    assert (after.status, after.version) == (Status.RESOLVED, 2)
    assert "This is solved." in (await carol.get(f"{_home(acme)}/tickets/{ticket.number}", headers=PAGE)).text


async def test_nobody_writes_on_another_customers_ticket(acme: Company, at_acme: Clients) -> None:
    ticket = await acme.ticket()
    dave = await at_acme.browser("dave")
    for what in ("reply", "solved"):
        path = f"{_home(acme)}/tickets/{ticket.number}/{what}"
        assert (await dave.post(path, data={"body": "Mine now."}, headers=PAGE)).status_code == 404
    assert await acme.now(ticket) == ticket


async def test_a_form_from_elsewhere_or_from_yesterday_changes_nothing(acme: Company, at_acme: Clients) -> None:
    ticket = await acme.ticket()
    path = f"{_home(acme)}/tickets/{ticket.number}/reply"
    carol = await at_acme.browser("carol", with_csrf=False)
    for headers in ({}, {"x-csrf-token": "stale"}, {"origin": "https://evil.test"}):
        answer = await carol.post(path, data={"body": "Not hers."}, headers={**PAGE, **headers})
        assert answer.status_code == 403
    assert await acme.now(ticket) == ticket


# --- the door


async def test_a_customer_signs_in_at_their_own_door_only(acme: Company, globex: Company, connect: Connect) -> None:
    async with acme.database.transaction(acme.organization_id) as tx:
        await tx.run(
            "update users set password_hash = %(hash)s where id = %(id)s",
            id=acme.carol.user_id,
            hash=await access.hashed_password("a long sentence"),
        )
    sent = {"email": "carol@customer.test", "password": "a long sentence", "next": f"{_home(acme)}/tickets/new"}
    answer = await connect().post(f"{_home(acme)}/sign-in", data=sent, headers=PAGE)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{_home(acme)}/tickets/new")
    elsewhere = await connect().post(f"{_home(globex)}/sign-in", data=sent, headers=PAGE)
    assert elsewhere.status_code == 422
    for away in ("https://evil.test", "//evil.test", _home(globex), f"{_home(acme)}/../../dashboard\\"):
        answer = await connect().post(f"{_home(acme)}/sign-in", data=sent | {"next": away}, headers=PAGE)
        assert answer.headers["location"] == _home(acme)


async def test_signing_out_leads_back_to_the_door(acme: Company, at_acme: Clients) -> None:
    carol = await at_acme.browser("carol")
    answer = await carol.post(f"{_home(acme)}/sign-out", headers=PAGE)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{_home(acme)}/sign-in")
    assert (await carol.get(_home(acme), headers=PAGE)).status_code == 303
