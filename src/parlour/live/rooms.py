"""The rooms a screen can be in, by name. Ids are unique across organizations, so a name never meets a neighbour's."""

from uuid import UUID

from parlour.live.needs import TOLD
from parlour.people import Actor


def organization(organization_id: UUID) -> str:
    """Agents who see every ticket."""
    return f"organization:{organization_id}"


def department(department_id: UUID) -> str:
    """Agents who see this department's tickets."""
    return f"department:{department_id}"


def user(user_id: UUID) -> str:
    """All screens of one user, for tickets that concern them."""
    return f"user:{user_id}"


def bell(user_id: UUID) -> str:
    """All screens of one user, for what waits for them."""
    return f"user:{user_id}:bell"


def company(company_id: UUID) -> str:
    """Customers who see this company's tickets."""
    return f"company:{company_id}"


def ticket(ticket_id: UUID) -> str:
    """Agents who have this ticket open."""
    return f"ticket:{ticket_id}"


def customers_of(ticket_id: UUID) -> str:
    """Customers who have this ticket open: they hear only what is shown to them."""
    return f"ticket:{ticket_id}:customers"


def of_actor(actor: Actor) -> set[str]:
    """The rooms that somebody is in by being who they are."""
    own = {bell(actor.user_id)} if actor.may(TOLD["notification:new"]) else set()
    if not actor.may(TOLD["ticket:updated"]):
        return own
    own |= {user(actor.user_id)}
    if actor.sees_all_tickets:
        return own | {organization(actor.organization_id)}
    if actor.is_agent:
        return own | {department(each) for each in actor.department_ids}
    return own | {company(actor.company_id)} if actor.company_id else own
