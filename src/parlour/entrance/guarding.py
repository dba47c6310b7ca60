"""The guard at every route: who is it, may they, how often."""

from typing import Any, Final

from litestar import Litestar, Response
from litestar.enums import ScopeType
from litestar.handlers import HTTPRouteHandler

from parlour import access
from parlour.entrance import csrf
from parlour.entrance.arriving import admission
from parlour.entrance.arriving.clients import address_of, client_of
from parlour.entrance.browsers import origins
from parlour.entrance.identity import Identities, Visitor
from parlour.entrance.limits import Limit, Limits
from parlour.entrance.request import Request
from parlour.foundation import circumstances
from parlour.foundation.errors import Unauthenticated
from parlour.people import Permission

PUBLIC: Final = "PUBLIC"
"""Named by a route that is open to everybody, in a permission's place."""

_API: Final = "/api/"
_DASHBOARD: Final = "/dashboard"


def needs(permission: Permission, *, fresh: bool = False, confirmed: bool = False) -> dict[str, Any]:
    """A route's `opt`: who may come in.

    Both mean a dangerous act, for which a person must have shown who they are some minutes ago at most. `fresh`:
    programs with a token can't do it at all. `confirmed`: they can, if the token was made for it.
    """
    return {"permission": permission, "fresh": fresh, "confirmed": confirmed}


def public() -> dict[str, Any]:
    """A route's `opt`: everybody may come in, `request.visitor` says who did."""
    return {"permission": PUBLIC}


async def admit(request: Request) -> Response[None] | None:
    """Before every handler. Raises `Unauthenticated`, `Forbidden` or `TooManyRequests`."""
    if request.method == "OPTIONS":
        return await _methods(request)
    state = request.app.state
    identities: Identities = state["identities"]
    limits = limits_of(request)
    permission = request.route_handler.opt["permission"]
    try:
        visitor = await _visitor(request, identities)
    except Unauthenticated:
        if permission != PUBLIC:
            await _count(request, limits, None)
            raise
        visitor = None
    _introduce(request, visitor)
    if visitor and (visitor.session is None or visitor.session.is_app):
        await origins.note(request, visitor.actor.organization_id)
    if visitor and visitor.session and visitor.session.identity.privileges != visitor.standing.privileges:
        await admission.renew(request, visitor.actor, visitor.session, visitor.standing)
    await _count(request, limits, visitor)
    is_ours = not request.route_handler.opt.get("from_elsewhere")
    if is_ours and request.method not in csrf.SAFE and "authorization" not in request.headers:
        await csrf.check(request, visitor.session if visitor else None)
    if permission == PUBLIC:
        return None
    if visitor is None:
        raise Unauthenticated()
    visitor.actor.must(permission)
    if request.route_handler.opt.get("fresh"):
        _must_be_in_person(visitor)
    if request.route_handler.opt.get("fresh") or request.route_handler.opt.get("confirmed"):
        must_be_confirmed(request)
    if visitor.session and len(visitor.session.identities) > 1 and request.scope["path"].startswith(_DASHBOARD):
        places = await access.places_of(request.installation, visitor.session)
        request.scope["state"]["other_places"] = [place for place in places if not place.is_here]
    if limit := request.route_handler.opt.get("limit"):
        await limits.spend(request, limit, str(visitor.actor.user_id), visitor.actor.organization_id)
    return None


def limits_of(request: Request) -> Limits:
    """For what only a handler can count: sign-ins, by account and by address."""
    found: Limits = request.app.state["limits"]
    return found


def unguarded(app: Litestar) -> list[str]:
    """The routes that name neither a permission nor `PUBLIC`: there must be none."""
    return [
        f"{sorted(handler.http_methods)} {route.path}"
        for route in app.routes
        if route.scope_type is ScopeType.HTTP
        for handler in getattr(route, "route_handlers", ())
        if isinstance(handler, HTTPRouteHandler) and handler.http_methods != {"OPTIONS"}
        if handler.opt.get("permission") not in (PUBLIC, *Permission)
    ]


async def _methods(request: Request) -> Response[None]:
    allowed = {"OPTIONS"}
    for route in request.app.routes:
        if route.path_format == request.scope["path_template"]:
            allowed |= set(route.methods)
    if "GET" in allowed:
        allowed.add("HEAD")
    told = await origins.asked_beforehand(request)
    return Response(None, status_code=204, headers={"allow": ", ".join(sorted(allowed)), **told})


async def _visitor(request: Request, identities: Identities) -> Visitor | None:
    if authorization := request.headers.get("authorization"):
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated()
        return await identities.by_token(token.strip(), client_of(request))
    cookie = admission.session_token(request)
    return await identities.by_session(cookie, client_of(request)) if cookie else None


def must_be_confirmed(request: Request) -> None:
    """For what turns out to be dangerous only by what was sent. Raises `ConfirmFirst`; a token was confirmed when it
    was made.
    """
    session: access.Session | None = request.auth
    if session is None:
        return
    standing: access.Standing = request.scope["state"]["standing"]
    if not access.is_fresh(session, standing, request.installation.settings.confirm_minutes):
        raise access.ConfirmFirst()


def _must_be_in_person(visitor: Visitor) -> None:
    if visitor.session is None:
        raise access.OnlyInPerson()


def _introduce(request: Request, visitor: Visitor | None) -> None:
    request.scope["user"] = visitor.actor if visitor else None
    request.scope["auth"] = visitor.session if visitor else None
    request.scope["state"]["standing"] = visitor.standing if visitor else None
    request.scope["state"]["token_scopes"] = visitor.scopes if visitor else None
    circumstances.asked_by(visitor.actor if visitor else None, address_of(request))
    if visitor and visitor.place:
        request.scope["state"]["session_token"] = visitor.place
    if visitor and visitor.session:
        request.scope["state"]["csrf_token"] = csrf.masked(visitor.session.csrf)


async def _count(request: Request, limits: Limits, visitor: Visitor | None) -> None:
    if request.scope["path"].startswith(_API) and not request.route_handler.opt.get("uncounted"):
        actor = visitor.actor if visitor else None
        whose = str(actor.user_id) if actor else address_of(request)
        await limits.spend(request, Limit.API, whose, actor.organization_id if actor else None)
