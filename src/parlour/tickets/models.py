"""The nouns: a ticket, its comments, tags and attachments."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

from parlour.people import Role


class Status(StrEnum):
    """Where a ticket stands. The first three are unresolved."""

    OPEN = "OPEN"
    IN_PROGRESS = "IN_PROGRESS"
    PENDING = "PENDING"
    """It waits for the customer."""
    RESOLVED = "RESOLVED"
    CLOSED = "CLOSED"


UNRESOLVED: Final = (Status.OPEN, Status.IN_PROGRESS, Status.PENDING)


class Priority(StrEnum):
    """How much it matters, from least to most."""

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"
    URGENT = "URGENT"


class Source(StrEnum):
    """How words came in."""

    EMAIL = "EMAIL"
    WEB_FORM = "WEB_FORM"
    CHAT = "CHAT"
    PHONE = "PHONE"
    SOCIAL = "SOCIAL"
    API = "API"


class Visibility(StrEnum):
    """Who may read a comment."""

    PUBLIC = "PUBLIC"
    """Everyone on the ticket."""
    INTERNAL = "INTERNAL"
    """The agents who may see the ticket."""
    PRIVATE = "PRIVATE"
    """Its author, and the agents named in it."""


class Tag(msgspec.Struct, frozen=True):
    """A word that groups tickets. `colour` is one of the nine of the palette."""

    id: UUID
    name: str
    colour: str


class Ticket(msgspec.Struct, frozen=True):
    """A ticket as every list and page shows it. `version` grows by one with each change."""

    id: UUID
    number: int
    subject: str
    status: Status
    priority: Priority
    source: Source
    requester_id: UUID
    assignee_id: UUID | None
    department_id: UUID | None
    version: int
    preview: str
    comment_count: int
    created_at: datetime
    updated_at: datetime
    first_replied_at: datetime | None
    resolved_at: datetime | None
    closed_at: datetime | None
    deleted_at: datetime | None
    requester_name: str
    requester_email: str
    assignee_name: str | None
    department_name: str | None
    tags: list[Tag]
    company_id: UUID | None = None
    """Of whoever asked."""


class Attachment(msgspec.Struct, frozen=True):
    """A file. `content_id` is set for an image that the comment's HTML shows inline; `size` is in bytes.

    `warning` says why it is dangerous to open; None where nothing speaks against it.
    """

    id: UUID
    name: str
    content_type: str
    size: int
    content_id: str | None
    warning: str | None = None


class Comment(msgspec.Struct, frozen=True):
    """One message on a ticket. `html` has been cleaned; `quoted_text` is what the mail repeated of earlier ones.

    With `held_at` it is a reply that is not said yet: agents see it, customers don't.
    """

    id: UUID
    ticket_id: UUID
    author_id: UUID
    author_name: str
    author_email: str
    author_role: Role
    visibility: Visibility
    source: Source
    text: str
    html: str | None
    quoted_text: str | None
    created_at: datetime
    held_at: datetime | None
    reader_ids: list[UUID]
    attachments: list[Attachment]


class Words(msgspec.Struct, frozen=True):
    """What somebody writes. `html`, where given, has been cleaned already (`foundation.html.clean`)."""

    text: str
    html: str | None = None
    attachment_ids: Sequence[UUID] = ()
    quoted_text: str | None = None


TICKET_COLUMNS: Final = """
    t.id, t.number, t.subject, t.status, t.priority, t.source, t.requester_id, t.assignee_id, t.department_id,
    t.version, t.preview, t.comment_count, t.created_at, t.updated_at, t.first_replied_at, t.resolved_at,
    t.closed_at, t.deleted_at,
    requester.name as requester_name,
    requester.email as requester_email,
    assignee.name as assignee_name,
    department.name as department_name,
    coalesce((
        select jsonb_agg(
            jsonb_build_object('id', tag.id, 'name', tag.name, 'colour', tag.colour) order by lower(tag.name)
        )
        from ticket_tags tagged
        join tags tag on tag.organization_id = tagged.organization_id and tag.id = tagged.tag_id
        where tagged.organization_id = t.organization_id and tagged.ticket_id = t.id
    ), '[]') as tags,
    t.company_id
"""
TICKET_NEIGHBOURS: Final = """
    join users requester on requester.organization_id = t.organization_id and requester.id = t.requester_id
    left join users assignee on assignee.organization_id = t.organization_id and assignee.id = t.assignee_id
    left join departments department
        on department.organization_id = t.organization_id and department.id = t.department_id
"""
