"""Opening a ticket."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
from psycopg.errors import ForeignKeyViolation

from parlour.foundation import clock, ids
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Invalid
from parlour.people import Actor, find_user
from parlour.tickets.events import TicketOpened, about
from parlour.tickets.finding import fresh
from parlour.tickets.models import Priority, Source, Status, Ticket, Visibility, Words
from parlour.tickets.participants import add_participants
from parlour.tickets.search import begin_search, words_of
from parlour.tickets.tagging import set_tags
from parlour.tickets.writing import NewComment, check_words, preview_of, write_comment

LONGEST_SUBJECT = 500


class Opening(msgspec.Struct, frozen=True):
    """What a new ticket begins with. The first comment is the requester's, or the agent's own where one opens it."""

    subject: str
    words: Words
    requester_id: UUID
    source: Source = Source.API
    priority: Priority = Priority.MEDIUM
    department_id: UUID | None = None
    assignee_id: UUID | None = None
    tags: Sequence[str] = ()
    participant_ids: Sequence[UUID] = ()
    automatic: bool = False


async def open(tx: Transaction, opening: Opening, *, by: Actor) -> Ticket:  # noqa: A001
    """A new ticket with its first comment. Raises `Invalid` where a field names nobody or says too much."""
    _check(opening)
    if opening.assignee_id:
        await check_assignee(tx, opening.assignee_id)
    requester = await find_user(tx, opening.requester_id)
    # Made up beforehand: from the number to the commit, other openings wait.
    words = words_of(opening.subject, requester.name, requester.email, by.name, by.email, opening.words.text)
    ticket_id = ids.new()
    await tx.take_turn("opening")
    number = await _insert(tx, ticket_id, opening)
    async with tx.together():
        await add_participants(tx, ticket_id, [opening.requester_id, *opening.participant_ids])
        new = NewComment(ticket_id, opening.words, Visibility.PUBLIC, opening.source)
        comment_id = await write_comment(tx, new, by=by)
        await begin_search(tx, ticket_id, number, words)
        if opening.tags:
            await set_tags(tx, ticket_id, opening.tags)
        ticket = await fresh(tx, ticket_id)
    tx.record(
        TicketOpened(
            **about(ticket, by.user_id), comment_id=comment_id, automatic=opening.automatic, source=opening.source
        )
    )
    return ticket


async def check_assignee(tx: Transaction, assignee_id: UUID) -> None:
    """Raises `Invalid` where it is no active agent of this organization."""
    if not await tx.value(
        "select exists (select 1 from users where id = %(id)s and role <> 'CUSTOMER' and status = 'ACTIVE')",
        id=assignee_id,
    ):
        raise Invalid(details={"assigneeId": "A ticket can only be assigned to an active agent."})


def check_subject(subject: str) -> str:
    """The subject as stored. Raises `Invalid`."""
    subject = " ".join(subject.split())
    if not 1 <= len(subject) <= LONGEST_SUBJECT:
        raise Invalid(details={"subject": f"A subject has 1 to {LONGEST_SUBJECT} characters."})
    return subject


def _check(opening: Opening) -> None:
    check_subject(opening.subject)
    check_words(opening.words)


async def _insert(tx: Transaction, ticket_id: UUID, opening: Opening) -> int:
    try:
        number: int = await tx.value(
            # The counter's row makes openings of one organization take turns, from here to the commit.
            """
            with counter as (
                update ticket_counters set last_number = last_number + 1
                where organization_id = current_organization()
                returning organization_id, last_number
            )
            insert into tickets
                (organization_id, id, number, subject, status, priority, source, requester_id, assignee_id,
                 department_id, preview, comment_count, created_at, updated_at)
            select
                organization_id, %(id)s, last_number, %(subject)s, %(status)s, %(priority)s, %(source)s,
                %(requester_id)s, %(assignee_id)s, %(department_id)s, %(preview)s, 1, %(now)s, %(now)s
            from counter
            returning number
            """,
            id=ticket_id,
            subject=check_subject(opening.subject),
            status=Status.OPEN,
            priority=opening.priority,
            source=opening.source,
            requester_id=opening.requester_id,
            assignee_id=opening.assignee_id,
            department_id=opening.department_id,
            preview=preview_of(opening.words.text),
            now=clock.now(),
        )
    except ForeignKeyViolation as unknown:
        raise Invalid(details={"departmentId": "There is no such department."}) from unknown
    return number
