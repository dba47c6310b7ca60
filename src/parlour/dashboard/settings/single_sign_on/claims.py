"""Claimed domains: the record to paste into the DNS, and whether it is there."""

from typing import Any, Final
from uuid import UUID

from litestar import Response, post
from litestar.params import FromPath

from parlour.access import providers
from parlour.dashboard.settings.sheet import words
from parlour.dashboard.settings.single_sign_on.pages import HERE, MANAGES, listed
from parlour.entrance import Request, pages
from parlour.foundation.errors import Conflict, Problem

_CLAIMS: Final = f"{HERE}/claims"


@post(_CLAIMS, opt=MANAGES)
async def claim(request: Request) -> Response[Any]:
    written = words(await request.form(), "domain")
    try:
        async with request.transaction() as tx:
            claimed = await providers.claim_domain(tx, written, by=request.actor)
    except Problem as problem:
        return await listed(request, written, problem)
    return pages.redirect(HERE, f"Add the record of {claimed.domain} to its DNS, then check.")


@post(_CLAIMS + "/{claimed_id:uuid}/check", opt=MANAGES)
async def check(request: Request, claimed_id: FromPath[UUID]) -> Response[Any]:
    try:
        claimed = await providers.check_claimed_domain(request.installation, request.actor.organization_id, claimed_id)
    except Conflict as problem:
        return await listed(request, problem=problem)
    said = "was found" if claimed.verified_at else "is not there yet"
    return pages.redirect(HERE, f"The record of {claimed.domain} {said}.")


@post(_CLAIMS + "/{claimed_id:uuid}/remove", opt=MANAGES)
async def release(request: Request, claimed_id: FromPath[UUID]) -> Response[Any]:
    async with request.transaction() as tx:
        claimed = await providers.find_claimed_domain(tx, claimed_id)
        await providers.release_domain(tx, claimed, by=request.actor)
    return pages.redirect(HERE, f"{claimed.domain} is released.")
