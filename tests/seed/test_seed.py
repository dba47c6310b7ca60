"""The demo's fortnight, and tickets by the thousand."""

import asyncio
from datetime import timedelta
from uuid import UUID

import msgspec
import psycopg
import pytest

from parlour import access, email, people, seed, tickets
from parlour.foundation import clock
from parlour.foundation.installation import Installation
from parlour.foundation.settings import Settings
from parlour.people import Role
from parlour.seed import bulk, fortnight, stories
from parlour.tickets import Filter, Span, Status, Visibility
from tests.builders import Company


async def _seeded(running: Installation, slug: str) -> UUID:
    await fortnight.seed(running.database, running.blobs)
    organization_id = await running.database.doorways.organization_by_slug(slug)
    assert organization_id
    return organization_id


@pytest.mark.parametrize("slug", fortnight.ORGANIZATIONS)
def test_every_story_is_over_by_now_and_everybody_in_it_exists(slug: str) -> None:
    told = stories.stories(slug)
    known = {person.key for person in stories.cast(slug).person}
    for moment in stories.moments(told):
        place = f"{told[moment.story].subject!r}, entry {moment.position}"
        assert timedelta() < moment.ago <= timedelta(days=14), place
        assert (moment.entry.by in known) if moment.position else not moment.entry.by, place
        assert moment.entry.text or moment.entry.status or moment.entry.assignee, place
    assert {story.requester for story in told} <= known
    named = {name for story in told for entry in story.log for name in entry.files}
    assert named <= {file.name for file in (stories.CONTENT / "files").iterdir()}


async def test_the_demo_has_the_people_it_promises(running: Installation) -> None:
    expected = {
        "acme": {
            "alice@acme.test": Role.ADMIN,
            "mara@acme.test": Role.MANAGER,
            "bob@acme.test": Role.AGENT,
            "erin@acme.test": Role.AGENT,
        },
        "globex": {"gina@globex.test": Role.ADMIN},
    }
    for slug, agents in expected.items():
        organization_id = await _seeded(running, slug)
        async with running.database.reading(organization_id) as tx:
            assert {agent.email: agent.role for agent in await people.agents(tx)} == agents
            assert [mailbox.address for mailbox in await email.mailboxes(tx)] == [f"support@{slug}.test"]
    # Named, since every other test has a customer of that address.
    acme_id = await _seeded(running, "acme")
    (carol,) = await access.identities_by_password(running.database, "carol@customer.test", fortnight.PASSWORD, acme_id)
    async with running.database.reading(carol.organization_id) as tx:
        assert (await people.find_user(tx, carol.user_id)).role is Role.CUSTOMER


async def test_the_demo_tells_a_fortnight(running: Installation) -> None:
    organization_id = await _seeded(running, "acme")
    async with running.database.reading(organization_id) as tx:
        alice = await people.user_by_email(tx, "alice@acme.test")
        assert alice
        actor = await people.actor_of(tx, alice.id)
        assert actor
        assert await tickets.count(tx, Filter(), seen_by=actor) == len(stories.stories("acme"))
        page = await tickets.list_page(tx, Filter(q="E07 descaled"), seen_by=actor)
        [ticket] = page.tickets
        comments = await tickets.comments(tx, ticket, Span(), seen_by=actor)
        activities = await tickets.activities(tx, ticket, seen_by=actor)
    assert len(comments) == 12
    assert {comment.visibility for comment in comments} == {Visibility.PUBLIC, Visibility.INTERNAL}
    assert [file.name for comment in comments for file in comment.attachments] == [
        "display-e07.png",
        "flow-meter-instructions.pdf",
    ]
    assert ticket.status is Status.OPEN
    assert clock.now() - timedelta(days=3) < ticket.created_at < ticket.updated_at < clock.now()
    # Each fact stands at its own moment, not at that of the seeding.
    assert activities[0].at == ticket.created_at
    assert activities[-1].at == ticket.updated_at


async def test_seeding_twice_changes_nothing_and_mails_nobody(running: Installation, settings: Settings) -> None:
    organization_id = await _seeded(running, "acme")
    await asyncio.to_thread(seed.demo, settings)
    async with running.database.reading(organization_id) as tx:
        assert await tx.value("select count(*) from tickets") == len(stories.stories("acme"))
        assert await tx.value("select count(*) from outbound_messages") == 0


