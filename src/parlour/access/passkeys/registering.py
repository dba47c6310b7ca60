"""A device makes a new passkey for somebody who is signed in."""

from typing import Any, Final
from uuid import UUID

from parlour import audit, people
from parlour.access.arriving import Prove
from parlour.access.client import Client
from parlour.access.passkeys import ceremonies
from parlour.access.passkeys.ceremonies import Ceremony, Party, WrongPasskey
from parlour.access.passkeys.events import PasskeyAdded
from parlour.access.passkeys.keeping import checked_name
from parlour.access.proofs import Identity, Method, Proof, proof
from parlour.audit import Act, Subject
from parlour.foundation import clock, ids
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Conflict
from parlour.foundation.installation import Installation
from parlour.foundation.library import library

MOST: Final = 20
_TRANSPORTS: Final = frozenset({"ble", "cable", "hybrid", "internal", "nfc", "smart-card", "usb"})


class KnownPasskey(Conflict):
    """This device has a passkey here already."""


class TooManyPasskeys(Conflict):
    """Twenty passkeys are the most. Remove one you no longer use."""


def handle_of(identity: Identity) -> bytes:
    """By which a device knows whose the passkey is: nothing of the person, and one for each organization."""
    return identity.organization_id.bytes + identity.user_id.bytes


async def begin_registration(
    installation: Installation, identity: Identity, party: Party, client: Client
) -> tuple[str, str]:
    """The text that brings it back, and the options for the browser, as JSON. Raises `TooManyPasskeys`."""
    webauthn, structs = library("webauthn"), library("webauthn.helpers.structs")
    async with installation.database.reading(identity.organization_id) as tx:
        user, organization = await people.find_user(tx, identity.user_id), await people.this_organization(tx)
        known = await _credentials_of(tx, identity.user_id)
    if len(known) >= MOST:
        raise TooManyPasskeys()
    token, asked = await ceremonies.begin(
        installation.cache, Ceremony.REGISTER, party, client, user_id=identity.user_id
    )
    options = webauthn.generate_registration_options(
        rp_id=party.id,
        rp_name=organization.name,
        user_id=handle_of(identity),
        user_name=user.email,
        user_display_name=user.name,
        challenge=asked.challenge,
        timeout=ceremonies.SECONDS * 1000,
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.REQUIRED,
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[structs.PublicKeyCredentialDescriptor(id=bytes(one)) for one in known],
    )
    written: str = webauthn.options_to_json(options)
    return token, written


async def add_passkey(
    installation: Installation, identity: Identity, token: str, answer: dict[str, Any], client: Client, name: str
) -> UUID:
    """Raises `WrongPasskey`, `KnownPasskey`, `TooManyPasskeys` or `Invalid`."""
    called = checked_name(name)
    asked = await ceremonies.take(installation.cache, token, Ceremony.REGISTER, client, user_id=identity.user_id)
    made = _verified(asked, answer)
    async with installation.database.transaction(identity.organization_id) as tx:
        # Their row is held: of many that come at once none gets past the most.
        await tx.value("select 1 from users where id = %(id)s for update", id=identity.user_id)
        if len(await _credentials_of(tx, identity.user_id)) >= MOST:
            raise TooManyPasskeys()
        passkey_id = ids.new()
        written = await tx.run(
            """
            insert into passkeys (organization_id, id, user_id, credential_id, public_key, sign_count, transports,
                aaguid, is_backed_up, rp_id, name, created_at)
            values (current_organization(), %(id)s, %(user_id)s, %(credential_id)s, %(public_key)s, %(sign_count)s,
                %(transports)s, %(aaguid)s, %(is_backed_up)s, %(rp_id)s, %(name)s, %(now)s)
            on conflict (credential_id) do nothing
            """,
            id=passkey_id,
            user_id=identity.user_id,
            credential_id=made.credential_id,
            public_key=made.credential_public_key,
            sign_count=made.sign_count,
            transports=_transports(answer),
            aaguid=UUID(made.aaguid),
            is_backed_up=made.credential_backed_up,
            rp_id=asked.party.id,
            name=called,
            now=clock.now(),
        )
        if not written:
            raise KnownPasskey()
        # Where it is a step on the way in, nobody is signed in yet.
        owner = await people.actor_of(tx, identity.user_id)
        await audit.record(tx, Act.PASSKEY_ADDED, by=owner, on=Subject("passkey", passkey_id, called))
        tx.record(PasskeyAdded(actor_id=identity.user_id, user_id=identity.user_id, passkey_id=passkey_id))
    return passkey_id


def by_new_passkey(token: str, answer: dict[str, Any], client: Client, name: str, made: list[UUID]) -> Prove:
    """A passkey that is being made: its device has just verified who holds it. `made` is filled with its id.

    Raises what `add_passkey` does.
    """

    async def prove(installation: Installation, identity: Identity) -> Proof:
        made.append(await add_passkey(installation, identity, token, answer, client, name))
        return proof(Method.PASSKEY)

    return prove


async def _credentials_of(tx: Transaction, user_id: UUID) -> list[bytes]:
    return await tx.values("select credential_id from passkeys where user_id = %(user_id)s", user_id=user_id)


def _verified(asked: ceremonies.Asked, answer: dict[str, Any]) -> Any:
    try:
        return library("webauthn").verify_registration_response(
            credential=answer,
            expected_challenge=asked.challenge,
            expected_rp_id=asked.party.id,
            expected_origin=asked.party.origin,
            require_user_verification=True,
        )
    except (library("webauthn.helpers.exceptions").WebAuthnException, ValueError, TypeError, KeyError) as wrong:
        raise WrongPasskey() from wrong


def _transports(answer: dict[str, Any]) -> list[str]:
    told = answer.get("response", {}).get("transports")
    return (
        sorted(_TRANSPORTS.intersection(one for one in told if isinstance(one, str))) if isinstance(told, list) else []
    )
