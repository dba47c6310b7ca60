"""A device shows a passkey: it finds out whose identity it is, or is the second factor of somebody known."""

from typing import Any
from uuid import UUID

import msgspec

from parlour import audit
from parlour.access import trail
from parlour.access.arriving import Prove
from parlour.access.client import Client
from parlour.access.passkeys import ceremonies
from parlour.access.passkeys.ceremonies import Asked, Ceremony, Party, WrongPasskey
from parlour.access.passkeys.registering import handle_of
from parlour.access.proofs import Identity, Method, Proof, proof
from parlour.audit import Act, Outcome, Subject
from parlour.foundation import clock
from parlour.foundation.database import Transaction
from parlour.foundation.doorways import Whereabouts
from parlour.foundation.installation import Installation
from parlour.foundation.library import library


class _Credential(msgspec.Struct, frozen=True):
    credential_id: bytes
    transports: list[str]


class PasskeyOfAnother(WrongPasskey):
    """That passkey belongs to an account elsewhere. Choose another one, or sign in where you made it."""


class _Kept(msgspec.Struct, frozen=True):
    id: UUID
    user_id: UUID
    public_key: bytes
    rp_id: str
    name: str


async def ask_whose(installation: Installation, party: Party, client: Client) -> tuple[str, str]:
    """For whoever is not known yet: the device offers what it has for this host, and must know its owner."""
    token, asked = await ceremonies.begin(installation.cache, Ceremony.SIGN_IN, party, client)
    return token, _options(asked, [], "required")


async def ask_somebody(installation: Installation, identity: Identity, party: Party, client: Client) -> tuple[str, str]:
    """For somebody who is known already: only their own passkeys of this host are asked for."""
    async with installation.database.reading(identity.organization_id) as tx:
        theirs = await tx.all(
            _Credential,
            """
            select credential_id, transports from passkeys
            where user_id = %(user_id)s and rp_id = %(rp_id)s order by id
            """,
            user_id=identity.user_id,
            rp_id=party.id,
        )
    token, asked = await ceremonies.begin(installation.cache, Ceremony.CONFIRM, party, client, user_id=identity.user_id)
    return token, _options(asked, theirs, "preferred")


async def identities_by_passkey(
    installation: Installation, token: str, answer: dict[str, Any], client: Client, *, within: UUID | None = None
) -> tuple[Identity, ...]:
    """The one whose passkey it is, with a proof that counts as both factors. `within`: of this organization only.

    Raises `WrongPasskey`.
    """
    asked = await ceremonies.take(installation.cache, token, Ceremony.SIGN_IN, client)
    place = await installation.database.doorways.passkey(_decoded(answer.get("rawId")))
    if place is None:
        raise WrongPasskey()
    try:
        kept = await _used(installation, place.organization_id, asked, answer, is_only_factor=True)
    except WrongPasskey:
        await _refused(installation, place)
        raise
    # Told only to whoever has the passkey in hand.
    if within not in (None, place.organization_id):
        raise PasskeyOfAnother()
    return (Identity(place.organization_id, kept.user_id, (proof(Method.PASSKEY),)),)


async def _refused(installation: Installation, place: Whereabouts) -> None:
    async with installation.database.reading(place.organization_id) as tx:
        user_id = await tx.value("select user_id from passkeys where id = %(id)s", id=place.id)
    if user_id:
        await trail.refused(installation.database, Whereabouts(place.organization_id, user_id), Method.PASSKEY)


def by_passkey(token: str, answer: dict[str, Any], client: Client) -> Prove:
    """The second factor of somebody known. Raises `WrongPasskey`."""

    async def prove(installation: Installation, identity: Identity) -> Proof:
        asked = await ceremonies.take(installation.cache, token, Ceremony.CONFIRM, client, user_id=identity.user_id)
        await _used(installation, identity.organization_id, asked, answer, is_only_factor=False)
        return proof(Method.PASSKEY)

    return prove


async def _used(
    installation: Installation, organization_id: UUID, asked: Asked, answer: dict[str, Any], *, is_only_factor: bool
) -> _Kept:
    async with installation.database.transaction(organization_id) as tx:
        kept = await tx.maybe(
            _Kept,
            "select id, user_id, public_key, rp_id, name from passkeys where credential_id = %(credential_id)s",
            credential_id=_decoded(answer.get("rawId")),
        )
        if kept is None or kept.rp_id != asked.party.id or asked.user_id not in (None, kept.user_id):
            raise WrongPasskey()
        shown = _verified(asked, answer, bytes(kept.public_key), is_only_factor)
        _check_handle(answer, Identity(organization_id, kept.user_id, ()), is_only_factor)
        is_counted = await _count(tx, kept, shown)
    if not is_counted:
        raise WrongPasskey()
    return kept


async def _count(tx: Transaction, kept: _Kept, shown: Any) -> bool:
    """Whether the device's counter went on. One that stands still or goes back is a copy's, and is written down."""
    counted = await tx.run(
        """
        update passkeys set sign_count = %(count)s, is_backed_up = %(is_backed_up)s, used_at = %(now)s
        where id = %(id)s and (sign_count < %(count)s or (sign_count = 0 and %(count)s = 0))
        """,
        id=kept.id,
        count=shown.new_sign_count,
        is_backed_up=shown.credential_backed_up,
        now=clock.now(),
    )
    if not counted:
        on = Subject("passkey", kept.id, kept.name)
        await audit.record(tx, Act.PASSKEY_COPIED, on=on, outcome=Outcome.REFUSED)
    return bool(counted)


def _verified(asked: Asked, answer: dict[str, Any], public_key: bytes, is_only_factor: bool) -> Any:
    try:
        return library("webauthn").verify_authentication_response(
            credential=answer,
            expected_challenge=asked.challenge,
            expected_rp_id=asked.party.id,
            expected_origin=asked.party.origin,
            credential_public_key=public_key,
            # Ours to judge, after the signature: or else a stranger could have a counter written down as wrong.
            credential_current_sign_count=0,
            require_user_verification=is_only_factor,
        )
    except (library("webauthn.helpers.exceptions").WebAuthnException, ValueError, TypeError, KeyError) as wrong:
        raise WrongPasskey() from wrong


def _check_handle(answer: dict[str, Any], identity: Identity, is_needed: bool) -> None:
    told = answer["response"].get("userHandle")
    if (told or is_needed) and _decoded(told) != handle_of(identity):
        raise WrongPasskey()


def _options(asked: Asked, credentials: list[_Credential], verification: str) -> str:
    webauthn, structs = library("webauthn"), library("webauthn.helpers.structs")
    written: str = webauthn.options_to_json(
        webauthn.generate_authentication_options(
            rp_id=asked.party.id,
            challenge=asked.challenge,
            timeout=ceremonies.SECONDS * 1000,
            allow_credentials=[
                # What the device said of itself: a browser then asks for the phone, or for the key, not for both.
                structs.PublicKeyCredentialDescriptor(
                    id=bytes(one.credential_id),
                    transports=[structs.AuthenticatorTransport(way) for way in one.transports],
                )
                for one in credentials
            ],
            user_verification=structs.UserVerificationRequirement(verification),
        )
    )
    return written


def _decoded(text: object) -> bytes:
    if not isinstance(text, str):
        raise WrongPasskey()
    try:
        decoded: bytes = library("webauthn").base64url_to_bytes(text)
    except ValueError as wrong:
        raise WrongPasskey() from wrong
    return decoded
