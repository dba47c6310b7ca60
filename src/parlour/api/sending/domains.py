"""Sending domains: the records to paste, what the DNS has of them, and their keys."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from parlour.api import shapes
from parlour.api.conventions import Body
from parlour.api.operations import Answer, operation
from parlour.email import domains
from parlour.entrance import Request
from parlour.foundation.database import Transaction
from parlour.people import Permission

Name = Annotated[str, Meta(max_length=254, examples=["acme.example"])]


class NewDomain(Body, frozen=True, kw_only=True):
    """A domain to send from, as it stands behind the @."""

    domain: Name


class DomainRecord(shapes.Shape, frozen=True):
    """One record. `strings` is `value` as a TXT record is cut; `there` is what stands there; `words` say what to do."""

    purpose: domains.Purpose
    name: str
    type: str
    value: str
    strings: list[str]
    is_needed: bool
    state: domains.Finding
    there: list[str]
    words: str


class Domain(shapes.Shape, frozen=True):
    """A domain that mail is sent from. It is signed while `verifiedAt` is set; `lostAt` says since when no more."""

    id: UUID
    domain: str
    created_at: datetime
    checked_at: datetime | None
    verified_at: datetime | None
    lost_at: datetime | None
    records: list[DomainRecord]


class Domains(shapes.Shape, frozen=True):
    """All of them, by name."""

    items: list[Domain]


@operation("GET /email/domains", Permission.MANAGE_MAIL)
async def list_domains(request: Request) -> Domains:
    """List sending domains"""
    async with request.reading() as tx:
        found = await domains.sending_domains(tx)
        return Domains([await _as_domain(request, tx, each) for each in found])


@operation(
    "POST /email/domains",
    Permission.MANAGE_MAIL,
    status=201,
    headers={"Location": "The new sending domain."},
    example={"domain": "acme.example"},
)
async def add_domain(request: Request, body: NewDomain) -> Answer[Domain]:
    """Add a sending domain

    Its keys are made now. Its mail is signed once the DNS shows the record of the first one.
    """
    pairs = await domains.new_pairs()
    async with request.transaction() as tx:
        domain = await domains.add_domain(tx, request.installation.sealer, body.domain, pairs)
        shown = await _as_domain(request, tx, domain)
    return Answer(shown, {"location": f"/api/email/domains/{domain.id}"})


@operation("GET /email/domains/{id}", Permission.MANAGE_MAIL)
async def read_domain(request: Request, id: UUID) -> Domain:  # noqa: A002
    """Read a sending domain"""
    async with request.reading() as tx:
        return await _as_domain(request, tx, await domains.find_domain(tx, id))


@operation("DELETE /email/domains/{id}", Permission.MANAGE_MAIL, status=204)
async def remove_domain(request: Request, id: UUID) -> None:  # noqa: A002
    """Remove a sending domain

    Its keys are forgotten, and its mail goes out unsigned.
    """
    async with request.transaction() as tx:
        await domains.remove_domain(tx, await domains.find_domain(tx, id))


@operation("POST /email/domains/{id}/check", Permission.MANAGE_MAIL)
async def check_domain(request: Request, id: UUID) -> Domain:  # noqa: A002
    """Check a sending domain

    Asks the DNS for each of its records now, within a few seconds.
    """
    async with request.transaction() as tx:
        # An Idempotency-Key is used up here: nobody asks name servers inside a transaction.
        await domains.find_domain(tx, id)
    await domains.check_domain(request.installation, request.actor.organization_id, id)
    async with request.reading() as tx:
        return await _as_domain(request, tx, await domains.find_domain(tx, id))


@operation("POST /email/domains/{id}/renew", Permission.MANAGE_MAIL)
async def renew_domain_keys(request: Request, id: UUID) -> Domain:  # noqa: A002
    """Renew a sending domain's keys

    The old ones go on signing until the record of a new one is found.
    """
    pairs = await domains.new_pairs()
    async with request.transaction() as tx:
        await domains.renew_keys(tx, request.installation.sealer, await domains.find_domain(tx, id), pairs)
        return await _as_domain(request, tx, await domains.find_domain(tx, id))


async def _as_domain(request: Request, tx: Transaction, domain: domains.SendingDomain) -> Domain:
    around = domains.surroundings_of(request.installation.settings)
    records = domains.records_of(domain, await domains.keys_of(tx, domain.id), around)
    return Domain(
        id=domain.id,
        domain=domain.domain,
        created_at=domain.created_at,
        checked_at=domain.checked_at,
        verified_at=domain.verified_at,
        lost_at=domain.lost_at,
        records=[_as_record(record) for record in records],
    )


def _as_record(record: domains.Record) -> DomainRecord:
    return DomainRecord(
        purpose=record.purpose,
        name=record.name,
        type=record.type,
        value=record.value,
        strings=record.strings,
        is_needed=record.is_needed,
        state=record.finding,
        there=record.there,
        words=record.words,
    )
