"""An organization's identity providers and their secrets."""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from psycopg.errors import UniqueViolation

from parlour import audit, people
from parlour.access.providers.kinds import Kind, issuer_of
from parlour.access.providers.saml import connections, metadata
from parlour.access.providers.saml.connections import Connection
from parlour.audit import Act, Subject
from parlour.foundation import clock, ids
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Conflict, Invalid
from parlour.foundation.installation import Installation
from parlour.foundation.sealing import Place
from parlour.people import Actor, Role

MOST: Final = 20
_LONGEST_SECRET: Final = 4000


class ProviderKnown(Conflict):
    """This provider is set up already, with the same client ID. Change it in the list."""


class TooManyProviders(Conflict):
    """An organization has 20 identity providers at most. Remove one first."""


class Provider(msgspec.Struct, frozen=True):
    """Somebody else who vouches for people. Without `newcomers_are` only those who are here already come in."""

    id: UUID
    kind: Kind
    name: str
    issuer: str
    client_id: str
    has_secret: bool
    newcomers_are: Role | None
    groups_claim: str
    counts_as_second_factor: bool
    is_active: bool
    offers_sign_out: bool
    created_at: datetime


class Draft(msgspec.Struct, frozen=True):
    """What an administrator fills in. An empty `secret`, and empty `metadata` of SAML, leave what is kept."""

    kind: Kind
    name: str
    issuer: str
    client_id: str
    secret: str = ""
    newcomers_are: Role | None = None
    groups_claim: str = "groups"
    counts_as_second_factor: bool = False
    is_active: bool = True
    offers_sign_out: bool = True
    metadata: str = ""
    email_attribute: str = ""
    name_attribute: str = ""
    encrypted_only: bool = False
    takes_unasked: bool = False


_COLUMNS: Final = """
    id, kind, name, issuer, client_id, sealed is not null as has_secret, newcomers_are, groups_claim,
    counts_as_second_factor, is_active, offers_sign_out, created_at
"""


async def add_provider(
    tx: Transaction, installation: Installation, draft: Draft, provider_id: UUID | None = None, *, by: Actor
) -> Provider:
    """`provider_id` where its return address was told already.

    Raises `Forbidden`, `Invalid`, `ProviderKnown` or `TooManyProviders`.
    """
    people.must_be_administrator(by)
    provider_id = provider_id or ids.new()
    checked = _checked(installation, draft, provider_id)
    if draft.kind is not Kind.SAML and not checked.secret:
        raise Invalid(details={"secret": "Paste the client secret."})
    if await tx.value("select count(*) from identity_providers") >= MOST:
        raise TooManyProviders()
    try:
        async with tx.savepoint():
            provider = await tx.one(
                Provider,
                f"""
                insert into identity_providers
                    (organization_id, id, kind, name, issuer, client_id, sealed, newcomers_are, groups_claim,
                     counts_as_second_factor, is_active, offers_sign_out, created_at)
                values
                    (current_organization(), %(id)s, %(kind)s, %(name)s, %(issuer)s, %(client_id)s, %(sealed)s,
                     %(newcomers_are)s, %(groups_claim)s, %(counts_as_second_factor)s, %(is_active)s,
                     %(offers_sign_out)s, %(now)s)
                returning {_COLUMNS}
                """,
                **_row(checked),
                id=provider_id,
                sealed=await _sealed(tx, installation, provider_id, checked.secret) if checked.secret else None,
                now=clock.now(),
            )
    except UniqueViolation as known:
        raise ProviderKnown() from known
    await _keep_connection(tx, installation, provider, checked)
    await audit.record(tx, Act.PROVIDER_ADDED, on=_subject(provider), details=_told(provider))
    return provider


async def change_provider(
    tx: Transaction, installation: Installation, before: Provider, draft: Draft, *, by: Actor
) -> Provider:
    """Kind and issuer stay what they are: everybody's subject there means that issuer's.

    Raises `Forbidden`, `Invalid` or `ProviderKnown`.
    """
    people.must_be_administrator(by)
    checked = msgspec.structs.replace(
        _checked(installation, draft, before.id, before), kind=before.kind, issuer=before.issuer
    )
    sealed = await _sealed(tx, installation, before.id, checked.secret) if checked.secret else None
    try:
        async with tx.savepoint():
            after = await tx.one(
                Provider,
                f"""
                update identity_providers set
                    name = %(name)s,
                    client_id = %(client_id)s,
                    sealed = coalesce(%(sealed)s, sealed),
                    newcomers_are = %(newcomers_are)s,
                    groups_claim = %(groups_claim)s,
                    counts_as_second_factor = %(counts_as_second_factor)s,
                    is_active = %(is_active)s,
                    offers_sign_out = %(offers_sign_out)s
                where id = %(id)s
                returning {_COLUMNS}
                """,
                **_row(checked),
                id=before.id,
                sealed=sealed,
            )
    except UniqueViolation as known:
        raise ProviderKnown() from known
    await _keep_connection(tx, installation, after, checked)
    details = audit.changes(_told(before), _told(after)) | ({"secret": "replaced"} if sealed else {})
    details |= {"metadata": "replaced"} if checked.metadata else {}
    await audit.record(tx, Act.PROVIDER_CHANGED, on=_subject(after), details=details)
    return after


async def remove_provider(tx: Transaction, provider: Provider, *, by: Actor) -> None:
    """Nobody comes in through it any more; whom it had vouched for is forgotten with it."""
    people.must_be_administrator(by)
    await tx.run("delete from identity_providers where id = %(id)s", id=provider.id)
    await audit.record(tx, Act.PROVIDER_REMOVED, on=_subject(provider))


