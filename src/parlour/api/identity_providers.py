"""Identity providers that vouch for people. For administrators."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar.handlers import HTTPRouteHandler
from msgspec import UNSET, Meta, UnsetType

from parlour.access import providers
from parlour.api import shapes
from parlour.api.conventions import Body
from parlour.api.operations import Answer, operation
from parlour.entrance import Request
from parlour.foundation.database import Transaction
from parlour.people import Permission, Role

Name = Annotated[str, Meta(min_length=1, max_length=80, examples=["Keycloak"])]
_ISSUER_IS: Final = "The issuer; for MICROSOFT the tenant's ID; for GITHUB a server of your own, if any; else empty."
Issuer = Annotated[str, Meta(max_length=500, description=_ISSUER_IS)]
ClientId = Annotated[str, Meta(min_length=1, max_length=500, examples=["parlour"])]
ClientSecret = Annotated[str, Meta(min_length=1, max_length=4000, examples=["a-secret-of-the-client"])]
Claim = Annotated[str, Meta(min_length=1, max_length=200)]
Metadata = Annotated[str, Meta(max_length=262_144, description="SAML only: the XML, or its https:// address.")]
Attribute = Annotated[str, Meta(max_length=200, description="SAML only. Empty: the usual names are tried.")]
EncryptedOnly = Annotated[bool, Meta(description="SAML only: assertions that are not encrypted are refused.")]
OffersSignOut = Annotated[bool, Meta(description="Whoever signs out here is asked whether to sign out there too.")]
TakesUnasked = Annotated[bool, Meta(description="SAML only: sign-ins may begin at the provider.")]
Newcomers = Annotated[Role | None, Meta(description="Not ADMIN. Without it only people who are here come in.")]


class Group(Body, frozen=True, kw_only=True):
    """Whoever is in the group of this name there has the role here, and works in the department.

    A role of the organization's own brings its kind: `role` may be left out then.
    """

    name: Annotated[str, Meta(min_length=1, max_length=200, examples=["leads"])]
    role: Role | None = None
    department_id: UUID | None = None
    custom_role_id: UUID | None = None


Groups = Annotated[list[Group], Meta(max_length=200)]


class NewProvider(Body, frozen=True, kw_only=True):
    """A provider to set up."""

    kind: providers.Kind
    name: Name
    issuer: Issuer = ""
    client_id: Annotated[str, Meta(max_length=500, description="Needed, but for SAML.")] = ""
    client_secret: Annotated[str, Meta(max_length=4000, description="Needed, but for SAML.")] = ""
    metadata: Metadata = ""
    email_attribute: Attribute = ""
    name_attribute: Attribute = ""
    encrypted_only: EncryptedOnly = False
    takes_unasked: TakesUnasked = False
    offers_sign_out: OffersSignOut = True
    newcomers_are: Newcomers = None
    groups_claim: Claim = "groups"
    counts_as_second_factor: bool = False
    groups: Groups = []


class ProviderChanges(Body, frozen=True, kw_only=True):
    """What to change; what is left out stays. The issuer stays for good."""

    name: Name | UnsetType = UNSET
    client_id: ClientId | UnsetType = UNSET
    client_secret: ClientSecret | UnsetType = UNSET
    metadata: Metadata | UnsetType = UNSET
    email_attribute: Attribute | UnsetType = UNSET
    name_attribute: Attribute | UnsetType = UNSET
    encrypted_only: EncryptedOnly | UnsetType = UNSET
    takes_unasked: TakesUnasked | UnsetType = UNSET
    offers_sign_out: OffersSignOut | UnsetType = UNSET
    newcomers_are: Newcomers | UnsetType = UNSET
    groups_claim: Claim | UnsetType = UNSET
    counts_as_second_factor: bool | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET
    groups: Groups | UnsetType = UNSET


class IdentityProvider(shapes.Shape, frozen=True):
    """Somebody else who vouches for people. `returnAddress` is the redirect URI to enter there.

    Of SAML it is the ACS address, `clientId` is our entity ID, and `issuer` the provider's.
    """

    id: UUID
    kind: providers.Kind
    name: str
    issuer: str
    client_id: str
    newcomers_are: Role | None
    groups_claim: str
    counts_as_second_factor: bool
    is_active: bool
    offers_sign_out: bool
    groups: list[Group]
    return_address: str
    created_at: datetime


class IdentityProviders(shapes.Shape, frozen=True):
    """All of them, by name."""

    items: list[IdentityProvider]


@operation("GET /identity-providers", Permission.MANAGE_SECURITY)
async def list_identity_providers(request: Request) -> IdentityProviders:
    """List identity providers"""
    async with request.reading() as tx:
        return IdentityProviders([await _shown(request, tx, each) for each in await providers.providers(tx)])


@operation(
    "POST /identity-providers",
    Permission.MANAGE_SECURITY,
    confirmed=True,
    status=201,
    headers={"Location": "The new provider."},
    example={"kind": "GITHUB", "name": "GitHub", "clientId": "Iv1.0123456789", "clientSecret": "secret"},
)
async def add_identity_provider(request: Request, body: NewProvider) -> Answer[IdentityProvider]:
    """Add an identity provider

    Enter its `returnAddress` at the provider. It vouches only for addresses in claimed domains.
    """
    draft = providers.Draft(
        kind=body.kind,
        name=body.name,
        issuer=body.issuer,
        client_id=body.client_id,
        secret=body.client_secret,
        newcomers_are=body.newcomers_are,
        groups_claim=body.groups_claim,
        counts_as_second_factor=body.counts_as_second_factor,
        metadata=await _metadata(request, body.kind, body.metadata),
        email_attribute=body.email_attribute,
        name_attribute=body.name_attribute,
        encrypted_only=body.encrypted_only,
        takes_unasked=body.takes_unasked,
        offers_sign_out=body.offers_sign_out,
    )
    async with request.transaction() as tx:
        provider = await providers.add_provider(tx, request.installation, draft, by=request.actor)
        await providers.set_rules(tx, provider, _rules(body.groups), by=request.actor)
        shown = await _shown(request, tx, provider)
    return Answer(shown, {"location": f"/api/identity-providers/{provider.id}"})


@operation("GET /identity-providers/{id}", Permission.MANAGE_SECURITY)
async def read_identity_provider(request: Request, id: UUID) -> IdentityProvider:  # noqa: A002
    """Read an identity provider"""
    async with request.reading() as tx:
        return await _shown(request, tx, await providers.find_provider(tx, id))


@operation("PUT /identity-providers/{id}", Permission.MANAGE_SECURITY, confirmed=True, example={"isActive": False})
async def change_identity_provider(request: Request, id: UUID, body: ProviderChanges) -> IdentityProvider:  # noqa: A002
    """Change an identity provider"""
    written = "" if body.metadata is UNSET else body.metadata
    metadata = await _metadata(request, providers.Kind.SAML, written)
    async with request.transaction() as tx:
        before = await providers.find_provider(tx, id)
        kept = {name: getattr(before, name) if (value := getattr(body, name)) is UNSET else value for name in _KEPT}
        secret = "" if body.client_secret is UNSET else body.client_secret
        draft = providers.Draft(
            kind=before.kind,
            issuer=before.issuer,
            secret=secret,
            metadata=metadata,
            **kept,
        )
        draft = msgspec.structs.replace(draft, **await _of_saml(tx, before, body))
        after = await providers.change_provider(tx, request.installation, before, draft, by=request.actor)
        if body.groups is not UNSET:
            await providers.set_rules(tx, after, _rules(body.groups), by=request.actor)
        shown = await _shown(request, tx, after)
    request.forget_identities()
    return shown


@operation("DELETE /identity-providers/{id}", Permission.MANAGE_SECURITY, confirmed=True, status=204)
async def remove_identity_provider(request: Request, id: UUID) -> None:  # noqa: A002
    """Remove an identity provider

    Nobody comes in through it any more. The people stay.
    """
    async with request.transaction() as tx:
        await providers.remove_provider(tx, await providers.find_provider(tx, id), by=request.actor)
    request.forget_identities()


async def _shown(request: Request, tx: Transaction, provider: providers.Provider) -> IdentityProvider:
    rules = await providers.rules_of(tx, provider.id)
    return IdentityProvider(
        id=provider.id,
        kind=provider.kind,
        name=provider.name,
        issuer=provider.issuer,
        client_id=provider.client_id,
        newcomers_are=provider.newcomers_are,
        groups_claim=provider.groups_claim,
        counts_as_second_factor=provider.counts_as_second_factor,
        is_active=provider.is_active,
        offers_sign_out=provider.offers_sign_out,
        groups=[Group(**msgspec.structs.asdict(rule)) for rule in rules],
        return_address=_return_address(request, provider),
        created_at=provider.created_at,
    )


def _return_address(request: Request, provider: providers.Provider) -> str:
    is_saml = provider.kind is providers.Kind.SAML
    return (providers.saml_consumer if is_saml else providers.return_address)(request.installation, provider.id)


async def _metadata(request: Request, kind: providers.Kind, written: str) -> str:
    text = written.strip() if kind is providers.Kind.SAML else ""
    # Nothing is fetched for somebody who may not set up a provider anyway.
    if not text or text.startswith("<") or request.actor.role is not Role.ADMIN:
        return text
    return await providers.fetched_metadata(request.installation, text)


async def _of_saml(tx: Transaction, before: providers.Provider, body: ProviderChanges) -> dict[str, Any]:
    if before.kind is not providers.Kind.SAML:
        return {}
    kept = await providers.connection_of(tx, before.id)
    return {
        name: getattr(kept, name) if (value := getattr(body, name)) is UNSET else value
        for name in ("email_attribute", "name_attribute", "encrypted_only", "takes_unasked")
    }


def _rules(groups: list[Group]) -> list[providers.GroupRule]:
    return [
        providers.GroupRule(group.name.strip(), group.role, group.department_id, group.custom_role_id)
        for group in groups
    ]


_KEPT: Final = (
    "name",
    "client_id",
    "newcomers_are",
    "groups_claim",
    "counts_as_second_factor",
    "is_active",
    "offers_sign_out",
)

HANDLERS: Final[Sequence[HTTPRouteHandler]] = (
    list_identity_providers,
    add_identity_provider,
    read_identity_provider,
    change_identity_provider,
    remove_identity_provider,
)
