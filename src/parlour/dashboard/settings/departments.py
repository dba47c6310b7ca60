"""Departments and who works in them."""

from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from parlour import people
from parlour.dashboard.answering import uuids
from parlour.dashboard.settings.sheet import sheet, words
from parlour.entrance import Request, needs, pages
from parlour.foundation.errors import Problem
from parlour.people import Permission

_HERE: Final = "/dashboard/settings/departments"
_MANAGES: Final = needs(Permission.MANAGE_DEPARTMENTS)


@get(_HERE, opt=needs(Permission.READ_DEPARTMENTS))
async def show(request: Request) -> Response[str]:
    return await _page(request)


@post(_HERE, opt=_MANAGES)
async def add(request: Request) -> Response[Any]:
    form = await request.form()
    try:
        async with request.transaction() as tx:
            name, description = words(form, "name"), words(form, "description")
            department = await people.add_department(tx, name, description, by=request.actor)
    except Problem as problem:
        if problem.status == 403:
            raise
        return await _page(request, problem)
    return pages.redirect(_HERE, f"{department.name} is there. Choose who works in it.")


@post(_HERE + "/{department_id:uuid}", opt=_MANAGES)
async def change(request: Request, department_id: FromPath[UUID]) -> Response[Any]:
    form = await request.form()
    members = uuids([str(value) for value in form.getall("member", [])])
    try:
        async with request.transaction() as tx:
            department = await people.find_department(tx, department_id)
            name, description = words(form, "name"), words(form, "description")
            changed = await people.change_department(tx, department, name, description, by=request.actor)
            await people.set_members(tx, changed, members, by=request.actor)
    except Problem as problem:
        if problem.status in (403, 404):
            raise
        return await _page(request, problem)
    request.forget_identities()
    return pages.redirect(_HERE, f"{changed.name} is saved.")


@post(_HERE + "/{department_id:uuid}/remove", opt=_MANAGES)
async def remove(request: Request, department_id: FromPath[UUID]) -> Response[Any]:
    async with request.transaction() as tx:
        department = await people.find_department(tx, department_id)
        await people.remove_department(tx, department, by=request.actor)
    request.forget_identities()
    return pages.redirect(_HERE, f"{department.name} is gone. Its tickets stay, without a department.")


async def _page(request: Request, problem: Problem | None = None) -> Response[str]:
    async with request.reading() as tx:
        found, agents = await people.departments(tx), await people.agents(tx)
    may_manage = request.actor.may(Permission.MANAGE_DEPARTMENTS)
    return await sheet(request, "departments", problem, found=found, agents=agents, may_manage=may_manage)
