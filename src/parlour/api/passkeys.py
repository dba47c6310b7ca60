"""One's own passkeys, and what a device is asked: for programs that run in a page of this installation."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

from parlour import access
from parlour.api import shapes
from parlour.api.auth import PasskeyAnswer, Secret
from parlour.api.conventions import Body
from parlour.api.operations import REFUSALS, Answer, operation
from parlour.entrance import PUBLIC, Request, arriving
from parlour.people import Permission

_OWN = Permission.MANAGE_OWN_ACCESS
_FRESH = {"cache-control": "no-store"}
Name = Annotated[str, Meta(max_length=200, description="To know it by, at most 100 characters.")]


class Ceremony(shapes.Shape, frozen=True):
    """A question to a device. It is good once, for five minutes, for whoever asked."""

    ceremony: Annotated[str, Meta(description="Send it back with the device's answer.")]
    options: Annotated[
        dict[str, Any],
        Meta(description="For `navigator.credentials`, as `PublicKeyCredential.parse…OptionsFromJSON` takes them."),
    ]


class HalfIn(Body, frozen=True, kw_only=True):
    """Nothing, to sign in with a passkey alone; the `challenge` of a sign-in that waits for a second factor, or for one
    to be set up."""

    challenge: Secret = ""


class NewPasskey(PasskeyAnswer, frozen=True, kw_only=True):
    """What the device has made."""

    name: Name


class PasskeyName(Body, frozen=True, kw_only=True):
    """Another name."""

    name: Name


class Passkey(shapes.Shape, frozen=True):
    """A key in one's device. Browsers show it to pages of `host` only."""

    id: UUID
    name: str
    host: str
    is_backed_up: Annotated[bool, Meta(description="It is in the owner's other devices too.")]
    created_at: datetime
    used_at: datetime | None


class Passkeys(shapes.Shape, frozen=True):
    """The oldest first."""

    items: list[Passkey]


@operation("POST /auth/sign-in/passkey", PUBLIC, refusals=REFUSALS)
async def begin_to_sign_in(request: Request, body: HalfIn) -> Answer[Ceremony]:
    """Begin to sign in with a passkey

    The answer of the device goes to `POST /api/auth/sign-in` or `POST /api/auth/tokens` as `passkey`. For a challenge
    whose `details.next` is `set-up` the options are those of a new passkey: for `navigator.credentials.create`.
    """
    installation, client, party = request.installation, arriving.client_of(request), arriving.party_of(request)
    if not body.challenge:
        return _asked(*await access.ask_whose(installation, party, client))
    waiting = await access.pending(installation, body.challenge, client)
    if waiting.step is access.Step.SET_UP:
        return _asked(*await access.begin_registration(installation, waiting.identity, party, client))
    if waiting.step is not access.Step.SECOND_FACTOR:
        raise access.ChallengeOver()
    return _asked(*await access.ask_somebody(installation, waiting.identity, party, client))


@operation("POST /auth/confirm/passkey", _OWN)
async def begin_to_confirm(request: Request) -> Answer[Ceremony]:
    """Begin to confirm with a passkey

    The answer of the device goes to `POST /api/auth/confirm` as `passkey`.
    """
    session, _ = arriving.session_in(request)
    party, client = arriving.party_of(request), arriving.client_of(request)
    return _asked(*await access.ask_somebody(request.installation, session.identity, party, client))


@operation("POST /auth/passkeys/begin", _OWN, fresh=True)
async def begin_passkey(request: Request) -> Answer[Ceremony]:
    """Begin to add a passkey"""
    session, _ = arriving.session_in(request)
    party, client = arriving.party_of(request), arriving.client_of(request)
    return _asked(*await access.begin_registration(request.installation, session.identity, party, client))


@operation("POST /auth/passkeys", _OWN, status=201, fresh=True)
async def add_passkey(request: Request, body: NewPasskey) -> Passkey:
    """Add a passkey

    With what the device has made. Whoever had no second factor has one now: their other sessions end.
    """
    client, made = arriving.client_of(request), list[UUID]()
    prove = access.by_new_passkey(body.ceremony, body.answer, client, body.name, made)
    await arriving.own_passkeys.add(request, prove)
    return next(_as_passkey(passkey) for passkey in await _own(request) if passkey.id in made)


@operation("GET /auth/passkeys", _OWN)
async def list_passkeys(request: Request) -> Passkeys:
    """List my passkeys"""
    return Passkeys([_as_passkey(passkey) for passkey in await _own(request)])


@operation("PUT /auth/passkeys/{id}", _OWN)
async def rename_passkey(request: Request, id: UUID, body: PasskeyName) -> Passkey:  # noqa: A002
    """Rename one of my passkeys"""
    async with request.transaction() as tx:
        await access.rename_passkey(tx, request.actor.user_id, id, body.name)
        found = await access.passkeys_of(tx, request.actor.user_id)
    return next(_as_passkey(passkey) for passkey in found if passkey.id == id)


@operation("DELETE /auth/passkeys/{id}", _OWN, status=204, fresh=True)
async def remove_passkey(request: Request, id: UUID) -> None:  # noqa: A002
    """Remove one of my passkeys

    Not the last second factor, where the organization asks for one.
    """
    await arriving.own_passkeys.remove(request, id)


async def _own(request: Request) -> list[access.Passkey]:
    async with request.reading() as tx:
        return await access.passkeys_of(tx, request.actor.user_id)


def _as_passkey(passkey: access.Passkey) -> Passkey:
    return Passkey(passkey.id, passkey.name, passkey.rp_id, passkey.is_backed_up, passkey.created_at, passkey.used_at)


def _asked(token: str, options: str) -> Answer[Ceremony]:
    return Answer(Ceremony(token, msgspec.json.decode(options)), _FRESH)


HANDLERS = (
    begin_to_sign_in,
    begin_to_confirm,
    begin_passkey,
    add_passkey,
    list_passkeys,
    rename_passkey,
    remove_passkey,
)
