"""Mailboxes on other servers: every message once in the ledger, whatever the server does."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
import pytest_asyncio

from parlour import email
from parlour.email import sources
from parlour.email.mailboxes import (
    Begin,
    remove_mailbox,
)
from parlour.email.sources import position
from parlour.email.sources.position import LeaseLost
from parlour.foundation import ids
from tests.builders import Company
from tests.imap_twin import ImapTwin, imap_twin
from tests.listeners.remote_mailbox import Desk, mail
from tests.waiting import until


@pytest_asyncio.fixture
async def twin() -> AsyncIterator[ImapTwin]:
    async with imap_twin() as twin:
        yield twin


@pytest_asyncio.fixture
async def desk(acme: Company, twin: ImapTwin) -> AsyncIterator[Desk]:
    desk = Desk(acme, twin)
    yield desk
    async with acme.database.transaction(acme.organization_id) as tx:
        # The next test's workers shall not look here.
        for mailbox in await email.mailboxes(tx):
            await remove_mailbox(tx, desk.installation.sealer, mailbox)


async def test_what_lies_there_and_what_comes_is_in_the_ledger_once(desk: Desk, twin: ImapTwin) -> None:
    await twin.deliver(mail("one", more="Return-Path: <bounce+1@customer.test>\nDelivered-To: help@acme.test\n"))
    mailbox = await desk.mailbox()
    async with desk.fetching():
        await until(lambda: desk.has("one"))
        await until(lambda: _async(twin.said("IDLE") > 0))
        await twin.deliver(mail("two"))
        await until(lambda: desk.has("one", "two"))
    first, second = await desk.rows()
    assert (first.envelope_sender, first.envelope_recipients) == (
        "bounce+1@customer.test",
        ["help@acme.test", mailbox.address],
    )
    assert (second.envelope_sender, second.source) == ("carol@customer.test", "IMAP")
    state = await desk.state()
    assert (state.uid_validity, state.last_uid, state.behind) == (7, 2, 0)
    assert twin.said("SELECT") == 0


async def test_after_an_outage_each_message_arrives_once(desk: Desk, twin: ImapTwin) -> None:
    await desk.mailbox()
    async with desk.fetching():
        await twin.deliver(mail("one"))
        await until(lambda: desk.has("one"))
    await twin.deliver(*(mail(f"while away {number}") for number in range(120)))
    async with desk.fetching():
        await until(lambda: desk.has("one", *(f"while away {number}" for number in range(120))))
        twin.cut()
        await twin.deliver(mail("after the cut"))
        await until(lambda: desk.has("one", *(f"while away {number}" for number in range(120)), "after the cut"))


async def test_one_of_many_workers_reads_a_mailbox(desk: Desk, twin: ImapTwin) -> None:
    await desk.mailbox()
    async with desk.fetching(), desk.fetching(), desk.fetching():
        await twin.deliver(*(mail(f"m{number}") for number in range(30)))
        await until(lambda: desk.has(*(f"m{number}" for number in range(30))))
    assert twin.said("LOGIN") == 1


async def test_the_mailbox_of_a_worker_that_died_is_taken_over(desk: Desk, twin: ImapTwin) -> None:
    mailbox = await desk.mailbox()
    dead = msgspec.UNSET
    async with desk.company.database.transaction(desk.company.organization_id) as tx:
        await sources.take_lease(tx, mailbox.id, mailbox.id, 1.0)
        dead = await tx.value("select lease_holder from mailbox_states")
    await twin.deliver(mail("one"))
    async with desk.fetching():
        await until(lambda: desk.has("one"), within=5)
    assert dead == mailbox.id


async def test_who_lost_the_lease_writes_nothing(desk: Desk, twin: ImapTwin) -> None:
    mailbox = await desk.mailbox()
    await twin.deliver(mail("one"))
    reading = sources.Reading(
        desk.installation, desk.company.organization_id, mailbox, mailbox.id, email.take_in, _Never()
    )
    assert mailbox.imap
    place = (desk.company.organization_id, mailbox.id)
    async with sources.opened(desk.installation, *place, mailbox.imap) as (connection, folder):
        try:
            await sources.catch_up(reading, connection, folder)
        except sources.LeaseLost:
            pass
        else:
            raise AssertionError("It went on without the lease.")
    assert await desk.rows() == []
    assert (await desk.state()).last_uid == 0


async def test_numbers_that_mean_other_messages_double_nothing(desk: Desk, twin: ImapTwin) -> None:
    await desk.mailbox()
    async with desk.fetching():
        await twin.deliver(mail("one"), mail("two"))
        await until(lambda: desk.has("one", "two"))
        twin.renumber()
        await twin.deliver(mail("three"))
        twin.cut()
        await until(lambda: desk.has("one", "two", "three"))
    state = await desk.state()
    assert (state.uid_validity, state.last_uid) == (8, 102)


async def test_a_bad_message_is_refused_and_the_rest_goes_on(desk: Desk, twin: ImapTwin) -> None:
    await twin.deliver(mail("one"), mail("refused"), mail("huge"), mail("cut"), mail("last"))
    twin.refused[2] = "NO [SERVERBUG] Internal error."
    twin.says_size[3] = 300_000_000
    twin.hangs_up_at.add(4)
    await desk.mailbox()
    async with desk.fetching():
        await until(lambda: _enough(desk, 5))
    rows = await desk.rows()
    assert [(row.outcome, row.reason) for row in rows] == [
        (None, None),
        ("REFUSED", "The mail server does not give this message out: [SERVERBUG] Internal error."),
        ("REFUSED", "It has 300,000,000 bytes, and at most 100,000 are taken. Only its beginning is kept here."),
        ("REFUSED", "The connection to the mail server broke each time this message was fetched."),
        (None, None),
    ]
    assert (await desk.installation.blobs.get(rows[2].blob_key)) == mail("huge")


async def test_a_server_without_idle_is_asked_again_and_again(desk: Desk, twin: ImapTwin) -> None:
    twin.capabilities = "IMAP4rev1"
    await desk.mailbox()
    async with desk.fetching():
        await until(lambda: _async(twin.said("UID SEARCH") > 1))
        await twin.deliver(mail("one"))
        await until(lambda: desk.has("one"))
    assert twin.said("IDLE") == 0


async def test_a_server_that_boasts_of_idle_is_polled_too(desk: Desk, twin: ImapTwin) -> None:
    twin.capabilities = "IMAP4rev1 X-IDLE-NOT"
    await desk.mailbox()
    async with desk.fetching():
        await twin.deliver(mail("one"))
        await until(lambda: desk.has("one"))


async def test_a_wrong_password_is_said_in_words_and_mended_by_a_change(desk: Desk, twin: ImapTwin) -> None:
    mailbox = await desk.mailbox()
    twin.password = "another"
    await twin.deliver(mail("one"))
    async with desk.fetching():
        await until(lambda: desk.trouble())
        state = await desk.state()
        assert (state.trouble, state.words) == (
            "LOGIN",
            "The server refuses the sign-in: [AUTHENTICATIONFAILED] Wrong password.",
        )
        await desk.change(mailbox, secrets={"imap_password": "another"})
        await until(lambda: desk.has("one"))
    assert (await desk.state()).failures == 0


async def test_old_mail_stays_where_it_is_unless_asked_for(desk: Desk, twin: ImapTwin) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=400)
    await twin.deliver(*(mail(f"old {number}") for number in range(3)), arrived_at=long_ago)
    await twin.deliver(mail("new"))
    mailbox = await desk.mailbox()
    async with desk.fetching():
        await until(lambda: desk.has("new"))
        assert mailbox.imap
        everything = msgspec.structs.replace(mailbox.imap, begin=Begin.ALL, folder="Elsewhere")
        await desk.change(mailbox, imap=everything)
        await desk.change(mailbox, imap=msgspec.structs.replace(everything, folder="INBOX"))
        await until(lambda: desk.has("old 0", "old 1", "old 2", "new"))


async def test_who_still_reads_the_folder_of_before_moves_nothing(desk: Desk) -> None:
    before, holder = await desk.mailbox(), ids.new()
    assert before.imap
    await desk.change(before, imap=msgspec.structs.replace(before.imap, folder="Elsewhere"))
    async with desk.company.database.transaction(desk.company.organization_id) as tx:
        await sources.take_lease(tx, before.id, holder, 60)
        after = await email.find_mailbox(tx, before.id)
    with pytest.raises(LeaseLost):
        async with desk.company.database.transaction(desk.company.organization_id) as tx:
            await position.move_to(tx, before, holder, position.Position(7, 4, 0), 0)
    async with desk.company.database.transaction(desk.company.organization_id) as tx:
        assert (await position.position_of(tx, before.id)).last_uid == 0
        await position.move_to(tx, after, holder, position.Position(7, 4, 0), 0)
        assert (await position.position_of(tx, before.id)).last_uid == 4


async def test_a_mailbox_that_is_switched_off_is_left_alone(desk: Desk, twin: ImapTwin) -> None:
    mailbox = await desk.mailbox()
    async with desk.fetching():
        await until(lambda: _async(len(twin.conversations) == 1))
        await desk.change(mailbox, is_active=False)
        await until(lambda: _async(not twin.conversations))
        await twin.deliver(mail("one"))
        await desk.change(mailbox, is_active=True)
        await until(lambda: desk.has("one"))


async def _enough(desk: Desk, count: int) -> bool:
    return len(await desk.rows()) == count


async def _async(value: object) -> object:
    return value


class _Never(dict[int, int]):
    def __missing__(self, key: int) -> int:
        return 0
