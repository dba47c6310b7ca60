"""What is found about a mail decides what becomes of it; what is held back can be let in."""

from uuid import UUID

import pytest

from parlour import email, tickets
from parlour.email import safety
from parlour.email.safety import MailRules
from parlour.foundation.errors import Invalid, NotFound
from tests.builders import Company
from tests.email.post import Post, Row, mail, post, post_of
from tests.email.safety.outgoing import send

__all__ = ["post"]
TRUSTED = "mx.acme.test"
FORGED = (
    f"Authentication-Results: {TRUSTED}; spf=fail smtp.mailfrom=x@evil.test;\n"
    " dmarc=fail (p=REJECT) header.from=customer.test\n"
)
SPAM = "X-Spam-Status: Yes, score=9.1 required=5.0 tests=X\n"


async def trust(post: Post) -> None:
    company = post.company
    async with company.database.transaction(company.organization_id) as tx:
        await tx.run(
            "update mailboxes set trusted_authserv_id = %(name)s where id = %(id)s", name=TRUSTED, id=post.mailbox.id
        )


async def rule(post: Post, **rules: object) -> None:
    async with post.company.database.transaction(post.company.organization_id) as tx:
        await safety.change_mail_rules(tx, MailRules(**rules))


async def waiting(company: Company) -> list[email.Quarantined]:
    async with company.database.reading(company.organization_id) as tx:
        return await email.quarantined(tx)


async def entry_of(post: Post, row: Row) -> UUID:
    async with post.company.database.reading(post.company.organization_id) as tx:
        return await tx.value("select id from inbound_messages order by id desc limit 1")


async def test_a_forgery_waits_to_be_looked_at(post: Post) -> None:
    await trust(post)
    row = await post.bring(mail(more=FORGED))
    assert (row.outcome, row.ticket_id) == ("QUARANTINED", None)
    [held] = await waiting(post.company)
    assert (held.sender, held.subject, held.mailbox) == ("carol@customer.test", "Grinder", post.mailbox.address)
    assert held.authentication == {
        "spf": "fail",
        "dkim": "none",
        "dmarc": "fail",
        "alignedDomain": None,
        "source": TRUSTED,
    }


async def test_where_nobody_trusts_a_server_its_words_count_for_nothing(post: Post) -> None:
    assert (await post.bring(mail(more=FORGED + SPAM))).outcome == "ADMITTED"


async def test_a_domain_that_asks_for_nothing_gets_nothing_held_back(post: Post) -> None:
    await trust(post)
    assert (await post.bring(mail(more=FORGED.replace("REJECT", "NONE")))).outcome == "ADMITTED"


async def test_spam_waits_and_whoever_was_let_in_once_does_not_wait_again(post: Post) -> None:
    await trust(post)
    row = await post.bring(mail(more=SPAM))
    assert (row.outcome, row.reason) == ("QUARANTINED", "It looks like spam (X-Spam-Status 9.1 of 5).")
    [held] = await waiting(post.company)
    company = post.company
    async with company.database.transaction(company.organization_id) as tx:
        await email.release(tx, [held.id], by=company.alice)
    assert await waiting(company) == []
    assert (await post.take_in(held.id)).outcome == "ADMITTED"
    assert (await post.bring(mail("Again", more=SPAM))).outcome == "ADMITTED"
    assert (await post.bring(mail(sender="mallory@evil.test", more=SPAM))).outcome == "QUARANTINED"


async def test_what_is_turned_away_stays_in_the_ledger(post: Post) -> None:
    await trust(post)
    await post.bring(mail(more=SPAM))
    [held] = await waiting(post.company)
    company = post.company
    async with company.database.transaction(company.organization_id) as tx:
        await email.reject(tx, [held.id], by=company.alice)
    row = await post.row(held.id)
    assert row.outcome == "REFUSED" and (row.reason or "").startswith("Turned away from quarantine. It looks like")
    with pytest.raises(NotFound):
        async with company.database.transaction(company.organization_id) as tx:
            await email.release(tx, [held.id], by=company.alice)


async def test_a_neighbours_quarantine_is_out_of_reach(post: Post, globex: Company) -> None:
    await trust(post)
    await post.bring(mail(more=SPAM))
    [held] = await waiting(post.company)
    assert await waiting(globex) == []
    for decide in (email.release, email.reject):
        with pytest.raises(NotFound):
            async with globex.database.transaction(globex.organization_id) as tx:
                await decide(tx, [held.id], by=globex.alice)


