"""The pages between a first proof and a session, the same at every door: a code, setting one up, is it still you."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from litestar import Response
from litestar.datastructures import Cookie
from litestar.response import Redirect

from parlour import access
from parlour.access import Entered, Identity, Outcome, Proof, Step, Waiting, providers
from parlour.entrance import pages
from parlour.entrance.arriving import admission, cookies, passkeys
from parlour.entrance.request import Request
from parlour.foundation.errors import Conflict, Invalid, Problem, TooManyRequests, Unauthenticated
from parlour.foundation.installation import Installation


class Door(msgspec.Struct, frozen=True):
    """Whose pages they are: where its sign-in is, and what its templates need besides."""

    sign_in: str
    there: Callable[[Entered], Awaitable[str]]
    """Where somebody goes once they are in."""
    look: dict[str, Any] = {}


async def step_form(request: Request, door: Door, step: Step) -> Response[Any]:
    """The page that asks; or the way back to the beginning, where nothing is half done any more."""
    try:
        token, client = admission.half_done(request)
        waiting = await access.pending(request.installation, token, client)
    except Unauthenticated as over:
        return _from_the_beginning(request, door, over)
    if waiting.step is not step:
        return admission.step_page(door.sign_in, waiting, request.query_params.get("next", ""))
    return await _ask(request, door, waiting)


async def code_sent(request: Request, door: Door) -> Response[Any]:
    """A code of the app, a backup code, or a passkey."""
    form = await request.form()

    async def prove(installation: Installation, identity: Identity) -> Proof:
        passkey = await passkeys.shown_in(request)
        return await (passkey or access.by_code(str(form.get("code") or "")))(installation, identity)

    answer = await _answered(request, door, Step.SECOND_FACTOR, prove)
    if isinstance(answer, Response):
        return answer
    outcome, told = answer
    if form.get("remember") and isinstance(outcome, Entered):
        told += await admission.remember(request, outcome)
    return await arrived(request, door, outcome, told)


async def set_up_sent(request: Request, door: Door) -> Response[Any]:
    """The first code of an app, or a new passkey.

    Answers an app's code with the backup codes, never a redirect: they are shown this once. A passkey has none.
    """
    form = await request.form()
    codes: list[str] = []

    async def prove(installation: Installation, identity: Identity) -> Proof:
        passkey = await passkeys.made_in(request)
        return await (passkey or access.by_setting_up(str(form.get("code") or ""), codes))(installation, identity)

    answer = await _answered(request, door, Step.SET_UP, prove)
    if isinstance(answer, Response):
        return answer
    outcome, told = answer
    if isinstance(outcome, Waiting) or not codes:
        return await arrived(request, door, outcome, told)
    there = _next(form.get("next")) or await door.there(outcome)
    page = pages.render(
        request, "sign_in/codes.html", headers={"cache-control": "no-store"}, codes=codes, there=there, **door.look
    )
    return admission.with_cookies(page, told)


async def arrived(
    request: Request, door: Door, outcome: Outcome, told: list[Cookie], *, wanted: str = ""
) -> Response[Any]:
    """After any way to sign in: the next step's page, or wherever one wanted to go: `wanted`, or as the form says."""
    form = await request.form() if not wanted else {}
    wanted = wanted or _next(form.get("next"))
    if isinstance(outcome, Waiting):
        return admission.with_cookies(admission.step_page(door.sign_in, outcome, wanted), told)
    there = await door.there(outcome)
    return admission.with_cookies(Redirect(there, status_code=303), told)


