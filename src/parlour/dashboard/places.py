"""Where an agent is: a view, its filters, its order. Read from an address and written back into one."""

from typing import Annotated, Final
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from msgspec import Meta

from parlour import people, tickets
from parlour.entrance import Request, query
from parlour.foundation.errors import NotFound
from parlour.people import Actor
from parlour.tickets import Filter, Priority, Sort, Status, View

PAGE: Final = 25
MOST_ROWS: Final = 200
SEARCH: Final = "search"

TITLES: Final = {
    View.MINE: ("Mine", "user"),
    View.UNASSIGNED: ("Unassigned", "user-plus"),
    View.UNRESOLVED: ("Open", "inbox"),
    View.PENDING: ("Pending", "status-pending"),
    View.RESOLVED: ("Resolved", "status-resolved"),
    View.CLOSED: ("Closed", "status-closed"),
    View.ALL: ("All tickets", "layers"),
    View.BIN: ("Bin", "trash"),
}
SORTS: Final = {
    Sort.UPDATED: "Latest activity",
    Sort.LEAST_RECENTLY_UPDATED: "Longest waiting",
    Sort.CREATED: "Newest",
    Sort.FIRST_CREATED: "Oldest",
    Sort.PRIORITY: "Most urgent",
}


class PlaceQuery(msgspec.Struct, frozen=True):
    """The query string of every dashboard page. Unknown parameters are left alone: mails and bookmarks add theirs."""

    view: str = ""
    status: list[Status] = []
    priority: list[Priority] = []
    assignee: str = ""
    tag: list[str] = []
    sort: Sort | None = None
    q: Annotated[str, Meta(max_length=200)] = ""
    after: str | None = None
    rows: Annotated[int, Meta(ge=1, le=MOST_ROWS)] = PAGE
    ticket: int | None = None
    before: str | None = None


class Place(msgspec.Struct, frozen=True):
    """A list an agent may stand in. `key` is the view's name, a department's id, or `search`."""

    key: str
    title: str
    icon: str
    which: Filter
    asked: PlaceQuery

    @property
    def sort(self) -> Sort:
        return self.asked.sort or Sort.UPDATED

    @property
    def path(self) -> str:
        return "/dashboard/search" if self.key == SEARCH else f"/dashboard/views/{self.key}"

    @property
    def is_narrowed(self) -> bool:
        """Whether filters beyond the view's own are at work."""
        asked = self.asked
        return bool(asked.status or asked.priority or asked.assignee or asked.tag)

    def href(self, **extra: object) -> str:
        """The address of the list itself."""
        return _address(self.path, self._parameters() | extra)

    def ticket_href(self, number: int) -> str:
        """The address of a ticket with this list beside it."""
        return _address(f"/dashboard/tickets/{number}", {"view": self.key} | self._parameters())

    def action(self, number: int, act: str) -> str:
        """Where a form of this ticket goes, keeping the list beside it."""
        return _address(f"/dashboard/tickets/{number}/{act}", {"view": self.key} | self._parameters())

    def refresh_href(self) -> str:
        """What the page asks again when something has changed."""
        return _address("/dashboard/refresh", {"view": self.key} | self._parameters())

    def _parameters(self) -> dict[str, object]:
        asked = self.asked
        known = {
            "q": asked.q,
            "status": [status.value for status in asked.status],
            "priority": [priority.value for priority in asked.priority],
            "assignee": asked.assignee,
            "tag": list(asked.tag),
            "sort": asked.sort.value if asked.sort and asked.sort is not Sort.UPDATED else "",
        }
        return {name: value for name, value in known.items() if value}


def place_of(request: Request, key: str, departments: list[people.Department]) -> Place:
    """The place an address names. Raises `NotFound` where there is no such view."""
    asked = query(request, PlaceQuery)
    key = key or asked.view or View.UNRESOLVED.value
    title, icon, base = _base(key, request.actor, departments)
    return Place(key, title, icon, _narrowed(base, asked, request.actor), asked)


def _base(key: str, actor: Actor, departments: list[people.Department]) -> tuple[str, str, Filter]:
    if key == SEARCH:
        return "Search", "search", Filter()
    if key in set(View):
        view = View(key)
        title, icon = TITLES[view]
        return title, icon, tickets.filter_of(view, actor)
    for department in departments:
        if str(department.id) == key:
            return department.name, "building", Filter(statuses=tickets.UNRESOLVED, department_ids=(department.id,))
    raise NotFound("There is no such view.")


def _narrowed(base: Filter, asked: PlaceQuery, actor: Actor) -> Filter:
    changes: dict[str, object] = {"q": asked.q.strip(), "priorities": asked.priority, "tags": asked.tag}
    if asked.status:
        changes["statuses"] = asked.status
    if asked.assignee:
        changes["assignee_id"] = _assignee(asked.assignee, actor)
    return msgspec.structs.replace(base, **changes)


def _assignee(wanted: str, actor: Actor) -> UUID | None:
    if wanted == "me":
        return actor.user_id
    if wanted == "none":
        return None
    try:
        return UUID(wanted)
    except ValueError as strange:
        raise NotFound("There is no such agent.") from strange


def _address(path: str, parameters: dict[str, object]) -> str:
    return f"{path}?{urlencode(parameters, doseq=True)}" if parameters else path
