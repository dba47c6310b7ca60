"""One's own security, the same at every door: password, second factor, backup codes, browsers, sessions."""

from collections.abc import Awaitable, Callable
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect

from parlour import access
from parlour.access import Device, Proof, SecondFactor, SignedIn
from parlour.entrance import pages
from parlour.entrance.arriving import admission
from parlour.entrance.request import Request
from parlour.foundation.errors import Invalid, NotFound, Problem


class Mine(msgspec.Struct, frozen=True):
    """What a page about one's own security shows."""

    second_factor: SecondFactor | None
    has_password: bool
    sessions: list[SignedIn]
    devices: list[Device]


Show = Callable[..., Awaitable[Response[Any]]]
"""Renders a door's page: `show(request, page, problem, **context)`."""


class Place(msgspec.Struct, frozen=True):
    """Where the pages are at a door. `path` may name parameters, as routes do."""

    path: str
    may: Callable[[bool], dict[str, Any]]
    """The routes' `opt`, with or without a fresh proof."""
    show: Show
    enter: Callable[[Request], Awaitable[object]] | None = None
    """Raises where this is not the asker's own door."""


def routes(place: Place) -> list[HTTPRouteHandler]:
    """All of them, for one door."""
    return [_route(place, *each) for each in _ROUTES]


async def mine(request: Request) -> Mine:
    actor, session = request.actor, request.auth
    async with request.reading() as tx:
        second_factor = await access.second_factor_of(tx, actor.user_id)
        has_password = await access.has_password(tx, actor.user_id)
        devices = await access.devices_of(tx, actor.user_id)
    sessions = await access.sessions_of(
        request.installation, actor.organization_id, actor.user_id, this=session.id if session else None
    )
    return Mine(second_factor, has_password, sessions, devices)


async def changed(request: Request, shown: Proof | None = None, *, others_end: bool = False) -> None:
    """What this session may do has changed: it gets a new cookie, and the others end or meet the new rule."""
    session, token = admission.session_in(request)
    actor = request.actor
    request.forget_identities()
    async with request.reading() as tx:
        standing = await access.standing_of(tx, actor.user_id)
    if standing is None:
        return
    identity = access.as_it_stands(session, standing, shown)
    renewed = await access.replace_session(request.installation, token, session, identity)
    admission.also_tell(request, *admission.continued(request, renewed))
    if others_end:
        await access.end_sessions_of(request.installation, actor.organization_id, actor.user_id, except_for=renewed)
    else:
        await access.announce(request.installation.cache, actor.organization_id, actor.user_id)


async def change_password(request: Request, present: str, new: str) -> None:
    """Needs the present one, and ends every other session. Raises `Invalid` or `TooManyRequests`."""
    session, _ = admission.session_in(request)
    try:
        shown = await access.by_password(present)(request.installation, session.identity)
    except access.WrongPassword as wrong:
        raise Invalid(details={"present": wrong.message}) from wrong
    if len(new) > access.LONGEST_PASSWORD:
        raise Invalid(details={"new": "That is longer than anybody can type: at most 1,000 characters."})
    try:
        await access.set_password(request.installation, request.actor, new)
    except access.WeakPassword as weak:
        raise Invalid(details={"new": (weak.details or {}).get("password")}) from weak
    await changed(request, shown, others_end=True)


async def set_up(request: Request, code: str) -> list[str]:
    """The backup codes. Raises `Invalid`, `AlreadySetUp` or `TooManyRequests`."""
    session, _ = admission.session_in(request)
    codes: list[str] = []
    try:
        shown = await access.by_setting_up(code, codes)(request.installation, session.identity)
    except access.WrongCode as wrong:
        raise Invalid(details={"code": wrong.message}) from wrong
    await changed(request, shown, others_end=True)
    return codes


async def _overview(request: Request, place: Place) -> Response[Any]:
    return await place.show(request, "overview")


