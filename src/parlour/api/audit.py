"""The audit trail: looked through, taken away, verified, and how long it is kept."""

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar.response.base import ASGIResponse
from msgspec import Meta

from parlour import audit, people
from parlour.api import shapes
from parlour.api.conventions import After, Body, Limit, Moment, Query, cursor, decoded
from parlour.api.operations import operation
from parlour.audit import Act, Edge, Form, Group, Outcome, TrailFilter
from parlour.entrance import Request, Streamed
from parlour.foundation import clock
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Conflict, NotFound
from parlour.people import Permission

MOST_VERIFIED: Final = 100_000
"""Here, while somebody waits. `parlour audit verify` takes any number."""

_Edge = tuple[Annotated[datetime, Meta(tz=True)], Annotated[int, Meta(ge=1, le=2**53)]]
Text = Annotated[str, Meta(max_length=300)]


class TooLongToVerify(Conflict):
    """This trail is too long to be verified while you wait. Use `parlour audit verify`."""


class Which(Query, frozen=True, kw_only=True):
    """Which records."""

    act: list[Act] = []
    group: list[Group] = []
    from_: Annotated[Moment | None, Meta(description="At or after this moment.")] = msgspec.field(
        default=None, name="from"
    )
    to: Annotated[Moment | None, Meta(description="Before this moment.")] = None
    actor: Annotated[Text | None, Meta(description="Who acted: their id, or their address.")] = None
    subject: Annotated[Text | None, Meta(description="The id of whom or what it was done to.")] = None
    outcome: Outcome | None = None
    address: Annotated[Text | None, Meta(description="The IP address it came from.")] = None
    q: Annotated[str, Meta(max_length=200, description="Words in the names of who acted, and on what.")] = ""


class AuditQuery(Which, frozen=True, kw_only=True):
    """Which records, and which page of them."""

    after: After | None = None
    limit: Limit = 25


class ExportQuery(Which, frozen=True, kw_only=True):
    """Which records, and in which form."""

    format: Form = Form.CSV


class Actor(shapes.Shape, frozen=True):
    """Who acted, as they were called then."""

    id: UUID
    name: str | None
    email: str | None


class Subject(shapes.Shape, frozen=True):
    """On whom or what, as it was called then."""

    kind: str
    id: str | None
    label: str | None


class Record(shapes.Shape, frozen=True):
    """One act. Positions count without a gap; `hash` is made over all of it and the record before.

    `actor` is null where the installation itself acted, or where nobody has shown who they are.
    """

    position: int
    at: datetime
    act: str
    words: str
    outcome: Outcome
    actor: Actor | None
    subject: Subject | None
    address: str | None
    user_agent: str | None
    request_id: str | None
    details: dict[str, Any]
    hash: str


class Verdict(shapes.Shape, frozen=True):
    """Whether the chain is whole. `trouble` names the first record that is broken."""

    is_whole: bool
    records: int
    last_position: int
    trouble: str | None


class Retention(shapes.Shape, frozen=True):
    """For how many days records are kept."""

    keep_days: int


class RetentionChanges(Body, frozen=True, kw_only=True):
    """What to change."""

    keep_days: Annotated[int, Meta(ge=audit.LEAST_DAYS, le=audit.MOST_DAYS)]


@operation("GET /audit", Permission.READ_AUDIT, refusals=(404,))
async def list_audit(request: Request, query: AuditQuery) -> shapes.Page[Record]:
    """Look through the audit trail

    The newest first. That you look is recorded too; the same look again within ten minutes is not.
    """
    after: Edge | None = decoded(query.after, _Edge)
    async with request.transaction() as tx:
        wanted = await _filter(tx, query)
        found = await audit.trail_page(tx, wanted, after, query.limit + 1)
        await audit.note_look(tx, wanted, by=request.actor)
    items = found[: query.limit]
    following = cursor(items[-1].at, items[-1].position) if len(found) > query.limit else None
    return shapes.Page([_as_record(entry) for entry in items], following)


@operation(
    "GET /audit/export",
    Permission.READ_AUDIT,
    confirmed=True,
    file=True,
    refusals=(404,),
    headers={"Content-Disposition": "A name for it."},
)
async def export_audit(request: Request, query: ExportQuery) -> ASGIResponse:
    """Take the audit trail away

    As CSV, or as JSON with a record a line; the oldest first. That is recorded.
    """
    organization_id, until = request.actor.organization_id, clock.now()
    async with request.transaction() as tx:
        wanted = await _filter(tx, query)
        await audit.note_export(tx, wanted, query.format, by=request.actor)
    pieces = audit.export_trail(request.installation.database, organization_id, wanted, query.format, until)
    headers = {
        "content-type": query.format.media_type,
        "content-disposition": f'attachment; filename="audit-{until:%Y-%m-%d}.{query.format}"',
        "cache-control": "private, no-store",
    }
    return Streamed(pieces, 200, headers)


@operation("GET /audit/verify", Permission.READ_AUDIT, refusals=(409,))
async def verify_audit(request: Request) -> Verdict:
    """Verify the audit trail

    Reads every record again. A trail of more than 100,000 answers 409: `parlour audit verify` reads any number.
    """
    async with request.reading() as tx:
        if await audit.trail_length(tx) > MOST_VERIFIED:
            raise TooLongToVerify()
    found = await audit.verify(request.installation, request.actor.organization_id)
    return Verdict(found.is_whole, found.records, found.last_position, found.trouble)


@operation("GET /audit/retention", Permission.READ_AUDIT)
async def read_retention(request: Request) -> Retention:
    """Read how long the audit trail is kept"""
    async with request.reading() as tx:
        return Retention(await audit.keep_days(tx))


@operation("PUT /audit/retention", Permission.MANAGE_ORGANIZATION, confirmed=True, example={"keepDays": 730})
async def change_retention(request: Request, body: RetentionChanges) -> Retention:
    """Change how long the audit trail is kept

    What is older is removed within the hour. Only an administrator decides it, whatever a role of your own making may.
    """
    people.must_be_administrator(request.actor)
    async with request.transaction() as tx:
        await audit.set_keep_days(tx, body.keep_days)
    return Retention(body.keep_days)


async def _filter(tx: Transaction, query: Which) -> TrailFilter:
    return TrailFilter(
        acts=query.act,
        groups=query.group,
        since=query.from_,
        until=query.to,
        actor_id=await _actor_id(tx, query.actor) if query.actor else None,
        subject_id=query.subject,
        outcome=query.outcome,
        address=query.address,
        words=query.q,
    )


async def _actor_id(tx: Transaction, named: str) -> UUID:
    try:
        return UUID(named)
    except ValueError:
        known = await people.user_by_email(tx, named)
    if known is None:
        raise NotFound("There is nobody of that address.")
    return known.id


def _as_record(entry: audit.Entry) -> Record:
    return Record(
        position=entry.position,
        at=entry.at,
        act=entry.act,
        words=audit.words_of(entry.act),
        outcome=entry.outcome,
        actor=Actor(entry.actor_id, entry.actor_name, entry.actor_email) if entry.actor_id else None,
        subject=Subject(entry.subject_kind, entry.subject_id, entry.subject_label) if entry.subject_kind else None,
        address=entry.address,
        user_agent=entry.user_agent,
        request_id=entry.request_id,
        details=entry.details,
        hash=entry.hash.hex(),
    )
