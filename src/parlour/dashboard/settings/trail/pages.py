"""The page itself, and what is done on it."""

from typing import Any, Final
from urllib.parse import quote

from litestar import Response, get, post
from litestar.response import Stream

from parlour import audit, people
from parlour.audit import Act, Entry, Form, Group
from parlour.dashboard.settings.sheet import sheet, words
from parlour.dashboard.settings.trail.asking import HERE, Asked, asked_of, edge_of, filter_of, written
from parlour.entrance import Request, needs, pages
from parlour.foundation import clock
from parlour.foundation.errors import BadRequest, Invalid
from parlour.people import Permission, Role

_PAGE: Final = 50
_READS: Final = needs(Permission.READ_AUDIT)
_MOST_VERIFIED: Final = 100_000
_GROUPS: Final = {
    Group.SIGN_IN: "Signing in",
    Group.PEOPLE: "People",
    Group.TOKENS: "API tokens",
    Group.SETTINGS: "Settings",
    Group.MAIL: "Mail",
    Group.TICKETS: "Tickets",
    Group.AUDIT: "The audit trail",
}


@get(HERE, opt=_READS)
async def show(request: Request) -> Response[str]:
    asked = asked_of(request)
    wanted, after = filter_of(asked), edge_of(asked)
    async with request.transaction() as tx:
        found = await audit.trail_page(tx, wanted, after, _PAGE + 1)
        keep_days = await audit.keep_days(tx)
        await audit.note_look(tx, wanted, by=request.actor)
    rows = found[:_PAGE]
    return await sheet(
        request,
        "audit",
        asked=asked,
        rows=[(entry, _lines(entry)) for entry in rows],
        older=asked.href(after=written((rows[-1].at, rows[-1].position))) if len(found) > _PAGE else None,
        groups=[(group, title, [act for act in Act if act.group is group]) for group, title in _GROUPS.items()],
        words_of=audit.words_of,
        about=_about(asked, rows),
        keep_days=keep_days,
        least_days=audit.LEAST_DAYS,
        most_days=audit.MOST_DAYS,
        may_change=request.actor.role is Role.ADMIN,
    )


@get(HERE + "/export", opt=needs(Permission.READ_AUDIT, fresh=True))
async def export(request: Request) -> Response[Any]:
    asked, now = asked_of(request), clock.now()
    wanted = filter_of(asked)
    try:
        form = Form(request.query_params.get("format", "csv"))
    except ValueError as strange:
        raise BadRequest("It is written as csv or as jsonl.") from strange
    organization_id = request.actor.organization_id
    async with request.transaction() as tx:
        await audit.note_export(tx, wanted, form, by=request.actor)
    return Stream(
        audit.export_trail(request.installation.database, organization_id, wanted, form, now),
        media_type=form.media_type,
        headers={
            "content-disposition": f"attachment; filename*=UTF-8''{quote(f'audit-{now:%Y-%m-%d}.{form}')}",
            "cache-control": "private, no-store",
        },
    )


@post(HERE + "/verify", opt=_READS)
async def verify(request: Request) -> Response[Any]:
    async with request.reading() as tx:
        length = await audit.trail_length(tx)
    if length > _MOST_VERIFIED:
        said = "That is more than can be read while you wait: ask whoever runs Parlour for “parlour audit verify”."
        return pages.redirect(HERE, said, tone="error")
    verdict = await audit.verify(request.installation, request.actor.organization_id)
    if verdict.trouble:
        return pages.redirect(HERE, f"The chain is broken: {verdict.trouble}", tone="error")
    records = "1 record" if verdict.records == 1 else f"{verdict.records:,} records"
    return pages.redirect(HERE, f"The chain is whole: {records}, none changed, none missing.")


@post(HERE + "/retention", opt=needs(Permission.MANAGE_ORGANIZATION, fresh=True))
async def keep(request: Request) -> Response[Any]:
    people.must_be_administrator(request.actor)
    typed = words(await request.form(), "keep_days")
    days = int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= 6 else 0
    try:
        async with request.transaction() as tx:
            await audit.set_keep_days(tx, days)
    except Invalid as problem:
        return pages.redirect(HERE, " ".join(map(str, (problem.details or {}).values())), tone="error")
    return pages.redirect(HERE, f"Records are kept for {days:,} days.")


def _about(asked: Asked, rows: list[Entry]) -> list[tuple[str, str]]:
    """What is asked that the form has no field for: in words, and the page without it."""
    first = rows[0] if rows else None
    about = []
    if asked.actor:
        name = (first.actor_name if first else None) or "one person"
        about.append((f"By {name}", asked.href(actor="")))
    if asked.subject:
        label = (first.subject_label if first else None) or "one thing"
        about.append((f"On {label}", asked.href(subject="")))
    if asked.address:
        about.append((f"From {asked.address}", asked.href(address="")))
    return about


def _lines(entry: Entry) -> list[tuple[str, str, str | None]]:
    """The details, a line each: what it is, how it is, and how it was before where it changed."""
    before, after = entry.details.get("before"), entry.details.get("after")
    if isinstance(before, dict) and isinstance(after, dict):
        return [(_named(name), _said(after[name]), _said(before.get(name))) for name in after]
    return [(_named(name), _said(value), None) for name, value in entry.details.items()]


def _named(name: str) -> str:
    return name.replace("_", " ").replace(".", " · ").capitalize()


def _said(value: Any) -> str:
    match value:
        case None | "" | []:
            return "nothing"
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(map(str, value))
    return str(value)
