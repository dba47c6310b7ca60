"""The ledger of mail: every one that came in, what became of it, and what a person may still do about it."""

from typing import Any, Final
from urllib.parse import quote, urlencode
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Stream

from parlour import email, tickets
from parlour.dashboard.settings.sheet import sheet
from parlour.email import LedgerFilter, Outcome
from parlour.entrance import Request, needs, pages
from parlour.foundation.errors import BadRequest, Conflict
from parlour.people import Permission

_PAGE: Final = 30
_HERE: Final = "/dashboard/settings/ledger"
_MANAGES: Final = needs(Permission.MANAGE_MAIL)
_WAITING: Final = "WAITING"
_MOST_WORDS: Final = 200


class _Asked(msgspec.Struct, frozen=True):
    """What an address asks of this page, as it is written there."""

    mailbox: str
    outcome: str
    q: str
    before: str

    def address(self, **other: str) -> str:
        """This page with something else asked."""
        query = {name: value for name, value in (msgspec.structs.asdict(self) | other).items() if value}
        return _HERE + (f"?{urlencode(query)}" if query else "")


@get(_HERE, opt=_MANAGES)
async def show(request: Request) -> Response[str]:
    asked = _asked(request)
    wanted = _filter(asked)
    async with request.reading() as tx:
        mailboxes = await email.mailboxes(tx)
        summary = await email.ledger_summary(tx, wanted.mailbox_id)
        found = await email.ledger_page(tx, wanted, before=_id(asked.before), limit=_PAGE)
    return await sheet(
        request,
        "ledger",
        asked=asked,
        mailboxes=mailboxes,
        summary=summary,
        outcomes=[*Outcome, _WAITING],
        rows=found.rows,
        older=asked.address(before=str(found.older)) if found.older else None,
    )


@post(_HERE + "/{entry_id:uuid}/retry", opt=_MANAGES)
async def retry(request: Request, entry_id: FromPath[UUID]) -> Response[Any]:
    back = _asked(request).address()
    try:
        async with request.transaction() as tx:
            await email.retry(tx, entry_id)
    except email.NotToBeRetried as refused:
        return pages.redirect(back, refused.message, tone="error")
    return pages.redirect(back, "It is being read again.")


@post(_HERE + "/{entry_id:uuid}/ticket", opt=_MANAGES)
async def ticket(request: Request, entry_id: FromPath[UUID]) -> Response[Any]:
    actor = request.actor
    try:
        ticket_id = await email.admit_by_hand(request.installation, actor.organization_id, entry_id, by=actor)
    except Conflict as refused:
        return pages.redirect(_asked(request).address(), refused.message, tone="error")
    async with request.reading() as tx:
        made = await tickets.find(tx, ticket_id, seen_by=actor)
    return pages.redirect(f"/dashboard/tickets/{made.number}", f"The mail is on ticket #{made.number}.")


@get(_HERE + "/{entry_id:uuid}/raw", opt=_MANAGES)
async def raw(request: Request, entry_id: FromPath[UUID]) -> Response[Any]:
    """The bytes as they came, as a file of text: nothing of a stranger's mail opens as a page of ours."""
    async with request.transaction() as tx:
        row = await email.open_raw(tx, entry_id)
    return Stream(
        await request.installation.blobs.stream(row.blob_key, 0, row.size),
        media_type="text/plain",
        headers={
            "content-disposition": f"attachment; filename*=UTF-8''{quote(f'mail-{row.id}.txt')}",
            "content-length": str(row.size),
            "cache-control": "private, no-store",
        },
    )


def _asked(request: Request) -> _Asked:
    given = {name: request.query_params.get(name, "").replace("\x00", "").strip() for name in _Asked.__struct_fields__}
    return _Asked(**{**given, "q": given["q"][:_MOST_WORDS]})


def _filter(asked: _Asked) -> LedgerFilter:
    """Raises `BadRequest`."""
    is_waiting = asked.outcome == _WAITING
    try:
        outcome = Outcome(asked.outcome) if asked.outcome and not is_waiting else None
    except ValueError as strange:
        raise BadRequest("There is no such outcome.") from strange
    return LedgerFilter(mailbox_id=_id(asked.mailbox), outcome=outcome, is_waiting=is_waiting, words=asked.q)


def _id(written: str) -> UUID | None:
    try:
        return UUID(written) if written else None
    except ValueError as strange:
        raise BadRequest("That is no id.") from strange
