"""One's own access, and what an organization asks of those who sign in."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from parlour import access, people
from parlour.access import Policy
from parlour.api import shapes
from parlour.api.auth import Code, PasskeyAnswer, Secret
from parlour.api.conventions import Body, Moment
from parlour.api.operations import Answer, operation, shown_once
from parlour.entrance import Request, arriving
from parlour.people import Permission, Role

_OWN = Permission.MANAGE_OWN_ACCESS


class PasswordChange(Body, frozen=True, kw_only=True):
    """A new password. Every other session ends."""

    present: Secret
    new: Secret


class Confirmation(Body, frozen=True, kw_only=True):
    """Is it still you? A code or a passkey, if you have a second factor, or your password."""

    password: Secret = ""
    code: Code = ""
    passkey: Annotated[PasskeyAnswer | None, Meta(description="See `POST /api/auth/confirm/passkey`.")] = None


class OneCode(Body, frozen=True, kw_only=True):
    """The six digits the app shows."""

    code: Code


class SecondFactor(shapes.Shape, frozen=True):
    """Whether one is set up, and how many backup codes are left."""

    confirmed_at: datetime | None
    backup_codes_left: int


class Enrolment(shapes.Shape, frozen=True):
    """What the app needs, as text or for a QR code. It counts once a code of it has come back."""

    secret: str
    uri: str


class BackupCodes(shapes.Shape, frozen=True):
    """Shown this once."""

    codes: list[str]


class SignedIn(shapes.Shape, frozen=True):
    """A browser or program that is signed in."""

    id: UUID
    name: str
    address: str
    begun_at: datetime
    used_at: datetime
    is_this: bool
    is_app: Annotated[bool, Meta(description="It has tokens rather than a cookie.")]


class SignedIns(shapes.Shape, frozen=True):
    """All of one's own: this one first, then the last used."""

    items: list[SignedIn]


class PolicyChanges(Body, frozen=True, kw_only=True):
    """What to change; what is left out stays. `null` is the installation's own limit."""

    second_factor_for: Annotated[list[Role], Meta(max_length=10)] | UnsetType = UNSET
    second_factor_from: Moment | None | UnsetType = UNSET
    idle_minutes: int | None | UnsetType = UNSET
    longest_hours: int | None | UnsetType = UNSET
    device_days: int | UnsetType = UNSET


class SecurityPolicy(shapes.Shape, frozen=True):
    """Who must have a second factor, from when, and how long sessions and remembered browsers last."""

    second_factor_for: list[Role]
    second_factor_from: datetime | None
    idle_minutes: int | None
    longest_hours: int | None
    device_days: int


@operation("POST /auth/confirm", _OWN, status=204)
async def confirm(request: Request, body: Confirmation) -> None:
    """Confirm that it is still me

    Before a dangerous act. The session gets a new cookie; an app's tokens stay as they are.
    """
    session, token = arriving.session_in(request)
    standing = request.standing
    prove = access.by_code(body.code) if standing.has_second_factor else access.by_password(body.password)
    if body.passkey:
        prove = access.by_passkey(body.passkey.ceremony, body.passkey.answer, arriving.client_of(request))
    renewed = await access.confirm(request.installation, token, session, standing, prove)
    arriving.also_tell(request, *arriving.continued(request, renewed))


@operation("PUT /auth/password", _OWN, status=204)
async def change_password(request: Request, body: PasswordChange) -> None:
    """Change my password"""
    await arriving.own_security.change_password(request, body.present, body.new)


@operation("GET /auth/second-factor", _OWN)
async def read_second_factor(request: Request) -> SecondFactor:
    """Read my second factor"""
    async with request.reading() as tx:
        found = await access.second_factor_of(tx, request.actor.user_id)
    return SecondFactor(found.confirmed_at, found.codes_left) if found else SecondFactor(None, 0)


@operation("POST /auth/second-factor", _OWN, status=201, fresh=True)
async def begin_second_factor(request: Request) -> Answer[Enrolment]:
    """Begin to set up a second factor"""
    async with request.transaction() as tx:
        begun = await access.begin_enrolment(tx, request.installation, request.actor.user_id)
    return shown_once(Enrolment(begun.seed, begun.uri))


