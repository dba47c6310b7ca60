"""Signing in and out with JSON: for programs that act as a person, with a session's cookie."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final
from uuid import UUID

from msgspec import Meta

from parlour import access, people
from parlour.access import Entered, Outcome, Step, Waiting
from parlour.api import shapes
from parlour.api.conventions import Body
from parlour.api.operations import REFUSALS, Answer, operation
from parlour.entrance import PUBLIC, Request, arriving
from parlour.foundation.errors import BadRequest, Unauthenticated
from parlour.people import Permission, Role

Secret = Annotated[str, Meta(max_length=2000)]
Code = Annotated[str, Meta(max_length=64, description="Of the authenticator app, or a backup code.")]


class NextStep(Unauthenticated):
    """There is one more step. Send `details.challenge` together with `code` or `passkey`."""


class SetUpFirst(Unauthenticated):
    """Your organization asks for a second factor, and you have none yet. Send `details.challenge` with a new `passkey`,
    or sign in with a browser to set one up."""


class ThroughAProvider(Unauthenticated):
    """Your organization lets its team in through an identity provider only. Sign in with a browser, or with a token."""


class PasskeyAnswer(Body, frozen=True, kw_only=True):
    """What a device has answered, with the `ceremony` it was asked in."""

    ceremony: Secret
    answer: Annotated[dict[str, Any], Meta(description="The credential, as `PublicKeyCredential.toJSON` gives it.")]


class FirstProof(Body, frozen=True, kw_only=True):
    """First `email` and `password`, `link` or `passkey`; where the answer says so, then its `challenge` with a `code`
    or a `passkey`."""

    email: Annotated[str, Meta(max_length=254, examples=["bob@acme.test"])] = ""
    password: Secret = ""
    link: Annotated[str, Meta(max_length=200, description="In their place: the token of a link sent by mail.")] = ""
    organization: Annotated[str, Meta(max_length=60, description="Its short name, if you are in several.")] = ""
    challenge: Secret = ""
    code: Code = ""
    passkey: Annotated[PasskeyAnswer | None, Meta(description="See `POST /api/auth/sign-in/passkey`.")] = None
    passkey_name: Annotated[str, Meta(max_length=200, description="Of a new one, to know it by.")] = ""


class SignIn(FirstProof, frozen=True, kw_only=True):
    """First `email` and `password`, `link` or `passkey`; where the answer says so, then its `challenge` with a `code`
    or a `passkey`."""

    remember: Annotated[bool, Meta(description="Ask this client for no code for some days.")] = False


class Place(shapes.Shape, frozen=True):
    """An organization."""

    id: UUID
    slug: str
    name: str


class Who(shapes.Shape, frozen=True):
    """Somebody who has signed in."""

    id: UUID
    name: str
    email: str
    role: Role


class SessionNow(shapes.Shape, frozen=True):
    """The session. Whoever writes with its cookie sends `csrfToken` as `X-CSRF-Token`."""

    user: Who
    organization: Place
    csrf_token: str
    expires_at: Annotated[datetime, Meta(description="When it ends if it is not used before.")]
    second_factor: bool
    set_up_second_factor_by: datetime | None = None


_PROBLEMS: Final = {
    Step.SECOND_FACTOR: NextStep,
    Step.SET_UP: SetUpFirst,
    Step.PROVIDER: ThroughAProvider,
}


@operation(
    "POST /auth/sign-in",
    PUBLIC,
    refusals=(*REFUSALS, 410),
    example={"email": "bob@acme.test", "password": "parlour-demo"},
)
async def sign_in(request: Request, body: SignIn) -> Answer[SessionNow]:
    """Sign in

    Answers with a session cookie. Where a second factor is due: 401, with `details.next` = `totp` and
    `details.challenge`, which is to be sent again together with `code` or `passkey` within ten minutes, by the same
    client. Where one must be set up first, `details.next` is `set-up`: so is a new passkey.
    """
    outcome = await entered(request, body)
    told = await arriving.cookies_for(request, outcome, arriving.client_of(request))
    if body.remember and body.challenge:
        told += await arriving.remember(request, outcome)
    arriving.also_tell(request, *told)
    session = await access.session_of(request.installation, outcome.token)
    if session is None:
        raise Unauthenticated()
    return Answer(await _now(request, session, outcome), {"cache-control": "no-store"})


@operation("POST /auth/sign-out", PUBLIC, status=204, refusals=REFUSALS)
async def sign_out(request: Request) -> None:
    """Sign out

    Ends the session of the cookie, or of the access token, that is sent along.
    """
    arriving.also_tell(request, await arriving.farewell(request))


@operation("GET /auth/session", Permission.MANAGE_OWN_ACCESS)
async def read_session(request: Request) -> SessionNow:
    """Read my session"""
    session, token = arriving.session_in(request)
    return await _now(request, session, Entered(token, session.identity, request.standing))


async def entered(request: Request, body: FirstProof) -> Entered:
    """Once nothing is left to ask. Raises the problem that says what is."""
    outcome = await (_second(request, body) if body.challenge else _first(request, body))
    if isinstance(outcome, Waiting):
        raise _PROBLEMS[outcome.step](details={"next": outcome.step, "challenge": outcome.challenge})
    return outcome


async def _first(request: Request, body: FirstProof) -> Outcome:
    installation, client = request.installation, arriving.client_of(request)
    if body.link:
        await access.count(installation, access.of_address(client))
        place = await _organization(request, body.organization)
        return await access.arrive(
            installation, await access.identities_by_link(installation, body.link, place), client
        )
    if body.passkey:
        return await _by_passkey(request, body.passkey, body.organization)
    if not body.email:
        raise BadRequest("Send `email` and `password`, `link`, `passkey`, or `challenge` and `code` or `passkey`.")
    async with access.counted(installation, access.of_sign_in(installation, client, body.email)):
        organization_id = await _organization(request, body.organization)
        database = installation.database
        identities = await access.identities_by_password(database, body.email, body.password, organization_id)
    return await access.arrive(installation, identities, client)


async def _second(request: Request, body: FirstProof) -> Outcome:
    installation, client = request.installation, arriving.client_of(request)
    step = (await access.pending(installation, body.challenge, client)).step
    return await access.go_on(installation, body.challenge, _prove(request, body, step), client, at=step)


def _prove(request: Request, body: FirstProof, step: Step) -> access.Prove:
    if body.passkey is None:
        return access.by_code(body.code)
    ceremony, answer, client = body.passkey.ceremony, body.passkey.answer, arriving.client_of(request)
    if step is Step.SET_UP:
        name = body.passkey_name or arriving.suggested_passkey_name(request)
        return access.by_new_passkey(ceremony, answer, client, name, [])
    return access.by_passkey(ceremony, answer, client)


async def _by_passkey(request: Request, sent: PasskeyAnswer, organization: str) -> Outcome:
    installation, client = request.installation, arriving.client_of(request)
    place = await _organization(request, organization)
    async with access.counted(installation, access.of_address(client)):
        identities = await access.identities_by_passkey(installation, sent.ceremony, sent.answer, client, within=place)
    return await access.arrive(installation, identities, client)


async def _organization(request: Request, slug: str) -> UUID | None:
    if not slug:
        return None
    found = await request.installation.database.doorways.organization_by_slug(slug)
    # An organization that isn't there has nobody: as wrong as a password, and after as long.
    return found or UUID(int=0)


async def _now(request: Request, session: access.Session, outcome: Entered) -> SessionNow:
    standing = outcome.standing
    actor = standing.actor
    async with request.installation.database.reading(actor.organization_id) as tx:
        organization = await people.this_organization(tx)
    limits = access.limits_under(standing.policy, request.installation.settings)
    ends = min(session.used_at + limits.idle.total_seconds(), session.begun_at + limits.longest.total_seconds())
    return SessionNow(
        Who(actor.user_id, actor.name, actor.email, actor.role),
        Place(organization.id, organization.slug, organization.name),
        arriving.csrf_token(session),
        datetime.fromtimestamp(ends, UTC),
        standing.has_second_factor,
        standing.must_set_up_by,
    )
