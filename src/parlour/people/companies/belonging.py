"""Who belongs to which company: put there by hand, or by an address that was shown to be theirs."""

from uuid import UUID

import msgspec

from parlour import audit
from parlour.audit import Act
from parlour.foundation.database import Transaction
from parlour.foundation.errors import BadRequest, Invalid, NotFound
from parlour.people.actor import StandingsChanged
from parlour.people.companies.domains import domain_of
from parlour.people.companies.keeping import PortalView, find_company
from parlour.people.roles import Role
from parlour.people.users import User, find_user, subject_of


class OnlyCustomers(BadRequest):
    """Only customers belong to a company."""


class Membership(msgspec.Struct, frozen=True):
    """A customer's company, what they see because of it, and what was decided for them alone (None: as the others)."""

    company_id: UUID | None
    company_name: str | None
    own_view: PortalView | None
    sees: PortalView
    is_by_hand: bool


async def membership_of(tx: Transaction, user_id: UUID) -> Membership:
    """Raises `NotFound` where there is no such user."""
    return await tx.one(
        Membership,
        """
        select u.company_id, c.name as company_name, u.portal_view as own_view,
            case when c.id is null then 'OWN' else coalesce(u.portal_view, c.portal_view) end as sees,
            u.company_by_hand as is_by_hand
        from users u
        left join companies c on c.organization_id = u.organization_id and c.id = u.company_id
        where u.id = %(user_id)s
        """,
        user_id=user_id,
    )


async def set_membership(
    tx: Transaction, user: User, company_id: UUID | None, own_view: PortalView | None
) -> Membership:
    """By hand, and no address changes it any more. Raises `OnlyCustomers`, or `Invalid` where it is no company."""
    if user.role is not Role.CUSTOMER:
        raise OnlyCustomers()
    if company_id:
        try:
            await find_company(tx, company_id)
        except NotFound as unknown:
            raise Invalid(details={"companyId": "There is no such company."}) from unknown
    before = await membership_of(tx, user.id)
    await tx.run(
        """
        update users set company_id = %(company_id)s, portal_view = %(own_view)s, company_by_hand = true
        where id = %(user_id)s
        """,
        company_id=company_id,
        own_view=own_view,
        user_id=user.id,
    )
    after = await membership_of(tx, user.id)
    details = audit.changes(_told(before), _told(after))
    if details["after"]:
        tx.record(StandingsChanged(user_ids=(user.id,)))
        await audit.record(tx, Act.COMPANY_OF_PERSON_CHANGED, on=subject_of(user), details=details)
    return after


async def join_by_domain(tx: Transaction, user_id: UUID) -> None:
    """A customer has shown that their address is theirs: they belong to the company of its domain, if there is one.

    Not where somebody has decided otherwise, and nobody leaves one company for another this way.
    """
    user = await find_user(tx, user_id)
    domain = domain_of(user.email)
    if user.role is not Role.CUSTOMER or not domain:
        return
    joined = await tx.run(
        """
        update users u set company_id = d.company_id
        from company_domains d
        where u.id = %(user_id)s and u.company_id is null and not u.company_by_hand
            and d.organization_id = u.organization_id and d.domain = %(domain)s
        """,
        user_id=user_id,
        domain=domain,
    )
    if joined:
        tx.record(StandingsChanged(user_ids=(user_id,)))
        after = await membership_of(tx, user_id)
        details = {"after": _told(after), "because": f"Their address at {domain} was shown to be theirs."}
        await audit.record(tx, Act.COMPANY_OF_PERSON_CHANGED, on=subject_of(user), details=details)


def _told(membership: Membership) -> dict[str, str | None]:
    return {"company": membership.company_name, "ownView": membership.own_view}
