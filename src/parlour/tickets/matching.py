"""Lists of what matches a search, at a bounded cost whether a word is rare or everywhere."""

from collections.abc import Sequence
from typing import Final

from parlour.people import Actor

_NEAR: Final = 600
_FEW: Final = 2500


def document_of(actor: Actor) -> str:
    """The words an actor may find tickets by: those of internal notes are for agents."""
    return "document" if actor.is_agent else "public_document"


def matches(document: str) -> str:
    """A condition on `tickets t`: its words match the query."""
    return f"""
        exists (select 1 from searchable_tickets s where s.ticket_id = t.id and s.{document} @@ %(query)s::tsquery)
    """


def union(branches: Sequence[Sequence[str]], order: str, limit: str = "%(rows)s") -> str:
    """Tickets that meet all conditions of any branch, each branch read in order and only as far as needed."""
    return " union all ".join(
        f"(select t.* from tickets t where {' and '.join(branch) or 'true'} order by {order} limit {limit})"
        for branch in branches
    )


def matching_page(branches: Sequence[Sequence[str]], order: str, document: str) -> str:
    """Tickets that meet all conditions of any branch and match the query.

    Three attempts, each made only where the one before did not fill the page: among the first few hundred tickets of
    the list, which is enough for a word that is everywhere; all matches from the index of words, which is enough for a
    rare one; else through the whole list in order, where between two matches lie few tickets.
    """
    rare = [[_NOT_FULL, "not (select are_many from counted)", _AMONG_FEW, *branch] for branch in branches]
    many = [[_NOT_FULL, "(select are_many from counted)", matches(document), *branch] for branch in branches]
    return f"""
        with first as materialized (
            select * from ({union(branches, order, str(_NEAR))}) t order by {order} limit {_NEAR}
        ),
        near as materialized (
            select * from first t where {matches(document)} order by {order} limit %(rows)s
        ),
        filled as materialized (
            select (select count(*) from near) = %(rows)s or (select count(*) from first) < {_NEAR} as is_full
        ),
        few as materialized (
            select s.ticket_id from searchable_tickets s
            where s.{document} @@ %(query)s::tsquery and not (select is_full from filled)
            limit {_FEW}
        ),
        counted as materialized (select count(*) = {_FEW} as are_many from few)
        (select * from near where (select is_full from filled))
        union all
        {union(rare, order)}
        union all
        {union(many, order)}
    """


_NOT_FULL: Final = "not (select is_full from filled)"
_AMONG_FEW: Final = "t.id in (select ticket_id from few)"
