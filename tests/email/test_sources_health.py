"""A mailbox that fails, or is silent when it should not be, is told to administrators: once, and its end."""

from datetime import timedelta
from uuid import UUID

from parlour import email, notifications
from parlour.email import sources
from parlour.foundation import clock, ids
from tests.builders import Company


async def test_a_failing_login_is_told_once_and_so_is_its_end(acme: Company) -> None:
    mailbox = await _failing(acme)
    for _ in range(2):
        await sources.watch_mailboxes(acme.installation)
    async with acme.database.transaction(acme.organization_id) as tx:
        [health] = (await sources.mailbox_health(tx)).values()
        assert (health.state, health.words) == ("FAILING", "The server refuses the sign-in.")
        await sources.note_success(tx, mailbox)
    await sources.watch_mailboxes(acme.installation)
    async with acme.database.reading(acme.organization_id) as tx:
        told = await tx.values("select name from activities where name like 'Mailbox%%' order by id")
    assert told == ["MailboxFailing", "MailboxRecovered"]


async def test_every_administrator_hears_of_it_once(acme: Company) -> None:
    mailbox = await _failing(acme)
    fact = sources.MailboxFailing(actor_id=None, mailbox_id=mailbox, occasion=7)
    for _ in range(2):
        await notifications.notify_administrators(acme.installation, acme.organization_id, fact=fact)
    async with acme.database.reading(acme.organization_id) as tx:
        [heard] = await notifications.notifications_of(tx, acme.alice)
        assert await notifications.notifications_of(tx, acme.bob) == []
    assert (heard.name, heard.mailbox, heard.words, heard.ticket_id) == (
        "MailboxFailing",
        f"support@{acme.slug}.test",
        "The server refuses the sign-in. Check user name and password. Many providers want an app password here.",
        None,
    )


async def test_a_silence_that_is_not_usual_is_told(acme: Company) -> None:
    async with acme.database.transaction(acme.organization_id) as tx:
        mailbox = await email.add_mailbox(tx, f"support@{acme.slug}.test")
    now = clock.now()
    last = now - timedelta(minutes=20)
    await _arrived(acme, mailbox.id, [last])
    async with acme.database.reading(acme.organization_id) as tx:
        assert (await sources.mailbox_health(tx))[mailbox.id].state == "WELL"
    for weeks in (1, 2):
        begin = last - timedelta(weeks=weeks)
        await _arrived(acme, mailbox.id, [begin + timedelta(minutes=minute) for minute in range(1, 13)])
    async with acme.database.reading(acme.organization_id) as tx:
        health = (await sources.mailbox_health(tx))[mailbox.id]
    assert (health.state, health.advice) == (
        "SILENT",
        "Write a mail to this address yourself, and ask whoever runs its mail server if it does not arrive.",
    )


async def _failing(company: Company) -> UUID:
    server = email.ImapSettings(host="mail.acme.test")
    new = email.NewMailbox(address=f"support@{company.slug}.test", kind=email.MailboxKind.IMAP, imap=server)
    async with company.database.transaction(company.organization_id) as tx:
        mailbox = await email.set_up_mailbox(tx, company.installation.sealer, new)
        await sources.note_trouble(
            tx, mailbox.id, sources.Trouble(sources.Step.LOGIN, "The server refuses the sign-in.")
        )
    return mailbox.id


async def _arrived(company: Company, mailbox_id: UUID, moments: list[object]) -> None:
    async with company.database.transaction(company.organization_id) as tx:
        for at in moments:
            await tx.run(
                """
                insert into inbound_messages (organization_id, id, mailbox_id, envelope_sender, envelope_recipients,
                    blob_key, size, digest, received_at)
                values (current_organization(), %(id)s, %(mailbox_id)s, 'x', '{}', 'x', 1, 'x', %(at)s)
                """,
                id=ids.new(),
                mailbox_id=mailbox_id,
                at=at,
            )