async def _password(request: Request, place: Place) -> Response[Any]:
    form = await request.form()
    try:
        await change_password(request, str(form.get("present") or ""), str(form.get("new") or ""))
    except Problem as problem:
        return await place.show(request, "overview", problem)
    return _back(request, place, "Your password is changed. Every other browser is signed out.")


async def _set_up_form(request: Request, place: Place) -> Response[Any]:
    return await _show_enrolment(request, place)


async def _set_up(request: Request, place: Place) -> Response[Any]:
    form = await request.form()
    try:
        codes = await set_up(request, str(form.get("code") or ""))
    except Problem as problem:
        return await _show_enrolment(request, place, problem)
    return await place.show(request, "codes", codes=codes)


async def _show_enrolment(request: Request, place: Place, problem: Problem | None = None) -> Response[Any]:
    try:
        async with request.transaction() as tx:
            enrolment = await access.begin_enrolment(tx, request.installation, request.actor.user_id)
    except access.AlreadySetUp as already:
        return _back(request, place, already.message, tone="error")
    return await place.show(request, "set_up", problem, enrolment=enrolment)


async def _remove(request: Request, place: Place) -> Response[Any]:
    async with request.transaction() as tx:
        await access.remove_second_factor(tx, request.actor.user_id)
    await changed(request)
    return _back(request, place, "The second step is off.")


async def _renew_codes(request: Request, place: Place) -> Response[Any]:
    try:
        async with request.transaction() as tx:
            codes = await access.renew_codes(tx, request.installation, request.actor.user_id)
    except access.NotSetUp as missing:
        return _back(request, place, missing.message, tone="error")
    return await place.show(request, "codes", codes=codes)


async def _end_session(request: Request, place: Place) -> Response[Any]:
    actor = request.actor
    await access.end_one_of(request.installation, actor.organization_id, actor.user_id, _id(request))
    return _back(request, place, "That browser is signed out.")


async def _end_others(request: Request, place: Place) -> Response[Any]:
    _, token = admission.session_in(request)
    actor = request.actor
    await access.end_sessions_of(request.installation, actor.organization_id, actor.user_id, except_for=token)
    return _back(request, place, "Every other browser is signed out.")


async def _forget_device(request: Request, place: Place) -> Response[Any]:
    async with request.transaction() as tx:
        await access.forget_device(tx, request.actor.user_id, _id(request))
    return _back(request, place, "That browser is asked for a code next time.")


_ROUTES: Final[tuple[tuple[Any, str, bool, Any], ...]] = (
    (get, "", False, _overview),
    (post, "/password", False, _password),
    (get, "/second-factor", True, _set_up_form),
    (post, "/second-factor", True, _set_up),
    (post, "/second-factor/remove", True, _remove),
    (post, "/backup-codes", True, _renew_codes),
    (post, "/sessions/{session_id:uuid}/end", False, _end_session),
    (post, "/sessions/end-others", False, _end_others),
    (post, "/devices/{device_id:uuid}/forget", False, _forget_device),
)
"""How, where below the door's path, whether a fresh proof is needed, what."""


def _route(place: Place, method: Any, path: str, fresh: bool, act: Any) -> HTTPRouteHandler:
    async def handler(request: Request) -> Response[Any]:
        if place.enter:
            await place.enter(request)
        return await act(request, place)  # type: ignore[no-any-return]

    handler.__name__ = act.__name__.strip("_")
    made: HTTPRouteHandler = method(f"{place.path}{path}", opt=place.may(fresh))(handler)
    return made


def _back(request: Request, place: Place, said: str, tone: str = "done") -> Redirect:
    path = place.path.replace(":str}", "}").format(**request.path_params)
    return pages.redirect(path, said, tone=tone)


def _id(request: Request) -> UUID:
    for name in ("session_id", "device_id"):
        if isinstance(found := request.path_params.get(name), UUID):
            return found
    raise NotFound()
