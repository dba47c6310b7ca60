"""What surrounds every dashboard page: who is here, the views, and how much waits in each."""

import msgspec

from parlour import notifications, people, tickets
from parlour.dashboard.places import TITLES
from parlour.foundation.database import Transaction
from parlour.people import Actor, Closing, Department, Organization, Permission
from parlour.tickets import View

_COUNTED = (View.MINE, View.UNASSIGNED, View.UNRESOLVED, View.PENDING)
_FOR_WORK = (*_COUNTED, View.RESOLVED, View.ALL)


class ViewLink(msgspec.Struct, frozen=True):
    """One line of the sidebar; `count` is None where nobody counts."""

    key: str
    title: str
    icon: str
    count: int | None


class Shell(msgspec.Struct, frozen=True):
    """Given to layouts/app.html."""

    actor: Actor
    organization: Organization
    views: list[ViewLink]
    departments: list[ViewLink]
    waiting: int
    unread: int
    may_delete: bool
    closing: Closing | None = None
    """Set while the organization is closed: only administrators get as far as this."""


async def shell(tx: Transaction, actor: Actor, departments: list[Department]) -> Shell:
    counts = await tickets.view_counts(tx, seen_by=actor)
    may_delete = actor.may(Permission.DELETE_TICKETS)
    views = [_link(view, getattr(counts, view.value, None)) for view in _FOR_WORK]
    if may_delete:
        views.append(_link(View.BIN, None))
    return Shell(
        actor=actor,
        organization=await people.this_organization(tx),
        views=views,
        departments=[
            ViewLink(str(department.id), department.name, "building", counts.departments.get(department.id, 0))
            for department in departments
            if actor.sees_all_tickets or department.id in actor.department_ids
        ],
        waiting=counts.mine + counts.unassigned,
        unread=await notifications.unread_count(tx, actor),
        may_delete=may_delete,
        closing=await people.closing_of(tx),
    )


def _link(view: View, count: int | None) -> ViewLink:
    title, icon = TITLES[view]
    return ViewLink(view.value, title, icon, count)
