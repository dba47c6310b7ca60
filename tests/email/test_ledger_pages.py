"""The ledger of an organization that has had mail for years is looked through in pages, each of them bounded."""

from uuid import UUID

from parlour import email
from parlour.email import LedgerFilter, MailboxKind, NewMailbox, Outcome
from tests.builders import Company

MANY = 10_050


async def _mails(acme: Company) -> UUID:
    """As many of one mailbox, every hundredth a duplicate; the fifth is about a lost kettle, the newest waits."""
    async with acme.database.transaction(acme.organization_id) as tx:
        new = NewMailbox(address=f"support@{acme.slug}.test", kind=MailboxKind.SMTP)
        mailbox = await email.set_up_mailbox(tx, acme.installation.sealer, new)
        await tx.run(
            """
            insert into inbound_messages (
                organization_id, id, mailbox_id, envelope_sender, envelope_recipients, blob_key, size, digest,
                received_at, outcome, reason, processed_at, sender, subject
            )
            select current_organization(), lpad(to_hex(number), 32, '0')::uuid, %(mailbox_id)s, 'x@mail.test', '{}',
                'none', 1, '', now(), outcome, 'Why', case when outcome is not null then now() end, 'x@mail.test',
                case when number = 5 then 'A lost kettle' else 'Mail ' || number end
            from (
                select number, case when number < %(many)s then
                    case when number %% 100 = 0 then 'DUPLICATE' else 'ADMITTED' end end as outcome
                from generate_series(1, %(many)s) number
            ) made
            """,
            mailbox_id=mailbox.id,
            many=MANY,
        )
    return mailbox.id


async def test_words_are_looked_for_among_ten_thousand_mails_at_a_time(acme: Company) -> None:
    await _mails(acme)
    wanted = LedgerFilter(words="lost kettle")
    async with acme.database.reading(acme.organization_id) as tx:
        first = await email.ledger_page(tx, wanted)
        assert first.rows == []
        assert first.older == UUID(int=MANY - 10_000 + 1)
        second = await email.ledger_page(tx, wanted, before=first.older)
    assert [row.subject for row in second.rows] == ["A lost kettle"]
    assert second.older is None


async def test_pages_of_found_mails_join_without_a_gap(acme: Company) -> None:
    mailbox_id = await _mails(acme)
    wanted = LedgerFilter(words="mail 1004", mailbox_id=mailbox_id)
    async with acme.database.reading(acme.organization_id) as tx:
        first = await email.ledger_page(tx, wanted, limit=6)
        assert [row.subject for row in first.rows] == [f"Mail 1004{digit}" for digit in (9, 8, 7, 6, 5, 4)]
        second = await email.ledger_page(tx, wanted, before=first.older, limit=6)
    assert [row.subject for row in second.rows] == [f"Mail 1004{digit}" for digit in (3, 2, 1, 0)] + ["Mail 1004"]


async def test_each_outcome_has_its_pages(acme: Company) -> None:
    await _mails(acme)
    async with acme.database.reading(acme.organization_id) as tx:
        duplicates = await email.ledger_page(tx, LedgerFilter(outcome=Outcome.DUPLICATE), limit=90)
        assert [row.id.int for row in duplicates.rows] == list(range(10_000, 1_000, -100))
        assert duplicates.older == UUID(int=1_100)
        rest = await email.ledger_page(tx, LedgerFilter(outcome=Outcome.DUPLICATE), before=duplicates.older, limit=90)
        assert [row.id.int for row in rest.rows] == list(range(1_000, 0, -100))
        assert rest.older is None
        waiting = await email.ledger_page(tx, LedgerFilter(is_waiting=True))
        assert [row.id.int for row in waiting.rows] == [MANY]
        summary = await email.ledger_summary(tx)
    assert (summary.seen, summary.accounted) == (MANY, MANY - 1)
    assert summary.by_outcome == {"ADMITTED": MANY - 1 - 100, "DUPLICATE": 100, "WAITING": 1}
