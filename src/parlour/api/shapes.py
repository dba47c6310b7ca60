"""What the API gives: the nouns as programs see them."""

from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

import msgspec
from msgspec import Meta

from parlour import people, tickets
from parlour.email import Origin, Sending, SendingState
from parlour.people import Role
from parlour.tickets import Priority, Source, Status, Visibility

Item = TypeVar("Item")


class Shape(msgspec.Struct, frozen=True, rename="camel"):
    """JSON that goes out."""


class Page(Shape, Generic[Item], frozen=True, omit_defaults=True):
    """Some of them, and the cursor for those that follow; `next` is left out on the last page."""

    items: list[Item]
    next: str | None = None
    total: Annotated[int | None, Meta(description="How many there are, when asked for; 10,000 at most.")] = None


class Person(Shape, frozen=True):
    """A user, in short."""

    id: UUID
    name: str
    email: str | None = None


class Named(Shape, frozen=True):
    """Something with a name."""

    id: UUID
    name: str


class Tag(Shape, frozen=True):
    """A word that groups tickets."""

    id: UUID
    name: str
    colour: str


class Ticket(Shape, frozen=True):
    """A ticket. `version` grows by one with each change, and is its `ETag`."""

    id: UUID
    number: int
    subject: str
    status: Status
    priority: Priority
    source: Source
    requester: Person
    assignee: Person | None
    department: Named | None
    tags: list[Tag]
    version: int
    preview: str
    comment_count: int
    created_at: datetime
    updated_at: datetime
    first_replied_at: datetime | None
    resolved_at: datetime | None
    closed_at: datetime | None
    deleted_at: datetime | None


class Attachment(Shape, frozen=True):
    """A file. Its bytes are at `GET /api/attachments/{id}`; `size` is in bytes.

    `warning` says why it is dangerous to open; null where nothing speaks against it.
    """

    id: UUID
    name: str
    content_type: str
    size: int
    content_id: str | None
    warning: str | None


class Author(Shape, frozen=True):
    """Who wrote a comment."""

    id: UUID
    name: str
    email: str
    role: Role


class MailSending(Shape, frozen=True):
    """How far the mail of a reply has come. `lastError` is what the other server said."""

    state: SendingState
    to: list[str]
    cc: list[str]
    bcc: list[str]
    attempts: int
    last_error: str | None
    refusals: Annotated[dict[str, str], Meta(description="Addresses that were refused, each in its server's words.")]
    next_attempt_at: datetime
    sent_at: datetime | None
    send_at: Annotated[datetime | None, Meta(description="Until then it is held back, and can be undone.")]
    unless_answered: Annotated[bool, Meta(description="It is not sent if the customer writes first.")]


class MailAddress(Shape, frozen=True):
    """Somebody as a mail names them."""

    email: str
    name: str


class Comment(Shape, frozen=True):
    """One message on a ticket. `html` has been cleaned; `quotedText` is what a mail repeated of earlier ones."""

    id: UUID
    ticket_id: UUID
    author: Author
    visibility: Visibility
    source: Source
    body: str
    html: str | None
    quoted_text: str | None
    created_at: datetime
    reader_ids: list[UUID]
    attachments: list[Attachment]
    text: str
    """The same as `body`."""
    sending: Annotated[MailSending | None, Meta(description="For agents: the mail this reply went out by.")] = None
    sender: Annotated[MailAddress | None, Meta(description="For agents: who wrote the mail.")] = msgspec.field(
        default=None, name="from"
    )
    to: list[MailAddress] = []
    cc: list[MailAddress] = []
    authentication: Annotated[
        dict[str, Any] | None, Meta(description="For agents: what SPF, DKIM and DMARC say of the sender.")
    ] = None
    automatic: Annotated[bool, Meta(description="A program wrote the mail.")] = False
    language: str | None = None
    ledger_entry_id: Annotated[UUID | None, Meta(description="For agents: the mail in the ledger.")] = None


class Activity(Shape, frozen=True):
    """One line of a ticket's timeline: which fact, by whom, when, and what it says."""

    id: UUID
    name: str
    actor: Named | None
    at: datetime
    details: dict[str, Any]


def as_ticket(ticket: tickets.Ticket) -> Ticket:
    return Ticket(
        id=ticket.id,
        number=ticket.number,
        subject=ticket.subject,
        status=ticket.status,
        priority=ticket.priority,
        source=ticket.source,
        requester=Person(ticket.requester_id, ticket.requester_name, ticket.requester_email),
        assignee=Person(ticket.assignee_id, ticket.assignee_name or "") if ticket.assignee_id else None,
        department=Named(ticket.department_id, ticket.department_name or "") if ticket.department_id else None,
        tags=[as_tag(tag) for tag in ticket.tags],
        version=ticket.version,
        preview=ticket.preview,
        comment_count=ticket.comment_count,
        created_at=ticket.created_at,
        updated_at=ticket.updated_at,
        first_replied_at=ticket.first_replied_at,
        resolved_at=ticket.resolved_at,
        closed_at=ticket.closed_at,
        deleted_at=ticket.deleted_at,
    )


def as_person(user: people.User) -> Person:
    return Person(user.id, user.name, user.email)


def as_tag(tag: tickets.Tag) -> Tag:
    return Tag(tag.id, tag.name, tag.colour)


def as_attachment(file: tickets.Attachment) -> Attachment:
    return Attachment(file.id, file.name, file.content_type, file.size, file.content_id, file.warning)


def as_sending(sending: Sending) -> MailSending:
    return MailSending(
        state=sending.state,
        to=sending.to,
        cc=sending.cc,
        bcc=sending.bcc,
        attempts=sending.attempts,
        last_error=sending.last_error,
        refusals=sending.refusals,
        next_attempt_at=sending.next_attempt_at,
        sent_at=sending.sent_at,
        send_at=sending.send_at,
        unless_answered=sending.unless_answered,
    )


def as_comment(comment: tickets.Comment, sending: Sending | None = None, origin: Origin | None = None) -> Comment:
    shown = Comment(
        id=comment.id,
        ticket_id=comment.ticket_id,
        author=Author(comment.author_id, comment.author_name, comment.author_email, comment.author_role),
        visibility=comment.visibility,
        source=comment.source,
        body=comment.text,
        html=comment.html,
        quoted_text=comment.quoted_text,
        created_at=comment.created_at,
        reader_ids=comment.reader_ids,
        attachments=[as_attachment(file) for file in comment.attachments],
        text=comment.text,
        sending=as_sending(sending) if sending else None,
    )
    return _with_origin(shown, origin) if origin else shown


def _with_origin(comment: Comment, origin: Origin) -> Comment:
    return msgspec.structs.replace(
        comment,
        sender=MailAddress(origin.sender.email, origin.sender.name) if origin.sender else None,
        to=[MailAddress(one.email, one.name) for one in origin.to],
        cc=[MailAddress(one.email, one.name) for one in origin.cc],
        authentication=origin.authentication,
        automatic=origin.automatic is not None,
        language=origin.language,
        ledger_entry_id=origin.entry_id,
    )


def as_activity(activity: tickets.Activity) -> Activity:
    actor = Named(activity.actor_id, activity.actor_name or "") if activity.actor_id else None
    return Activity(activity.id, activity.name, actor, activity.at, camel(activity.details))


def camel(details: dict[str, Any]) -> dict[str, Any]:
    """A fact's own names as JSON has them."""
    return {_camel(name): value for name, value in details.items()}


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
