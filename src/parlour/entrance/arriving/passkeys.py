"""A passkey in a browser: what its device is asked, as JSON for the page's script, and what the form brings back."""

from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from litestar import Response
from litestar.datastructures import Cookie

from parlour import access
from parlour.access import Client, Identity, Outcome, Party, Prove, Step
from parlour.entrance.arriving import admission, cookies
from parlour.entrance.arriving.clients import address_of, client_of
from parlour.entrance.limits import Limit, Limits
from parlour.entrance.request import Request
from parlour.foundation import crypto
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Unauthenticated

_LONGEST_ANSWER: Final = 20_000


class NotAsked(access.WrongPasskey):
    """Your device was not asked: passkeys need JavaScript. Reload the page, or choose another way."""


class Ways(msgspec.Struct, frozen=True):
    """By what somebody can show a second factor on this page."""

    codes: bool
    passkey: bool
    elsewhere: list[str]
    """Where they have passkeys that no browser shows to this page."""

    @property
    def none(self) -> bool:
        return not (self.codes or self.passkey)


def party_of(request: Request) -> Party:
    """Whose pages these are: a portal's under its own name, else the installation's."""
    settings, host = request.installation.settings, request.headers.get("host", "").lower()
    if "portal" in request.scope["state"]:
        return access.party_at(f"{urlsplit(settings.public_url).scheme}://{host}")
    # Without an address in the settings nobody knows by which names this machine is called.
    return access.party_at(settings.public_url if settings.base_url else f"{request.url.scheme}://{host}")


async def ways_of(tx: Transaction, request: Request, user_id: UUID) -> Ways:
    """Of somebody who has a second factor."""
    party = party_of(request)
    hosts = {passkey.rp_id for passkey in await access.passkeys_of(tx, user_id)}
    codes = await access.second_factor_of(tx, user_id) is not None
    return Ways(codes, party.has_name and party.id in hosts, sorted(hosts - {party.id}))


async def ask_whose(request: Request) -> Response[bytes]:
    """Anybody's device may be asked, so often as an address may ask programs."""
    limits: Limits = request.app.state["limits"]
    await limits.spend(request, Limit.API, address_of(request))
    return _told(*await access.ask_whose(request.installation, party_of(request), _asking(request)))


async def ask_for_step(request: Request, step: Step) -> Response[bytes]:
    """The second factor of whoever is half in; or a new one, where they must set one up. Raises `ChallengeOver`."""
    token, client = admission.half_done(request)
    waiting = await access.pending(request.installation, token, client)
    if waiting.step is not step:
        raise access.ChallengeOver()
    if step is Step.SET_UP:
        return await ask_to_make(request, waiting.identity)
    return await ask_to_show(request, waiting.identity)


async def ask_to_show(request: Request, identity: Identity) -> Response[bytes]:
    """One of somebody's own."""
    return _told(*await access.ask_somebody(request.installation, identity, party_of(request), _asking(request)))


async def ask_to_make(request: Request, identity: Identity) -> Response[bytes]:
    """A new one of somebody's. Raises `TooManyPasskeys`."""
    return _told(*await access.begin_registration(request.installation, identity, party_of(request), _asking(request)))


async def by_passkey(request: Request, organization_id: UUID | None = None) -> tuple[Outcome, list[Cookie]]:
    """Whoever's it is, in one organization or in whichever it opens. Raises `WrongPasskey` or `TooManyRequests`."""
    installation, client = request.installation, admission.newcomer(request)
    token, answer = await brought(request)
    async with access.counted(installation, access.of_address(client)):
        identities = await access.identities_by_passkey(
            installation, token, answer, _answering(request), within=organization_id
        )
        try:
            return await admission.arrive(request, identities, client)
        except Unauthenticated as inactive:
            raise access.WrongPasskey() from inactive


async def shown_in(request: Request) -> Prove | None:
    """What the form shows of a passkey. None where the form is about something else. Raises `NotAsked`."""
    if "ceremony" not in await request.form():
        return None
    return access.by_passkey(*await brought(request), _answering(request))


async def made_in(request: Request) -> Prove | None:
    """The new passkey in the form. None where the form is about something else. Raises `NotAsked`."""
    form = await request.form()
    if "ceremony" not in form:
        return None
    token, answer = await brought(request)
    name = str(form.get("name") or "") or suggested(request)
    return access.by_new_passkey(token, answer, _answering(request), name, [])


def suggested(request: Request) -> str:
    """A name for a passkey that is made here."""
    return access.name_of(request.headers.get("user-agent", ""))


async def brought(request: Request) -> tuple[str, dict[str, Any]]:
    """The ceremony's text and the device's answer, from the form. Raises `NotAsked`."""
    form = await request.form()
    token, written = str(form.get("ceremony") or ""), str(form.get("answer") or "")
    if not token or not written or len(written) > _LONGEST_ANSWER:
        raise NotAsked()
    try:
        return token, msgspec.json.decode(written, type=dict[str, Any])
    except msgspec.DecodeError as strange:
        raise access.WrongPasskey() from strange


def _asking(request: Request) -> Client:
    """The browser that is asked: bound to a cookie, so that nobody else brings the answer."""
    settings = request.installation.settings
    # The one that is there already: two windows are two ceremonies of one browser.
    secret = _secret(request) or crypto.new_secret()
    kept = cookies.cookie(settings, cookies.PASSKEY, secret, access.CEREMONY_SECONDS)
    admission.also_tell(request, kept)
    return client_of(request, secret=secret)


def _answering(request: Request) -> Client:
    return client_of(request, secret=_secret(request))


def _secret(request: Request) -> str:
    return request.cookies.get(cookies.name_of(request.installation.settings, cookies.PASSKEY), "")[:100]


def _told(token: str, options: str) -> Response[bytes]:
    written = msgspec.json.encode({"ceremony": token, "options": msgspec.Raw(options.encode())})
    return Response(written, status_code=200, media_type="application/json", headers={"cache-control": "no-store"})