async def confirm_form(request: Request, door: Door, problem: Problem | None = None) -> Response[Any]:
    """Is it still you?"""
    async with request.reading() as tx:
        has_password = await access.has_password(tx, request.actor.user_id)
        ways = await passkeys.ways_of(tx, request, request.actor.user_id)
    by_password = has_password and not request.standing.has_second_factor
    form = await request.form() if problem else {}
    is_stuck = ways.none and not by_password
    return pages.render(
        request,
        "sign_in/confirm.html",
        status=_status(problem),
        headers=_headers(problem),
        next=_next(request.query_params.get("next") or form.get("next")),
        ways=ways,
        by_password=by_password,
        offers=await providers.offers_of(request.installation, request.actor.organization_id) if is_stuck else [],
        refusal=problem.message if problem else "",
        action=request.url.path,
        **door.look,
    )


async def confirm_sent(request: Request, door: Door) -> Response[Any]:
    """The password, or a code or a passkey of whoever has a second factor."""
    form = await request.form()
    session, token = admission.session_in(request)
    standing = request.standing
    code, password = str(form.get("code") or ""), str(form.get("password") or "")
    try:
        prove = await passkeys.shown_in(request)
        prove = prove or (access.by_code(code) if standing.has_second_factor else access.by_password(password))
        renewed = await access.confirm(request.installation, token, session, standing, prove)
    except (Unauthenticated, TooManyRequests) as problem:
        return await confirm_form(request, door, problem)
    there = _next(form.get("next")) or "/"
    return Redirect(there, status_code=303, cookies=admission.continued(request, renewed))


async def _answered(
    request: Request, door: Door, step: Step, prove: access.Prove
) -> tuple[Outcome, list[Cookie]] | Response[Any]:
    try:
        return await admission.go_on(request, step, prove)
    except access.ChallengeOver as over:
        return _from_the_beginning(request, door, over)
    except (Unauthenticated, TooManyRequests, Invalid, Conflict) as problem:
        try:
            token, client = admission.half_done(request)
            waiting = await access.pending(request.installation, token, client)
        except Unauthenticated as over:
            return _from_the_beginning(request, door, over)
        return await _ask(request, door, waiting, problem)


async def _ask(request: Request, door: Door, waiting: Waiting, problem: Problem | None = None) -> Response[Any]:
    template = "sign_in/code.html" if waiting.step is Step.SECOND_FACTOR else "sign_in/set_up.html"
    form = await request.form() if problem else {}
    return pages.render(
        request,
        template,
        status=_status(problem),
        headers=_headers(problem),
        action=f"{door.sign_in}/{waiting.step}",
        sign_in=door.sign_in,
        next=_next(request.query_params.get("next") or form.get("next")),
        refusal=problem.message if problem else "",
        **await _about(request, waiting.identity, waiting.step),
        **door.look,
    )


async def _about(request: Request, identity: Identity, step: Step) -> dict[str, Any]:
    installation = request.installation
    if step is Step.SET_UP:
        async with installation.database.transaction(identity.organization_id) as tx:
            enrolment = await access.begin_enrolment(tx, installation, identity.user_id)
        can_have_passkey = passkeys.party_of(request).has_name
        return {
            "enrolment": enrolment,
            "can_have_passkey": can_have_passkey,
            "suggested": passkeys.suggested(request),
        }
    async with installation.database.reading(identity.organization_id) as tx:
        ways = await passkeys.ways_of(tx, request, identity.user_id)
        return {"ways": ways, "days": (await access.policy_of(tx)).device_days}


def _from_the_beginning(request: Request, door: Door, over: Unauthenticated) -> Response[Any]:
    answer = pages.redirect(door.sign_in, over.message, tone="error")
    answer.cookies.append(cookies.gone(request.installation.settings, cookies.CHALLENGE))
    return answer


def _status(problem: Problem | None) -> int:
    if problem is None:
        return 200
    return 429 if isinstance(problem, TooManyRequests) else 422


def _headers(problem: Problem | None) -> dict[str, str]:
    headers = {"cache-control": "no-store"}
    if isinstance(problem, TooManyRequests):
        headers["retry-after"] = str(problem.retry_after)
    return headers


def _next(asked: Any) -> str:
    return pages.our_path(str(asked or "")) or ""
