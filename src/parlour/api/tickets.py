"""Tickets: listed, opened, read, changed, binned and restored."""

from collections.abc import Sequence
from typing import Annotated, Final
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from parlour import people, tickets
from parlour.api import shapes
from parlour.api.conventions import After, Body, Ids, Limit, Moment, Query, etag, expected_version, is_known
from parlour.api.operations import Answer, operation
from parlour.api.writing import Files, Text, shown_to, words
from parlour.entrance import Limit as Counted
from parlour.entrance import Request
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Invalid
from parlour.people import Actor, Permission
from parlour.tickets import Filter, Priority, Reference, Sort, Source, Status

Subject = Annotated[str, Meta(min_length=1, max_length=500, examples=["Invoice shows the wrong address"])]
_FOR_AGENTS: Final = (
    "requester",
    "requester_id",
    "priority",
    "source",
    "department_id",
    "assignee_id",
    "tags",
    "participant_ids",
)
_SHOWN_ALONG: Final = 50
_ASSIGNEE: Final = "^(me|none|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$"
TagNames = Annotated[list[Annotated[str, Meta(min_length=1, max_length=50)]], Meta(max_length=30)]


Assignee = Annotated[str, Meta(pattern=_ASSIGNEE, description="An agent's id, `me`, or `none` for nobody's.")]


class TicketQuery(Query, frozen=True, kw_only=True):
    """Which tickets: within a parameter any value does, all parameters together must hold."""

    status: Annotated[list[Status], Meta(description="Repeated, or separated by commas.")] = []
    priority: list[Priority] = []
    source: list[Source] = []
    assignee: Assignee | None = None
    department: Annotated[list[UUID], Meta(max_length=50)] = []
    tag: Annotated[list[Annotated[str, Meta(max_length=50)]], Meta(max_length=30, description="Names.")] = []
    requester: UUID | None = None
    company: UUID | None = None
    created_from: Annotated[Moment | None, Meta(description="At or after this moment.")] = None
    created_to: Annotated[Moment | None, Meta(description="Before this moment.")] = None
    updated_from: Annotated[Moment | None, Meta(description="At or after this moment.")] = None
    updated_to: Annotated[Moment | None, Meta(description="Before this moment.")] = None
    q: Annotated[str, Meta(max_length=200, description="Words of subject, comments, people; `#42` is a number.")] = ""
    bin: Annotated[bool, Meta(description="The deleted ones instead.")] = False
    sort: Sort = Sort.UPDATED
    after: After | None = None
    limit: Limit = 25
    total: Annotated[bool, Meta(description="Count them too.")] = False


class DetailQuery(Query, frozen=True, kw_only=True):
    """What to give along with a ticket."""

    comments: Annotated[bool, Meta(description="Its newest 50 comments and its participants too.")] = False


class Requester(Body, frozen=True, kw_only=True):
    """Somebody by address; who is unknown becomes a customer."""

    email: Annotated[str, Meta(min_length=3, max_length=254, examples=["carol@customer.test"])]
    name: Annotated[str, Meta(max_length=200)] = ""


class NewTicket(Body, frozen=True, kw_only=True):
    """A ticket to open. Customers give `subject`, `body` and `attachmentIds`; the rest is for agents."""

    subject: Subject
    body: Annotated[Text, Meta(description="Plain text. May be left out where `html` is given.")] = ""
    html: Annotated[Text | None, Meta(description="The same with formatting; cleaned before it is kept.")] = None
    requester: Annotated[Requester | None, Meta(description="Whose ticket it is; yours, where nobody is named.")] = None
    requester_id: UUID | None = None
    priority: Priority | None = None
    source: Source | None = None
    department_id: UUID | None = None
    assignee_id: UUID | None = None
    tags: TagNames = []
    participant_ids: Ids = []
    attachment_ids: Files = []


