"""What the organization asks of whoever signs in: a second step, and how long a session lasts."""

from datetime import timedelta
from typing import Any, Final

from litestar import Response, get, post
from litestar.datastructures import FormMultiDict

from parlour import access
from parlour.access import Policy
from parlour.dashboard.settings.sheet import sheet, words
from parlour.entrance import Request, needs, pages
from parlour.foundation import clock
from parlour.foundation.errors import Invalid, Problem
from parlour.people import Permission, Role

_HERE: Final = "/dashboard/settings/sign-in"
_ROLES: Final = (Role.ADMIN, Role.MANAGER, Role.AGENT, Role.CUSTOMER)
_IDLE: Final = ((30, "30 minutes"), (60, "1 hour"), (480, "8 hours"), (1440, "1 day"), (10080, "7 days"))
_LONGEST: Final = ((12, "12 hours"), (24, "1 day"), (168, "7 days"), (720, "30 days"))
_DEVICES: Final = ((0, "Always ask"), (1, "1 day"), (7, "7 days"), (30, "30 days"), (90, "90 days"))
_GRACE: Final = ((0, "At once"), (3, "In 3 days"), (7, "In 7 days"), (14, "In 14 days"), (30, "In 30 days"))


@get(_HERE, opt=needs(Permission.MANAGE_SECURITY))
async def show(request: Request) -> Response[str]:
    return await _page(request)


@post(_HERE, opt=needs(Permission.MANAGE_SECURITY, fresh=True))
async def change(request: Request) -> Response[Any]:
    form = await request.form()
    try:
        async with request.transaction() as tx:
            await access.set_policy(tx, _policy(form, await access.policy_of(tx)))
    except Problem as problem:
        return await _page(request, problem)
    request.forget_identities()
    return pages.redirect(_HERE, "Saved. Whoever is signed in meets the new rules with their next click.")


def _policy(form: FormMultiDict, known: Policy) -> Policy:
    """Raises `Invalid`."""
    try:
        asked = tuple(Role(str(value)) for value in form.getall("role", []))
        idle, longest, devices = (_number(form, name) for name in ("idle", "longest", "devices"))
        grace = words(form, "grace")
        begins = known.second_factor_from if grace in ("", "kept") else clock.now() + timedelta(days=int(grace))
    except (ValueError, OverflowError) as strange:
        raise Invalid(details={"role": "Choose one of the list."}) from strange
    return Policy(asked, begins if asked else None, idle or None, longest or None, devices or 0)


def _number(form: FormMultiDict, name: str) -> int:
    written = words(form, name)
    return int(written) if written else 0


async def _page(request: Request, problem: Problem | None = None) -> Response[str]:
    async with request.reading() as tx:
        policy = await access.policy_of(tx)
    settings = request.installation.settings
    return await sheet(
        request,
        "sign_in_policy",
        problem,
        policy=policy,
        roles=_ROLES,
        idle=[(0, f"{settings.session_days} days"), *_with(_IDLE, policy.idle_minutes, "minutes")],
        longest=[(0, f"{settings.session_longest_days} days"), *_with(_LONGEST, policy.longest_hours, "hours")],
        devices=_with(_DEVICES, policy.device_days, "days"),
        grace=[*([("kept", "As it is")] if policy.second_factor_for else []), *_GRACE],
    )


def _with(choices: tuple[tuple[int, str], ...], present: int | None, unit: str) -> list[tuple[int, str]]:
    # A rule that was made over the API with another number stays to be seen, and is not lost by saving.
    if present is None or any(value == present for value, _ in choices):
        return list(choices)
    return sorted([*choices, (present, f"{present} {unit}")])
