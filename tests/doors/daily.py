"""The routes of daily work, each with a request that works; and how others than administrators fill the rest."""

from datetime import timedelta
from typing import Final, LiteralString

import msgspec

from parlour import access, email, notifications, people, tickets
from parlour.access import NewInvitation
from parlour.audit import Act
from parlour.email import wording
from parlour.foundation import clock, ids
from parlour.people import Actor, NewUser, Role
from parlour.tickets import Source, Upload, Words
from parlour.tickets.events import about
from tests.builders import Company
from tests.doors.acts import things_of
from tests.doors.audited_routes import HELLO, WORDS, Case

NONE: Final = Act.SIGNED_IN
"""Daily work is in a ticket's history, not in the audit trail."""


RAW: Final = b"From: carol@customer.test\r\nMessage-ID: <new@customer.test>\r\nSubject: Hello\r\n\r\nIt hums\r\n"


def _case(**sent: object) -> Case:
    return msgspec.structs.replace(Case(NONE), **sent)  # type: ignore[arg-type]


_TAG: Final = {"name": "tag {unique}", "colour": "blue"}
_PREVIEW: Final = {"text": "Hello", "language": "en"}

DAILY: Final = {
    "POST /api/attachments": _case(file=b"Hello"),
    "DELETE /api/attachments/{id}": _case(),
    "POST /dashboard/attachments": _case(file=b"Hello"),
    "DELETE /dashboard/attachments/{attachment_id}": _case(),
    "POST /api/notifications/read": _case(),
    "POST /api/notifications/{id}/read": _case(),
    "POST /dashboard/notifications/read": _case(form={}),
    "POST /api/tags": _case(json=_TAG),
    "PUT /api/tags/{id}": _case(json=_TAG),
    "DELETE /api/tags/{id}": _case(),
    "POST /dashboard/settings/tags": _case(form=_TAG),
    "POST /dashboard/settings/tags/{tag_id}": _case(form=_TAG),
    "POST /dashboard/settings/tags/{tag_id}/remove": _case(form={}),
    "POST /api/tickets": _case(json={"subject": "It hums", "body": "Still", "requesterId": "{requester}"}),
    "PUT /api/tickets/{reference}": _case(json={"status": "PENDING"}),
    "POST /api/tickets/{reference}/comments": _case(json={"body": "A note"}),
    "POST /api/tickets/{reference}/reply": _case(json={"body": "An answer"}),
    "POST /api/tickets/{reference}/comments/{comment_id}/send": _case(),
    "POST /api/tickets/{reference}/comments/{comment_id}/undo": _case(),
    "POST /dashboard/tickets/new": _case(
        form={"subject": "It hums", "body": "Still", "email": "{address}", "name": "Carol"}
    ),
    "POST /dashboard/tickets/{number}/comments/{comment_id}/send": _case(form={}),
    "POST /dashboard/tickets/{number}/comments/{comment_id}/undo": _case(form={}),
    "POST /dashboard/tickets/{number}/draft": _case(form={"body": "Half a thought", "mode": "reply"}),
    "POST /dashboard/tickets/{number}/note": _case(form={"body": "A note", "mode": "note"}),
    "POST /dashboard/tickets/{number}/properties": _case(form={"priority": "HIGH", "version": "{version}"}),
    "POST /dashboard/tickets/{number}/reply": _case(form={"body": "An answer", "mode": "reply"}),
    "POST /portal/{slug}/tickets": _case(form={"subject": "It hums", "body": "Still"}),
    "POST /portal/{slug}/tickets/{number}/reply": _case(form={"body": "Still"}),
    "POST /portal/{slug}/tickets/{number}/solved": _case(form={}),
    "POST /api/email/inbound": _case(raw=RAW, query={"mailbox": "{mailbox}"}),
}
"""What changes something."""

LOOKS: Final = {
    "POST /api/previews": _case(json={"kind": "TEMPLATE", "text": "Hello"}),
    "POST /dashboard/settings/signatures/preview": _case(form=_PREVIEW),
    "POST /dashboard/settings/templates/preview": _case(form=_PREVIEW),
    "POST /dashboard/settings/automatic-mails/preview": _case(form=_PREVIEW),
    "POST /dashboard/settings/audit/verify": _case(form={}),
    "POST /api/scim/v2/Users/.search": _case(json={}),
    "POST /api/scim/v2/Groups/.search": _case(json={}),
}
"""What shows something, and changes nothing."""

_UNWRITTEN: LiteralString = "delete from wordings"