class TicketChanges(Body, frozen=True, kw_only=True):
    """What to change; what is left out stays."""

    subject: Subject | UnsetType = UNSET
    status: Status | UnsetType = UNSET
    priority: Priority | UnsetType = UNSET
    assignee_id: UUID | None | UnsetType = UNSET
    department_id: UUID | None | UnsetType = UNSET
    requester_id: UUID | UnsetType = UNSET
    tags: Annotated[TagNames | UnsetType, Meta(description="All of them, by name.")] = UNSET


class TicketDetail(shapes.Ticket, frozen=True):
    """A ticket, and what was asked for along with it."""

    comments: list[shapes.Comment] | UnsetType = UNSET
    participants: list[shapes.Person] | UnsetType = UNSET


@operation("GET /tickets", Permission.READ_TICKETS)
async def list_tickets(request: Request, query: TicketQuery) -> shapes.Page[shapes.Ticket]:
    """List tickets

    The newest change comes first, unless `sort` says otherwise. The cost does not grow with the organization.
    """
    which = _filter(query, request.actor)
    async with request.reading() as tx:
        found = await tickets.list_page(
            tx, which, seen_by=request.actor, sort=query.sort, after=query.after, limit=query.limit
        )
        total = await tickets.count(tx, which, seen_by=request.actor) if query.total else None
    return shapes.Page([shapes.as_ticket(ticket) for ticket in found.tickets], found.next, total)


@operation(
    "POST /tickets",
    Permission.OPEN_TICKETS,
    status=201,
    limit=Counted.TICKETS,
    headers={"Location": "The new ticket.", "ETag": "Its version."},
    example={
        "subject": "Invoice shows the wrong address",
        "body": "Please send it again with our new one.",
        "requester": {"email": "carol@customer.test", "name": "Carol"},
        "priority": "HIGH",
        "tags": ["billing"],
    },
)
async def open_ticket(request: Request, body: NewTicket) -> Answer[shapes.Ticket]:
    """Open a ticket"""
    _check_customer(request.actor, body)
    async with request.transaction() as tx:
        opening = tickets.Opening(
            subject=body.subject,
            words=words(body.body, body.html, body.attachment_ids),
            requester_id=await _requester(tx, request.actor, body),
            source=body.source or Source.API,
            priority=body.priority or Priority.MEDIUM,
            department_id=body.department_id,
            assignee_id=body.assignee_id,
            tags=body.tags,
            participant_ids=body.participant_ids,
        )
        ticket = await tickets.open(tx, opening, by=request.actor)
    headers = {"location": f"/api/tickets/{ticket.id}", **etag(ticket.version)}
    return Answer(shapes.as_ticket(ticket), headers)


@operation(
    "GET /tickets/{reference}",
    Permission.READ_TICKETS,
    headers={"ETag": "Its version."},
    accepts={"If-None-Match": "The `ETag` you have: unchanged, the answer is 304."},
    refusals=(304,),
)
async def read_ticket(request: Request, reference: Reference, query: DetailQuery) -> Answer[TicketDetail]:
    """Read a ticket"""
    async with request.reading() as tx:
        ticket = await tickets.find(tx, reference, seen_by=request.actor)
        if is_known(request, ticket.version):
            return Answer(None, etag(ticket.version), 304)
        if not query.comments:
            return Answer(_detail(ticket), etag(ticket.version))
        last = await tickets.last_comments(tx, ticket, _SHOWN_ALONG, seen_by=request.actor)
        comments = await shown_to(tx, last, request.actor)
        people_on_it = await tickets.participants(tx, ticket.id)
    return Answer(_detail(ticket, comments, people_on_it), etag(ticket.version))


