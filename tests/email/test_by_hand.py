"""A mail that was not let in stays in the ledger, with its reason, until somebody decides; none waits in silence."""

from datetime import timedelta
from uuid import uuid4

import pytest

from parlour import email
from parlour.email.accounting import MOST_FAILURES
from parlour.foundation import clock
from parlour.foundation.errors import NotFound
from parlour.tickets import Status
from tests.email.post import Post, Row, mail

NOBODY = "Subject: Help\n\nNo sender at all.\n"


async def jobs_of(post: Post, row_id: object) -> int:
    async with post.company.database.reading(post.company.organization_id) as tx:
        number: int = await tx.value(
            "select count(*) from procrastinate_jobs where status = 'todo' and args->>'entry_id' = %(id)s",
            id=str(row_id),
        )
    return number


async def forget_jobs(post: Post, row_id: object) -> None:
    async with post.company.database.transaction(post.company.organization_id) as tx:
        await tx.run("delete from procrastinate_jobs where args->>'entry_id' = %(id)s", id=str(row_id))


async def set_outcome(post: Post, entry_id: object, outcome: str) -> None:
    async with post.company.database.transaction(post.company.organization_id) as tx:
        await tx.run(
            "update inbound_messages set outcome = %(outcome)s, reason = 'x', processed_at = now() where id = %(id)s",
            outcome=outcome,
            id=entry_id,
        )


async def by_hand(post: Post, entry_id: object) -> Row:
    company = post.company
    await email.admit_by_hand(company.installation, company.organization_id, entry_id, by=company.alice)
    return await post.row(entry_id)


async def test_a_refused_mail_becomes_a_ticket_of_whoever_admits_it(post: Post) -> None:
    entry_id = await post.deliver(NOBODY, sender="")
    assert (await post.take_in(entry_id)).outcome == "REFUSED"
    row = await by_hand(post, entry_id)
    ticket = await post.ticket(row)
    assert (row.outcome, row.reason, ticket.subject) == ("ADMITTED", None, "Help")
    assert ticket.requester_id == post.company.alice.user_id


@pytest.mark.parametrize("outcome", ["QUARANTINED", "FAILED", "AUTOMATIC"])
async def test_a_mail_that_was_held_back_becomes_its_senders_ticket(post: Post, outcome: str) -> None:
    entry_id = await post.deliver(mail(more="Auto-Submitted: auto-replied\n"))
    await set_outcome(post, entry_id, outcome)
    row = await by_hand(post, entry_id)
    assert (await post.ticket(row)).requester_email == "carol@customer.test"
    with pytest.raises(email.NotToBeAdmitted):
        await by_hand(post, entry_id)
    assert await post.count() == 1


async def test_a_mail_by_hand_joins_the_ticket_it_belongs_to(post: Post) -> None:
    first = await post.bring(mail(more="Message-ID: <a@x.test>\n"))
    entry_id = await post.deliver(mail("Buy now", more="In-Reply-To: <a@x.test>\n"))
    await set_outcome(post, entry_id, "QUARANTINED")
    assert (await by_hand(post, entry_id)).ticket_id == first.ticket_id


async def test_a_mail_on_a_ticket_is_not_admitted_again(post: Post) -> None:
    raw = mail(more="Message-ID: <a@x.test>\n")
    first, second = await post.deliver(raw), await post.deliver(raw)
    assert (await post.take_in(first)).outcome == "ADMITTED"
    await set_outcome(post, second, "REFUSED")
    for entry_id in (first, second):
        with pytest.raises(email.NotToBeAdmitted):
            await by_hand(post, entry_id)
    with pytest.raises(NotFound):
        await by_hand(post, uuid4())
    assert await post.count() == 1


async def test_a_mail_is_read_again_when_somebody_asks(post: Post) -> None:
    company = post.company
    entry_id = await post.deliver(mail())
    await set_outcome(post, entry_id, "FAILED")
    await forget_jobs(post, entry_id)
    async with company.database.transaction(company.organization_id) as tx:
        await email.retry(tx, entry_id)
    assert await jobs_of(post, entry_id) == 1
    row = await post.take_in(entry_id)
    assert (await post.ticket(row)).status is Status.OPEN
    for known, refusal in ((entry_id, email.NotToBeRetried), (uuid4(), NotFound)):
        with pytest.raises(refusal):
            async with company.database.transaction(company.organization_id) as tx:
                await email.retry(tx, known)


async def test_reading_that_fails_again_and_again_is_given_up_in_words(post: Post) -> None:
    entry_id = await post.deliver(mail())
    company = post.company
    await company.installation.blobs.delete(f"{company.organization_id}/mail/{entry_id}")
    for _ in range(MOST_FAILURES - 1):
        with pytest.raises(NotFound):
            await post.take_in(entry_id)
    assert (await post.row(entry_id)).outcome is None
    row = await post.take_in(entry_id)
    assert (row.outcome, row.ticket_id) == ("FAILED", None)
    words = "There is nothing here, or it is not yours to see."
    assert row.reason == f"It could not be read, 20 times over. The last time: NotFound: {words}"


async def test_a_mail_that_ends_the_process_is_given_up(post: Post) -> None:
    entry_id = await post.deliver(mail())
    async with post.company.database.transaction(post.company.organization_id) as tx:
        await tx.run("update inbound_messages set attempts = 8 where id = %(id)s", id=entry_id)
    row = await post.take_in(entry_id)
    assert (row.outcome, row.ticket_id) == ("FAILED", None)
    assert (row.reason or "").startswith("Reading this mail ended the process each time.")


async def test_mail_that_waits_with_no_job_is_given_one(post: Post) -> None:
    stranded, waiting = await post.deliver(mail()), await post.deliver(mail())
    async with post.company.database.transaction(post.company.organization_id) as tx:
        await tx.run("update inbound_messages set received_at = now() - interval '1 hour'")
    await forget_jobs(post, stranded)
    with clock.frozen(clock.now() + timedelta(seconds=1)):
        await email.rescue_waiting_mail(post.company.installation)
        await email.rescue_waiting_mail(post.company.installation)
    assert (await jobs_of(post, stranded), await jobs_of(post, waiting)) == (1, 1)
