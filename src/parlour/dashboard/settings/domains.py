"""Sending domains: the records that an administrator pastes into the DNS, and whether they are there."""

from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from parlour import email
from parlour.dashboard.settings.sheet import sheet, words
from parlour.email import domains
from parlour.entrance import Request, needs, pages
from parlour.foundation.errors import Problem
from parlour.people import Permission

_HERE: Final = "/dashboard/settings/domains"
_MANAGES: Final = needs(Permission.MANAGE_MAIL)


@get(_HERE, opt=_MANAGES)
async def show(request: Request) -> Response[str]:
    return await _list(request)


@post(_HERE, opt=_MANAGES)
async def add(request: Request) -> Response[Any]:
    written = words(await request.form(), "domain")
    pairs = await domains.new_pairs()
    try:
        async with request.transaction() as tx:
            domain = await domains.add_domain(tx, request.installation.sealer, written, pairs)
    except Problem as problem:
        return await _list(request, written, problem)
    return pages.redirect(f"{_HERE}/{domain.id}", f"{domain.domain} has its keys. Add the records below, then check.")


@get(_HERE + "/{domain_id:uuid}", opt=_MANAGES)
async def one(request: Request, domain_id: FromPath[UUID]) -> Response[str]:
    return await _one(request, domain_id)


@post(_HERE + "/{domain_id:uuid}/check", opt=_MANAGES)
async def check(request: Request, domain_id: FromPath[UUID]) -> Response[Any]:
    try:
        domain = await domains.check_domain(request.installation, request.actor.organization_id, domain_id)
    except domains.NobodyToAsk as problem:
        return await _one(request, domain_id, problem)
    return pages.redirect(f"{_HERE}/{domain_id}", await _outcome(request, domain))


@post(_HERE + "/{domain_id:uuid}/renew", opt=_MANAGES)
async def renew(request: Request, domain_id: FromPath[UUID]) -> Response[Any]:
    pairs = await domains.new_pairs()
    try:
        async with request.transaction() as tx:
            domain = await domains.find_domain(tx, domain_id)
            await domains.renew_keys(tx, request.installation.sealer, domain, pairs)
    except domains.KeysWaiting as problem:
        return await _one(request, domain_id, problem)
    return pages.redirect(
        f"{_HERE}/{domain_id}", "The new keys are made. Add their records; the old ones sign until they are found."
    )


@post(_HERE + "/{domain_id:uuid}/remove", opt=_MANAGES)
async def remove(request: Request, domain_id: FromPath[UUID]) -> Response[Any]:
    async with request.transaction() as tx:
        domain = await domains.find_domain(tx, domain_id)
        await domains.remove_domain(tx, domain)
    return pages.redirect(_HERE, f"{domain.domain} is gone. Delete its records in the DNS in a week.")


async def _outcome(request: Request, domain: domains.SendingDomain) -> str:
    around = domains.surroundings_of(request.installation.settings)
    async with request.reading() as tx:
        records = domains.records_of(domain, await domains.keys_of(tx, domain.id), around)
    needed = [record for record in records if record.is_needed]
    found = sum(record.finding is domains.Finding.FOUND for record in needed)
    return f"{found} of {len(needed)} needed records were found."


async def _list(request: Request, written: str = "", problem: Problem | None = None) -> Response[str]:
    async with request.reading() as tx:
        found = await domains.sending_domains(tx)
        addresses = [mailbox.address for mailbox in await email.mailboxes(tx)]
    known = {domain.domain for domain in found}
    proposed = sorted({domains.domain_of(address) for address in addresses} - known - {""})
    return await sheet(request, "domains", problem, found=found, proposed=proposed, written=written)


async def _one(request: Request, domain_id: UUID, problem: Problem | None = None) -> Response[str]:
    around = domains.surroundings_of(request.installation.settings)
    sealer, organization_id = request.installation.sealer, request.actor.organization_id
    async with request.reading() as tx:
        domain = await domains.find_domain(tx, domain_id)
        keys = await domains.keys_of(tx, domain_id)
    shut = [key for key in keys if key.sealed and not await domains.opened(organization_id, sealer, key)]
    return await sheet(
        request,
        "domain",
        problem,
        domain=domain,
        records=domains.records_of(domain, keys, around),
        around=around,
        is_asked=request.installation.settings.mail_dns != "off",
        is_shut=bool(shut),
        is_waiting=keys[0].published_at is None,
    )
