"""One's own security, the same at every door: password, second factor, backup codes, browsers, sessions.

Passkeys are in `own_passkeys.py`.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect

from parlour import access
from parlour.access import Device, Party, Passkey, Proof, SecondFactor, SignedIn, providers
from parlour.entrance import pages
from parlour.entrance.arriving import admission, passkeys
from parlour.entrance.request import Request
from parlour.foundation import clock
from parlour.foundation.errors import Invalid, NotFound, Problem


class Mine(msgspec.Struct, frozen=True):
    """What a page about one's own security shows."""

    second_factor: SecondFactor | None
    has_password: bool
    sessions: list[SignedIn]
    devices: list[Device]
    passkeys: list[Passkey]
    party: Party
    """Where this page is: passkeys of another host are of no use here."""
    is_connected: bool
    """To an account at an identity provider."""
    may_connect: bool
    """There are providers; and this is the installation's own address, to which they lead back."""

    @property
    def has_second_step(self) -> bool:
        return self.second_factor is not None or bool(self.passkeys)

    @property
    def only_by_passkey(self) -> bool:
        """Nothing else opens their account, but for a link that they have sent to them."""
        return len(self.passkeys) == 1 and not self.has_password and not self.is_connected


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


Act = Callable[[Request, Place], Awaitable[Response[Any]]]
Route = tuple[Any, str, bool, Act]
"""How, where below the door's path, whether a fresh proof is needed, what."""


def routes(place: Place) -> list[HTTPRouteHandler]:
    """All of them, for one door."""
    return [route(place, *each) for each in _ROUTES]


def route(place: Place, method: Any, path: str, fresh: bool, act: Act) -> HTTPRouteHandler:
    async def handler(request: Request) -> Response[Any]:
        if place.enter:
            await place.enter(request)
        return await act(request, place)

    handler.__name__ = act.__name__.strip("_")
    made: HTTPRouteHandler = method(f"{place.path}{path}", opt=place.may(fresh))(handler)
    return made


def back(request: Request, place: Place, said: str, tone: str = "done") -> Redirect:
    """To the door's page about one's security."""
    path = place.path.replace(":str}", "}").format(**request.path_params)
    return pages.redirect(path, said, tone=tone)


async def mine(request: Request) -> Mine:
    actor, session = request.actor, request.auth
    async with request.reading() as tx:
        second_factor = await access.second_factor_of(tx, actor.user_id)
        has_password = await access.has_password(tx, actor.user_id)
        devices = await access.devices_of(tx, actor.user_id)
        found = await access.passkeys_of(tx, actor.user_id)
        is_connected = bool(await providers.connected(tx, actor.user_id))
        may_connect = bool(await providers.active_providers(tx)) and "portal" not in request.scope["state"]
    sessions = await access.sessions_of(
        request.installation, actor.organization_id, actor.user_id, this=session.id if session else None
    )
    party = passkeys.party_of(request)
    return Mine(second_factor, has_password, sessions, devices, found, party, is_connected, may_connect)


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
    try:
        renewed = await access.replace_session(request.installation, token, session, identity)
    except access.SessionChanged:
        if others_end:
            # Which of two browsers is theirs nobody can tell: what they have changed counts for both.
            await access.end_sessions_of(request.installation, actor.organization_id, actor.user_id)
        raise
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
    said = "Your password is changed. Every other browser is signed out."
    return back(request, place, f"{said} {await _of_programs(request)}".strip())


async def _set_up_form(request: Request, place: Place) -> Response[Any]:
    return await _show_enrolment(request, place)


async def _of_programs(request: Request) -> str:
    # They have keys of their own, and would stand still at night for a password they never knew.
    async with request.reading() as tx:
        tokens = await access.tokens_of(tx, request.actor.user_id)
    live = [token for token in tokens if token.expires_at is None or token.expires_at > clock.now()]
    if not live:
        return ""
    named = "Your API token goes" if len(live) == 1 else f"Your {len(live)} API tokens go"
    return f"{named} on working: revoke what you don’t know."


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
        return back(request, place, already.message, tone="error")
    return await place.show(request, "set_up", problem, enrolment=enrolment)


async def _remove(request: Request, place: Place) -> Response[Any]:
    async with request.transaction() as tx:
        await access.remove_second_factor(tx, request.actor.user_id)
    await changed(request)
    return back(request, place, "The app’s codes are off.")


async def _renew_codes(request: Request, place: Place) -> Response[Any]:
    try:
        async with request.transaction() as tx:
            codes = await access.renew_codes(tx, request.installation, request.actor.user_id)
    except access.NotSetUp as missing:
        return back(request, place, missing.message, tone="error")
    return await place.show(request, "codes", codes=codes)


async def _end_session(request: Request, place: Place) -> Response[Any]:
    actor = request.actor
    await access.end_one_of(request.installation, actor.organization_id, actor.user_id, _id(request))
    return back(request, place, "That browser is signed out.")


async def _end_others(request: Request, place: Place) -> Response[Any]:
    _, token = admission.session_in(request)
    actor = request.actor
    await access.end_sessions_of(request.installation, actor.organization_id, actor.user_id, except_for=token)
    return back(request, place, "Every other browser is signed out.")


async def _forget_device(request: Request, place: Place) -> Response[Any]:
    async with request.transaction() as tx:
        await access.forget_device(tx, request.actor.user_id, _id(request))
    return back(request, place, "That browser is asked for a code next time.")


_ROUTES: Final[tuple[Route, ...]] = (
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


def _id(request: Request) -> UUID:
    for name in ("session_id", "device_id"):
        if isinstance(found := request.path_params.get(name), UUID):
            return found
    raise NotFound()
