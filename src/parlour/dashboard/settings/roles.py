"""Roles: what each allows, in words; made as a copy of another, changed, removed."""

from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.datastructures import FormMultiDict
from litestar.params import FromPath

from parlour import people
from parlour.dashboard.settings.sheet import sheet, words
from parlour.entrance import Request, needs, pages
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Invalid, NotFound, Problem
from parlour.people import ALLOWED, CustomRole, Permission, Reach, Role, RoleDraft

_HERE: Final = "/dashboard/settings/roles"
# The form asks beforehand, so that nothing that was filled in is lost.
_MANAGES: Final = needs(Permission.MANAGE_ROLES, fresh=True)
_NAMES_SHOWN: Final = 20
_ABOUT: Final = {
    Role.ADMIN: "Sees and may do everything.",
    Role.MANAGER: "Answers customers, looks after departments, tags and the bin.",
    Role.AGENT: "Answers customers.",
    Role.CUSTOMER: "Writes in, and follows their own tickets.",
}


class _BuiltIn(msgspec.Struct, frozen=True):
    role: Role
    about: str
    permissions: frozenset[Permission]
    people: int


@get(_HERE, opt=needs(Permission.READ_PEOPLE))
async def show(request: Request) -> Response[str]:
    async with request.reading() as tx:
        found, counts = await people.custom_roles(tx), await people.how_many_are(tx)
    built_in = [_BuiltIn(role, _ABOUT[role], ALLOWED[role], counts.get(role, 0)) for role in Role]
    may_manage = request.actor.may(Permission.MANAGE_ROLES)
    return await sheet(request, "roles", found=found, built_in=built_in, areas=_areas(), may_manage=may_manage)


@get(_HERE + "/new", opt=_MANAGES)
async def new(request: Request) -> Response[str]:
    async with request.reading() as tx:
        draft = await _copied(tx, request.query_params.get("of", ""))
    return await _form(request, draft)


@post(_HERE, opt=_MANAGES)
async def add(request: Request) -> Response[Any]:
    form = await request.form()
    kind = _one(Role, words(form, "kind"))
    if kind not in people.ALWAYS:
        raise Invalid("Administrators may do everything; a role is for everybody else.")
    draft = _draft(form, kind)
    try:
        async with request.transaction() as tx:
            role = await people.add_custom_role(tx, draft, by=request.actor)
    except Problem as problem:
        if problem.status == 403:
            raise
        return await _form(request, draft, problem=problem)
    return pages.redirect(_HERE, f"{role.name} is there. Give it to people on the page People.")


@get(_HERE + "/{role_id:uuid}", opt=_MANAGES)
async def one(request: Request, role_id: FromPath[UUID]) -> Response[str]:
    async with request.reading() as tx:
        role = await people.find_custom_role(tx, role_id)
    return await _form(request, _draft_of(role), role)


@post(_HERE + "/{role_id:uuid}", opt=_MANAGES)
async def change(request: Request, role_id: FromPath[UUID]) -> Response[Any]:
    form = await request.form()
    async with request.reading() as tx:
        role = await people.find_custom_role(tx, role_id)
    draft = _draft(form, role.kind)
    try:
        async with request.transaction() as tx:
            changed = await people.change_custom_role(tx, role, draft, by=request.actor)
    except Problem as problem:
        if problem.status in (403, 404):
            raise
        return await _form(request, draft, role, problem)
    request.forget_identities()
    return pages.redirect(_HERE, f"{changed.name} is saved.")


@post(_HERE + "/{role_id:uuid}/remove", opt=_MANAGES)
async def remove(request: Request, role_id: FromPath[UUID]) -> Response[Any]:
    form = await request.form()
    async with request.transaction() as tx:
        role = await people.find_custom_role(tx, role_id)
        chosen = words(form, "instead")
        instead = await people.find_custom_role(tx, _uuid(chosen)) if chosen else None
        await people.remove_custom_role(tx, role, by=request.actor, instead=instead)
    request.forget_identities()
    return pages.redirect(_HERE, f"{role.name} is gone.")


async def _form(
    request: Request, draft: RoleDraft, role: CustomRole | None = None, problem: Problem | None = None
) -> Response[str]:
    async with request.reading() as tx:
        wearers = await people.people_who_are(tx, role, _NAMES_SHOWN) if role else []
        others = [each for each in await people.custom_roles(tx) if each.kind is draft.kind and role != each]
    return await sheet(
        request,
        "role",
        problem,
        role=role,
        draft=draft,
        areas=_areas(),
        always=people.ALWAYS[draft.kind],
        at_most=people.AT_MOST[draft.kind] & request.actor.permissions,
        beyond=people.BEYOND_DEPARTMENTS,
        wearers=wearers,
        others=[each for each in others if role is None or each.id != role.id],
    )


def _areas() -> list[tuple[str, list[Permission]]]:
    return [(area.value, [each for each in Permission if each.area is area]) for area in people.Area]


async def _copied(tx: Transaction, source: str) -> RoleDraft:
    """A new role that begins as another one is: built in, or of the organization's own making."""
    if source in (Role.MANAGER, Role.AGENT, Role.CUSTOMER):
        return RoleDraft("", "", Role(source), Reach.ORGANIZATION, ALLOWED[Role(source)])
    if not source:
        return RoleDraft("", "", Role.AGENT, Reach.ORGANIZATION, ALLOWED[Role.AGENT])
    return msgspec.structs.replace(_draft_of(await people.find_custom_role(tx, _uuid(source))), name="")


def _draft_of(role: CustomRole) -> RoleDraft:
    return RoleDraft(role.name, role.description, role.kind, role.reach, role.permissions)


def _draft(form: FormMultiDict, kind: Role) -> RoleDraft:
    permissions = frozenset(_one(Permission, str(value)) for value in form.getall("permission", []))
    reach = _one(Reach, words(form, "reach") or Reach.ORGANIZATION.value)
    return RoleDraft(words(form, "name"), words(form, "description"), kind, reach, permissions)


def _one(kind: type[Any], value: str) -> Any:
    try:
        return kind(value)
    except ValueError as strange:
        raise Invalid("Choose one of the list.") from strange


def _uuid(value: str) -> UUID:
    try:
        return UUID(value)
    except ValueError as strange:
        raise NotFound() from strange
