"""An outcome of `access`, as a browser is told it: a session's cookie, or the page of the step that is due."""

from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

import msgspec
from litestar import Response
from litestar.datastructures import Cookie
from litestar.response import Redirect

from parlour import access
from parlour.access import Client, Entered, Identity, Outcome, Prove, Step, Waiting
from parlour.entrance import csrf
from parlour.entrance.arriving import cookies
from parlour.entrance.arriving.clients import client_of
from parlour.entrance.request import Request
from parlour.foundation import crypto
from parlour.foundation.errors import Unauthenticated
from parlour.people import Actor

# Of several people, in several organizations; a cookie holds no more than 4 kB.
_MOST_DEVICES: Final = 12


def newcomer(request: Request) -> Client:
    """The client of a sign-in that begins in a browser: what is half done is bound to a cookie it is given now."""
    return client_of(request, secret=crypto.new_secret())


async def arrive(request: Request, identities: tuple[Identity, ...], client: Client) -> tuple[Outcome, list[Cookie]]:
    """After a first proof of any method, in a browser: what became of it, and the cookies to send along."""
    outcome = await access.arrive(request.installation, identities, client)
    return outcome, await cookies_for(request, outcome, client)


def half_done(request: Request) -> tuple[str, Client]:
    """The challenge that came along, and the client it was given to. Raises `ChallengeOver` where there is none."""
    sent = request.cookies.get(cookies.name_of(request.installation.settings, cookies.CHALLENGE), "")
    token, _, secret = sent.partition(".")
    if not token or not secret:
        raise access.ChallengeOver()
    return token, client_of(request, secret=secret)


async def go_on(request: Request, step: Step, prove: Prove) -> tuple[Outcome, list[Cookie]]:
    """The answer to the step that is due, in a browser. A switch goes on in the session it began in."""
    token, client = half_done(request)
    outcome = await access.go_on(request.installation, token, prove, client, at=step, into=session_token(request))
    return outcome, await cookies_for(request, outcome, client)


async def switch(request: Request, organization_id: UUID) -> tuple[Outcome, list[Cookie]]:
    """Act in another organization of this session, in a browser."""
    session, token = session_in(request)
    client = newcomer(request)
    outcome = await access.switch(request.installation, token, session, organization_id, client)
    return outcome, await cookies_for(request, outcome, client)


async def cookies_for(request: Request, outcome: Outcome, client: Client) -> list[Cookie]:
    """The new session's, and an end to the one that was there before; or the challenge's, for as long as it lives."""
    settings = request.installation.settings
    if isinstance(outcome, Waiting):
        value = f"{outcome.challenge}.{client.secret}"
        return [cookies.cookie(settings, cookies.CHALLENGE, value, access.CHALLENGE_SECONDS)]
    before = session_token(request)
    if before and not outcome.is_continued:
        await access.sign_out(request.installation, before)
    told = [session_cookie(request, outcome.token), cookies.gone(settings, cookies.CHALLENGE)]
    return told + known_browser_cookie(request, outcome)


def known_browser_cookie(request: Request, outcome: Entered) -> list[Cookie]:
    """This account was signed in here: strangers' guesses elsewhere don't keep it out of this browser."""
    signer, email = request.installation.signer, outcome.standing.actor.email
    if access.known_browser(signer, client_of(request), email):
        return []
    return [device_cookie(request, access.known_browser_mark(signer, email))]


async def remember(request: Request, outcome: Entered) -> list[Cookie]:
    """The browser is remembered for as long as the organization allows: the cookie, with all it held before."""
    days = outcome.standing.policy.device_days
    if days == 0:
        return []
    async with request.installation.database.transaction(outcome.identity.organization_id) as tx:
        signer, client = request.installation.signer, client_of(request)
        mark = await access.remember_device(tx, signer, outcome.identity, client, days)
    known = access.known_browser(signer, client, outcome.standing.actor.email)
    more = [] if known else [access.known_browser_mark(signer, outcome.standing.actor.email)]
    return [device_cookie(request, mark, *more)]


def device_cookie(request: Request, *marks: str) -> Cookie:
    kept = (*marks, *client_of(request).devices)[:_MOST_DEVICES]
    seconds = access.KNOWN_BROWSER_DAYS * 24 * 60 * 60
    return cookies.cookie(request.installation.settings, cookies.DEVICE, ".".join(kept), seconds)


def step_page(door: str, outcome: Waiting, next_page: str) -> Redirect:
    """The page of the step that is due, below the door's own sign-in page."""
    # The providers' page is the same for everybody, whichever door they came to.
    door = "/sign-in" if outcome.step is Step.PROVIDER else door
    return Redirect(f"{door}/{outcome.step}?next={quote(next_page, safe='/')}", status_code=303)


def session_cookie(request: Request, token: str) -> Cookie:
    settings = request.installation.settings
    return cookies.cookie(settings, cookies.SESSION, token, settings.session_longest_days * 24 * 60 * 60)


def continued(request: Request, token: str) -> list[Cookie]:
    """The same session's new cookie. An app has none: it goes on with the tokens it has."""
    return [] if request.auth and request.auth.is_app else [session_cookie(request, token)]


def session_token(request: Request) -> str | None:
    """The session's cookie that came along, or the one it was renewed to by this very request; an app's place."""
    renewed: str | None = request.scope["state"].get("session_token")
    return renewed or request.cookies.get(cookies.name_of(request.installation.settings, cookies.SESSION))


def session_in(request: Request) -> tuple[access.Session, str]:
    """The session that acts, and its cookie. Raises `Unauthenticated` where it is a program with a token."""
    token = session_token(request)
    if request.auth is None or token is None:
        raise Unauthenticated()
    return request.auth, token


async def renew(request: Request, actor: Actor, session: access.Session, standing: access.Standing) -> None:
    """What somebody may do has changed: their cookie does, with this answer."""
    token = session_token(request)
    if token is None or actor.user_id != session.user_id:
        return
    identity = access.as_it_stands(session, standing)
    renewed = await access.renew_session(request.installation, token, session, identity)
    if renewed:
        request.scope["state"]["session_token"] = renewed
        others = session.others_than(identity.organization_id, identity.user_id)
        request.scope["auth"] = msgspec.structs.replace(session, identities=(identity, *others))
        also_tell(request, *continued(request, renewed))


def csrf_token(session: access.Session) -> str:
    """What a form or a program sends back, for a session that has just begun."""
    return csrf.masked(session.csrf)


def also_tell(request: Request, *told: Cookie) -> None:
    """Cookies for the answer, whatever the handler answers; of two of one name the later counts."""
    kept: list[tuple[bytes, bytes]] = request.scope["state"].setdefault("cookies", [])
    kept += [cookie.to_encoded_header() for cookie in {cookie.key: cookie for cookie in told}.values()]


async def farewell(request: Request) -> Cookie:
    """Sign somebody out: the cookie that says nothing any more."""
    if token := session_token(request):
        await access.sign_out(request.installation, token)
    return cookies.gone(request.installation.settings, cookies.SESSION)


def with_cookies(answer: Response[Any], told: list[Cookie]) -> Response[Any]:
    """The same answer; of two cookies of one name the later counts."""
    answer.cookies.extend({cookie.key: cookie for cookie in told}.values())
    return answer
