"""Companies: what customers of an organization belong to, and whose tickets they may see because of it."""

from parlour.people.companies.belonging import Membership, join_by_domain, membership_of, set_membership
from parlour.people.companies.domains import PUBLIC_DOMAINS, normal_domain
from parlour.people.companies.keeping import (
    Company,
    CompanyDraft,
    CompanyNameTaken,
    PortalView,
    add_company,
    change_company,
    companies,
    find_company,
    remove_company,
)

__all__ = [
    "PUBLIC_DOMAINS",
    "Company",
    "CompanyDraft",
    "CompanyNameTaken",
    "Membership",
    "PortalView",
    "add_company",
    "change_company",
    "companies",
    "find_company",
    "join_by_domain",
    "membership_of",
    "normal_domain",
    "remove_company",
    "set_membership",
]
