"""People: agents and customers, found, added, changed."""

import contextlib
from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.datastructures import FormMultiDict
from litestar.params import FromPath

from parlour import access, people
from parlour.access import directory
from parlour.dashboard.settings.sheet import blanks, sheet, words
from parlour.entrance import Request, must_be_confirmed, needs, pages
from parlour.foundation.errors import Conflict, Forbidden, Invalid, Problem
from parlour.people import NewUser, Permission, Reach, Role, UserChanges, UserSearch, UserStatus

_PAGE: Final = 50
_HERE: Final = "/dashboard/settings/people"


@get(_HERE, opt=needs(Permission.READ_PEOPLE))
async def show(request: Request) -> Response[str]:
    return await _page(request)


@post(_HERE, opt=needs(Permission.MANAGE_CUSTOMERS))
async def add(request: Request) -> Response[Any]:
    form = await request.form()
    try:
        new = await _new(request, form)
        async with request.transaction() as tx:
            user = await people.admit(tx, new, by=request.actor)
    except access.ConfirmFirst:
        raise
    except Problem as problem:
        return await _page(request, problem, form)
    return pages.redirect(_HERE, f"{user.name} is in.")


@post(_HERE + "/{user_id:uuid}", opt=needs(Permission.MANAGE_CUSTOMERS))
async def change(request: Request, user_id: FromPath[UUID]) -> Response[Any]:
    form = await request.form()
    try:
        async with request.transaction() as tx:
            user = await people.find_user(tx, user_id)
            changes = _changes(form)
            if changes.concern_power_of(user):
                must_be_confirmed(request)
            changed = await access.change_user(tx, user, changes, by=request.actor)
    except (Invalid, people.AddressTaken) as problem:
        return await _page(request, problem, form)
    request.forget_identities()
    await access.after_change(request.installation, request.actor.organization_id, changed)
    return pages.redirect(_HERE, f"{changed.name} is changed.")


@post(_HERE + "/{user_id:uuid}/recover", opt=needs(Permission.MANAGE_AGENTS, fresh=True))
async def recover(request: Request, user_id: FromPath[UUID]) -> Response[Any]:
    """Somebody lost their phone and every backup code."""
    try:
        async with request.transaction() as tx:
            user = await people.find_user(tx, user_id)
            await access.take_away_second_factor(tx, user, by=request.actor)
    except (Conflict, Forbidden) as refused:
        return pages.redirect(_HERE, refused.message, tone="error")
    request.forget_identities()
    await access.end_sessions_of(request.installation, request.actor.organization_id, user.id)
    return pages.redirect(_HERE, f"{user.name} signs in without a second step until they set up a new one.")


async def _page(request: Request, problem: Problem | None = None, form: FormMultiDict | None = None) -> Response[str]:
    q = request.query_params.get("q", "").replace("\x00", "")[:200].strip()
    async with request.reading() as tx:
        agents = await people.team(tx)
        from_directory = await directory.managed(tx)
        with_second_step = await access.users_with_second_factor(tx)
        customers = await people.search_users(tx, UserSearch(role=Role.CUSTOMER, q=q, limit=_PAGE))
        customs = await people.custom_roles(tx)
    return await sheet(
        request,
        "people",
        problem,
        agents=agents,
        customers=customers,
        from_directory=from_directory,
        with_second_step=with_second_step,
        q=q,
        written=blanks({name: value for name, value in (form.multi_items() if form else ()) if isinstance(value, str)}),
        may_manage_agents=request.actor.may(Permission.MANAGE_AGENTS),
        roles=list(Role),
        customs=customs,
    )


async def _new(request: Request, form: FormMultiDict) -> NewUser:
    role, custom_role_id = _role(words(form, "role"))
    email, password = words(form, "email"), str(form.get("password") or "")
    if role is not Role.CUSTOMER:
        request.actor.must(Permission.MANAGE_AGENTS)
        must_be_confirmed(request)
    if password or role is not Role.CUSTOMER:
        await access.check_strength(password, email, words(form, "name"))
    hashed = await access.hashed_password(password) if password else None
    reach = _one(Reach, words(form, "reach"), Reach.ORGANIZATION)
    return NewUser(words(form, "name"), email, role, reach, hashed, custom_role_id)


def _changes(form: FormMultiDict) -> UserChanges:
    wanted: dict[str, Any] = {}
    if words(form, "name"):
        wanted["name"] = words(form, "name")
    if words(form, "role"):
        role, wanted["custom_role_id"] = _role(words(form, "role"))
        if wanted["custom_role_id"] is None:
            wanted["role"] = role
    for name, kind in (("reach", Reach), ("status", UserStatus)):
        if words(form, name):
            wanted[name] = _one(kind, words(form, name), None)
    return UserChanges(**wanted)


def _role(chosen: str) -> tuple[Role, UUID | None]:
    """A built-in role, or one of the organization's own, of which the kind is seen later."""
    with contextlib.suppress(ValueError):
        return Role.AGENT, UUID(chosen)
    return _one(Role, chosen, Role.CUSTOMER), None


def _one(kind: type[Any], value: str, otherwise: Any) -> Any:
    if not value and otherwise is not None:
        return otherwise
    try:
        return kind(value)
    except ValueError as strange:
        raise Invalid(details={kind.__name__.lower(): "Choose one of the list."}) from strange
