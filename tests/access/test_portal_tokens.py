"""Portal tokens: what an organization's own site signs, and everything that is no such token."""

import base64
import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from parlour import access, entrance, people
from parlour.access import Client, Identity, Method, WrongToken
from parlour.access.portal_tokens.keys import TooManyKeys
from parlour.foundation import clock, ids
from parlour.foundation.errors import Invalid, NotFound
from parlour.people import Role, UserChanges, UserStatus
from tests.access.test_second_factor import MONDAY
from tests.builders import Company

HERE = Client("192.0.2.7", "One browser")

RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ED = ed25519.Ed25519PrivateKey.generate()


def pem(private: Any) -> str:
    forms = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.public_key().public_bytes(*forms).decode()


def portal_of(company: Company) -> str:
    return f"{company.installation.settings.public_url}/portal/{company.slug}"


def claims(company: Company, **more: Any) -> dict[str, Any]:
    said = {"email": "carol@customer.test", "aud": portal_of(company), "jti": ids.new().hex, **more}
    ends = int((clock.now() + timedelta(minutes=1)).timestamp())
    return {name: value for name, value in {"exp": ends, **said}.items() if value is not None}


async def secret_of(company: Company) -> str:
    async with company.database.transaction(company.organization_id) as tx:
        return (await access.make_portal_secret(tx, company.installation.sealer, by=company.alice))[1]


async def add(company: Company, text: str) -> access.PortalKey:
    async with company.database.transaction(company.organization_id) as tx:
        return await access.add_portal_key(tx, text, by=company.alice)


async def enter(company: Company, token: str) -> Identity:
    async with company.database.reading(company.organization_id) as tx:
        organization = await people.this_organization(tx)
    return await access.identity_by_portal_token(company.installation, organization, token)


async def people_of(company: Company) -> int:
    async with company.database.reading(company.organization_id) as tx:
        found: int = await tx.value("select count(*) from users")
        return found


@pytest.mark.parametrize("algorithm", ["HS256", "RS256", "EdDSA"])
async def test_a_signed_token_lets_a_customer_in_once(acme: Company, algorithm: str) -> None:
    if algorithm == "HS256":
        key: Any = await secret_of(acme)
    else:
        key = {"RS256": RSA, "EdDSA": ED}[algorithm]
        assert (await add(acme, pem(key))).algorithm == algorithm
    token = jwt.encode(claims(acme), key, algorithm)
    identity = await enter(acme, token)
    assert (identity.user_id, identity.proofs[0].method) == (acme.carol.user_id, Method.PORTAL_TOKEN)
    with pytest.raises(WrongToken):
        await enter(acme, token)


async def test_a_new_customer_is_made(acme: Company) -> None:
    secret = await secret_of(acme)
    said = claims(acme, email="Nora@New.test", name="Nora\r\nNew\x00")
    identity = await enter(acme, jwt.encode(said, secret, "HS256"))
    async with acme.database.reading(acme.organization_id) as tx:
        nora = await people.find_user(tx, identity.user_id)
    assert (nora.email, nora.role, nora.name) == ("nora@new.test", Role.CUSTOMER, "Nora  New")


@pytest.mark.parametrize("first", ["alice", "mara", "bob", "dave"])
async def test_no_agent_and_nobody_inactive_comes_in(acme: Company, first: str) -> None:
    secret, actor = await secret_of(acme), getattr(acme, first)
    async with acme.database.transaction(acme.organization_id) as tx:
        dave = await people.find_user(tx, acme.dave.user_id)
        await people.change_user(tx, dave, UserChanges(status=UserStatus.INACTIVE), by=acme.alice)
    with pytest.raises(WrongToken):
        await enter(acme, jwt.encode(claims(acme, email=actor.email.upper()), secret, "HS256"))


async def test_who_came_in_as_a_customer_and_is_made_an_agent_comes_in_anew(acme: Company) -> None:
    identity = await enter(acme, jwt.encode(claims(acme), await secret_of(acme), "HS256"))
    outcome = await access.arrive(acme.installation, (identity,), HERE)
    assert isinstance(outcome, access.Entered)
    assert await entrance.Identities(acme.installation).by_session(outcome.token)
    async with acme.database.transaction(acme.organization_id) as tx:
        carol = await people.find_user(tx, acme.carol.user_id)
        await access.change_user(tx, carol, UserChanges(role=Role.ADMIN), by=acme.alice)
    assert await entrance.Identities(acme.installation).by_session(outcome.token) is None
    session = await access.session_of(acme.installation, outcome.token)
    assert session
    with pytest.raises(access.ChallengeOver):
        await access.switch(acme.installation, outcome.token, session, acme.organization_id, HERE)


@pytest.mark.parametrize(
    "wrong",
    [
        {"exp": None},
        {"exp": "soon"},
        {"exp": True},
        {"exp": 10**30},
        {"exp": float("nan")},
        {"aud": None},
        {"aud": "https://elsewhere.test"},
        {"aud": ["a", "b"]},
        {"jti": None},
        {"jti": ""},
        {"jti": "x" * 201},
        {"jti": 7},
        {"email": None},
        {"email": "no address"},
        {"email": "a@b.test\r\nBcc: c@d.test"},
        {"email": ["carol@customer.test"]},
        {"name": {"a": 1}},
        {"name": "x" * 201},
        {"nbf": 10**12},
        {"iat": 10**12},
        {"iat": "now"},
    ],
)
async def test_a_claim_that_is_missing_or_wrong_lets_nobody_in(acme: Company, wrong: dict[str, Any]) -> None:
    secret, before = await secret_of(acme), await people_of(acme)
    with pytest.raises(WrongToken):
        await enter(acme, jwt.encode(claims(acme, **wrong), secret, "HS256"))
    assert await people_of(acme) == before


