"""Identity providers that vouch for people, and the domains they may vouch for. For administrators."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

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
Issuer = Annotated[str, Meta(max_length=500, description="The issuer; for MICROSOFT the tenant's ID; else empty.")]
ClientId = Annotated[str, Meta(min_length=1, max_length=500, examples=["parlour"])]
ClientSecret = Annotated[str, Meta(min_length=1, max_length=4000, examples=["a-secret-of-the-client"])]
Claim = Annotated[str, Meta(min_length=1, max_length=200)]
Newcomers = Annotated[Role | None, Meta(description="Not ADMIN. Without it only people who are here come in.")]


class Group(Body, frozen=True, kw_only=True):
    """Whoever is in the group of this name there has the role here, and works in the department."""

    name: Annotated[str, Meta(min_length=1, max_length=200, examples=["leads"])]
    role: Role | None = None
    department_id: UUID | None = None


Groups = Annotated[list[Group], Meta(max_length=200)]


class NewProvider(Body, frozen=True, kw_only=True):
    """A provider to set up."""

    kind: providers.Kind
    name: Name
    issuer: Issuer = ""
    client_id: ClientId
    client_secret: ClientSecret
    newcomers_are: Newcomers = None
    groups_claim: Claim = "groups"
    counts_as_second_factor: bool = False
    groups: Groups = []


class ProviderChanges(Body, frozen=True, kw_only=True):
    """What to change; what is left out stays. The issuer stays for good."""

    name: Name | UnsetType = UNSET
    client_id: ClientId | UnsetType = UNSET
    client_secret: ClientSecret | UnsetType = UNSET
    newcomers_are: Newcomers | UnsetType = UNSET
    groups_claim: Claim | UnsetType = UNSET
    counts_as_second_factor: bool | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET
    groups: Groups | UnsetType = UNSET


class IdentityProvider(shapes.Shape, frozen=True):
    """Somebody else who vouches for people. `returnAddress` is the redirect URI to enter there."""

    id: UUID
    kind: providers.Kind
    name: str
    issuer: str
    client_id: str
    newcomers_are: Role | None
    groups_claim: str
    counts_as_second_factor: bool
    is_active: bool
    groups: list[Group]
    return_address: str
    created_at: datetime


class IdentityProviders(shapes.Shape, frozen=True):
    """All of them, by name."""

    items: list[IdentityProvider]


class NewClaim(Body, frozen=True, kw_only=True):
    """A domain to claim."""

    domain: Annotated[str, Meta(max_length=254, examples=["acme.example"])]


class ClaimedDomain(shapes.Shape, frozen=True):
    """It counts while `verifiedAt` is set: while its TXT record was there when it was last looked for."""

    id: UUID
    domain: str
    record_name: str
    record_value: str
    created_at: datetime
    checked_at: datetime | None
    verified_at: datetime | None


class ClaimedDomains(shapes.Shape, frozen=True):
    """All of them, by name."""

    items: list[ClaimedDomain]


@operation("GET /identity-providers", Permission.MANAGE_SECURITY)
async def list_identity_providers(request: Request) -> IdentityProviders:
    """List identity providers"""
    async with request.reading() as tx:
        return IdentityProviders([await _shown(request, tx, each) for each in await providers.providers(tx)])


@operation(
    "POST /identity-providers",
    Permission.MANAGE_SECURITY,
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


@operation("PUT /identity-providers/{id}", Permission.MANAGE_SECURITY, example={"isActive": False})
async def change_identity_provider(request: Request, id: UUID, body: ProviderChanges) -> IdentityProvider:  # noqa: A002
    """Change an identity provider"""
    async with request.transaction() as tx:
        before = await providers.find_provider(tx, id)
        kept = {
            name: getattr(before, name) if (value := getattr(body, name)) is UNSET else value
            for name in ("name", "client_id", "newcomers_are", "groups_claim", "counts_as_second_factor", "is_active")
        }
        secret = "" if body.client_secret is UNSET else body.client_secret
        draft = providers.Draft(kind=before.kind, issuer=before.issuer, secret=secret, **kept)
        after = await providers.change_provider(tx, request.installation, before, draft, by=request.actor)
        if body.groups is not UNSET:
            await providers.set_rules(tx, after, _rules(body.groups), by=request.actor)
        shown = await _shown(request, tx, after)
    request.forget_identities()
    return shown


@operation("DELETE /identity-providers/{id}", Permission.MANAGE_SECURITY, status=204)
async def remove_identity_provider(request: Request, id: UUID) -> None:  # noqa: A002
    """Remove an identity provider

    Nobody comes in through it any more. The people stay.
    """
    async with request.transaction() as tx:
        await providers.remove_provider(tx, await providers.find_provider(tx, id), by=request.actor)
    request.forget_identities()


@operation("GET /claimed-domains", Permission.MANAGE_SECURITY)
async def list_claimed_domains(request: Request) -> ClaimedDomains:
    """List claimed domains"""
    async with request.reading() as tx:
        return ClaimedDomains([_claimed(each) for each in await providers.claimed_domains(tx)])


@operation(
    "POST /claimed-domains",
    Permission.MANAGE_SECURITY,
    status=201,
    headers={"Location": "The claimed domain."},
    example={"domain": "acme.example"},
)
async def claim_domain(request: Request, body: NewClaim) -> Answer[ClaimedDomain]:
    """Claim a domain

    Add the TXT record that it answers with to the DNS, then check.
    """
    async with request.transaction() as tx:
        claimed = await providers.claim_domain(tx, body.domain, by=request.actor)
    return Answer(_claimed(claimed), {"location": f"/api/claimed-domains/{claimed.id}"})


@operation("GET /claimed-domains/{id}", Permission.MANAGE_SECURITY)
async def read_claimed_domain(request: Request, id: UUID) -> ClaimedDomain:  # noqa: A002
    """Read a claimed domain"""
    async with request.reading() as tx:
        return _claimed(await providers.find_claimed_domain(tx, id))


@operation("POST /claimed-domains/{id}/check", Permission.MANAGE_SECURITY)
async def check_claimed_domain(request: Request, id: UUID) -> ClaimedDomain:  # noqa: A002
    """Check a claimed domain

    Asks the DNS for its record now, within a few seconds.
    """
    async with request.transaction() as tx:
        # An Idempotency-Key is used up here: nobody asks name servers inside a transaction.
        await providers.find_claimed_domain(tx, id)
    return _claimed(await providers.check_claimed_domain(request.installation, request.actor.organization_id, id))


@operation("DELETE /claimed-domains/{id}", Permission.MANAGE_SECURITY, status=204)
async def release_domain(request: Request, id: UUID) -> None:  # noqa: A002
    """Release a claimed domain"""
    async with request.transaction() as tx:
        await providers.release_domain(tx, await providers.find_claimed_domain(tx, id), by=request.actor)


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
        groups=[Group(name=rule.name, role=rule.role, department_id=rule.department_id) for rule in rules],
        return_address=providers.return_address(request.installation, provider.id),
        created_at=provider.created_at,
    )


def _claimed(claimed: providers.ClaimedDomain) -> ClaimedDomain:
    return ClaimedDomain(
        claimed.id,
        claimed.domain,
        claimed.record_name,
        claimed.record_value,
        claimed.created_at,
        claimed.checked_at,
        claimed.verified_at,
    )


def _rules(groups: list[Group]) -> list[providers.GroupRule]:
    return [providers.GroupRule(group.name.strip(), group.role, group.department_id) for group in groups]


HANDLERS: Final[Sequence[HTTPRouteHandler]] = (
    list_identity_providers,
    add_identity_provider,
    read_identity_provider,
    change_identity_provider,
    remove_identity_provider,
    list_claimed_domains,
    claim_domain,
    read_claimed_domain,
    check_claimed_domain,
    release_domain,
)
