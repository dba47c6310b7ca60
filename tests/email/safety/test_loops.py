"""Mail that answers mail without end is noticed, by all workers together, and nothing of it is lost."""

import asyncio
from datetime import timedelta

import pytest

from parlour.email import safety
from parlour.email.safety.loops import Limit, Passage, limit_of, too_many_from
from parlour.foundation import cache, clock, ids
from tests.builders import Company
from tests.email.post import Post, mail, post

__all__ = ["post"]
SENDER = "robot@far.test"
THREE = Limit(3, timedelta(minutes=10))


def passage(company: Company, **given: object) -> Passage:
    return Passage(
        **{"organization_id": company.organization_id, "entry_id": ids.new(), "sender": SENDER, "sent_at": None} | given
    )


async def test_a_sender_has_a_limit(acme: Company, globex: Company) -> None:
    reasons = [await too_many_from(acme.installation.cache, passage(acme), THREE) for _ in range(4)]
    assert reasons == [None, None, None, f"More than 3 mails from {SENDER} within 10 minutes: this looks like a loop."]
    assert await too_many_from(acme.installation.cache, passage(acme, sender="eve@far.test"), THREE) is None
    assert await too_many_from(acme.installation.cache, passage(globex), THREE) is None


async def test_many_workers_count_together(acme: Company) -> None:
    reasons = await asyncio.gather(*(too_many_from(acme.installation.cache, passage(acme), THREE) for _ in range(10)))
    assert sum(reason is None for reason in reasons) == 3, reasons


async def test_a_mail_that_is_looked_at_again_counts_once(acme: Company) -> None:
    again = passage(acme)
    reasons = [await too_many_from(acme.installation.cache, again, THREE) for _ in range(10)]
    assert set(reasons) == {None}


async def test_the_mails_of_a_week_that_come_at_once_are_no_loop(acme: Company) -> None:
    now = clock.now()
    for hours in range(100, 0, -1):
        late = passage(acme, sent_at=now - timedelta(hours=hours))
        assert await too_many_from(acme.installation.cache, late, THREE) is None


async def test_a_date_that_cannot_be_is_not_believed(acme: Company) -> None:
    now = clock.now()
    dates = (now + timedelta(days=3), now - timedelta(days=300), now + timedelta(minutes=1), now - timedelta(days=31))
    reasons = [await too_many_from(acme.installation.cache, passage(acme, sent_at=date), THREE) for date in dates]
    assert [bool(reason) for reason in reasons] == [False, False, False, True]


async def test_after_a_while_there_is_room_again(acme: Company) -> None:
    for _ in range(3):
        await too_many_from(acme.installation.cache, passage(acme), THREE)
    with clock.frozen(clock.now() + timedelta(minutes=11)):
        assert await too_many_from(acme.installation.cache, passage(acme), THREE) is None


async def test_without_a_cache_nothing_is_held_back(acme: Company) -> None:
    nowhere = cache.connect("redis://127.0.0.1:1/0")
    try:
        for _ in range(5):
            assert await too_many_from(nowhere, passage(acme), Limit(1, timedelta(minutes=1))) is None
    finally:
        await nowhere.aclose()


def test_a_limit_is_written_in_words() -> None:
    assert limit_of("100/10 minutes") == Limit(100, timedelta(minutes=10))
    assert limit_of("5/minute") == Limit(5, timedelta(minutes=1))
    assert limit_of("off") is None
    with pytest.raises(ValueError, match="is no limit"):
        limit_of("many")


async def test_a_ticket_has_a_limit_and_a_lower_one_for_automatic_mail(post: Post) -> None:
    row = await post.bring(mail())
    assert row.ticket_id
    company = post.company

    async def asked(*, automatic: bool) -> str | None:
        async with company.database.reading(company.organization_id) as tx:
            return await safety.too_many_on(tx, row.ticket_id, automatic=automatic)

    async def add(count: int, kind: str | None) -> None:
        async with company.database.transaction(company.organization_id) as tx:
            await tx.run(
                """
                insert into inbound_messages
                    (organization_id, id, mailbox_id, envelope_sender, envelope_recipients, blob_key, size, digest,
                     received_at, outcome, processed_at, ticket_id, automatic)
                select current_organization(), gen_random_uuid(), %(mailbox_id)s, '', '{}', 'x', 0, '', %(now)s,
                    'ADMITTED', %(now)s, %(ticket_id)s, %(kind)s
                from generate_series(1, %(count)s)
                """,
                mailbox_id=post.mailbox.id,
                ticket_id=row.ticket_id,
                now=clock.now(),
                kind=kind,
                count=count,
            )

    await add(9, "VACATION")
    assert await asked(automatic=True) is None
    await add(1, "NOTICE")
    assert await asked(automatic=True) == (
        "More than 10 automatic mails on this ticket within 60 minutes: this looks like a loop."
    )
    assert await asked(automatic=False) is None
    await add(49, None)
    assert "More than 60 mails" in (await asked(automatic=False) or "")
