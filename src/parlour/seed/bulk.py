"""Very many tickets in seconds: COPY into temporary tables, then one insert a table, in one transaction.

Behind a wall PostgreSQL refuses COPY, so the rows land in tables of this session first.
"""

import itertools
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Final, LiteralString

import psycopg

from parlour.foundation import clock, ids
from parlour.seed.invention import Inventor
from parlour.seed.rows import Lines, Place, Writer

_CUSTOMERS: Final = 2_000
_AT_ONCE: Final = 10_000
"""Tickets a round: enough to be quick, few enough to fit into memory."""

Connection = psycopg.Connection[Any]


def seed(database_url: str, slug: str, count: int) -> None:
    """Raises `SystemExit` where there is no such organization."""
    now = clock.now()
    with psycopg.connect(database_url) as connection:
        organization_id = _enter(connection, slug)
        first = 1 + _value(connection, _TAKE_NUMBERS, count) - count
        inventor = Inventor(seed=first)
        writer = Writer(_prepare(connection, organization_id, inventor), first, now)
        numbered = enumerate(inventor.opening_times(count, now), first)
        with ThreadPoolExecutor(1) as hand:
            putting: Future[None] | None = None
            while chunk := list(itertools.islice(numbered, _AT_ONCE)):
                lines = writer.write([(number, inventor.ticket(at, now)) for number, at in chunk])
                if putting:
                    putting.result()
                # The database takes this round while the next is made up.
                putting = hand.submit(_put, connection, lines)
            if putting:
                putting.result()


@contextmanager
def in_bulk(owner_database_url: str) -> Iterator[None]:
    """While very many tickets come in, new words wait beside their index; then they are sorted in together.

    Word by word takes four times as long. Afterwards the planner knows of them. Only the schema's owner may do so:
    without an address of theirs it does nothing.
    """
    if not owner_database_url:
        yield
        return
    with psycopg.connect(owner_database_url, autocommit=True) as connection:
        connection.execute("alter index ticket_search_words set (fastupdate = on)")
        try:
            yield
        finally:
            connection.execute("alter index ticket_search_words set (fastupdate = off)")
            connection.execute("set maintenance_work_mem = '256MB'")
            for table in (*Lines._fields, "users"):
                connection.execute(f"vacuum (analyze) {table}")


def _enter(connection: Connection, slug: str) -> str:
    organization_id = _value(connection, "select id::text from doorway_organization_by_slug(%s) id", slug)
    if organization_id is None:
        raise SystemExit(f"There is no organization with the short name {slug!r}.")
    connection.execute("select set_config('parlour.organization_id', %s, true)", (organization_id,))
    connection.execute("set local synchronous_commit = off")
    connection.execute("set local temp_buffers = '128MB'")
    # Where words wait beside their index (`in_bulk`), all of them may.
    connection.execute("set local gin_pending_list_limit = '1GB'")
    return str(organization_id)


def _prepare(connection: Connection, organization_id: str, inventor: Inventor) -> Place:
    with connection.cursor() as cursor:
        cursor.executemany(_ADD_CUSTOMER, [(ids.new(), *person) for person in inventor.customers(_CUSTOMERS)])
        cursor.executemany(_ADD_TAG, [(ids.new(), name) for name in inventor.tags])
    for statement in _LANDINGS:
        connection.execute(statement)
    return Place(
        organization_id=organization_id,
        customers=connection.execute(_SEEDED_CUSTOMERS).fetchall(),
        agents=connection.execute(_AGENTS).fetchall(),
        departments=[row[0] for row in connection.execute("select id::text from departments order by name")],
        tags=[row[0] for row in connection.execute(_TAGS, (inventor.tags,))],
    )


def _put(connection: Connection, lines: Lines) -> None:
    for table, rows in zip(Lines._fields, lines, strict=True):
        landing, target = _TARGETS[table]
        with connection.cursor() as cursor:
            with cursor.copy(landing) as copy:
                copy.write("".join(f"{row}\n" for row in rows))
            cursor.execute(target)
            cursor.execute(f"truncate landing_{table}")


def _value(connection: Connection, statement: LiteralString, *parameters: object) -> Any:
    row = connection.execute(statement, parameters).fetchone()
    return None if row is None else row[0]


_TAKE_NUMBERS: Final = """
    update ticket_counters set last_number = last_number + %s
    where organization_id = current_organization()
    returning last_number
"""
_ADD_CUSTOMER: Final = """
    insert into users (organization_id, id, name, email, role)
    values (current_organization(), %s, %s, %s, 'CUSTOMER')
    on conflict (organization_id, email) do nothing
"""
_ADD_TAG: Final = """
    insert into tags (organization_id, id, name) values (current_organization(), %s, %s) on conflict do nothing
"""
_SEEDED_CUSTOMERS: Final = """
    select id::text, name, email from users where role = 'CUSTOMER' and email like '%@seeded.test' order by id
"""
_AGENTS: Final = """
    select id::text, name, email from users where role <> 'CUSTOMER' and status = 'ACTIVE' order by name
"""
_TAGS: Final = "select id::text from tags where lower(name) = any(%s) order by lower(name)"

_COLUMNS: Final[dict[str, LiteralString]] = {
    "tickets": """organization_id, id, number, subject, status, priority, source, requester_id, assignee_id,
        department_id, version, preview, comment_count, created_at, updated_at, first_replied_at, resolved_at,
        closed_at""",
    "comments": "organization_id, id, ticket_id, author_id, visibility, source, text, created_at",
    "participants": "organization_id, ticket_id, user_id, added_at",
    "ticket_tags": "organization_id, ticket_id, tag_id",
    "ticket_search": "organization_id, ticket_id, document, public_document",
    "activities": "organization_id, id, ticket_id, name, actor_id, at, details",
}
_LANDINGS: Final[list[LiteralString]] = [
    *(
        f"create temporary table landing_{table} on commit drop as select {columns} from {table} where false"
        for table, columns in _COLUMNS.items()
        if table != "ticket_search"
    ),
    """
    create temporary table landing_ticket_search (
        organization_id uuid, ticket_id uuid, document text, public_document text
    ) on commit drop
    """,
]
_TARGETS: Final[dict[str, tuple[LiteralString, LiteralString]]] = {
    table: (
        f"copy landing_{table} ({columns}) from stdin",
        f"insert into {table} ({columns}) select {columns} from landing_{table}",
    )
    for table, columns in _COLUMNS.items()
} | {
    "ticket_search": (
        f"copy landing_ticket_search ({_COLUMNS['ticket_search']}) from stdin",
        f"""
        insert into ticket_search ({_COLUMNS["ticket_search"]})
        select organization_id, ticket_id, words,
            case when public_document is null then words
                else array_to_tsvector(string_to_array(public_document, ' ')) end
        from (
            select *, array_to_tsvector(string_to_array(document, ' ')) as words from landing_ticket_search offset 0
        ) landed
        """,
    )
}
