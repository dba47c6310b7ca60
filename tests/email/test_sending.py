"""An agent's reply leaves as one mail, and the comment tells how far it has come."""

import asyncio
from datetime import timedelta
from email import message_from_bytes
from email.policy import default

import msgspec
import pytest

from parlour import email, people, tickets
from parlour.email.addresses import number_in
from parlour.foundation import clock
from parlour.foundation.jobs import TryAgain
from parlour.tickets import Words
from tests.builders import Company, Screens
from tests.email.desk import Desk
from tests.twins import MailServer


async def test_a_reply_is_sent_once_however_often_its_job_runs(desk: Desk, server: MailServer) -> None:
    ticket = await desk.company.ticket()
    fact = await desk.reply(ticket)
    await asyncio.gather(*(desk.send(fact) for _ in range(3)), return_exceptions=True)
    sending = await desk.send(fact)
    [taken] = server.taken
    assert taken.recipients == ["carol@customer.test"]
    assert taken.message["To"] == "Carol <carol@customer.test>"
    assert taken.message["From"] == f'"Bob (Acme)" <{desk.address}>'
    assert taken.message["Subject"] == "Re: The grinder hums [#1]"
    assert taken.message["Message-ID"] == f"<comment-{fact.comment_id.hex}@{desk.company.slug}.test>"
    marked = taken.message["Reply-To"]
    assert taken.sender == marked
    assert number_in(desk.installation.signer, desk.company.organization_id, marked) == 1
    assert sending is not None
    assert (sending.state, sending.to, sending.cc, sending.last_error) == (
        email.SendingState.SENT, ["carol@customer.test"], [], None,
    )  # fmt: skip
    assert sending.attempts == 1


async def test_a_worker_that_comes_late_does_not_write_over_what_was_sent(desk: Desk, server: MailServer) -> None:
    class SlowBlobs:
        """A blob store that is slow to take what it is given, for one worker."""

        reached, go_on = asyncio.Event(), asyncio.Event()

        def __getattr__(self, name: str) -> object:
            return getattr(desk.company.installation.blobs, name)

        async def put(self, key: str, content: bytes) -> None:
            self.reached.set()
            await self.go_on.wait()
            await desk.company.installation.blobs.put(key, content)

    fact = await desk.reply(await desk.company.ticket())
    blobs = SlowBlobs()
    late = Desk(desk.company, msgspec.structs.replace(desk.installation, blobs=blobs))
    with clock.frozen(clock.now() - timedelta(minutes=5)):
        slow = asyncio.create_task(late.send(fact))
        await blobs.reached.wait()
    await desk.send(fact)
    blobs.go_on.set()
    await slow
    [taken] = server.taken
    async with desk.company.database.reading(desk.company.organization_id) as tx:
        key = await tx.value("select blob_key from outbound_messages where comment_id = %(id)s", id=fact.comment_id)
    kept = await desk.installation.blobs.get(key)
    assert kept.replace(b"\r\n", b"\n") == taken.raw.replace(b"\r\n", b"\n")


async def test_a_second_reply_names_the_first_as_its_ancestor(desk: Desk, server: MailServer) -> None:
    ticket = await desk.company.ticket()
    for words in ("One", "Two"):
        await desk.send(await desk.reply(ticket, Words(words)))
    first, second = server.taken
    assert second.message["In-Reply-To"] == first.message["Message-ID"]
    assert second.message["References"] == first.message["Message-ID"]


async def test_other_customers_get_a_copy_and_agents_do_not(desk: Desk, server: MailServer) -> None:
    dave, erin = desk.company.dave.user_id, desk.company.erin.user_id
    ticket = await desk.company.ticket(participant_ids=[dave, erin])
    await desk.send(await desk.reply(ticket))
    assert server.taken[0].recipients == ["carol@customer.test", "dave@customer.test"]
    assert server.taken[0].message["Cc"] == "Dave <dave@customer.test>"


