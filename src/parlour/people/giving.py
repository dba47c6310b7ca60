"""What one person may give another: never more than they have themselves, and never to themselves."""

from typing import Final
from uuid import UUID

from parlour.foundation.errors import Forbidden
from parlour.people.actor import Actor
from parlour.people.permissions import Permission
from parlour.people.roles import Reach, Role


class OwnRole(Forbidden):
    """Nobody changes what they may do themselves. Ask another administrator."""


class MoreThanOneHas(Forbidden):
    """Nobody gives, or takes from somebody, more than they have themselves."""


class NotTheirDepartment(Forbidden):
    """You see some departments only: others are changed by those who see all of them."""


class OnlyAdministrators(Forbidden):
    """Only administrators decide who vouches for people, and what a directory may do: it may come in as anybody."""


_LIMITED: Final = "You see some departments only: somebody who sees all of them adds and removes departments."


def check_may_hold(by: Actor, role: Role, reach: Reach, permissions: frozenset[Permission]) -> None:
    """Whether `by` may make somebody, or change somebody, who is this. Raises `Forbidden` or `MoreThanOneHas`."""
    by.must(Permission.MANAGE_CUSTOMERS if role is Role.CUSTOMER else Permission.MANAGE_AGENTS)
    reaches_further = role is not Role.CUSTOMER and reach is Reach.ORGANIZATION and not by.sees_all_tickets
    # Customers have permissions in tickets of their own only; whoever looks after customers may lack one of them.
    has_more = role is not Role.CUSTOMER and not permissions <= by.permissions
    if reaches_further or has_more or (role is Role.ADMIN and by.role is not Role.ADMIN):
        raise MoreThanOneHas()


def check_department(by: Actor, department_id: UUID) -> None:
    """Raises `Forbidden` or `NotTheirDepartment`."""
    by.must(Permission.MANAGE_DEPARTMENTS)
    if not by.sees_all_tickets and department_id not in by.department_ids:
        raise NotTheirDepartment()


def check_all_departments(by: Actor) -> None:
    """Whether `by` may add departments, and remove them. Raises `Forbidden`."""
    by.must(Permission.MANAGE_DEPARTMENTS)
    if not by.sees_all_tickets:
        raise Forbidden(_LIMITED)


def must_be_administrator(by: Actor) -> None:
    """For what could make anybody of anybody: a role of one's own making may hold the permission, and must not lead
    further. Raises `OnlyAdministrators`.
    """
    if by.role is not Role.ADMIN:
        raise OnlyAdministrators()
