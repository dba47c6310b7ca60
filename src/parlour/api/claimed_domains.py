"""Domains whose addresses identity providers may vouch for. For administrators."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from litestar.handlers import HTTPRouteHandler
from msgspec import Meta

from parlour.access import providers
from parlour.api import shapes
from parlour.api.conventions import Body
from parlour.api.operations import Answer, operation
from parlour.entrance import Request
from parlour.people import Permission


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


@operation("GET /claimed-domains", Permission.MANAGE_SECURITY)
async def list_claimed_domains(request: Request) -> ClaimedDomains:
    """List claimed domains"""
    async with request.reading() as tx:
        return ClaimedDomains([_claimed(each) for each in await providers.claimed_domains(tx)])


@operation(
    "POST /claimed-domains",
    Permission.MANAGE_SECURITY,
    confirmed=True,
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


@operation("POST /claimed-domains/{id}/check", Permission.MANAGE_SECURITY, confirmed=True)
async def check_claimed_domain(request: Request, id: UUID) -> ClaimedDomain:  # noqa: A002
    """Check a claimed domain

    Asks the DNS for its record now, within a few seconds.
    """
    async with request.transaction() as tx:
        # An Idempotency-Key is used up here: nobody asks name servers inside a transaction.
        await providers.find_claimed_domain(tx, id)
    return _claimed(await providers.check_claimed_domain(request.installation, request.actor.organization_id, id))


@operation("DELETE /claimed-domains/{id}", Permission.MANAGE_SECURITY, confirmed=True, status=204)
async def release_domain(request: Request, id: UUID) -> None:  # noqa: A002
    """Release a claimed domain"""
    async with request.transaction() as tx:
        await providers.release_domain(tx, await providers.find_claimed_domain(tx, id), by=request.actor)


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


HANDLERS: Final[Sequence[HTTPRouteHandler]] = (
    list_claimed_domains,
    claim_domain,
    read_claimed_domain,
    check_claimed_domain,
    release_domain,
)
