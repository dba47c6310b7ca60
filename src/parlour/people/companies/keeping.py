"""Companies themselves: name, domains, notes, and what their people see in the portal."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import msgspec
from psycopg.errors import UniqueViolation

from parlour import audit
from parlour.audit import Act, Subject
from parlour.foundation import clock, ids
from parlour.foundation.database import Transaction
from parlour.foundation.errors import Conflict, Invalid
from parlour.people.actor import StandingsChanged
from parlour.people.companies.domains import normal_domain

_MOST_DOMAINS: Final = 50


class CompanyNameTaken(Conflict):
    """There is a company of this name already."""


class DomainTaken(Conflict):
    """Another company has this domain."""


class PortalView(StrEnum):
    """Which tickets a customer sees in the portal."""

    OWN = "OWN"
    """Those they take part in."""
    COMPANY = "COMPANY"
    """And those that anybody of their company has asked."""


class Company(msgspec.Struct, frozen=True):
    """A company, and how many customers belong to it."""

    id: UUID
    name: str
    notes: str
    portal_view: PortalView
    created_at: datetime
    domains: list[str]
    people: int


class CompanyDraft(msgspec.Struct, frozen=True):
    """What a company is made of."""

    name: str
    domains: Sequence[str] = ()
    notes: str = ""
    portal_view: PortalView = PortalView.OWN


_SELECT: Final = """
    select c.id, c.name, c.notes, c.portal_view, c.created_at,
        array(
            select d.domain from company_domains d
            where d.organization_id = c.organization_id and d.company_id = c.id order by d.domain
        ) as domains,
        (
            select count(*) from users u where u.organization_id = c.organization_id and u.company_id = c.id
        ) as people
    from companies c
"""


async def companies(
    tx: Transaction, *, q: str = "", after: tuple[str, UUID] | None = None, limit: int = 25
) -> list[Company]:
    """By name, one page; `q` is how the name or one of its domains begins. `after` is the last name and id."""
    conditions = ["true"]
    if q:
        conditions.append(_BEGINS)
    if after:
        conditions.append("(lower(c.name), c.id) > (%(after_name)s, %(after_id)s)")
    name, id_ = after or (None, None)
    statement = f"{_SELECT} where {' and '.join(conditions)} order by lower(c.name), c.id limit %(limit)s"
    return await tx.all(Company, statement, q=q.strip().lower(), after_name=name, after_id=id_, limit=limit)


async def find_company(tx: Transaction, company_id: UUID) -> Company:
    """Raises `NotFound`."""
    return await tx.one(Company, f"{_SELECT} where c.id = %(id)s", id=company_id)


async def add_company(tx: Transaction, draft: CompanyDraft) -> Company:
    """Raises `Invalid`, `CompanyNameTaken` or `DomainTaken`."""
    company_id, checked = ids.new(), _checked(draft)
    await _write(tx, _INSERT, company_id, checked)
    await _set_domains(tx, company_id, checked["domains"])
    added = await find_company(tx, company_id)
    await audit.record(tx, Act.COMPANY_ADDED, on=subject_of(added), details=_told(added))
    return added


async def change_company(tx: Transaction, company: Company, draft: CompanyDraft) -> Company:
    """Who belongs to it already stays, whatever its domains. Raises `Invalid`, `CompanyNameTaken` or `DomainTaken`."""
    checked = _checked(draft)
    await _write(tx, _UPDATE, company.id, checked)
    await _set_domains(tx, company.id, checked["domains"])
    changed = await find_company(tx, company.id)
    details = audit.changes(_told(company), _told(changed))
    if details["after"]:
        tx.record(StandingsChanged())
        await audit.record(tx, Act.COMPANY_CHANGED, on=subject_of(changed), details=details)
    return changed


async def remove_company(tx: Transaction, company: Company) -> None:
    """Its people and their tickets stay, and belong to none."""
    await tx.run("delete from companies where id = %(id)s", id=company.id)
    if company.people:
        tx.record(StandingsChanged())
    await audit.record(tx, Act.COMPANY_REMOVED, on=subject_of(company), details={"people": company.people})


def subject_of(company: Company) -> Subject:
    return Subject("company", company.id, company.name)


def _told(company: Company) -> dict[str, Any]:
    # Not the notes: they may say anything about people, and the trail forgets nothing.
    return {"name": company.name, "domains": company.domains, "portalView": company.portal_view}


def _checked(draft: CompanyDraft) -> dict[str, Any]:
    name = " ".join(draft.name.split())
    if not 1 <= len(name) <= 120:
        raise Invalid(details={"name": "A company's name has 1 to 120 characters."})
    if len(draft.notes) > 5000:
        raise Invalid(details={"notes": "Notes have at most 5,000 characters."})
    domains = sorted({normal_domain(domain) for domain in draft.domains})
    if len(domains) > _MOST_DOMAINS:
        raise Invalid(details={"domains": f"A company has at most {_MOST_DOMAINS} domains."})
    return {"name": name, "notes": draft.notes.strip(), "portal_view": draft.portal_view, "domains": domains}


async def _write(tx: Transaction, statement: str, company_id: UUID, checked: dict[str, Any]) -> None:
    try:
        async with tx.savepoint():
            await tx.run(
                statement,
                id=company_id,
                name=checked["name"],
                notes=checked["notes"],
                portal_view=checked["portal_view"],
                now=clock.now(),
            )
    except UniqueViolation as taken:
        raise CompanyNameTaken(details={"name": CompanyNameTaken.__doc__}) from taken


async def _set_domains(tx: Transaction, company_id: UUID, domains: list[str]) -> None:
    await tx.run(
        "delete from company_domains where company_id = %(id)s and domain <> all(%(domains)s)",
        id=company_id,
        domains=domains,
    )
    await tx.run(
        """
        insert into company_domains (organization_id, domain, company_id)
        select current_organization(), domain, %(id)s from unnest(%(domains)s::text[]) domain
        on conflict do nothing
        """,
        id=company_id,
        domains=domains,
    )
    others = await tx.values(
        "select domain from company_domains where domain = any(%(domains)s) and company_id <> %(id)s order by domain",
        id=company_id,
        domains=domains,
    )
    if others:
        raise DomainTaken(details={"domains": f"Another company has {', '.join(others)}."})


_BEGINS: Final = """
    (starts_with(lower(c.name), %(q)s) or exists (
        select 1 from company_domains d
        where d.organization_id = c.organization_id and d.company_id = c.id and starts_with(d.domain, %(q)s)
    ))
"""
_INSERT: Final = """
    insert into companies (organization_id, id, name, notes, portal_view, created_at)
    values (current_organization(), %(id)s, %(name)s, %(notes)s, %(portal_view)s, %(now)s)
"""
_UPDATE: Final = """
    update companies set name = %(name)s, notes = %(notes)s, portal_view = %(portal_view)s
    where id = %(id)s
"""