OTHERS: Final[dict[str, Case]] = {
    "PUT /api/users/{id}": _case(json={"name": "Other"}),
    "POST /dashboard/settings/people/{user_id}": _case(form={"name": "Other"}),
    "POST /api/invitations": _case(json={"email": "asked@{here}", "departmentIds": ["{billing}"]}),
    "POST /dashboard/settings/invitations": _case(form={"email": "page@{here}", "department": "{billing}"}),
    "POST /api/signatures": _case(json={"userId": "{me}", "texts": HELLO}, first=_UNWRITTEN),
    "POST /api/templates": _case(json={"name": "New", "userId": "{me}", "texts": {"en": "Hello"}}),
    "POST /dashboard/settings/signatures": _case(form={**WORDS, "owner": "user:{me}"}, first=_UNWRITTEN),
    "POST /dashboard/settings/templates/{wording_id}": _case(form={**WORDS, "name": "Fourth", "owner": "user:{me}"}),
    "POST /dashboard/settings/templates": _case(form={**WORDS, "name": "Third", "owner": "user:{me}"}),
    "POST /api/tickets": _case(json={"subject": "It hums", "body": "Still"}),
}
"""What those send who are no administrators: about customers, their own departments, their own words."""


async def things_for(company: Company, me: Actor) -> dict[str, str]:
    """One of each thing, fresh ones, with which somebody may do what their role allows."""
    things = await things_of(company)
    requester, assignee = (company.carol, me) if me.is_agent else (me, company.bob)
    ticket = await company.ticket(requester_id=requester.user_id, assignee_id=assignee.user_id)
    async with company.database.transaction(company.organization_id) as tx:
        upload = Upload("a.txt", "text/plain", b"Hello")
        unsent = await tickets.store_attachment(tx, company.installation.blobs, upload, by=me)
        tag = await tickets.add_tag(tx, f"known {things['unique']}")
        customer = await people.add_user(tx, NewUser("Cleo", f"cleo.{things['unique']}@customer.test", Role.CUSTOMER))
    things |= {
        "me": str(me.user_id),
        "requester": str(requester.user_id),
        "address": company.carol.email,
        "billing": str(company.billing_id),
        "attachments": str(unsent.id),
        "tags": str(tag.id),
        "tickets": str(ticket.id),
        "number": str(ticket.number),
        "version": str(ticket.version),
        "slug": company.slug,
        "portal": company.slug,
        **(await _of_an_agent(company, me, ticket) if me.is_agent else {}),
    }
    return things if me.role is Role.ADMIN else {**things, **await _their_own(company, me, str(customer.id))}


async def _of_an_agent(company: Company, me: Actor, ticket: tickets.Ticket) -> dict[str, str]:
    """A reply that is held, and a notification."""
    async with company.database.transaction(company.organization_id) as tx:
        held = await tickets.hold(tx, ticket.id, seen_by=me)
        way = email.Way(send_at=clock.now() + timedelta(hours=1))
        comment = await email.answer(tx, held, Words("Wait"), way, by=me, source=Source.API)
    fact = tickets.TicketAssigned(**about(ticket, company.dave.user_id), before=None, after=me.user_id)
    await notifications.notify_assignee(company.installation, company.organization_id, fact=fact)
    async with company.database.reading(company.organization_id) as tx:
        told = (await notifications.notifications_of(tx, me))[0]
    return {"comments": str(comment.id), "notifications": str(told.id)}


async def _their_own(company: Company, me: Actor, customer_id: str) -> dict[str, str]:
    """In place of an administrator's: a customer, a token, an invitation and words of their own."""
    theirs = {"users": customer_id, "people": customer_id}
    if not me.is_agent:
        return theirs
    async with company.database.transaction(company.organization_id) as tx:
        theirs["tokens"] = str((await access.create_token(tx, me.user_id, "test"))[0].id)
        await tx.run("delete from wordings")
        for path, kind in {"signatures": wording.Kind.SIGNATURE, "templates": wording.Kind.TEMPLATE}.items():
            owner = wording.Owner(user_id=me.user_id)
            draft = wording.Draft(kind, {"en": wording.Text("Hello")}, owner=owner, name="Greeting")
            theirs[path] = str((await wording.add_wording(tx, draft, by=me)).id)
        if me.department_ids:
            asked = NewInvitation(f"theirs.{ids.new().hex}@acme.test", department_ids=list(me.department_ids))
            theirs["invitations"] = str((await access.invite(tx, asked, by=me)).id)
    return theirs
