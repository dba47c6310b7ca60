"""Who sees what. Every list, count, search, page, file and socket asks with these two conditions."""

from typing import Any

from parlour.people import Actor


def tickets_seen_by(actor: Actor) -> tuple[str, dict[str, Any]]:
    """A condition on `tickets t`, and its parameters.

    Customers see the tickets they take part in, outside the bin, and those of their company where it is so decided;
    limited agents those of their departments and their own; everyone else all of them.
    """
    if not actor.is_agent and actor.company_id:
        return f"({_TAKES_PART} or {_OF_COMPANY})", {"viewer": actor.user_id, "viewer_company": actor.company_id}
    if not actor.is_agent:
        return _TAKES_PART, {"viewer": actor.user_id}
    if actor.sees_all_tickets:
        return "true", {}
    return _IN_DEPARTMENTS, {"viewer": actor.user_id, "viewer_departments": list(actor.department_ids)}


def parts_seen_by(actor: Actor) -> list[list[str]]:
    """The same in parts that share no ticket, each of which one index answers: a list reads each by itself."""
    if actor.is_agent or not actor.company_id:
        return [[]]
    return [[_OF_COMPANY], [_TAKES_PART, "t.company_id is distinct from %(viewer_company)s"]]


def comments_seen_by(actor: Actor) -> tuple[str, dict[str, Any]]:
    """A condition on `comments c` of a ticket the actor may see, and its parameters."""
    if not actor.is_agent:
        return "(c.visibility = 'PUBLIC' and c.held_at is null)", {}
    return _NOT_PRIVATE_TO_OTHERS, {"viewer": actor.user_id}


_TAKES_PART = """
    (t.deleted_at is null and exists (
        select 1 from participants p
        where p.organization_id = t.organization_id and p.ticket_id = t.id and p.user_id = %(viewer)s
    ))
"""

_OF_COMPANY = "(t.deleted_at is null and t.company_id = %(viewer_company)s)"

_IN_DEPARTMENTS = "(t.department_id = any(%(viewer_departments)s) or t.assignee_id = %(viewer)s)"

_NOT_PRIVATE_TO_OTHERS = """
    (c.visibility <> 'PRIVATE' or c.author_id = %(viewer)s or exists (
        select 1 from comment_readers reader
        where reader.organization_id = c.organization_id and reader.comment_id = c.id and reader.user_id = %(viewer)s
    ))
"""
