"""The cast. Every test is a tenant: a fresh Acme, and next door Globex with the same people and ticket numbers."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import pytest_asyncio

from parlour import access, people, tickets
from parlour.access import Client, Identity, Method, Proof
from parlour.foundation import clock, ids, installation
from parlour.foundation.database import Database
from parlour.foundation.facts import Fact
from parlour.foundation.installation import Installation
from parlour.foundation.settings import Settings
from parlour.people import Actor, NewUser, Reach, Role, StandingsChanged
from parlour.reactions import REACTIONS
from parlour.tickets import Opening, Source, Ticket, Words


@dataclass
class Screens:
    """Stands where the sockets would hear: keeps what was announced."""

    told: list[tuple[UUID, Fact]] = field(default_factory=list)

    async def announce(self, organization_id: UUID, facts: list[Fact]) -> None:
        self.told.extend((organization_id, fact) for fact in facts)

    def heard_by(self, organization_id: UUID) -> list[Fact]:
        return [fact for place, fact in self.told if place == organization_id and not _of_processes(fact)]


def _of_processes(fact: Fact) -> bool:
    # Web processes act on these themselves, and the cast of a company makes one.
    return isinstance(fact, StandingsChanged)


@dataclass(frozen=True)
class Company:
    """An organization with someone of each kind, and two departments."""

    installation: Installation
    organization_id: UUID
    slug: str
    alice: Actor
    """ADMIN"""
    mara: Actor
    """MANAGER"""
    bob: Actor
    """AGENT, sees everything"""
    erin: Actor
    """AGENT, limited to Billing"""
    carol: Actor
    """CUSTOMER"""
    dave: Actor
    """CUSTOMER, a stranger to Carol's tickets"""
    support_id: UUID
    billing_id: UUID

    @property
    def database(self) -> Database:
        return self.installation.database

    async def ticket(self, subject: str = "The grinder hums", **opening: object) -> Ticket:
        """A ticket of Carol's."""
        fields = {
            "subject": subject,
            "words": Words("It hums, but nothing comes out."),
            "requester_id": self.carol.user_id,
            "source": Source.EMAIL,
            **opening,
        }
        async with self.database.transaction(self.organization_id) as tx:
            return await tickets.open(tx, Opening(**fields), by=self.carol)

    async def now(self, ticket: Ticket) -> Ticket:
        """The ticket as it is by now."""
        async with self.database.reading(self.organization_id) as tx:
            return await tickets.find(tx, ticket.id, seen_by=self.alice)


async def begin_session(company: Company, actor: Actor, *methods: Method, ago: timedelta = timedelta()) -> str:
    """The cookie of somebody who has signed in: with a password, or with what is named; just now, or a while ago."""
    at = (clock.now() - ago).timestamp()
    shown = tuple(Proof(method, at) for method in methods or (Method.PASSWORD,))
    async with company.database.reading(company.organization_id) as tx:
        standing = await access.standing_of(tx, actor.user_id)
    identity = Identity(company.organization_id, actor.user_id, shown, standing.privileges if standing else "")
    return await access.begin_session(company.installation, (identity,), Client("127.0.0.1", "A browser of the tests"))


async def build_company(installation: Installation, name: str) -> Company:
    organization_id = ids.new()
    slug = f"{name.lower()}-{organization_id.hex[-12:]}"
    async with installation.database.transaction(organization_id) as tx:
        await people.insert_organization(tx, name, slug)
        support = await people.add_department(tx, "Support", by=None)
        billing = await people.add_department(tx, "Billing", by=None)
        cast = {
            first: await people.add_user(tx, NewUser(first.title(), f"{first}@{domain}", role, reach))
            for first, domain, role, reach in (
                ("alice", "acme.test", Role.ADMIN, Reach.ORGANIZATION),
                ("mara", "acme.test", Role.MANAGER, Reach.ORGANIZATION),
                ("bob", "acme.test", Role.AGENT, Reach.ORGANIZATION),
                ("erin", "acme.test", Role.AGENT, Reach.DEPARTMENTS),
                ("carol", "customer.test", Role.CUSTOMER, Reach.ORGANIZATION),
                ("dave", "customer.test", Role.CUSTOMER, Reach.ORGANIZATION),
            )
        }
        await people.set_members(tx, billing, [cast["erin"].id], by=None)
        actors = {first: await people.actor_of(tx, user.id) for first, user in cast.items()}
    return Company(
        installation=installation,
        organization_id=organization_id,
        slug=slug,
        support_id=support.id,
        billing_id=billing.id,
        **{first: actor for first, actor in actors.items() if actor},
    )


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def screens() -> Screens:
    return Screens()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def running(settings: Settings, screens: Screens) -> AsyncIterator[Installation]:
    """The installation under test: the real database, the real Valkey."""
    async with installation.running(installation.build(settings, REACTIONS, screens.announce)) as built:
        yield built


@pytest_asyncio.fixture(loop_scope="session")
async def acme(running: Installation) -> Company:
    return await build_company(running, "Acme")


@pytest_asyncio.fixture(loop_scope="session")
async def globex(running: Installation) -> Company:
    return await build_company(running, "Globex")
