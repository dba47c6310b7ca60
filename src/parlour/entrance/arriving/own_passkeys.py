"""One's own passkeys, the same at every door: made, renamed, removed."""

from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler

from parlour import access
from parlour.entrance.arriving import admission, passkeys
from parlour.entrance.arriving.own_security import Place, Route, back, changed, route
from parlour.entrance.request import Request
from parlour.foundation.errors import Conflict, Invalid, Problem, Unauthenticated


def routes(place: Place) -> list[HTTPRouteHandler]:
    """All of them, for one door."""
    return [route(place, *each) for each in _ROUTES]


async def add(request: Request, prove: access.Prove) -> None:
    """A new one, made by `prove`. Whoever had no second factor has one now: their other sessions end.

    Raises what `access.add_passkey` does.
    """
    session, _ = admission.session_in(request)
    is_first = not request.standing.has_second_factor
    shown = await prove(request.installation, session.identity)
    await changed(request, shown, others_end=is_first)


async def remove(request: Request, passkey_id: UUID) -> None:
    """Raises `NotFound` or `LastSecondFactor`."""
    async with request.transaction() as tx:
        await access.remove_passkey(tx, request.actor.user_id, request.actor.role, passkey_id)
    await changed(request)


async def _form(request: Request, place: Place, problem: Problem | None = None) -> Response[Any]:
    called = str((await request.form()).get("name") or "")[:200] if problem else passkeys.suggested(request)
    return await place.show(request, "passkey", problem, called=called, party=passkeys.party_of(request))


async def _begin(request: Request, place: Place) -> Response[Any]:
    session, _ = admission.session_in(request)
    return await passkeys.ask_to_make(request, session.identity)


async def _add(request: Request, place: Place) -> Response[Any]:
    try:
        prove = await passkeys.made_in(request)
        if prove is None:
            raise passkeys.NotAsked()
        await add(request, prove)
    except (Unauthenticated, Conflict, Invalid) as problem:
        # A page of one's own is never "sign in first".
        told = Conflict(problem.message) if isinstance(problem, Unauthenticated) else problem
        return await _form(request, place, told)
    return back(request, place, "Your passkey is there. From now on it opens your account.")


async def _rename(request: Request, place: Place) -> Response[Any]:
    name = str((await request.form()).get("name") or "")
    try:
        async with request.transaction() as tx:
            await access.rename_passkey(tx, request.actor.user_id, _id(request), name)
    except Invalid as problem:
        return await place.show(request, "overview", problem)
    return back(request, place, "Renamed.")


async def _remove(request: Request, place: Place) -> Response[Any]:
    try:
        await remove(request, _id(request))
    except access.LastSecondFactor as last:
        return back(request, place, last.message, tone="error")
    return back(request, place, "That passkey opens nothing any more. You can delete it from your device too.")


def _id(request: Request) -> UUID:
    found: UUID = request.path_params["passkey_id"]
    return found


_ROUTES: Final[tuple[Route, ...]] = (
    (get, "/passkeys/new", True, _form),
    (post, "/passkeys/begin", True, _begin),
    (post, "/passkeys", True, _add),
    (post, "/passkeys/{passkey_id:uuid}/rename", False, _rename),
    (post, "/passkeys/{passkey_id:uuid}/remove", True, _remove),
)
