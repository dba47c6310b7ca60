"""A search finds what a look at every ticket would find, in the same order, however it gets there."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from parlour import tickets
from parlour.foundation import ids
from parlour.people import Actor
from parlour.tickets import Changes, Filter, Priority, Sort, Source, Status, matching
from parlour.tickets.search import marked
from tests.builders import Company

START = datetime(2026, 1, 1, tzinfo=UTC)
MANY = matching._FAR + 450
WORDS: dict[str, Callable[[random.Random, float], bool]] = {
    # The chance of each word, by how late in the list of all a ticket was last moved: 0 the first, 1 the last.
    "everywhere": lambda pick, _: pick.random() < 0.6,
    "seldom": lambda pick, _: pick.random() < 0.08,
    "sparse": lambda pick, _: pick.random() < 0.03,
    "rare": lambda pick, _: pick.random() < 0.002,
    "ancient": lambda _, late: late < 0.5,
    "antique": lambda pick, late: late < 0.7 and pick.random() < 0.1,
    "fresh": lambda _, late: late > 0.99,
    "recent": lambda pick, late: late > 0.8 and pick.random() < 0.1,
}
QUERIES = [*WORDS, "every", "an", "se", "r", "everywhere seldom", "ancient fresh", "ancient sparse", "nowhere"]


class Made(msgspec.Struct):
    """A ticket as this test made it up."""

    id: UUID
    number: int
    status: Status
    priority: Priority
    source: Source
    requester_id: UUID
    assignee_id: UUID | None
    department_id: UUID | None
    tags: list[str]
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None
    words: list[str]
    internal: list[str]


def _made_up(acme: Company, pick: random.Random) -> list[Made]:
    moments = pick.sample(range(10 * MANY), MANY)
    # Some were moved in the same moment.
    moments[:20] = [moments[0]] * 20
    made = []
    for number in range(1, MANY + 1):
        moved = moments[number - 1]
        words = [word for word, occurs in WORDS.items() if occurs(pick, moved / (10 * MANY))]
        hidden = pick.random() < 0.2
        made.append(
            Made(
                id=ids.new(),
                number=number,
                status=pick.choices(list(Status), [5, 1, 1, 3, 10])[0],
                priority=pick.choice(list(Priority)),
                source=pick.choice([Source.EMAIL, Source.CHAT]),
                requester_id=pick.choice([acme.carol, acme.dave]).user_id,
                assignee_id=pick.choice([None, acme.bob.user_id, acme.erin.user_id]),
                department_id=pick.choice([None, acme.billing_id, acme.support_id]),
                tags=[tag for tag, share in (("vip", 0.3), ("odd", 0.01)) if pick.random() < share],
                created_at=START + timedelta(seconds=number),
                updated_at=START + timedelta(days=1, seconds=moved),
                deleted_at=START if pick.random() < 0.05 else None,
                words=[] if hidden else words,
                internal=words if hidden else [],
            )
        )
    return made


async def _write(acme: Company, made: list[Made]) -> None:
    columns = ("id", "number", "status", "priority", "source", "requester_id", "assignee_id", "department_id")
    columns += ("created_at", "updated_at", "deleted_at")
    types = ("uuid", "int", "text", "text", "text", "uuid", "uuid", "uuid", *["timestamptz"] * 3)
    casts = ", ".join(f"%({column})s::{kind}[]" for column, kind in zip(columns, types, strict=True))
    async with acme.database.transaction(acme.organization_id) as tx:
        await tx.run(
            f"insert into tickets (organization_id, subject, {', '.join(columns)})"
            f" select current_organization(), 'Made up', * from unnest({casts})",
            **{column: [getattr(one, column) for one in made] for column in columns},
        )
        await tx.run(
            "insert into participants (organization_id, ticket_id, user_id, added_at)"
            " select organization_id, id, requester_id, created_at from tickets"
        )
        for one in made:
            document, public = (marked(acme.organization_id, words) for words in (one.words + one.internal, one.words))
            await tx.run(
                "insert into ticket_search (organization_id, ticket_id, document, public_document)"
                " values (current_organization(), %(id)s, array_to_tsvector(%(all)s), array_to_tsvector(%(public)s))",
                id=one.id,
                all=document,
                public=public,
            )
        for tag in ("vip", "odd"):
            await tx.run(
                "with made as (insert into tags (organization_id, id, name)"
                " values (current_organization(), gen_random_uuid(), %(tag)s) returning id)"
                " insert into ticket_tags (organization_id, ticket_id, tag_id)"
                " select current_organization(), ticket_id, made.id from made, unnest(%(worn)s) ticket_id",
                tag=tag,
                worn=[one.id for one in made if tag in one.tags],
            )


def _expected(made: list[Made], q: str, which: Filter, sort: Sort, actor: Actor) -> list[int]:
    """What a look at every one of them finds."""
    found = [one for one in made if _is_seen(one, actor) and _is_wanted(one, which)]
    terms = q.split()
    found = [one for one in found if all(_holds(one, term, actor) for term in terms)]
    keys: dict[Sort, Callable[[Made], Any]] = {
        Sort.UPDATED: lambda one: (one.updated_at, one.id),
        Sort.LEAST_RECENTLY_UPDATED: lambda one: (one.updated_at, one.id),
        Sort.CREATED: lambda one: (one.created_at, one.id),
        Sort.FIRST_CREATED: lambda one: (one.created_at, one.id),
        Sort.PRIORITY: lambda one: (list(Priority).index(one.priority), one.updated_at, one.id),
        Sort.NUMBER: lambda one: one.number,
    }
    found.sort(key=keys[sort], reverse=sort.value.startswith("-"))
    return [one.number for one in found]


def _is_seen(one: Made, actor: Actor) -> bool:
    if not actor.is_agent:
        return one.requester_id == actor.user_id and one.deleted_at is None
    return actor.sees_all_tickets or one.department_id in actor.department_ids or one.assignee_id == actor.user_id


def _is_wanted(one: Made, which: Filter) -> bool:
    return (
        (one.deleted_at is not None) == which.in_bin
        and (not which.statuses or one.status in which.statuses)
        and (not which.priorities or one.priority in which.priorities)
        and (which.assignee_id is msgspec.UNSET or one.assignee_id == which.assignee_id)
        and (not which.department_ids or one.department_id in which.department_ids)
        and (not which.tags or bool({*one.tags} & {*which.tags}))
        and (not which.sources or one.source in which.sources)
        and (which.requester_id is None or one.requester_id == which.requester_id)
        and (which.updated_from is None or one.updated_at >= which.updated_from)
        and (which.created_before is None or one.created_at < which.created_before)
    )


def _holds(one: Made, term: str, actor: Actor) -> bool:
    words = one.words + one.internal if actor.is_agent else one.words
    return term in words or (len(term) > 1 and any(word.startswith(term) for word in words))


def _some_filter(acme: Company, pick: random.Random) -> Filter:
    parts: dict[str, list[Any]] = {
        "statuses": [[Status.OPEN], [Status.OPEN, Status.IN_PROGRESS, Status.PENDING], [Status.CLOSED]],
        "priorities": [[Priority.URGENT], [Priority.LOW, Priority.HIGH]],
        "assignee_id": [None, acme.bob.user_id],
        "department_ids": [[acme.billing_id], [acme.billing_id, acme.support_id]],
        "tags": [["vip"], ["odd"]],
        "sources": [[Source.CHAT]],
        "requester_id": [acme.carol.user_id],
        "updated_from": [START + timedelta(days=1, seconds=5 * MANY)],
        "created_before": [START + timedelta(seconds=MANY // 2)],
        "in_bin": [True],
    }
    given = pick.sample(list(parts), pick.choice([0, 0, 1, 1, 2]))
    return Filter(**{name: pick.choice(parts[name]) for name in given})


async def _found(acme: Company, which: Filter, sort: Sort, actor: Actor, limit: int) -> list[int]:
    """Three pages, by their cursors."""
    numbers: list[int] = []
    after = None
    async with acme.database.reading(acme.organization_id) as tx:
        for _ in range(3):
            page = await tickets.list_page(tx, which, seen_by=actor, sort=sort, after=after, limit=limit)
            numbers += [ticket.number for ticket in page.tickets]
            after = page.next
            if after is None:
                break
    return numbers


@pytest.mark.parametrize("seed", range(3))
async def test_a_search_finds_what_a_look_at_every_ticket_finds(acme: Company, seed: int) -> None:
    pick = random.Random(seed)
    made = _made_up(acme, pick)
    await _write(acme, made)
    searches = [(q, Filter(), sort) for q in QUERIES for sort in (Sort.UPDATED, pick.choice(list(Sort)))]
    searches += [(pick.choice(QUERIES), _some_filter(acme, pick), pick.choice(list(Sort))) for _ in range(60)]
    tagged = [Filter(tags=["vip"]), Filter(tags=["odd"]), Filter(tags=["odd", "vip"]), Filter(tags=["none"])]
    searches += [("", which, pick.choice(list(Sort))) for which in tagged]
    searches += [("", _some_filter(acme, pick), pick.choice(list(Sort))) for _ in range(20)]
    for q, which, sort in searches:
        actor = pick.choice([acme.bob, acme.bob, acme.erin, acme.carol])
        limit = pick.choice([1, 10, 25, 100])
        which = msgspec.structs.replace(which, q=q)
        expected = _expected(made, q, which, sort, actor)
        assert await _found(acme, which, sort, actor, limit) == expected[: 3 * limit], (q, which, sort, actor.role)
        async with acme.database.reading(acme.organization_id) as tx:
            assert await tickets.count(tx, which, seen_by=actor) == len(expected)


async def test_where_a_ticket_stands_in_lists_is_known_to_its_search(acme: Company) -> None:
    ticket = await acme.ticket("The grinder hums")
    changes = Changes(
        status=Status.PENDING, priority=Priority.URGENT, assignee_id=acme.bob.user_id, department_id=acme.billing_id
    )
    async with acme.database.transaction(acme.organization_id) as tx:
        held = await tickets.hold(tx, ticket.number, seen_by=acme.bob)
        await tickets.change(tx, held, changes, by=acme.bob)
    columns = "number, status, priority, urgency, source, requester_id, assignee_id, department_id, created_at"
    columns += ", updated_at, deleted_at, company_id"
    async with acme.database.reading(acme.organization_id) as tx:
        assert await tx.value(
            f"select count(*) from (select id, {columns} from tickets intersect"
            f" select ticket_id, {columns} from ticket_search) alike"
        ) == await tx.value("select count(*) from tickets")
        found = await tickets.list_page(
            tx, Filter(q="grinder", statuses=[Status.PENDING], assignee_id=acme.bob.user_id), seen_by=acme.erin
        )
    assert [one.number for one in found.tickets] == [ticket.number]
