"""Acme and Globex: a believable fortnight, told through the rooms' own verbs with the clock held at each moment."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from parlour import access, email, people, tickets
from parlour.foundation import clock, ids
from parlour.foundation.database import Database, Transaction
from parlour.foundation.storage import Blobs
from parlour.seed import stories
from parlour.tickets import Priority, Source, Status, Visibility, Words

PASSWORD: Final = "parlour-demo"  # noqa: S105 - everybody may know it
ORGANIZATIONS: Final = ("globex", "acme")
"""Acme comes last: where it exists, the demo is complete."""

_FOUNDED: Final = timedelta(days=40)


class Troupe(msgspec.Struct, frozen=True):
    """The people of a story once they exist, by key, and the departments by name."""

    actors: dict[str, people.Actor]
    departments: dict[str, UUID]


async def is_there(database: Database) -> bool:
    """Whether the demo was seeded before."""
    return await database.doorways.organization_by_slug("acme") is not None


async def seed(database: Database, blobs: Blobs) -> None:
    """Both organizations, each in one transaction, so that an interrupted seed leaves nothing behind of it."""
    password_hash = await access.hashed_password(PASSWORD)
    for slug in ORGANIZATIONS:
        if await database.doorways.organization_by_slug(slug) is None:
            async with database.transaction(ids.new()) as tx:
                await _tell(tx, blobs, slug, password_hash)


async def _tell(tx: Transaction, blobs: Blobs, slug: str, password_hash: str) -> None:
    now = clock.now()
    cast = stories.cast(slug)
    with clock.frozen(now - _FOUNDED):
        troupe = await _gather(tx, cast, password_hash)
    told = stories.stories(slug)
    opened: dict[int, UUID] = {}
    for moment in stories.moments(told):
        with clock.frozen(now - moment.ago):
            if moment.position == 0:
                opened[moment.story] = await _open(tx, blobs, troupe, told[moment.story])
            else:
                await _go_on(tx, blobs, troupe, opened[moment.story], moment.entry)


async def _gather(tx: Transaction, cast: stories.Cast, password_hash: str) -> Troupe:
    company = cast.organization
    await people.insert_organization(tx, company.name, company.slug)
    await people.change_organization(tx, people.OrganizationChanges(colour=company.colour))
    await email.add_mailbox(tx, company.mailbox, company.name)
    users = {}
    for person in cast.person:
        new = people.NewUser(person.name, person.email, people.Role(person.role), password_hash=password_hash)
        users[person.key] = (await people.add_user(tx, new)).id
    departments = {}
    for team in cast.department:
        department = await people.add_department(tx, team.name, team.description, by=None)
        await people.set_members(tx, department, [users[key] for key in team.members], by=None)
        departments[team.name] = department.id
    actors = {key: actor for key, user_id in users.items() if (actor := await people.actor_of(tx, user_id))}
    return Troupe(actors, departments)


async def _open(tx: Transaction, blobs: Blobs, troupe: Troupe, story: stories.Story) -> UUID:
    requester = troupe.actors[story.requester]
    first = story.log[0]
    opening = tickets.Opening(
        subject=story.subject,
        words=await _words(tx, blobs, first, requester),
        requester_id=requester.user_id,
        source=Source(story.source),
        priority=Priority(story.priority),
        tags=story.tags,
        participant_ids=[troupe.actors[key].user_id for key in story.participants],
    )
    return (await tickets.open(tx, opening, by=requester)).id


async def _go_on(tx: Transaction, blobs: Blobs, troupe: Troupe, ticket_id: UUID, entry: stories.Entry) -> None:
    actor = troupe.actors[entry.by]
    ticket = await tickets.hold(tx, ticket_id, seen_by=actor)
    if entry.text:
        words = await _words(tx, blobs, entry, actor)
        if Visibility(entry.kind) is Visibility.INTERNAL:
            await tickets.note(tx, ticket, words, by=actor)
        else:
            # Agents write in the dashboard; a customer answers the way they came.
            source = Source.WEB_FORM if actor.is_agent else _answered_by(ticket.source)
            await tickets.reply(tx, ticket, words, by=actor, source=source)
        ticket = await tickets.hold(tx, ticket_id, seen_by=actor)
    changes = _changes(troupe, entry)
    if changes:
        await tickets.change(tx, ticket, tickets.Changes(**changes), by=actor)


def _changes(troupe: Troupe, entry: stories.Entry) -> dict[str, Any]:
    wanted: dict[str, Any] = {}
    if entry.status:
        wanted["status"] = Status(entry.status)
    if entry.priority:
        wanted["priority"] = Priority(entry.priority)
    if entry.assignee:
        wanted["assignee_id"] = troupe.actors[entry.assignee].user_id
    if entry.department:
        wanted["department_id"] = troupe.departments[entry.department]
    if entry.tags is not None:
        wanted["tags"] = entry.tags
    return wanted


async def _words(tx: Transaction, blobs: Blobs, entry: stories.Entry, actor: people.Actor) -> Words:
    stored = []
    for name in entry.files:
        content_type, content = stories.file(name)
        upload = tickets.Upload(name, content_type, content)
        stored.append((await tickets.store_attachment(tx, blobs, upload, by=actor)).id)
    return Words(entry.text.strip(), attachment_ids=stored)


def _answered_by(source: Source) -> Source:
    return source if source in (Source.CHAT, Source.WEB_FORM) else Source.EMAIL
