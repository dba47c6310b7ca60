"""Access tokens as somebody would bend them (RFC 8725): algorithms, keys of their own, other claims, other tenants."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from parlour.access.apps import Tokens, keys
from parlour.foundation import clock, ids
from parlour.foundation.installation import Installation
from tests.access.app import signed_in_app
from tests.builders import Company
from tests.doors.conftest import Connect, failure

Parts = tuple[dict[str, Any], dict[str, Any]]
MALLORYS = ECKey.generate_key("P-256")


def _read(part: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return read


def _written(value: Any) -> str:
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def parts_of(tokens: Tokens) -> Parts:
    header, claims, _ = tokens.access_token.split(".")
    return _read(header), _read(claims)


def signed(header: dict[str, Any], claims: dict[str, Any], key: Any) -> str:
    """Whatever the header says, with ES256."""
    told = f"{_written(header)}.{_written(claims)}"
    private = serialization.load_pem_private_key(key.as_pem(private=True), None)
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    return f"{told}.{_written(_raw(private, told.encode()))}"


def _raw(private: ec.EllipticCurvePrivateKey, told: bytes) -> bytes:
    r, s = decode_dss_signature(private.sign(told, ec.ECDSA(SHA256())))
    return r.to_bytes(32) + s.to_bytes(32)


def ours(installation: Installation) -> Any:
    return keys.signing_key(installation.signer).pair


def _none(header: dict[str, Any], claims: dict[str, Any], company: Company) -> str:
    return f"{_written({**header, 'alg': 'none'})}.{_written(claims)}."


def _hmac_with_the_public_key(header: dict[str, Any], claims: dict[str, Any], company: Company) -> str:
    told = f"{_written({**header, 'alg': 'HS256'})}.{_written(claims)}"
    public = ours(company.installation).as_pem(private=False)
    return f"{told}.{_written(hmac.digest(public, told.encode(), hashlib.sha256))}"


def _hmac_with_the_published_point(header: dict[str, Any], claims: dict[str, Any], company: Company) -> str:
    point = keys.signing_key(company.installation.signer).public["x"]
    return jwt.encode({**header, "alg": "HS256"}, claims, OctKey.import_key(point), algorithms=["HS256"])


def _header(**more: Any) -> Callable[[dict[str, Any], dict[str, Any], Company], str]:
    """Signed by us, as could never be: not even then is a header believed that says more, or something else."""

    def bent(header: dict[str, Any], claims: dict[str, Any], company: Company) -> str:
        told = {name: value for name, value in {**header, **more}.items() if value is not None}
        return signed(told, claims, ours(company.installation))

    return bent


def _mallorys(**more: Any) -> Callable[[dict[str, Any], dict[str, Any], Company], str]:
    """Signed by a stranger, who says where the key is."""

    def bent(header: dict[str, Any], claims: dict[str, Any], company: Company) -> str:
        return signed({**header, **more}, claims, MALLORYS)

    return bent


def _claims(**more: Any) -> Callable[[dict[str, Any], dict[str, Any], Company], str]:
    """Signed by us, and meant for somebody or something else."""

    def bent(header: dict[str, Any], claims: dict[str, Any], company: Company) -> str:
        told = {name: value for name, value in {**claims, **more}.items() if value is not None}
        return signed(header, told, ours(company.installation))

    return bent


def _edited(header: dict[str, Any], claims: dict[str, Any], company: Company) -> str:
    """The claims of somebody else under a signature that was made for these."""
    good = signed(header, claims, ours(company.installation)).split(".")
    return f"{good[0]}.{_written({**claims, 'sub': str(company.alice.user_id)})}.{good[2]}"


def _empty_signature(header: dict[str, Any], claims: dict[str, Any], company: Company) -> str:
    return f"{_written(header)}.{_written(claims)}.{_written(bytes(64))}"


_PUBLIC = MALLORYS.as_dict(private=False)
_NOW = int(clock.now().timestamp())
BENT = {
    "alg none": _none,
    "alg None": _header(alg="None"),
    "alg HS256 with the public key": _hmac_with_the_public_key,
    "alg HS256 with the published point": _hmac_with_the_published_point,
    "alg ES384": _header(alg="ES384"),
    "alg missing": _header(alg=None),
    "typ JWT": _header(typ="JWT"),
    "typ of an ID token": _header(typ="id+jwt"),
    "typ missing": _header(typ=None),
    "crit": _header(crit=["exp"]),
    "b64 false": _header(b64=False, crit=["b64"]),
    "a stranger's key": _mallorys(),
    "a stranger's key, brought along": _mallorys(jwk=_PUBLIC),
    "a stranger's key, brought along by name": _mallorys(jwk=_PUBLIC, kid=MALLORYS.thumbprint()),
    "jku": _mallorys(jku="http://127.0.0.1:9/jwks.json"),
    "x5u": _mallorys(x5u="http://127.0.0.1:9/key.pem"),
    "x5c": _mallorys(x5c=["MIIB"]),
    "jku with our signature": _header(jku="http://127.0.0.1:9/jwks.json"),
    "kid a path": _mallorys(kid="../../../../dev/null"),
    "kid SQL": _mallorys(kid="' union select 'AA' -- "),
    "kid a list": _mallorys(kid=["a"]),
    "kid missing": _header(kid=None),
    "kid empty": _header(kid=""),
    "another issuer": _claims(iss="https://evil.test"),
    "issuer with a slash": _claims(iss="http://127.0.0.1:8000/"),
    "another audience": _claims(aud="https://evil.test/api"),
    "two audiences": _claims(aud=["http://127.0.0.1:8000/api", "https://evil.test"]),
    "another client": _claims(client_id="evil"),
    "run out": _claims(exp=_NOW - 1, iat=_NOW - 601, nbf=_NOW - 601),
    "never runs out": _claims(exp=_NOW + 10**9),
    "no end": _claims(exp=None),
    "an end in words": _claims(exp="tomorrow"),
    "not yet": _claims(nbf=_NOW + 3600),
    "made tomorrow": _claims(iat=_NOW + 86_400, exp=_NOW + 86_460),
    "nobody": _claims(sub=None),
    "a session that is not": _claims(sid=str(ids.new())),
    "no session": _claims(sid=None),
    "a session in words": _claims(sid="*"),
    "edited": _edited,
    "an empty signature": _empty_signature,
}


@pytest.mark.parametrize("name", BENT)
async def test_a_bent_access_token_opens_nothing(name: str, acme: Company, connect: Connect) -> None:
    tokens = await signed_in_app(acme, acme.bob)
    header, claims = parts_of(tokens)
    bent = BENT[name](header, claims, acme)
    answer = await connect(authorization=f"Bearer {bent}").get("/api/me")
    assert (answer.status_code, bent == tokens.access_token) == (401, False)
    assert "access token" in failure(answer)["error"]
    good = await connect(authorization=f"Bearer {tokens.access_token}").get("/api/me")
    assert good.json()["id"] == str(acme.bob.user_id)


async def test_what_is_signed_here_is_what_the_app_takes_so_that_the_others_fail_for_their_own_reason(
    acme: Company, connect: Connect
) -> None:
    header, claims = parts_of(await signed_in_app(acme, acme.bob))
    again = signed(header, claims, ours(acme.installation))
    assert (await connect(authorization=f"Bearer {again}").get("/api/me")).status_code == 200


async def test_a_token_reaches_neither_another_person_nor_another_organization(
    acme: Company, globex: Company, connect: Connect
) -> None:
    """Even where our own key had signed it: the session says whose it is."""
    header, claims = parts_of(await signed_in_app(acme, acme.bob))
    theirs = parts_of(await signed_in_app(globex, globex.alice))[1]
    for more in (
        {"sub": str(acme.alice.user_id)},
        {"org": str(globex.organization_id)},
        {"org": theirs["org"], "sub": theirs["sub"]},
        {"sid": theirs["sid"]},
    ):
        forged = signed(header, {**claims, **more}, ours(acme.installation))
        assert (await connect(authorization=f"Bearer {forged}").get("/api/me")).status_code == 401
    ticket = await globex.ticket()
    app = connect(authorization=f"Bearer {signed(header, claims, ours(acme.installation))}")
    assert (await app.get(f"/api/tickets/{ticket.id}")).status_code == 404


async def test_a_token_of_an_earlier_key_is_over_and_one_that_ran_out_stays_so(acme: Company, connect: Connect) -> None:
    with clock.frozen(clock.now() - timedelta(minutes=10, seconds=1)):
        over = await signed_in_app(acme, acme.bob)
    assert (await connect(authorization=f"Bearer {over.access_token}").get("/api/me")).status_code == 401
    tokens = await signed_in_app(acme, acme.bob)
    header, claims = parts_of(tokens)
    with clock.frozen(clock.now() - timedelta(days=60)):
        old = keys.signing_key(acme.installation.signer)
    forged = signed({**header, "kid": old.id}, claims, old.pair)
    assert (await connect(authorization=f"Bearer {forged}").get("/api/me")).status_code == 401


@pytest.mark.parametrize(
    "text", ["..", "a.b.c", "eyJ.eyJ.", "." * 2000, "é.b.c", "e30.e30.e30", "W10.W10.AA", "MQ.MQ.MQ"]
)
async def test_nonsense_with_two_dots_is_refused_in_words(text: str, connect: Connect) -> None:
    answer = await connect().get("/api/me", headers={"authorization": f"Bearer {text}".encode("latin-1")})
    assert answer.status_code == 401
    assert failure(answer)["error"]