async def test_it_lives_for_minutes(acme: Company) -> None:
    with clock.frozen(MONDAY):
        secret = await secret_of(acme)
        soon = [jwt.encode(claims(acme), secret, "HS256") for _ in range(2)]
        far = claims(acme, exp=int((MONDAY + timedelta(minutes=12)).timestamp()))
        with pytest.raises(WrongToken):
            await enter(acme, jwt.encode(far, secret, "HS256"))
    with clock.frozen(MONDAY + timedelta(seconds=59)):
        assert await enter(acme, soon[0])
    with clock.frozen(MONDAY + timedelta(seconds=60)), pytest.raises(WrongToken):
        await enter(acme, soon[1])


def _raw(head: dict[str, Any], said: dict[str, Any], key: bytes | None) -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=") for one in (head, said)]
    signed = hmac.digest(key, b".".join(parts), hashlib.sha256) if key is not None else b""
    return b".".join([*parts, base64.urlsafe_b64encode(signed).rstrip(b"=")]).decode()


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
async def test_no_game_with_the_algorithm_wins(acme: Company) -> None:
    await add(acme, pem(RSA))
    await add(acme, pem(ED))
    secret = await secret_of(acme)
    said = claims(acme)
    tokens = [
        _raw({"alg": "none"}, said, None),
        _raw({"alg": "None", "typ": "JWT"}, said, None),
        _raw({"alg": "none"}, said, secret.encode()),
        # The public half used as if it were a shared secret.
        _raw({"alg": "HS256"}, said, pem(RSA).encode()),
        _raw({"alg": "HS256"}, said, pem(ED).encode()),
        _raw({"alg": "RS256"}, said, secret.encode()),
        # A key of one's own, brought along.
        jwt.encode(said, "x" * 43, "HS256", headers={"jwk": {"kty": "oct", "k": "eHh4"}, "kid": "../../dev/null"}),
        jwt.encode(said, rsa.generate_private_key(public_exponent=65537, key_size=2048), "RS256"),
        jwt.encode(said, RSA, "RS512"),
        jwt.encode(said, RSA, "PS256"),
        jwt.encode(said, secret, "HS512"),
        jwt.encode(said, secret, "HS256", headers={"crit": ["exp"]}),
        jwt.encode(said, secret, "HS256")[:-2],
        *("", "a", "a.b.c", "é.é.é", "\x00", "a" * 5000, "....."),
    ]
    for token in tokens:
        with pytest.raises(WrongToken):
            await enter(acme, token)
    assert await enter(acme, jwt.encode(said, secret, "HS256"))


async def test_one_organizations_key_opens_no_other(acme: Company, globex: Company) -> None:
    secret = await secret_of(acme)
    await secret_of(globex)
    for audience in (acme, globex):
        with pytest.raises(WrongToken):
            await enter(globex, jwt.encode(claims(audience), secret, "HS256"))
    with pytest.raises(WrongToken):
        await enter(acme, jwt.encode(claims(globex), secret, "HS256"))


async def test_keys_change_without_a_gap(acme: Company) -> None:
    old, new = await secret_of(acme), await secret_of(acme)
    for secret in (old, new):
        assert await enter(acme, jwt.encode(claims(acme), secret, "HS256"))
    async with acme.database.transaction(acme.organization_id) as tx:
        second, first = await access.portal_keys(tx)
        await access.remove_portal_key(tx, first.id, by=acme.alice)
        with pytest.raises(NotFound):
            await access.remove_portal_key(tx, UUID(int=1), by=acme.alice)
        acts = await tx.values("select act from audit_records where act like 'PORTAL%%' order by position")
    assert second.created_at >= first.created_at
    assert acts == ["PORTAL_KEY_ADDED", "PORTAL_KEY_ADDED"]
    with pytest.raises(WrongToken):
        await enter(acme, jwt.encode(claims(acme), old, "HS256"))
    assert await enter(acme, jwt.encode(claims(acme), new, "HS256"))


async def test_a_secret_lies_sealed_and_there_are_few(acme: Company) -> None:
    secret = await secret_of(acme)
    async with acme.database.reading(acme.organization_id) as tx:
        [stored] = await tx.values("select to_jsonb(one)::text || encode(sealed_secret, 'escape') from portal_keys one")
    assert secret not in stored
    for _ in range(3):
        await secret_of(acme)
    with pytest.raises(TooManyKeys):
        await secret_of(acme)


@pytest.mark.parametrize("kind", ["nothing", "short", "curve", "private", "long"])
async def test_a_key_that_is_none_is_refused(acme: Company, kind: str) -> None:
    private = RSA.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    text = {
        "nothing": "hello",
        "short": pem(rsa.generate_private_key(public_exponent=65537, key_size=1024)),
        "curve": pem(ec.generate_private_key(ec.SECP256R1())),
        "private": private,
        "long": "x" * 10_001,
    }[kind]
    with pytest.raises(Invalid):
        await add(acme, text)