async def providers(tx: Transaction) -> list[Provider]:
    """All of them, by name."""
    return await tx.all(Provider, f"select {_COLUMNS} from identity_providers order by lower(name), id")


async def active_providers(tx: Transaction) -> list[Provider]:
    """Those that a sign-in page offers."""
    return [provider for provider in await providers(tx) if provider.is_active]


async def find_provider(tx: Transaction, provider_id: UUID) -> Provider:
    """Raises `NotFound`."""
    return await tx.one(Provider, f"select {_COLUMNS} from identity_providers where id = %(id)s", id=provider_id)


async def secret_of(tx: Transaction, installation: Installation, provider: Provider) -> str:
    """The client secret. Raises `SealBroken` where the key that sealed it is gone."""
    sealed = await tx.value("select sealed from identity_providers where id = %(id)s", id=provider.id)
    return (await installation.sealer.open(_place(tx.organization_id, provider.id), bytes(sealed))).decode()


def our_name(installation: Installation, provider_id: UUID) -> str:
    """SAML's entity ID of ours; one each, so that no other connection's assertion has the right audience."""
    return f"{installation.settings.public_url}/sign-in/with/{provider_id}"


def plain_http(installation: Installation) -> bool:
    """Whether providers may be on this network, and without TLS: where the operator says so."""
    return installation.settings.private_hosts == "allow"


async def _keep_connection(tx: Transaction, installation: Installation, provider: Provider, draft: Draft) -> None:
    if provider.kind is not Kind.SAML:
        return
    names = ("email_attribute", "name_attribute", "encrypted_only", "takes_unasked")
    wanted = {name: getattr(draft, name) for name in names}
    if not draft.metadata:
        kept = await connections.connection_of(tx, provider.id)
        await connections.keep(tx, provider.id, msgspec.structs.replace(kept, **wanted))
        return
    described = metadata.understood(draft.metadata, plain_http=plain_http(installation))
    if described.entity_id != provider.issuer:
        words = f"This describes {described.entity_id[:200]}, another provider. For that one, add another connection."
        raise Invalid(details={"metadata": words})
    await connections.keep(tx, provider.id, Connection(described.sign_on, described.certificates, **wanted))


def _checked(installation: Installation, draft: Draft, provider_id: UUID, before: Provider | None = None) -> Draft:
    wrong: dict[str, str] = {}
    draft = _of_saml(installation, draft, provider_id, before) if draft.kind is Kind.SAML else draft
    name, client_id, claim = draft.name.strip(), draft.client_id.strip(), draft.groups_claim.strip()
    if not 1 <= len(name) <= 80:
        wrong["name"] = "A name has 1 to 80 characters."
    if not 1 <= len(client_id) <= 500 or not client_id.isprintable():
        wrong["clientId"] = "Paste the client ID."
    if len(draft.secret) > _LONGEST_SECRET:
        wrong["secret"] = "That is too long for a client secret."  # noqa: S105
    if draft.newcomers_are is Role.ADMIN:
        wrong["newcomersAre"] = "Nobody becomes an administrator by coming in. Name a group whose members are."
    if not 1 <= len(claim) <= 200:
        wrong["groupsClaim"] = "Name the claim that holds the groups; usually: groups."
    if wrong:
        raise Invalid(details=wrong)
    issuer = before.issuer if before else draft.issuer
    if not before and draft.kind is not Kind.SAML:
        issuer = issuer_of(draft.kind, draft.issuer, plain_http=plain_http(installation))
    return msgspec.structs.replace(
        draft, name=name, client_id=client_id, groups_claim=claim, issuer=issuer, secret=draft.secret.strip()
    )


def _of_saml(installation: Installation, draft: Draft, provider_id: UUID, before: Provider | None) -> Draft:
    """Its metadata says who it is, and what we are called there is ours to say."""
    issuer = before.issuer if before else ""
    if not before:
        if not draft.metadata.strip():
            raise Invalid(details={"metadata": "Paste the provider's metadata, or give its address."})
        issuer = metadata.understood(draft.metadata, plain_http=plain_http(installation)).entity_id
    email, called = draft.email_attribute.strip(), draft.name_attribute.strip()
    if max(len(email), len(called)) > 200:
        raise Invalid(details={"emailAttribute": "An attribute's name has at most 200 characters."})
    client_id = our_name(installation, provider_id)
    return msgspec.structs.replace(
        draft, issuer=issuer, client_id=client_id, secret="", email_attribute=email, name_attribute=called
    )


async def _sealed(tx: Transaction, installation: Installation, provider_id: UUID, secret: str) -> bytes:
    return await installation.sealer.seal(_place(tx.organization_id, provider_id), secret.encode())


def _place(organization_id: UUID, provider_id: UUID) -> Place:
    return Place("identity_providers", "sealed", organization_id, provider_id)


_KEPT: Final = (
    "kind", "name", "issuer", "client_id", "newcomers_are", "groups_claim", "counts_as_second_factor", "is_active",
    "offers_sign_out",
)  # fmt: skip


def _row(draft: Draft) -> dict[str, object]:
    return {name: getattr(draft, name) for name in _KEPT}


def _told(provider: Provider) -> dict[str, object]:
    return {name: getattr(provider, name) for name in _KEPT}


def _subject(provider: Provider) -> Subject:
    return Subject("identity provider", provider.id, provider.name)
