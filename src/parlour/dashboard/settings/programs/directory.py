"""The company's directory (SCIM): its address, its tokens, and what its groups mean here."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from parlour import access, people
from parlour.access import directory
from parlour.dashboard.settings.programs.own import LIFETIMES, ends_at
from parlour.dashboard.settings.sheet import sheet, words
from parlour.entrance import Request, needs, pages
from parlour.foundation import clock
from parlour.foundation.errors import BadRequest, Invalid, NotFound, Problem
from parlour.people import Permission, Role

_HERE: Final = "/dashboard/settings/directory"
_MAY: Final = Permission.MANAGE_SECURITY
_MOST_GROUPS: Final = 200


@get(_HERE, opt=needs(_MAY))
async def show(request: Request) -> Response[str]:
    return await _page(request)


# Its token adds agents, and a group may make them administrators: only for who has just shown who they are.
@post(_HERE, opt=needs(_MAY, fresh=True))
async def make(request: Request) -> Response[Any]:
    """Answers with the page itself, never a redirect: the token's text is shown this once and kept nowhere."""
    form = await request.form()
    try:
        async with request.transaction() as tx:
            name, last = words(form, "name"), ends_at(words(form, "days"))
            _, text = await access.create_directory_token(tx, name, last, by=request.actor)
    except Problem as problem:
        return await _page(request, problem)
    response = await _page(request, secret=text)
    response.headers["cache-control"] = "no-store"
    return response


@post(_HERE + "/groups/{group_id:uuid}", opt=needs(_MAY, fresh=True))
async def give_meaning(request: Request, group_id: FromPath[UUID]) -> Response[Any]:
    form = await request.form()
    try:
        role, department_id = _chosen(words(form, "role"), words(form, "department"))
        async with request.transaction() as tx:
            group = await directory.find_group(tx, group_id)
            if department_id:
                await people.find_department(tx, department_id)
            changed = await directory.give_meaning(tx, group, role, department_id, by=request.actor)
    except (BadRequest, Invalid) as problem:
        return await _page(request, problem)
    request.forget_identities()
    for user in changed:
        await access.after_change(request.installation, request.actor.organization_id, user)
    return pages.redirect(_HERE, f"{group.name} is set. It concerns {len(group.members)} of your people.")


async def _page(request: Request, problem: Problem | None = None, secret: str | None = None) -> Response[str]:
    async with request.reading() as tx:
        tokens = [token for token in await access.all_tokens(tx) if token.user_id is None]
        groups, total = await directory.groups(tx, directory.Wanted(limit=_MOST_GROUPS))
        departments = await people.departments(tx)
    base = request.installation.settings.public_url.rstrip("/") or str(request.base_url).rstrip("/")
    return await sheet(
        request,
        "directory",
        problem,
        address=f"{base}/api/scim/v2",
        tokens=tokens,
        secret=secret,
        soon=clock.now() + timedelta(days=7),
        lifetimes=LIFETIMES,
        groups=groups,
        more=total - len(groups),
        roles=[role for role in Role if role is not Role.CUSTOMER],
        all_departments=departments,
    )


def _chosen(role: str, department: str) -> tuple[Role | None, UUID | None]:
    try:
        found = Role(role) if role else None, UUID(department) if department else None
    except ValueError as strange:
        raise NotFound() from strange
    if found[0] is Role.CUSTOMER:
        raise Invalid(details={"role": "A group of the directory holds agents."})
    return found
