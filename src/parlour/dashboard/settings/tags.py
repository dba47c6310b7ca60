"""Tags: their names and colours."""

from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from parlour import tickets
from parlour.dashboard.settings.sheet import sheet, words
from parlour.entrance import Request, needs, pages
from parlour.foundation.errors import Problem
from parlour.people import Permission

_HERE: Final = "/dashboard/settings/tags"
_MANAGES: Final = needs(Permission.MANAGE_TAGS)


@get(_HERE, opt=needs(Permission.READ_TAGS))
async def show(request: Request) -> Response[str]:
    return await _page(request)


@post(_HERE, opt=_MANAGES)
async def add(request: Request) -> Response[Any]:
    form = await request.form()
    try:
        async with request.transaction() as tx:
            tag = await tickets.add_tag(tx, words(form, "name"), words(form, "colour") or None)
    except Problem as problem:
        return await _page(request, problem)
    return pages.redirect(_HERE, f"The tag {tag.name} is there.")


@post(_HERE + "/{tag_id:uuid}", opt=_MANAGES)
async def change(request: Request, tag_id: FromPath[UUID]) -> Response[Any]:
    form = await request.form()
    try:
        async with request.transaction() as tx:
            tag = await tickets.find_tag(tx, tag_id)
            changed = await tickets.change_tag(tx, tag, words(form, "name"), words(form, "colour"))
    except Problem as problem:
        if problem.status == 404:
            raise
        return await _page(request, problem)
    return pages.redirect(_HERE, f"The tag {changed.name} is saved.")


@post(_HERE + "/{tag_id:uuid}/remove", opt=_MANAGES)
async def remove(request: Request, tag_id: FromPath[UUID]) -> Response[Any]:
    async with request.transaction() as tx:
        tag = await tickets.find_tag(tx, tag_id)
        await tickets.remove_tag(tx, tag)
    return pages.redirect(_HERE, f"The tag {tag.name} is gone.")


async def _page(request: Request, problem: Problem | None = None) -> Response[str]:
    async with request.reading() as tx:
        found = await tickets.tags(tx)
    may_manage = request.actor.may(Permission.MANAGE_TAGS)
    return await sheet(request, "tags", problem, found=found, colours=tickets.COLOURS, may_manage=may_manage)
