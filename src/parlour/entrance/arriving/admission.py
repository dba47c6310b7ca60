"""An outcome of `access`, as a browser is told it: a session's cookie, or the page of the step that is due."""

from urllib.parse import quote

from litestar.datastructures import Cookie
from litestar.response import Redirect

from parlour import access
from parlour.access import Client, Identity, Outcome, Waiting
from parlour.entrance.arriving import cookies
from parlour.entrance.arriving.clients import client_of
from parlour.entrance.request import Request
from parlour.foundation import crypto


def newcomer(request: Request) -> Client:
    """The client of a sign-in that begins in a browser: what is half done is bound to a cookie it is given now."""
    return client_of(request, secret=crypto.new_secret())


async def arrive(request: Request, identities: tuple[Identity, ...], client: Client) -> tuple[Outcome, list[Cookie]]:
    """After a first proof of any method, in a browser: what became of it, and the cookies to send along."""
    outcome = await access.arrive(request.installation, identities, client)
    return outcome, await cookies_for(request, outcome, client)


async def cookies_for(request: Request, outcome: Outcome, client: Client) -> list[Cookie]:
    """The new session's, and an end to the one that was there before; or the challenge's, for as long as it lives."""
    settings = request.installation.settings
    if isinstance(outcome, Waiting):
        value = f"{outcome.challenge}.{client.secret}"
        return [cookies.cookie(settings, cookies.CHALLENGE, value, access.CHALLENGE_SECONDS)]
    if before := session_token(request):
        await access.sign_out(request.installation, before)
    return [session_cookie(request, outcome.token), cookies.gone(settings, cookies.CHALLENGE)]


def step_page(door: str, outcome: Waiting, next_page: str) -> Redirect:
    """The page of the step that is due, below the door's own sign-in page."""
    return Redirect(f"{door}/{outcome.step}?next={quote(next_page, safe='/')}", status_code=303)


def session_cookie(request: Request, token: str) -> Cookie:
    settings = request.installation.settings
    return cookies.cookie(settings, cookies.SESSION, token, settings.session_longest_days * 24 * 60 * 60)


def session_token(request: Request) -> str | None:
    """The session's cookie that came along, if one did."""
    return request.cookies.get(cookies.name_of(request.installation.settings, cookies.SESSION))


async def farewell(request: Request) -> Cookie:
    """Sign somebody out: the cookie that says nothing any more."""
    if token := session_token(request):
        await access.sign_out(request.installation, token)
    return cookies.gone(request.installation.settings, cookies.SESSION)
