"""Access tokens: JWTs (RFC 7519, as RFC 9068 has them) that name a session for minutes, and open nothing without it."""

import binascii
import re
from typing import Final, Literal
from uuid import UUID

import msgspec

from parlour.access.apps import keys
from parlour.access.proofs import FIRST, SECOND
from parlour.access.sessions.keeping import Session
from parlour.foundation import clock, ids
from parlour.foundation.errors import Unauthenticated
from parlour.foundation.installation import Installation
from parlour.foundation.library import library
from parlour.foundation.settings import Settings

TYPE: Final = "at+jwt"
# First-party apps don't register: they are all this one client.
CLIENT: Final = "parlour"
_SKEW: Final = 5
_LONGEST_LIFE: Final = 3600
_LONGEST: Final = 4096
_SHAPE: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


class BadAccessToken(Unauthenticated):
    """This access token is no good, or has run out. Get a new one with your refresh token, or sign in again."""


class Claims(msgspec.Struct, frozen=True, kw_only=True):
    """What a token says. Times are whole seconds since 1970."""

    iss: str
    aud: str
    sub: UUID
    org: UUID
    sid: UUID
    jti: UUID
    client_id: str
    iat: int
    nbf: int
    exp: int
    auth_time: int


class _Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing else is read: no key of the token's own (`jwk`, `jku`, `x5c`, `x5u`), no `crit`."""

    alg: Literal["ES256"]
    typ: Literal["at+jwt"]
    kid: str


def looks_like_one(text: str) -> bool:
    """Rather than the token of a program, which has no dots."""
    return text.count(".") == 2


async def write(installation: Installation, session: Session) -> str:
    """A new one, for whoever acts in the session."""
    generations = await installation.keys.token_secrets.known()
    now, key = int(clock.now().timestamp()), keys.signing_key(installation.signer, generations)
    claims = {
        "iss": issuer(installation.settings),
        "aud": audience(installation.settings),
        "sub": str(session.user_id),
        "org": str(session.organization_id),
        "sid": str(session.id),
        "jti": str(ids.new()),
        "client_id": CLIENT,
        "iat": now,
        "nbf": now,
        "exp": now + seconds(installation.settings),
        "auth_time": int(session.identity.shown_at(FIRST | SECOND)),
    }
    header = {"alg": keys.ALGORITHM, "typ": TYPE, "kid": key.id}
    written: str = library("joserfc.jwt").encode(header, claims, key.pair, algorithms=[keys.ALGORITHM])
    return written


async def read(installation: Installation, text: str) -> Claims:
    """What a good one says. Whether its session still stands is for the caller to ask. Raises `BadAccessToken`."""
    if len(text) > _LONGEST or not _SHAPE.fullmatch(text):
        raise BadAccessToken()
    # The key is one of ours by its name: nothing in a token chooses a file, an address or an algorithm.
    generations = await installation.keys.token_secrets.known()
    key = keys.good_keys(installation.signer, generations).get(_header(text).kid)
    if key is None:
        raise BadAccessToken()
    jwt, errors = library("joserfc.jwt"), library("joserfc.errors")
    try:
        token = jwt.decode(text, key.pair, algorithms=[keys.ALGORITHM])
        claims = msgspec.convert(token.claims, Claims)
    except (errors.JoseError, msgspec.ValidationError, ValueError, TypeError) as wrong:
        raise BadAccessToken() from wrong
    _check(claims, installation.settings)
    return claims


def is_over(claims: Claims) -> bool:
    """Whether it has run out: to the second, no grace (RFC 7519, 4.1.4)."""
    return clock.now().timestamp() >= claims.exp


def seconds(settings: Settings) -> int:
    return settings.access_token_minutes * 60


def issuer(settings: Settings) -> str:
    return settings.public_url


def audience(settings: Settings) -> str:
    return f"{settings.public_url}/api"


def _header(text: str) -> _Header:
    try:
        written = binascii.a2b_base64(text.partition(".")[0].translate(_URL_SAFE) + "==")
        return msgspec.json.decode(written, type=_Header)
    except (ValueError, msgspec.MsgspecError) as wrong:
        raise BadAccessToken() from wrong


def _check(claims: Claims, settings: Settings) -> None:
    now = clock.now().timestamp()
    is_ours = (claims.iss, claims.aud, claims.client_id) == (issuer(settings), audience(settings), CLIENT)
    has_begun = claims.nbf <= now + _SKEW and claims.iat <= now + _SKEW
    if not is_ours or not has_begun or is_over(claims) or claims.exp - claims.iat > _LONGEST_LIFE:
        raise BadAccessToken()


_URL_SAFE: Final = str.maketrans("-_", "+/")