@operation(
    "PUT /tickets/{reference}",
    Permission.CHANGE_TICKETS,
    headers={"ETag": "Its new version."},
    accepts={"If-Match": "The `ETag` you read: somebody else's change since then makes this a 412."},
    refusals=(412,),
    example={"status": "PENDING", "priority": "URGENT", "assigneeId": None, "tags": ["billing", "vip"]},
)
async def change_ticket(request: Request, reference: Reference, body: TicketChanges) -> Answer[shapes.Ticket]:
    """Change a ticket

    Only the fields given are changed. A ticket in the bin has to be restored first (409).
    """
    expecting = expected_version(request)
    async with request.transaction() as tx:
        ticket = await tickets.hold(tx, reference, seen_by=request.actor, expecting=expecting)
        changes = tickets.Changes(**{name: getattr(body, name) for name in body.__struct_fields__})
        changed = await tickets.change(tx, ticket, changes, by=request.actor)
    return Answer(shapes.as_ticket(changed), etag(changed.version))


@operation(
    "DELETE /tickets/{reference}",
    Permission.DELETE_TICKETS,
    status=204,
    accepts={"If-Match": "The `ETag` you read."},
    refusals=(412,),
)
async def delete_ticket(request: Request, reference: Reference) -> None:
    """Put a ticket into the bin

    Customers no longer see it; it can be restored.
    """
    expecting = expected_version(request)
    async with request.transaction() as tx:
        ticket = await tickets.hold(tx, reference, seen_by=request.actor, expecting=expecting)
        await tickets.delete(tx, ticket, by=request.actor)


@operation("POST /tickets/{reference}/restore", Permission.DELETE_TICKETS, headers={"ETag": "Its new version."})
async def restore_ticket(request: Request, reference: Reference) -> Answer[shapes.Ticket]:
    """Take a ticket out of the bin"""
    async with request.transaction() as tx:
        ticket = await tickets.hold_in_bin(tx, reference, seen_by=request.actor)
        restored = await tickets.restore(tx, ticket, by=request.actor)
    return Answer(shapes.as_ticket(restored), etag(restored.version))


def _detail(
    ticket: tickets.Ticket, comments: list[shapes.Comment] | None = None, on_it: Sequence[people.User] = ()
) -> TicketDetail:
    fields = msgspec.structs.asdict(shapes.as_ticket(ticket))
    if comments is None:
        return TicketDetail(**fields)
    return TicketDetail(**fields, comments=comments, participants=[shapes.as_person(each) for each in on_it])


def _filter(query: TicketQuery, actor: Actor) -> Filter:
    assignee: UUID | None | UnsetType = UNSET
    match query.assignee:
        case None:
            pass
        case "me":
            assignee = actor.user_id
        case "none":
            assignee = None
        case agent:
            assignee = UUID(agent)
    return Filter(
        statuses=query.status,
        priorities=query.priority,
        sources=query.source,
        assignee_id=assignee,
        department_ids=query.department,
        tags=query.tag,
        requester_id=query.requester,
        company_id=query.company,
        created_from=query.created_from,
        created_before=query.created_to,
        updated_from=query.updated_from,
        updated_before=query.updated_to,
        q=query.q,
        in_bin=query.bin,
    )


def _check_customer(actor: Actor, body: NewTicket) -> None:
    if actor.is_agent:
        return
    for_agents = (
        "requester",
        "requester_id",
        "priority",
        "source",
        "department_id",
        "assignee_id",
        "tags",
        "participant_ids",
    )
    names = [name for name in for_agents if getattr(body, name)]
    if names:
        encoded = {field.name: field.encode_name for field in msgspec.structs.fields(NewTicket)}
        raise Invalid(details={encoded[name]: "Only agents choose this. Leave it out." for name in names})


async def _requester(tx: Transaction, actor: Actor, body: NewTicket) -> UUID:
    if body.requester and body.requester_id:
        raise Invalid(details={"requesterId": "Name the requester once: by `requester` or by `requesterId`."})
    if body.requester:
        return (await people.customer_by_email(tx, body.requester.email, body.requester.name)).id
    if body.requester_id:
        known = await people.users_by_id(tx, [body.requester_id])
        if not known:
            raise Invalid(details={"requesterId": "There is nobody with this id."})
    return body.requester_id or actor.user_id