async def test_what_is_frozen_stays_whatever_changes_later(desk: Desk, server: MailServer) -> None:
    server.answers = ["451 come again"]
    ticket = await desk.company.ticket()
    fact = await desk.reply(ticket)
    with pytest.raises(TryAgain):
        await desk.send(fact)
    async with desk.company.database.transaction(desk.company.organization_id) as tx:
        held = await tickets.hold(tx, ticket.id, seen_by=desk.company.bob)
        changes = tickets.Changes(requester_id=desk.company.dave.user_id, subject="Another")
        await tickets.change(tx, held, changes, by=desk.company.bob)
    with clock.frozen(clock.now() + timedelta(minutes=1)):
        await desk.send(fact)
    assert server.taken[0].recipients == ["carol@customer.test"]
    assert server.taken[0].message["Subject"] == "Re: The grinder hums [#1]"


async def test_files_go_along(desk: Desk, server: MailServer) -> None:
    ticket = await desk.company.ticket()
    async with desk.company.database.transaction(desk.company.organization_id) as tx:
        upload = tickets.Upload("plan.pdf", "application/pdf", b"%PDF")
        file = await tickets.store_attachment(tx, desk.installation.blobs, upload, by=desk.company.bob)
    await desk.send(await desk.reply(ticket, Words("See", attachment_ids=[file.id])))
    [attached] = server.taken[0].message.iter_attachments()
    assert (attached.get_filename(), attached.get_content()) == ("plan.pdf", b"%PDF")


async def test_a_temporary_refusal_is_tried_again_with_growing_patience(desk: Desk, server: MailServer) -> None:
    server.answers = ["451 4.7.1 greylisted", "421 later"]
    fact = await desk.reply(await desk.company.ticket())
    now = clock.now()
    for wait, words in ((5, "451 4.7.1 greylisted"), (15, "421 later")):
        with clock.frozen(now), pytest.raises(TryAgain) as again:
            await desk.send(fact)
        sending = await desk.sending(fact)
        assert sending is not None
        assert again.value.after == timedelta(seconds=wait)
        assert (sending.state, sending.last_error) == (email.SendingState.QUEUED, words)
        assert sending.next_attempt_at == now + timedelta(seconds=wait)
        now += timedelta(seconds=wait)
    with clock.frozen(now):
        sending = await desk.send(fact)
    assert sending is not None
    assert (sending.state, sending.attempts, sending.last_error) == (email.SendingState.SENT, 3, None)
    assert len(server.taken) == 1


async def test_a_final_refusal_is_told_in_the_servers_words_and_not_repeated(desk: Desk, server: MailServer) -> None:
    server.answers = ["554 5.7.1 We do not like you"]
    fact = await desk.reply(await desk.company.ticket())
    for _ in range(2):
        sending = await desk.send(fact)
        assert sending is not None
        assert (sending.state, sending.last_error) == (email.SendingState.FAILED, "554 5.7.1 We do not like you")
    assert server.attempts == 1


async def test_screens_and_the_assignee_hear_what_became_of_it(
    desk: Desk, server: MailServer, screens: Screens
) -> None:
    ticket = await desk.company.ticket(assignee_id=desk.company.erin.user_id)
    sent = await desk.reply(ticket)
    await desk.send(sent)
    server.answers = ["554 no"]
    refused = await desk.reply(ticket)
    await desk.send(refused)
    heard = [
        fact
        for fact in screens.heard_by(desk.company.organization_id)
        if isinstance(fact, email.ReplySent | email.ReplyNotSent)
    ]
    assert [(fact.name, fact.comment_id, fact.version, fact.actor_id) for fact in heard] == [
        ("ReplySent", sent.comment_id, 2, None),
        ("ReplyNotSent", refused.comment_id, 3, None),
    ]
    assert heard[1].assignee_id == desk.company.erin.user_id
    async with desk.company.database.reading(desk.company.organization_id) as tx:
        kept = await tx.values("select name from activities where name like 'Reply%%'")
        queued = await tx.values(
            "select task_name from procrastinate_jobs where args #>> '{fact,name}' = 'ReplyNotSent' "
            "and args ->> 'organization_id' = %(id)s",
            id=str(desk.company.organization_id),
        )
    assert (kept, queued) == (["ReplyNotSent"], ["notifications.notify_assignee"])


