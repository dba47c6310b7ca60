"""What a person does with a mail that was not let in, and what the clock does with one that nobody reads."""

from datetime import timedelta
from typing import Final
from uuid import UUID

import msgspec
from psycopg.errors import UniqueViolation

from parlour import people
from parlour.audit import Act
from parlour.email import accounting, safety
from parlour.email.accounting import Outcome
from parlour.email.admitting import Arrival, address_of_arrival, write
from parlour.email.correspondents import NoSender, Writer
from parlour.email.intake import arrival_of, take_in
from parlour.email.reading import identity_of
from parlour.foundation import clock
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Conflict, Invalid, NotFound
from parlour.foundation.installation import Installation
from parlour.people import Actor

_PATIENCE: Final = timedelta(minutes=10)
_AT_ONCE: Final = 1000


class NotToBeRetried(Conflict):
    """Only a mail that was refused, or that could not be read, can be tried again."""


class NotToBeAdmitted(Conflict):
    """This mail is on a ticket already, or waits to be read."""


async def retry(tx: Transaction, entry_id: UUID) -> None:
    """Read a REFUSED or FAILED mail again, as if it had just come. Raises `NotFound` or `NotToBeRetried`."""
    touched = await tx.run(
        """
        update inbound_messages
        set outcome = null, reason = null, processed_at = null, identity = null, attempts = 0, failures = 0
        where id = %(id)s and outcome in ('REFUSED', 'FAILED')
        """,
        id=entry_id,
    )
    if not touched:
        await _check_known(tx, entry_id)
        raise NotToBeRetried()
    tx.queue(take_in, entry_id=entry_id)
    await accounting.mails_handled(tx, Act.MAIL_READ_AGAIN, [entry_id])


async def admit_by_hand(installation: Installation, organization_id: UUID, entry_id: UUID, *, by: Actor) -> UUID:
    """Make a ticket of a mail that was held back, whatever was found about it; gives the ticket's id.

    It joins the ticket it belongs to, where there is one. Where the mail names no sender, the ticket is `by`'s own.
    Raises `NotFound` or `NotToBeAdmitted`.
    """
    async with installation.database.reading(organization_id) as tx:
        entry = await accounting.entry_of(tx, entry_id)
    arrival, raw = await arrival_of(installation, organization_id, entry)
    mail = msgspec.structs.replace(arrival.understood.mail, automatic=False)
    arrival = Arrival(entry, msgspec.structs.replace(arrival.understood, mail=mail), arrival.verdict)
    async with installation.database.transaction(organization_id) as tx:
        await _claim_by_hand(tx, entry_id, identity_of(raw, mail), mail.message_id)
        conclusion = await write(tx, installation, arrival, stand_in=await _stand_in(tx, arrival, by))
        await accounting.conclude(tx, entry_id, conclusion)
        await safety.keep_verdict(tx, entry_id, mail, arrival.verdict)
        await accounting.keep_correspondence(tx, entry_id, arrival.understood)
        await accounting.mails_handled(tx, Act.MAIL_ADMITTED, [entry_id], by=by, ticket_id=conclusion.ticket_id)
    if conclusion.ticket_id is None:
        raise NotToBeAdmitted()
    return conclusion.ticket_id


async def rescue_waiting_mail(installation: Installation) -> None:
    """Queue the reading of every mail that waits with no job behind it: nothing stays behind in silence."""
    for organization_id in await installation.database.doorways.organizations_with_waiting_mail():
        async with installation.database.transaction(organization_id) as tx:
            stranded = await tx.values(
                """
                select id from inbound_messages waiting
                where processed_at is null and received_at < %(before)s and not exists (
                    select 1 from procrastinate_jobs job
                    where job.status in ('todo', 'doing') and job.args->>'entry_id' = waiting.id::text
                )
                order by id
                limit %(limit)s
                """,
                before=clock.now() - _PATIENCE,
                limit=_AT_ONCE,
            )
            for entry_id in stranded:
                tx.queue(take_in, entry_id=entry_id)


async def _claim_by_hand(tx: Transaction, entry_id: UUID, identity: bytes | None, message_id: str | None) -> None:
    try:
        async with tx.savepoint():
            claimed = await tx.run(
                """
                update inbound_messages
                set outcome = 'ADMITTED', reason = null, identity = %(identity)s, message_id = %(message_id)s,
                    processed_at = %(at)s
                where id = %(id)s and outcome = any(%(outcomes)s) and comment_id is null
                """,
                id=entry_id,
                identity=identity,
                message_id=message_id,
                at=clock.now(),
                outcomes=[Outcome.REFUSED, Outcome.QUARANTINED, Outcome.AUTOMATIC, Outcome.BOUNCE, Outcome.FAILED],
            )
    except UniqueViolation:
        raise NotToBeAdmitted("The same mail came in another time, and that one is accounted for.") from None
    if not claimed:
        raise NotToBeAdmitted()


async def _stand_in(tx: Transaction, arrival: Arrival, by: Actor) -> Writer | None:
    try:
        people.normal_email((await address_of_arrival(tx, arrival)).email)
    except (NoSender, Invalid):
        return Writer(await people.find_user(tx, by.user_id), by, is_proved=False)
    return None


async def _check_known(tx: Transaction, entry_id: UUID) -> None:
    if not await tx.value("select exists (select 1 from inbound_messages where id = %(id)s)", id=entry_id):
        raise NotFound()
