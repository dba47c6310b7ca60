"""What makes people leave a helpdesk, replayed on a mailbox of a real server: mail that is never fetched, silently."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import msgspec
import pytest_asyncio

from parlour import tickets
from parlour.email.mailboxes import Begin, ImapSettings, Mailbox, SignIn
from parlour.email.servers import Security
from parlour.foundation import clock
from tests.builders import Company
from tests.mail import dovecot as dovecots
from tests.mail.dovecot import Dovecot
from tests.mail.mailroom import Mailroom, letter, mailroom
from tests.mail.tokens import Provider, provider
from tests.waiting import until


@pytest_asyncio.fixture
async def microsoft() -> AsyncIterator[Provider]:
    async with provider(dovecots.KEY) as twin:
        yield twin


@pytest_asyncio.fixture
async def room(acme: Company, dovecot: Dovecot, microsoft: Provider, tmp_path: Path) -> AsyncIterator[Mailroom]:
    async with mailroom(acme, dovecot, tmp_path / "worker.log", PARLOUR_MICROSOFT_TOKEN_URL=microsoft.url) as built:
        yield built


def flag(room: Mailroom, flags: str) -> None:
    """As somebody with the mailbox open in their mail program does."""
    with room.dovecot.reading(room.address) as client:
        client.uid("STORE", "1:*", "+FLAGS", flags)


# 10. Mail was not fetched, without a line in a log: somebody had read it elsewhere, or a program had marked it.


async def test_what_was_read_or_marked_elsewhere_before_we_looked_is_fetched_all_the_same(room: Mailroom) -> None:
    await room.deliver(letter(1), letter(2), letter(3))
    await asyncio.to_thread(flag, room, r"(\Seen \Flagged $Junk Junk)")
    await room.set_up()
    assert {ticket.subject for ticket in await room.tickets(3)} == {"Matter 1", "Matter 2", "Matter 3"}
    account = await room.account()
    assert account.seen == account.accounted == account.admitted == 3


async def test_a_mail_that_is_refused_stands_in_the_ledger_and_the_next_one_is_a_ticket(room: Mailroom) -> None:
    await room.set_up()
    await room.deliver(b"Subject: nobody wrote this\r\n\r\n", b"\r\n", letter(3))
    [ticket] = await room.tickets(1)
    assert ticket.subject == "Matter 3"

    async def all_accounted() -> bool:
        account = await room.account()
        return (account.seen, account.accounted, account.admitted) == (3, 3, 1)

    await until(all_accounted)


# 11. After an outage of more than a day the mail of the gap was never fetched.


async def test_after_a_week_without_us_every_mail_arrives_once(room: Mailroom) -> None:
    mailbox = await room.set_up()
    await room.deliver(letter(1))
    await room.is_read_up_to(mailbox, 1)
    await room.line.cut()
    with clock.frozen(clock.now() - timedelta(days=7)):
        missed = [letter(number, f"Date: {clock.now():%a, %d %b %Y %H:%M:%S} +0000\r\n") for number in range(2, 8)]
    await room.deliver(*missed)
    # For the server and for us alike it was a week: what arrived lies there since, and nothing was heard since then.
    await asyncio.to_thread(room.dovecot.make_older, room.address, 7 * 24 * 3600)
    await _was_set_up(room, mailbox, days_ago=8)
    room.line.mend()
    assert {ticket.subject for ticket in await room.tickets(7)} == {f"Matter {number}" for number in range(1, 8)}
    account = await room.account()
    assert account.seen == account.accounted == account.admitted == 7


async def _was_set_up(room: Mailroom, mailbox: Mailbox, days_ago: int) -> None:
    company = room.company
    async with company.database.transaction(company.organization_id) as tx:
        await tx.run(
            "update mailboxes set created_at = created_at - make_interval(days => %(days)s) where id = %(id)s",
            days=days_ago,
            id=mailbox.id,
        )
        await tx.run(
            "update mailbox_states set seen_at = seen_at - make_interval(days => %(days)s) where mailbox_id = %(id)s",
            days=days_ago - 1,
            id=mailbox.id,
        )


async def test_a_server_restored_from_a_backup_with_other_numbers_doubles_nothing(room: Mailroom) -> None:
    mailbox = await room.set_up()
    await room.deliver(letter(1), letter(2))
    await room.is_read_up_to(mailbox, 2)
    await room.tickets(2)
    await room.line.cut()
    await asyncio.to_thread(room.dovecot.forget_uids, room.address)
    await room.deliver(letter(3))
    room.line.mend()
    assert len(await room.tickets(3)) == 3
    account = await room.account()
    assert (account.seen, account.admitted) == (3, 3)


# 13. The mailbox's token had expired: ten days without mail, and nobody was told.


class Told(msgspec.Struct):
    user_id: UUID
    words: str | None


async def test_an_expired_sign_in_is_told_to_administrators_within_minutes(room: Mailroom, microsoft: Provider) -> None:
    microsoft.refusal = {"error": "invalid_grant", "error_description": "AADSTS700082: The refresh token has expired."}
    imap = ImapSettings(
        host="localhost",
        port=room.dovecot.imaps_port,
        security=Security.TLS,
        sign_in=SignIn.MICROSOFT,
        client_id="parlour",
    )
    mailbox = await room.set_up(imap, refresh_token="old")
    state = await room.trouble(mailbox)
    assert state.trouble == "TOKEN"
    assert "AADSTS700082" in (state.words or "")
    company = room.company

    async def told() -> list[Told]:
        async with company.database.reading(company.organization_id) as tx:
            return await tx.all(
                Told, "select user_id, words from notifications where mailbox_id = %(id)s", id=mailbox.id
            )

    bells = await until(told, within=60)
    assert [bell.user_id for bell in bells] == [company.alice.user_id]


# 15. A deleted conversation came back at the next look at the mailbox.


async def test_a_deleted_ticket_does_not_come_back_when_the_mailbox_is_read_anew(room: Mailroom) -> None:
    mailbox = await room.set_up(msgspec.structs.replace(room.plain, begin=Begin.ALL))
    await room.deliver(letter(1))
    [ticket] = await room.tickets(1)
    company = room.company
    async with company.database.transaction(company.organization_id) as tx:
        held = await tickets.hold(tx, ticket.id, seen_by=company.alice)
        await tickets.delete(tx, held, by=company.alice)
    await room.line.cut()
    await asyncio.to_thread(room.dovecot.forget_uids, room.address)
    await room.worker.kill()
    await room.worker.start()
    room.line.mend()
    await room.deliver(letter(2))
    assert [ticket.subject for ticket in await room.tickets(1)] == ["Matter 2"]
    await room.is_read_up_to(mailbox, 2)
    assert [ticket.subject for ticket in await room.tickets(1)] == ["Matter 2"]