async def test_one_refused_recipient_does_not_keep_the_others_from_their_copy(desk: Desk, server: MailServer) -> None:
    server.refused = {"dave@customer.test": "550 no Dave here"}
    ticket = await desk.company.ticket(participant_ids=[desk.company.dave.user_id])
    sending = await desk.send(await desk.reply(ticket))
    assert server.taken[0].recipients == ["carol@customer.test"]
    assert sending is not None
    assert (sending.state, sending.last_error) == (email.SendingState.SENT, "dave@customer.test: 550 no Dave here")


async def test_when_every_recipient_is_refused_it_has_failed(desk: Desk, server: MailServer) -> None:
    server.refused = {"carol@customer.test": "550 no Carol here"}
    sending = await desk.send(await desk.reply(await desk.company.ticket()))
    assert sending is not None
    assert (sending.state, sending.last_error) == (email.SendingState.FAILED, "carol@customer.test: 550 no Carol here")


async def test_an_unreachable_server_is_tried_again_for_two_days(desk: Desk) -> None:
    settings = desk.installation.settings.model_copy(update={"smtp_url": "smtp://127.0.0.1:1"})
    desk.installation = msgspec.structs.replace(desk.installation, settings=settings)
    fact = await desk.reply(await desk.company.ticket())
    with pytest.raises(TryAgain):
        await desk.send(fact)
    with clock.frozen(clock.now() + timedelta(hours=49)):
        sending = await desk.send(fact)
    assert sending is not None
    assert sending.state is email.SendingState.FAILED
    assert "127.0.0.1" in (sending.last_error or "")


async def test_a_worker_that_died_while_sending_is_followed_by_another(desk: Desk, server: MailServer) -> None:
    fact = await desk.reply(await desk.company.ticket())
    server.answers = ["451 later"]
    with pytest.raises(TryAgain):
        await desk.send(fact)
    async with desk.company.database.transaction(desk.company.organization_id) as tx:
        lease = clock.now() + timedelta(minutes=3)
        await tx.run("update outbound_messages set state = 'SENDING', next_attempt_at = %(at)s", at=lease)
    with pytest.raises(TryAgain):
        await desk.send(fact)
    assert server.taken == []
    with clock.frozen(lease):
        await desk.send(fact)
    assert len(server.taken) == 1


async def test_without_a_server_the_mail_waits_in_the_outbox(desk: Desk) -> None:
    settings = desk.installation.settings.model_copy(update={"smtp_url": ""})
    desk.installation = msgspec.structs.replace(desk.installation, settings=settings)
    fact = await desk.reply(await desk.company.ticket())
    sending = await desk.send(fact)
    assert sending is not None
    assert sending.state is email.SendingState.SENT
    mails = [message_from_bytes(file.read_bytes(), policy=default) for file in email.outbox(settings).glob("*.eml")]
    wanted = f"<comment-{fact.comment_id.hex}@{desk.company.slug}.test>"
    assert [mail["To"] for mail in mails if mail["Message-ID"] == wanted] == ["Carol <carol@customer.test>"]


async def test_an_organization_without_a_mailbox_is_told_so(acme: Company, server: MailServer) -> None:
    settings = acme.installation.settings.model_copy(update={"smtp_url": server.url})
    desk = Desk(acme, msgspec.structs.replace(acme.installation, settings=settings))
    sending = await desk.send(await desk.reply(await acme.ticket()))
    assert sending is not None
    assert (sending.state, sending.last_error) == (
        email.SendingState.FAILED,
        "This organization has no mailbox to write from. Add one, then send the reply again.",
    )


async def test_a_ticket_with_nobody_outside_sends_nothing(desk: Desk, server: MailServer) -> None:
    ticket = await desk.company.ticket(requester_id=desk.company.bob.user_id)
    async with desk.company.database.transaction(desk.company.organization_id) as tx:
        for user in await tickets.participants(tx, ticket.id):
            if user.role is people.Role.CUSTOMER:
                await tickets.remove_participant(tx, ticket.id, user.id)
    assert await desk.send(await desk.reply(ticket)) is None
    assert server.attempts == 0
