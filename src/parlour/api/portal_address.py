"""The portal's own name: the records to paste, and what the DNS has of them."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from parlour.api import shapes
from parlour.api.conventions import Body
from parlour.api.operations import operation
from parlour.entrance import Request
from parlour.foundation.errors import NotFound
from parlour.people import Permission, portal_hosts


class NewHost(Body, frozen=True, kw_only=True):
    """The name that the portal is to have."""

    host: Annotated[str, Meta(max_length=254, examples=["help.acme.example"])]


class HostRecord(shapes.Shape, frozen=True):
    """One record of the DNS. `value` is `null` where this installation has no name that others can look up."""

    type: str
    name: str
    value: str | None
    state: portal_hosts.Finding


class PortalAddress(shapes.Shape, frozen=True):
    """It is the portal's address while `verifiedAt` is set; `missingSince` says since when its records are gone."""

    host: str
    created_at: datetime
    checked_at: datetime | None
    verified_at: datetime | None
    missing_since: datetime | None
    lost_at: datetime | None
    is_taken: Annotated[bool, Meta(description="Its records are there, and another organization has it still.")]
    records: list[HostRecord]


@operation("GET /organization/portal-address", Permission.MANAGE_ORGANIZATION, refusals=(404,))
async def read_portal_address(request: Request) -> PortalAddress:
    """Read the portal's own name"""
    async with request.reading() as tx:
        asked = await portal_hosts.portal_host(tx)
    if asked is None:
        raise NotFound()
    return _shown(request, asked)


@operation("PUT /organization/portal-address", Permission.MANAGE_ORGANIZATION, example={"host": "help.acme.example"})
async def set_portal_address(request: Request, body: NewHost) -> PortalAddress:
    """Ask for a name of the portal's own

    In place of the one of before, which leads nowhere from then on. Add its records to the DNS, then check.
    """
    async with request.transaction() as tx:
        return _shown(request, await portal_hosts.ask_for_host(tx, body.host, request.installation.settings.public_url))


@operation("DELETE /organization/portal-address", Permission.MANAGE_ORGANIZATION, status=204)
async def remove_portal_address(request: Request) -> None:
    """Give the portal's own name up

    The portal is at its usual address again, at once.
    """
    async with request.transaction() as tx:
        await portal_hosts.give_up_host(tx)


@operation("POST /organization/portal-address/check", Permission.MANAGE_ORGANIZATION, refusals=(404,))
async def check_portal_address(request: Request) -> PortalAddress:
    """Check the portal's own name

    Asks the DNS for its records now, within a few seconds.
    """
    async with request.transaction() as tx:
        # An Idempotency-Key is used up here: nobody asks name servers inside a transaction.
        await portal_hosts.portal_host(tx)
    return _shown(request, await portal_hosts.check_host(request.installation, request.actor.organization_id))


def _shown(request: Request, asked: portal_hosts.PortalHost) -> PortalAddress:
    target = portal_hosts.target_of(request.installation.settings.public_url)
    return PortalAddress(
        host=asked.host,
        created_at=asked.created_at,
        checked_at=asked.checked_at,
        verified_at=asked.verified_at,
        missing_since=asked.missing_since,
        lost_at=asked.lost_at,
        is_taken=asked.is_taken,
        records=[
            HostRecord("TXT", asked.record_name, asked.record_value, asked.proof),
            HostRecord("CNAME", asked.host, target, asked.pointing),
        ],
    )


HANDLERS = (read_portal_address, set_portal_address, remove_portal_address, check_portal_address)
