"""Identity providers: what to paste where, whether they answer, whom they make of whom."""

from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from parlour import people
from parlour.access import providers
from parlour.dashboard.settings.sheet import sheet
from parlour.dashboard.settings.single_sign_on import forms
from parlour.dashboard.settings.single_sign_on.forms import Written
from parlour.entrance import Request, needs, pages
from parlour.foundation import ids
from parlour.foundation.errors import Problem
from parlour.people import Permission, Role

HERE: Final = "/dashboard/settings/single-sign-on"
LOOKS: Final = needs(Permission.MANAGE_SECURITY)
MANAGES: Final = needs(Permission.MANAGE_SECURITY, fresh=True)
_EMPTY_ROWS: Final = 3


@get(HERE, opt=LOOKS)
async def show(request: Request) -> Response[str]:
    return await listed(request)


async def listed(request: Request, written: str = "", problem: Problem | None = None) -> Response[str]:
    """Providers and claimed domains."""
    async with request.reading() as tx:
        known, claimed = await providers.providers(tx), await providers.claimed_domains(tx)
        rule = await providers.only_providers(tx)
        our_keys = await providers.our_keys(tx)
        administrators = [user for user in await people.agents(tx) if user.role is Role.ADMIN]
    is_asked = request.installation.settings.mail_dns != "off"
    return await sheet(
        request,
        "single_sign_on",
        problem,
        found=known,
        claimed=claimed,
        written=written,
        is_asked=is_asked,
        rule=rule,
        administrators=administrators,
        our_keys=our_keys,
        old_keys_count_for=providers.OLD_KEYS_COUNT_FOR.days,
    )


@post(HERE + "/only", opt=MANAGES)
async def only(request: Request) -> Response[Any]:
    form = await request.form()
    try:
        rule = providers.OnlyProviders(bool(form.get("is_asked")), forms.person_in(form))
        async with request.transaction() as tx:
            await providers.set_only_providers(tx, rule, by=request.actor)
    except Problem as problem:
        return await listed(request, problem=problem)
    request.forget_identities()
    said = "Your team comes in through your providers only." if rule.is_asked else "Passwords are allowed again."
    return pages.redirect(HERE, said)


@get(HERE + "/new", opt=MANAGES)
async def new(request: Request) -> Response[str]:
    kind = forms.chosen(providers.Kind, request.query_params.get("kind", providers.Kind.GOOGLE), "kind")
    return await _form(request, (kind, ids.new()), Written(name=_NAMES[kind]))


@post(HERE, opt=MANAGES)
async def add(request: Request) -> Response[Any]:
    form = await request.form()
    kind = forms.chosen(providers.Kind, str(form.get("kind") or ""), "kind")
    provider_id = forms.new_id(form)
    try:
        draft = await forms.draft_of(form, kind, request.installation)
        async with request.transaction() as tx:
            provider = await providers.add_provider(tx, request.installation, draft, provider_id, by=request.actor)
    except Problem as problem:
        return await _form(request, (kind, provider_id), forms.typed(form), problem=problem)
    return pages.redirect(f"{HERE}/{provider.id}", f"{provider.name} is set up. Test it, then sign in once yourself.")


@get(HERE + "/{provider_id:uuid}", opt=MANAGES)
async def one(request: Request, provider_id: FromPath[UUID]) -> Response[str]:
    provider = await _found(request, provider_id)
    return await _form(request, (provider.kind, provider_id), await _written(request, provider), provider)


@post(HERE + "/{provider_id:uuid}", opt=MANAGES)
async def change(request: Request, provider_id: FromPath[UUID]) -> Response[Any]:
    form, provider = await request.form(), await _found(request, provider_id)
    try:
        draft = await forms.draft_of(form, provider.kind, request.installation)
        async with request.transaction() as tx:
            await providers.change_provider(tx, request.installation, provider, draft, by=request.actor)
    except Problem as problem:
        return await _form(request, (provider.kind, provider_id), forms.typed(form), provider, problem=problem)
    return pages.redirect(f"{HERE}/{provider_id}", "Saved.")


@post(HERE + "/{provider_id:uuid}/test", opt=LOOKS)
async def test(request: Request, provider_id: FromPath[UUID]) -> Response[Any]:
    provider = await _found(request, provider_id)
    try:
        said = await providers.check_provider(request.installation, request.actor.organization_id, provider)
    except providers.NotRight as problem:
        return await _form(
            request, (provider.kind, provider_id), await _written(request, provider), provider, problem=problem
        )
    return pages.redirect(f"{HERE}/{provider_id}", said)


@post(HERE + "/{provider_id:uuid}/groups", opt=MANAGES)
async def groups(request: Request, provider_id: FromPath[UUID]) -> Response[Any]:
    form, provider = await request.form(), await _found(request, provider_id)
    try:
        rules = forms.rules_in(form)
        async with request.transaction() as tx:
            await providers.set_rules(tx, provider, rules, by=request.actor)
    except Problem as problem:
        return await _form(
            request, (provider.kind, provider_id), await _written(request, provider), provider, problem=problem
        )
    return pages.redirect(f"{HERE}/{provider_id}", "The groups are saved. They count from each person's next sign-in.")


@post(HERE + "/{provider_id:uuid}/remove", opt=MANAGES)
async def remove(request: Request, provider_id: FromPath[UUID]) -> Response[Any]:
    async with request.transaction() as tx:
        provider = await providers.find_provider(tx, provider_id)
        await providers.remove_provider(tx, provider, by=request.actor)
    return pages.redirect(HERE, f"{provider.name} is gone: nobody comes in through it any more.")


async def _found(request: Request, provider_id: UUID) -> providers.Provider:
    async with request.reading() as tx:
        return await providers.find_provider(tx, provider_id)


async def _written(request: Request, provider: providers.Provider) -> Written:
    if provider.kind is not providers.Kind.SAML:
        return forms.written_of(provider)
    async with request.reading() as tx:
        return forms.written_of(provider, await providers.connection_of(tx, provider.id))


async def _form(
    request: Request,
    which: tuple[providers.Kind, UUID],
    written: Written,
    provider: providers.Provider | None = None,
    *,
    problem: Problem | None = None,
) -> Response[str]:
    kind, provider_id = which
    async with request.reading() as tx:
        rules = await providers.rules_of(tx, provider_id)
        departments = await people.departments(tx)
        custom_roles = await people.custom_roles(tx)
        organization = await people.this_organization(tx)
        our_keys = await providers.our_keys(tx)
    return await sheet(
        request,
        "identity_provider",
        problem,
        kind=kind,
        kinds=list(providers.Kind),
        nobody=forms.NOBODY,
        names=_NAMES,
        provider=provider,
        provider_id=provider_id,
        return_address=providers.return_address(request.installation, provider_id),
        our_name=providers.our_name(request.installation, provider_id),
        consumer=providers.saml_consumer(request.installation, provider_id),
        left_address=providers.left_address(request.installation, provider_id),
        written=written,
        rules=rules,
        empty_rows=_EMPTY_ROWS,
        departments=departments,
        custom_roles=custom_roles,
        custom=forms.CUSTOM,
        slug=organization.slug,
        our_keys=our_keys,
    )


_NAMES: Final = {
    providers.Kind.GOOGLE: "Google",
    providers.Kind.MICROSOFT: "Microsoft",
    providers.Kind.GITHUB: "GitHub",
    providers.Kind.OPENID: "",
    providers.Kind.SAML: "",
}
