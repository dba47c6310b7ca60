"""A bounce finds the comment that caused it, and marks the address that can't be reached."""

from collections.abc import Sequence
from uuid import UUID

import pytest

from parlour import email
from parlour.email import ledger, safety
from parlour.email.reading import parse
from parlour.email.safety.bounces import bounce_in
from parlour.email.safety.returned import Bounced
from tests.builders import Company
from tests.email.post import Post, mail, post, post_of
from tests.email.safety import bounced
from tests.email.safety.bounced import EVE, OURS
from tests.email.safety.outgoing import mail_state, send, sent

__all__ = ["post"]


async def come_back(post: Post, raw: str, to: Sequence[str] = ()) -> Bounced:
    company, given = post.company, raw.replace("\n", "\r\n").encode()
    bounce = bounce_in(given, parse(given, envelope_sender="").text, "")
    assert bounce is not None
    entry = ledger.Entry(
        id=UUID(int=0),
        mailbox_id=post.mailbox.id,
        envelope_sender="",
        envelope_recipients=list(to),
        blob_key="",
        department_id=None,
        client_address=None,
        client_name=None,
        released=False,
    )
    async with company.database.transaction(company.organization_id) as tx:
        return await safety.record_bounce(tx, company.installation.signer, entry, bounce)


@pytest.mark.parametrize("raw", [bounced.POSTFIX, bounced.EXIM, bounced.QMAIL, bounced.YAHOO, bounced.GMAIL])
async def test_a_bounce_finds_its_comment_by_our_message_id(post: Post, raw: str) -> None:
    first = await post.bring(mail(sender=f"Eve <{EVE}>"))
    comment_id = await send(post, await post.ticket(first), OURS, EVE)
    found = await come_back(post, raw)
    assert (found.ticket_id, found.comment_id) == (first.ticket_id, comment_id)
    assert found.reason.startswith("It could not be delivered: ")
    row = await sent(post, comment_id)
    assert (row.state, list(row.refusals), await mail_state(post, EVE)) == ("BOUNCED", [EVE], "BOUNCING")


async def test_a_bounce_without_what_was_sent_is_found_by_the_signed_address(post: Post) -> None:
    first = await post.bring(mail(sender=f"Eve <{EVE}>"))
    ticket = await post.ticket(first)
    comment_id = await send(post, ticket, "some-other-id@acme.test", EVE)
    found = await come_back(post, bounced.EXCHANGE_2003, to=[post.reply_address(ticket)])
    assert (found.comment_id, await mail_state(post, EVE)) == (comment_id, "BOUNCING")


async def test_a_bounce_to_the_bare_mailbox_is_found_by_its_recipient(post: Post) -> None:
    first = await post.bring(mail(sender=f"Eve <{EVE}>"))
    comment_id = await send(post, await post.ticket(first), "some-other-id@acme.test", EVE)
    assert (await come_back(post, bounced.DOMINO, to=[post.mailbox.address])).comment_id == comment_id


async def test_screens_and_the_assignee_hear_of_it(post: Post) -> None:
    first = await post.bring(mail(sender=f"Eve <{EVE}>"))
    comment_id = await send(post, await post.ticket(first), OURS, EVE)
    company = post.company
    raw = bounced.POSTFIX.replace("\n", "\r\n").encode()
    bounce = bounce_in(raw, parse(raw, envelope_sender="").text, "")
    assert bounce
    entry = ledger.Entry(UUID(int=0), post.mailbox.id, "", [], "", None, None, None, False)
    async with company.database.transaction(company.organization_id) as tx:
        await safety.record_bounce(tx, company.installation.signer, entry, bounce)
        [fact] = tx.facts
    assert isinstance(fact, email.ReplyBounced) and fact.comment_id == comment_id


async def test_a_delay_and_a_receipt_mark_nobody(post: Post) -> None:
    first = await post.bring(mail(sender=f"Eve <{EVE}>"))
    comment_id = await send(post, await post.ticket(first), OURS, EVE)
    late = await come_back(post, bounced.POSTFIX_DELAYED)
    assert late.reason.startswith("It is late, and still being tried: ")
    row = await sent(post, comment_id)
    assert (row.state, (row.last_error or "")[:9]) == ("SENT", "Delayed: ")
    assert (await come_back(post, bounced.DELIVERED)).comment_id == comment_id
    assert ((await sent(post, comment_id)).state, await mail_state(post, EVE)) == ("SENT", None)


async def test_a_temporary_failure_is_shown_but_the_address_is_a_good_one(post: Post) -> None:
    first = await post.bring(mail(sender=f"Eve <{EVE}>"))
    comment_id = await send(post, await post.ticket(first), OURS, EVE)
    await come_back(post, bounced.POSTFIX_EXPIRED)
    assert ((await sent(post, comment_id)).state, await mail_state(post, EVE)) == ("BOUNCED", None)


async def test_a_forged_bounce_marks_nobody_that_the_mail_did_not_go_to(post: Post) -> None:
    first = await post.bring(mail(sender=f"Eve <{EVE}>"))
    await post.bring(mail())
    comment_id = await send(post, await post.ticket(first), OURS, EVE, "frank@far.test")
    await come_back(post, bounced.POSTFIX.replace(EVE, "carol@customer.test"))
    assert (await mail_state(post, "carol@customer.test"), (await sent(post, comment_id)).refusals) == (None, {})


async def test_a_neighbours_mail_is_not_touched(post: Post, globex: Company) -> None:
    theirs = await post_of(globex)
    first = await theirs.bring(mail(sender=f"Eve <{EVE}>"))
    comment_id = await send(theirs, await theirs.ticket(first), OURS, EVE)
    found = await come_back(post, bounced.POSTFIX, to=[theirs.reply_address(await theirs.ticket(first))])
    assert (found.ticket_id, found.comment_id) == (None, None)
    assert found.reason.startswith("A delivery report about a mail that is none of ours: 550 5.1.1")
    assert ((await sent(theirs, comment_id)).state, await mail_state(theirs, EVE)) == ("SENT", None)


async def test_whoever_writes_again_can_be_reached_again(post: Post) -> None:
    first = await post.bring(mail(sender=f"Eve <{EVE}>"))
    ticket = await post.ticket(first)
    await send(post, ticket, OURS, EVE)
    await come_back(post, bounced.POSTFIX)
    company = post.company
    async with company.database.transaction(company.organization_id) as tx:
        await safety.heard_from(tx, ticket.requester_id)
    assert await mail_state(post, EVE) is None
