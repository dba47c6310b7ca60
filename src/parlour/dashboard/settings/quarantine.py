"""Quarantine: mail that somebody has to look at first, several at once."""

from typing import Any, Final

from litestar import Response, get, post

from parlour import email
from parlour.dashboard.answering import uuids
from parlour.dashboard.settings.sheet import sheet, words
from parlour.entrance import Request, needs, pages
from parlour.foundation.errors import NotFound
from parlour.people import Permission

_PAGE: Final = 30
_HERE: Final = "/dashboard/settings/quarantine"
_MANAGES: Final = needs(Permission.MANAGE_MAIL)
_DONE: Final = {"release": "let in and being read", "reject": "turned away"}


@get(_HERE, opt=_MANAGES)
async def show(request: Request) -> Response[str]:
    before = next(iter(uuids([request.query_params.get("before", "")])), None)
    async with request.reading() as tx:
        found = await email.quarantined(tx, before, _PAGE + 1)
    rows = found[:_PAGE]
    older = f"{_HERE}?before={rows[-1].id}" if len(found) > _PAGE else None
    return await sheet(request, "quarantine", rows=rows, older=older, is_first=before is None)


@post(_HERE, opt=_MANAGES)
async def decide(request: Request) -> Response[Any]:
    form = await request.form()
    act, chosen = words(form, "act"), uuids([str(value) for value in form.getall("mail", [])])
    if act not in _DONE or not chosen:
        return pages.redirect(_HERE, "Choose at least one mail first.", tone="error")
    try:
        async with request.transaction() as tx:
            await (email.release if act == "release" else email.reject)(tx, chosen, by=request.actor)
    except NotFound:
        return pages.redirect(_HERE, "Somebody else decided about one of these just now. Look again.", tone="error")
    mails = "1 mail" if len(chosen) == 1 else f"{len(chosen)} mails"
    return pages.redirect(_HERE, f"{mails} {_DONE[act]}.")
