"""A ticket that an agent opens for a customer: a call, a conversation at the door."""

from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.datastructures import FormMultiDict, UploadFile

from parlour import people, tickets
from parlour.dashboard.answering import uuids
from parlour.dashboard.settings.sheet import blanks
from parlour.dashboard.shell import shell
from parlour.entrance import Limit, Request, needs, pages
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Problem
from parlour.people import Permission
from parlour.tickets import Opening, Priority, Source, Upload, Words

_OPENS: Final = needs(Permission.CHANGE_TICKETS)
_SOURCES: Final = (Source.PHONE, Source.EMAIL, Source.CHAT, Source.SOCIAL, Source.WEB_FORM)
_FOUND: Final = 8


@get("/dashboard/tickets/new", opt=_OPENS)
async def new(request: Request) -> Response[str]:
    return await _form(request, FormMultiDict([]), None)


@post("/dashboard/tickets/new", opt=_OPENS | {"uploads": True, "limit": Limit.TICKETS})
async def create(request: Request) -> Response[Any]:
    form = await request.form()
    try:
        async with request.transaction() as tx:
            ticket = await tickets.open(tx, await _opening(tx, request, form), by=request.actor)
    except Problem as problem:
        return await _form(request, form, problem)
    return pages.redirect(f"/dashboard/tickets/{ticket.number}", f"Ticket #{ticket.number} is open.")


@get("/dashboard/people", opt=needs(Permission.READ_PEOPLE))
async def people_named(request: Request) -> list[dict[str, str]]:
    """Whose name or address begins so: for the field that asks for a requester."""
    q = request.query_params.get("q", "").replace("\x00", "")[:200].strip()
    if not q:
        return []
    async with request.reading() as tx:
        found = await people.search_users(tx, people.UserSearch(q=q, limit=_FOUND))
    return [{"id": str(user.id), "name": user.name, "email": user.email} for user in found]


async def _opening(tx: Transaction, request: Request, form: FormMultiDict) -> Opening:
    requester = await people.customer_by_email(tx, _text(form, "email"), _text(form, "name"))
    return Opening(
        subject=_text(form, "subject"),
        words=Words(_text(form, "body"), attachment_ids=await _attachments(tx, request, form)),
        requester_id=requester.id,
        source=Source(_text(form, "source")) if _text(form, "source") in _SOURCES else Source.PHONE,
        priority=Priority(_text(form, "priority")) if _text(form, "priority") in list(Priority) else Priority.MEDIUM,
        department_id=_id(form, "department"),
        assignee_id=_id(form, "assignee"),
        tags=[name.strip() for name in _text(form, "tags").split(",") if name.strip()],
    )


async def _attachments(tx: Transaction, request: Request, form: FormMultiDict) -> list[UUID]:
    found = uuids([str(value) for value in form.getall("attachment", [])])
    for file in form.getall("files", []):
        if isinstance(file, UploadFile) and file.filename:
            upload = Upload(file.filename, file.content_type or "", await file.read())
            found.append((await tickets.store_attachment(tx, request.installation.blobs, upload, by=request.actor)).id)
    return found


async def _form(request: Request, form: FormMultiDict, problem: Problem | None) -> Response[str]:
    async with request.reading() as tx:
        departments = await people.departments(tx)
        context: dict[str, Any] = {
            "shell": await shell(tx, request.actor, departments),
            "agents": await people.agents(tx),
            "departments": departments,
            "tags": await tickets.tags(tx),
        }
    written = blanks({name: value for name, value in form.multi_items() if isinstance(value, str)})
    errors = blanks({name: str(said) for name, said in (problem.details or {}).items()} if problem else {})
    return pages.render(
        request,
        "dashboard/new_ticket.html",
        status=problem.status if problem else 200,
        written=written,
        errors=errors,
        problem=problem,
        sources=_SOURCES,
        **context,
    )


def _text(form: FormMultiDict, name: str) -> str:
    return str(form.get(name) or "")


def _id(form: FormMultiDict, name: str) -> UUID | None:
    found = uuids([_text(form, name)])
    return found[0] if found else None
