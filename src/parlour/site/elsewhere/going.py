"""Signing in through another identity provider."""

from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from parlour import access
from parlour.access import providers
from parlour.entrance import Request, arriving, pages, public
from parlour.foundation.errors import NotFound, Unauthenticated


@get("/sign-in/elsewhere", opt=public())
async def ask(request: Request) -> Response[Any]:
    """Which organization? A sign-in that is half done tells, or an address, by its domain."""
    try:
        token, client = arriving.half_done(request)
        waiting = await access.pending(request.installation, token, client)
    except Unauthenticated:
        return _page(request, "", asked=False)
    if waiting.step is not access.Step.PROVIDER:
        return _page(request, "", asked=False)
    offers = await providers.offers_of(request.installation, waiting.identity.organization_id)
    return _page(request, "", asked=False, offers=offers, only=True)


@post("/sign-in/elsewhere", opt=public())
async def answer(request: Request) -> Response[Any]:
    form = await request.form()
    address = str(form.get("email") or "").strip()[:254]
    offers = await providers.offers_for(request.installation, address)
    return _page(request, address, asked=True, offers=offers, next=_next(str(form.get("next") or "")))


@get("/sign-in/at/{slug:str}", opt=public())
async def at(request: Request, slug: FromPath[str]) -> Response[Any]:
    """All the providers of an organization that somebody named."""
    offers = await providers.offers_of(request.installation, await _organization(request, slug))
    next_page = _next(request.query_params.get("next", ""))
    return _page(request, "", asked=False, offers=offers, at=slug, next=next_page)


@get("/sign-in/at/{slug:str}/{provider_id:uuid}", opt=public())
async def go(request: Request, slug: FromPath[str], provider_id: FromPath[UUID]) -> Response[Any]:
    """To the provider. A link, not a form: our pages' forms may lead nowhere else."""
    organization_id = await _organization(request, slug)
    async with request.installation.database.reading(organization_id) as tx:
        provider = await providers.find_provider(tx, provider_id)
    if not provider.is_active:
        raise NotFound()
    next_page = _next(request.query_params.get("next", ""))
    return await arriving.sent_away(request, organization_id, provider, next_page)


@get("/sign-in/with/{provider_id:uuid}/metadata", opt=public())
async def metadata(request: Request, provider_id: FromPath[UUID]) -> Response[str]:
    """What we tell any identity provider of us, before there is such a connection too."""
    installation, certificate = request.installation, ""
    organization_id = await installation.database.doorways.organization_by_provider(provider_id)
    if organization_id:
        async with installation.database.reading(organization_id) as tx:
            certificate = await providers.shown_certificate(tx)
    ours = providers.our_metadata(
        providers.our_name(installation, provider_id),
        providers.saml_consumer(installation, provider_id),
        certificate,
    )
    return Response(ours, media_type="application/samlmetadata+xml")


async def _organization(request: Request, slug: str) -> UUID:
    found = await request.installation.database.doorways.organization_by_slug(slug)
    if found is None:
        raise NotFound()
    return found


def _next(asked: str) -> str:
    return pages.our_path(asked) or ""


def _page(request: Request, email: str, **context: Any) -> Response[Any]:
    known: dict[str, Any] = {
        "offers": [],
        "at": "",
        "only": False,
        "next": _next(request.query_params.get("next", "")),
        **context,
    }
    return pages.render(request, "site/elsewhere.html", headers={"cache-control": "no-store"}, email=email, **known)


ROUTES: Final = [ask, answer, at, go, metadata]
