"""The frame of a settings page: the sidebar, the pages this person may open, and what was refused."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final

from litestar import Response

from parlour import people
from parlour.dashboard.shell import shell
from parlour.entrance import Request, pages
from parlour.foundation.errors import Problem
from parlour.people import Actor, Permission

_GROUPS: Final = {
    "Yours": (
        ("", "Profile", Permission.READ_PEOPLE),
        ("security", "Security", Permission.MANAGE_OWN_ACCESS),
        ("signatures", "Signatures", Permission.WRITE_OWN_WORDS),
        ("templates", "Templates", Permission.WRITE_OWN_WORDS),
        ("tokens", "API tokens", Permission.MANAGE_OWN_TOKENS),
    ),
    "Team": (
        ("people", "People", Permission.READ_PEOPLE),
        ("invitations", "Invitations", Permission.INVITE_PEOPLE),
        ("roles", "Roles", Permission.READ_PEOPLE),
        ("departments", "Departments", Permission.READ_DEPARTMENTS),
        ("tags", "Tags", Permission.READ_TAGS),
    ),
    "Mail": (
        ("mailboxes", "Mailboxes", Permission.MANAGE_MAIL),
        ("domains", "Sending domains", Permission.MANAGE_MAIL),
        ("automatic-mails", "Automatic mails", Permission.MANAGE_MAIL),
        ("mail-rules", "Mail rules", Permission.MANAGE_MAIL),
        ("ledger", "Mail ledger", Permission.MANAGE_MAIL),
        ("quarantine", "Quarantine", Permission.MANAGE_MAIL),
    ),
    "Organization": (
        ("organization", "Organization", Permission.MANAGE_ORGANIZATION),
        ("portal-address", "Portal address", Permission.MANAGE_ORGANIZATION),
        ("plan", "Plan and usage", Permission.MANAGE_ORGANIZATION),
        ("sign-in", "Sign-in and security", Permission.MANAGE_SECURITY),
        ("single-sign-on", "Single sign-on", Permission.MANAGE_SECURITY),
        ("directory", "Directory", Permission.MANAGE_SECURITY),
        ("programs", "Programs", Permission.MANAGE_SECURITY),
        ("portal-keys", "Portal sign-in", Permission.MANAGE_SECURITY),
        ("audit", "Audit", Permission.READ_AUDIT),
    ),
}


async def sheet(request: Request, name: str, problem: Problem | None = None, **context: Any) -> Response[str]:
    """A settings page; with a problem, the same page again, saying what to correct."""
    async with request.reading() as tx:
        departments = await people.departments(tx)
        surroundings = await shell(tx, request.actor, departments)
    errors = blanks({field: str(said) for field, said in (problem.details or {}).items()} if problem else {})
    return pages.render(
        request,
        f"dashboard/settings/{name}.html",
        status=problem.status if problem else 200,
        shell=surroundings,
        places=_places(request.actor),
        actor=request.actor,
        errors=errors,
        problem=problem,
        **context,
    )


def blanks(known: Mapping[str, str]) -> defaultdict[str, str]:
    """The same, with an empty text for whatever a template asks beyond it."""
    return defaultdict(str, known)


def words(form: Any, name: str) -> str:
    """A field of a form as text; empty where it is missing."""
    value = form.get(name)
    return value.strip() if isinstance(value, str) else ""


def _places(actor: Actor) -> dict[str, list[tuple[str, str]]]:
    allowed = {
        group: [
            (f"/dashboard/settings/{path}".rstrip("/"), title)
            for path, title, permission in pages_of
            if actor.may(permission)
        ]
        for group, pages_of in _GROUPS.items()
    }
    return {group: places for group, places in allowed.items() if places}
