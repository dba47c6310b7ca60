"""Lists of what matches a search, at a bounded cost whether a word is rare or everywhere, new or long forgotten."""

from collections.abc import Sequence
from typing import Final

import msgspec

from parlour.people import Actor

_NEAR: Final = 250
"""Looked through in order first."""
_FAR: Final = 850
"""And as far as this, where what was found so far promises to fill the page. A rarer word is quicker collected from the
index and sorted than walked to."""


_WORDS: Final = "%(query)s::tsquery"
_TAGS: Final = """
    (
        select coalesce(string_agg(quote_literal(tag_word(organization_id, id)), ' | '), quote_literal('~'))::tsquery
        from tags where lower(name) = any(%(tags)s)
    )
"""


def query(q: str, tags: Sequence[str]) -> str:
    """What is asked of a ticket's words, as SQL: all of `%(query)s`, and one of `%(tags)s`.

    Empty where neither is given: then nothing is searched.
    """
    return " && ".join([*([_WORDS] if q else []), *([_TAGS] if tags else [])])


def matches(actor: Actor, query: str) -> str:
    """A condition on `searchable_tickets t`: its words match the query. Those of internal notes are for agents."""
    # Only the agents' words have an index. What customers may find is among them.
    public = "" if actor.is_agent else f" and t.public_document @@ ({query})"
    return f"t.document @@ ({query}){public}"


class Sought(msgspec.Struct, frozen=True):
    """A `query` and who asks it."""

    query: str
    by: Actor


def union(branches: Sequence[Sequence[str]], order: str, limit: int, columns: str = "t.*") -> str:
    """Tickets that meet all conditions of any branch, each branch read in order and only as far as needed."""
    # The limit is written out: with one it doesn't know, the planner would plan for a tenth of all tickets.
    return " union all ".join(
        f"(select {columns} from tickets t where {' and '.join(branch) or 'true'} order by {order} limit {limit})"
        for branch in branches
    )


def matching_page(
    branches: Sequence[Sequence[str]], conditions: Sequence[str], order: str, sought: Sought, rows: int
) -> str:
    """Tickets that meet all `conditions`, as those of any branch do, and match the query.

    Three attempts, each made only where those before did not fill the page: the first few hundred tickets of the list,
    enough for a word that is everywhere; some hundreds more; all matches from the index of words.
    """
    all_conditions = " and ".join([matches(sought.by, sought.query), *conditions])
    return f"""
        with {_walk(union(branches, order, _FAR, _PLACE), order, _matches_one(sought), rows)},
        found as materialized (
            (select id from near where (select is_full from filled))
            union all
            (select id from far where (select is_full from filled))
            union all
            (
                select t.id from searchable_tickets t
                where not (select is_full from filled) and {all_conditions}
                order by {order} limit {rows}
            )
        )
        select t.*
        from found
        -- Fenced, so that each is fetched by its key, never the whole table for a few.
        cross join lateral (select * from tickets t where t.id = found.id offset 0) t
    """


def _walk(listed: str, order: str, match: str, rows: int) -> str:
    """The first two attempts, and whether they suffice. `first` is read lazily, no further than they ask."""
    return f"""
        first as materialized (select * from ({listed}) t order by {order} limit {_FAR}),
        near as materialized (
            select t.id from (select * from first t order by {order} limit {_NEAR}) t
            where {match} order by {order} limit {rows}
        ),
        goes_on as materialized (
            select count(*) < {rows} and count(*) * {_FAR} >= {rows} * {_NEAR} as is_promising, count(*) as found
            from near
        ),
        far as materialized (
            select t.id from (select * from first t order by {order} offset {_NEAR}) t
            where (select is_promising from goes_on) and {match}
            order by {order} limit {rows} - (select found from goes_on)
        ),
        filled as materialized (
            select (select found from goes_on) + (select count(*) from far) = {rows}
                or (select count(*) from (select from first limit {_NEAR + 1}) t) <= {_NEAR}
                or (select is_promising from goes_on) and (select count(*) from first) < {_FAR} as is_full
        )
    """


def _matches_one(sought: Sought) -> str:
    """A condition on `tickets t`. A value, not `exists`: that might be joined the other way round."""
    document = "document" if sought.by.is_agent else "public_document"
    return f"""
        (
            select s.{document} @@ ({sought.query}) from searchable_tickets s
            where s.organization_id = t.organization_id and s.ticket_id = t.id
        )
    """


_PLACE: Final = "t.organization_id, t.id, t.number, t.urgency, t.created_at, t.updated_at"
