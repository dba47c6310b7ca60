"""Invitations: who was asked to answer customers here, and asking somebody."""

from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.datastructures import FormMultiDict
from litestar.params import FromPath

from parlour import access, email, people
from parlour.access import NewInvitation
from parlour.dashboard.settings.sheet import blanks, sheet, words
from parlour.entrance import Request, needs, pages
from parlour.foundation.errors import Invalid, Problem
from parlour.people import Permission, Reach, Role

_HERE: Final = "/dashboard/settings/invitations"
_INVITES: Final = needs(Permission.INVITE_PEOPLE)


@get(_HERE, opt=_INVITES)
async def show(request: Request) -> Response[str]:
    return await _page(request)


@post(_HERE, opt=needs(Permission.INVITE_PEOPLE, fresh=True))
async def invite(request: Request) -> Response[Any]:
    form = await request.form()
    try:
        new = _read(form)
        await access.count(request.installation, access.of_recipient(new.email))
        async with request.transaction() as tx:
            invitation = await access.invite(tx, new, by=request.actor)
            await email.send_invitation(tx, invitation)
    except Problem as problem:
        return await _page(request, problem, form)
    return pages.redirect(_HERE, f"{invitation.email} is invited.")


@post(_HERE + "/{invitation_id:uuid}/again", opt=_INVITES)
async def again(request: Request, invitation_id: FromPath[UUID]) -> Response[Any]:
    async with request.transaction() as tx:
        known = await access.find_invitation(tx, invitation_id)
        await access.count(request.installation, access.of_recipient(known.email))
        invitation = await access.invite_again(tx, known, by=request.actor)
        await email.send_invitation(tx, invitation)
    return pages.redirect(_HERE, f"{invitation.email} is sent another mail.")


@post(_HERE + "/{invitation_id:uuid}/revoke", opt=_INVITES)
async def revoke(request: Request, invitation_id: FromPath[UUID]) -> Response[Any]:
    async with request.transaction() as tx:
        invitation = await access.find_invitation(tx, invitation_id)
        await access.revoke_invitation(tx, invitation, by=request.actor)
    return pages.redirect(_HERE, f"The invitation of {invitation.email} is taken back.")


async def _page(request: Request, problem: Problem | None = None, form: FormMultiDict | None = None) -> Response[str]:
    actor = request.actor
    async with request.reading() as tx:
        departments = await people.departments(tx)
        found = await access.invitations(tx)
    invites_all = actor.may(Permission.MANAGE_AGENTS)
    return await sheet(
        request,
        "invitations",
        problem,
        found=found,
        theirs={one.id for one in found if access.may_invite(one, actor)},
        names={one.id: one.name for one in departments},
        departments=[one for one in departments if invites_all or one.id in actor.department_ids],
        chosen={str(one) for one in (form.getall("department", []) if form else ())},
        written=blanks({name: value for name, value in (form.multi_items() if form else ()) if isinstance(value, str)}),
        roles=[Role.AGENT, Role.MANAGER, Role.ADMIN] if invites_all else [Role.AGENT],
        invites_all=invites_all,
        days=access.INVITATION_DAYS,
    )


def _read(form: FormMultiDict) -> NewInvitation:
    try:
        role = Role(words(form, "role") or Role.AGENT)
        reach = Reach(words(form, "reach") or Reach.ORGANIZATION)
        departments = [UUID(str(one)) for one in form.getall("department", [])]
    except ValueError as strange:
        raise Invalid(details={"departmentIds": "Choose of the list."}) from strange
    return NewInvitation(words(form, "email"), role, reach, departments, words(form, "message"))