async def test_tickets_in_bulk_look_as_if_the_verbs_had_made_them(acme: Company, settings: Settings) -> None:
    await acme.ticket()
    await asyncio.to_thread(bulk.seed, settings.database_url, acme.slug, 400)
    async with acme.database.reading(acme.organization_id) as tx:
        assert await tx.value("select last_number from ticket_counters") == 401
        numbers = await tx.values("select number from tickets order by created_at, number")
        assert numbers == [*range(2, 402), 1]
        states = await tx.values("select distinct status from tickets where number > 1")
        assert set(states) == {status.value for status in Status}
        for question in (_WRONG_COUNTS, _WRONG_HISTORY, _WRONG_MOMENTS):
            assert await tx.values(question) == []
        found = await tickets.list_page(tx, Filter(q="#2"), seen_by=acme.alice)
        [ticket] = found.tickets
        comments = await tickets.comments(tx, ticket, Span(), seen_by=acme.alice)
        by_words = await tickets.list_page(tx, Filter(q=f"#2 {comments[0].text[:200]}"), seen_by=acme.alice)
    assert [comment.visibility for comment in comments[:2]] == [Visibility.PUBLIC, Visibility.PUBLIC]
    assert ticket.preview == tickets.preview_of([c for c in comments if c.visibility is Visibility.PUBLIC][-1].text)
    assert [each.id for each in by_words.tickets] == [ticket.id]


async def test_notes_made_in_bulk_are_found_by_agents_only(acme: Company, settings: Settings) -> None:
    await asyncio.to_thread(bulk.seed, settings.database_url, acme.slug, 50)
    async with acme.database.reading(acme.organization_id) as tx:
        leaking = await tx.values(
            """
            select s.ticket_id from ticket_search s
            join comments c on c.ticket_id = s.ticket_id and c.visibility = 'INTERNAL'
            where s.public_document = s.document
            """
        )
        notes = await tx.value("select count(*) from comments where visibility = 'INTERNAL'")
    assert notes > 0
    assert leaking == []


async def test_bulk_goes_on_where_it_ended_and_knows_whom_it_is_for(acme: Company, settings: Settings) -> None:
    for _ in range(2):
        await asyncio.to_thread(bulk.seed, settings.database_url, acme.slug, 10)
    async with acme.database.reading(acme.organization_id) as tx:
        assert await tx.values("select number from tickets order by number") == list(range(1, 21))
        assert await tx.value("select count(*) from users where email like '%%@seeded.test'") == 2000
    with pytest.raises(SystemExit, match="no organization"):
        await asyncio.to_thread(bulk.seed, settings.database_url, "nowhere", 10)


def test_the_word_index_is_itself_again_and_the_planner_knows_of_many_new_tickets(settings: Settings) -> None:
    options = "select reloptions from pg_class where relname = 'ticket_search_words'"
    with psycopg.connect(settings.owner_database_url) as connection, bulk.in_bulk(settings.owner_database_url):
        assert connection.execute(options).fetchone() == (["fastupdate=on"],)
    with psycopg.connect(settings.owner_database_url) as connection:
        assert connection.execute(options).fetchone() == (["fastupdate=off"],)
        row = connection.execute("select last_analyze from pg_stat_user_tables where relname = 'tickets'").fetchone()
    assert msgspec.to_builtins(row)


_WRONG_COUNTS = """
    select t.number from tickets t where t.number > 1 and (
        t.comment_count <> (select count(*) from comments c where c.ticket_id = t.id and c.visibility = 'PUBLIC')
        or 3 <> (select count(*) from comments c where c.ticket_id = t.id)
        or not exists (select 1 from participants p where p.ticket_id = t.id and p.user_id = t.requester_id)
    )
"""
_WRONG_HISTORY = """
    select t.number from tickets t join activities a on a.ticket_id = t.id where t.number > 1
    group by t.number, t.version, t.updated_at
    having max(a.at) <> t.updated_at or max((a.details ->> 'version')::int) <> t.version or count(*) <> t.version
"""
_WRONG_MOMENTS = """
    select number from tickets where number > 1 and (
        updated_at > now() or first_replied_at <= created_at
        or (status in ('RESOLVED', 'CLOSED')) <> (resolved_at is not null)
        or (status = 'CLOSED') <> (closed_at is not null) or closed_at < resolved_at
    )
"""