@operation("POST /auth/second-factor/confirm", _OWN, status=201, fresh=True)
async def confirm_second_factor(request: Request, body: OneCode) -> Answer[BackupCodes]:
    """Finish setting up a second factor

    With the first code of the app. Answers with the backup codes, this once.
    """
    return shown_once(BackupCodes(await arriving.own_security.set_up(request, body.code)))


@operation("DELETE /auth/second-factor", _OWN, status=204, fresh=True)
async def remove_second_factor(request: Request) -> None:
    """Remove my second factor"""
    async with request.transaction() as tx:
        await access.remove_second_factor(tx, request.actor.user_id)
    await arriving.own_security.changed(request)


@operation("POST /auth/backup-codes", _OWN, status=201, fresh=True)
async def renew_backup_codes(request: Request) -> Answer[BackupCodes]:
    """Make new backup codes

    In place of those there were; shown this once.
    """
    async with request.transaction() as tx:
        return shown_once(BackupCodes(await access.renew_codes(tx, request.installation, request.actor.user_id)))


@operation("GET /auth/sessions", _OWN)
async def list_sessions(request: Request) -> SignedIns:
    """List where I am signed in"""
    found = (await arriving.own_security.mine(request)).sessions
    return SignedIns(
        [SignedIn(one.id, one.name, one.address, one.begun_at, one.used_at, one.is_this, one.is_app) for one in found]
    )


@operation("DELETE /auth/sessions/{id}", _OWN, status=204)
async def end_one_session(request: Request, id: UUID) -> None:  # noqa: A002
    """Sign one of my sessions out"""
    actor = request.actor
    await access.end_one_of(request.installation, actor.organization_id, actor.user_id, id)


@operation("DELETE /auth/sessions", _OWN, status=204)
async def end_other_sessions(request: Request) -> None:
    """Sign all my other sessions out"""
    # There are others only for somebody who has one.
    actor, (_, token) = request.actor, arriving.session_in(request)
    await access.end_sessions_of(request.installation, actor.organization_id, actor.user_id, except_for=token)


@operation("GET /security-policy", Permission.MANAGE_SECURITY)
async def read_security_policy(request: Request) -> SecurityPolicy:
    """Read the security policy"""
    async with request.reading() as tx:
        return _as_policy(await access.policy_of(tx))


@operation("PUT /security-policy", Permission.MANAGE_SECURITY, fresh=True, example={"secondFactorFor": ["ADMIN"]})
async def change_security_policy(request: Request, body: PolicyChanges) -> SecurityPolicy:
    """Change the security policy

    Whoever is signed in meets the new rules with their next request.
    """
    async with request.transaction() as tx:
        known = await access.policy_of(tx)
        asked = known.second_factor_for if body.second_factor_for is UNSET else tuple(body.second_factor_for)
        policy = Policy(
            asked,
            known.second_factor_from if body.second_factor_from is UNSET else body.second_factor_from,
            known.idle_minutes if body.idle_minutes is UNSET else body.idle_minutes,
            known.longest_hours if body.longest_hours is UNSET else body.longest_hours,
            known.device_days if body.device_days is UNSET else body.device_days,
        )
        changed = await access.set_policy(tx, policy)
    request.forget_identities()
    return _as_policy(changed)


@operation("DELETE /users/{id}/second-factor", Permission.MANAGE_AGENTS, status=204, fresh=True)
async def take_away_second_factor(request: Request, id: UUID) -> None:  # noqa: A002
    """Take away somebody's second factor

    They lost their phone and every backup code. It ends their sessions, and stands in the audit trail.
    """
    async with request.transaction() as tx:
        user = await people.find_user(tx, id)
        await access.take_away_second_factor(tx, user, by=request.actor)
    request.forget_identities()
    await access.end_sessions_of(request.installation, request.actor.organization_id, id)


def _as_policy(policy: Policy) -> SecurityPolicy:
    return SecurityPolicy(
        list(policy.second_factor_for),
        policy.second_factor_from,
        policy.idle_minutes,
        policy.longest_hours,
        policy.device_days,
    )


HANDLERS = [
    confirm,
    change_password,
    read_second_factor,
    begin_second_factor,
    confirm_second_factor,
    remove_second_factor,
    renew_backup_codes,
    list_sessions,
    end_one_session,
    end_other_sessions,
    read_security_policy,
    change_security_policy,
    take_away_second_factor,
]