async def test_rules_switch_the_quarantine_off(post: Post) -> None:
    await trust(post)
    await rule(post, quarantines_spam=False, quarantines_forgeries=False)
    assert (await post.bring(mail(more=SPAM + FORGED))).outcome == "ADMITTED"


async def test_an_organization_has_its_own_measure_of_spam(post: Post) -> None:
    await trust(post)
    await rule(post, spam_threshold=9.5)
    assert (await post.bring(mail(more=SPAM))).outcome == "ADMITTED"
    await rule(post, spam_threshold=4.5)
    ham = "X-Spam-Status: No, score=4.6 required=5.0 tests=X\n"
    row = await post.bring(mail("Another", more=ham))
    assert (row.outcome, row.reason) == ("QUARANTINED", "It looks like spam (X-Spam-Status 4.6 of 4.5).")


async def test_an_organization_has_its_own_measure_of_a_loop(post: Post) -> None:
    await rule(post, sender_limit=2)
    outcomes = [(await post.bring(mail(f"Mail {number}"))).outcome for number in range(3)]
    assert outcomes == ["ADMITTED", "ADMITTED", "AUTOMATIC"]


async def test_rules_that_make_no_sense_are_refused(post: Post) -> None:
    for wrong in (
        {"attachment_limit": -1},
        {"attachments_limit": 2**40},
        {"refused_endings": ["a/b"]},
        {"spam_threshold": -1.0},
        {"sender_limit": 0},
    ):
        with pytest.raises(Invalid):
            await rule(post, **wrong)
    await rule(post, refused_endings=[".EXE", "*.scr", "exe"])
    async with post.company.database.reading(post.company.organization_id) as tx:
        assert (await safety.mail_rules(tx)).refused_endings == ["exe", "scr"]


async def test_our_own_mail_that_comes_back_opens_nothing(post: Post) -> None:
    first = await post.bring(mail())
    await send(post, await post.ticket(first), "comment-1@acme.test", "carol@customer.test")
    row = await post.bring(mail("We have found it.", more="Message-ID: <comment-1@acme.test>\n"))
    assert (row.outcome, row.reason) == ("AUTOMATIC", "This is one of our own mails, come back.")


async def test_a_read_receipt_is_recorded(post: Post) -> None:
    raw = mail("", more='Content-Type: multipart/report; report-type=disposition-notification; boundary="x"\n')
    row = await post.bring(raw)
    assert (row.outcome, row.reason) == ("AUTOMATIC", "A receipt: the mail was opened.")


async def test_dangerous_files_are_flagged_and_refused_ones_left_out(post: Post) -> None:
    await rule(post, refused_endings=["scr"], attachment_limit=100)
    parts = "".join(
        f"--x\nContent-Type: application/octet-stream\nContent-Disposition: attachment; filename={name}\n\n{body}\n"
        for name, body in (("note.txt", "hello"), ("invoice.pdf.exe", "MZ"), ("a.scr", "x"), ("big.txt", "y" * 200))
    )
    row = await post.bring(
        mail("", more='Content-Type: multipart/mixed; boundary="x"\n').rstrip() + f"\n\n{parts}--x--\n"
    )
    [comment] = await post.comments(row)
    assert [(file.name, file.warning) for file in comment.attachments] == [
        ("note.txt", None),
        ("invoice.pdf.exe", "It pretends to be a .pdf, but is a program (.exe)."),
    ]
    async with post.company.database.reading(post.company.organization_id) as tx:
        left_out = await tx.value("select left_out from inbound_messages where comment_id = %(id)s", id=comment.id)
    assert left_out == "a.scr (.scr files are not taken); big.txt (0.0 MB, more than 0.0 MB)"


async def test_what_people_upload_is_flagged_too(acme: Company) -> None:
    async with acme.database.transaction(acme.organization_id) as tx:
        upload = tickets.Upload("gpj.\u202eexe", "image/jpeg", b"x")
        kept = await tickets.store_attachment(tx, acme.installation.blobs, upload, by=acme.carol)
    assert (kept.name, kept.warning) == ("gpj.exe", "Its name is written so that its real ending, .exe, is hidden.")


async def test_a_neighbours_rules_are_not_ours(post: Post, globex: Company) -> None:
    await rule(await post_of(globex), acknowledges=True)
    async with post.company.database.reading(post.company.organization_id) as tx:
        assert await safety.mail_rules(tx) == MailRules()
