"""Companies that customers belong to."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from parlour import people
from parlour.api import shapes
from parlour.api.conventions import Body, PageQuery, cursor, name_after
from parlour.api.operations import Answer, operation
from parlour.entrance import Request
from parlour.people import CompanyDraft, Permission, PortalView

CompanyName = Annotated[str, Meta(min_length=1, max_length=120, examples=["Northwind"])]
Notes = Annotated[str, Meta(max_length=5000)]
Domains = Annotated[
    list[Annotated[str, Meta(max_length=253, examples=["northwind.test"])]],
    Meta(max_length=50, description="Whose customers join by themselves, once their address is shown to be theirs."),
]
View = Annotated[PortalView, Meta(description="Which tickets its people see in the portal.")]


class CompanyQuery(PageQuery, frozen=True, kw_only=True):
    """Which companies."""

    q: Annotated[str, Meta(max_length=200, description="How the name or a domain begins.")] = ""


class NewCompany(Body, frozen=True, kw_only=True):
    """A company to add."""

    name: CompanyName
    domains: Domains = []
    notes: Notes = ""
    portal_view: View = PortalView.OWN


class CompanyChanges(Body, frozen=True, kw_only=True):
    """What to change; what is left out stays."""

    name: CompanyName | UnsetType = UNSET
    domains: Domains | UnsetType = UNSET
    notes: Notes | UnsetType = UNSET
    portal_view: View | UnsetType = UNSET


class NewMembership(Body, frozen=True, kw_only=True):
    """Which company a customer belongs to, and what is decided for them alone."""

    company_id: UUID | None
    own_view: Annotated[PortalView | None, Meta(description="`null`: as their company decides.")] = None


class Company(shapes.Shape, frozen=True):
    """A company, and how many customers belong to it."""

    id: UUID
    name: str
    domains: list[str]
    notes: str
    portal_view: PortalView
    people: int
    created_at: datetime


class Companies(shapes.Shape, frozen=True):
    """A page of companies, by name."""

    items: list[Company]
    next: str | None


class Membership(shapes.Shape, frozen=True):
    """A customer's company. `sees` is what follows for the portal; `isByHand`: no address changes it."""

    company_id: UUID | None
    company_name: str | None
    own_view: PortalView | None
    sees: PortalView
    is_by_hand: bool


@operation("GET /companies", Permission.READ_PEOPLE)
async def list_companies(request: Request, query: CompanyQuery) -> Companies:
    """List companies"""
    async with request.reading() as tx:
        found = await people.companies(tx, q=query.q, after=name_after(query.after), limit=query.limit + 1)
    items, more = found[: query.limit], len(found) > query.limit
    following = cursor(items[-1].name.lower(), items[-1].id) if more else None
    return Companies([_as_company(one) for one in items], following)


@operation(
    "POST /companies",
    Permission.MANAGE_ORGANIZATION,
    status=201,
    example={"name": "Northwind", "domains": ["northwind.test"], "portalView": "COMPANY"},
)
async def add_company(request: Request, body: NewCompany) -> Answer[Company]:
    """Add a company"""
    draft = CompanyDraft(body.name, body.domains, body.notes, body.portal_view)
    async with request.transaction() as tx:
        added = await people.add_company(tx, draft)
    return Answer(_as_company(added), {"location": f"/api/companies/{added.id}"})


@operation("GET /companies/{id}", Permission.READ_PEOPLE)
async def read_company(request: Request, id: UUID) -> Company:  # noqa: A002
    """Read a company

    Its tickets: `GET /api/tickets?company=…`.
    """
    async with request.reading() as tx:
        return _as_company(await people.find_company(tx, id))


@operation("PUT /companies/{id}", Permission.MANAGE_ORGANIZATION, example={"portalView": "COMPANY"})
async def change_company(request: Request, id: UUID, body: CompanyChanges) -> Company:  # noqa: A002
    """Change a company

    Whoever belongs to it stays, whatever its domains are from now on.
    """
    async with request.transaction() as tx:
        known = await people.find_company(tx, id)
        draft = CompanyDraft(
            known.name if body.name is UNSET else body.name,
            known.domains if body.domains is UNSET else body.domains,
            known.notes if body.notes is UNSET else body.notes,
            known.portal_view if body.portal_view is UNSET else body.portal_view,
        )
        changed = await people.change_company(tx, known, draft)
    request.forget_identities()
    return _as_company(changed)


@operation("DELETE /companies/{id}", Permission.MANAGE_ORGANIZATION, status=204)
async def remove_company(request: Request, id: UUID) -> None:  # noqa: A002
    """Remove a company

    Its people and their tickets stay.
    """
    async with request.transaction() as tx:
        await people.remove_company(tx, await people.find_company(tx, id))
    request.forget_identities()


@operation("GET /users/{id}/company", Permission.READ_PEOPLE)
async def read_membership(request: Request, id: UUID) -> Membership:  # noqa: A002
    """Read which company a customer belongs to"""
    async with request.reading() as tx:
        return _as_membership(await people.membership_of(tx, id))


@operation("PUT /users/{id}/company", Permission.MANAGE_ORGANIZATION, example={"companyId": None})
async def change_membership(request: Request, id: UUID, body: NewMembership) -> Membership:  # noqa: A002
    """Say which company a customer belongs to

    From then on no address of theirs changes it. Their tickets go along.
    """
    async with request.transaction() as tx:
        user = await people.find_user(tx, id)
        changed = await people.set_membership(tx, user, body.company_id, body.own_view)
    request.forget_identities()
    return _as_membership(changed)


def _as_company(company: people.Company) -> Company:
    return Company(
        company.id,
        company.name,
        company.domains,
        company.notes,
        company.portal_view,
        company.people,
        company.created_at,
    )


def _as_membership(found: people.Membership) -> Membership:
    return Membership(found.company_id, found.company_name, found.own_view, found.sees, found.is_by_hand)


HANDLERS = (
    list_companies,
    add_company,
    read_company,
    change_company,
    remove_company,
    read_membership,
    change_membership,
)
