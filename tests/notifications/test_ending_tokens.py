"""API tokens that will soon end: who hears of it, when, how often."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from parlour import access, email, notifications
from parlour.access import programs
from parlour.foundation import clock
from parlour.foundation.facts import Fact
from parlour.people import Actor
from tests.access.outbox import letters
from tests.builders import Company

# Far from the tokens of other tests.
ENDS = datetime(2031, 6, 16, 9, tzinfo=UTC)
MOMENTS: tuple[dict[str, float], ...] = (
    {"days": 14, "seconds": 1},
    {"days": 14},
    {"days": 13},
    {"days": 3, "seconds": 1},
    {"days": 3},
    {"days": 1},
    {"days": -1},
)
JOBS = {
    "notifications.notify_of_token": notifications.notify_of_token,
    "email.tell_of_ending_token": email.tell_of_ending_token,
}


async def make(company: Company, owner: Actor | None, *, days: int = 90, name: str = "Nightly report") -> UUID:
    with clock.frozen(ENDS - timedelta(days=days)):
        async with company.database.transaction(company.organization_id) as tx:
            if owner is None:
                token, _ = await access.create_directory_token(tx, name, ENDS, by=company.alice)
            else:
                token, _ = await access.create_token(tx, owner.user_id, name, ENDS)
    return token.id


async def look(company: Company, before: timedelta) -> list[int]:
    """What the clock found so long before the end; each job it left is run twice, as after a worker's death."""
    with clock.frozen(ENDS - before):
        await programs.tell_of_ending_tokens(company.installation)
        async with company.database.transaction(company.organization_id) as tx:
            waiting = await tx.all(
                _Job,
                """
                delete from procrastinate_jobs
                where task_name = any(%(jobs)s) and args ->> 'organization_id' = %(company)s
                returning task_name, args
                """,
                jobs=list(JOBS),
                company=str(company.organization_id),
            )
        for job in waiting * 2:
            fact = _fact(job.args["fact"])
            await JOBS[job.task_name](company.installation, company.organization_id, fact=fact)
        await letters(company)
    return [job.args["fact"]["days"] for job in waiting if job.task_name.startswith("email")]


class _Job(msgspec.Struct, frozen=True):
    task_name: str
    args: dict[str, Any]


def _fact(told: dict[str, Any]) -> programs.TokenEndsSoon:
    fact: Fact = msgspec.convert({k: v for k, v in told.items() if k != "name"}, programs.TokenEndsSoon, strict=False)
    assert isinstance(fact, programs.TokenEndsSoon)
    return fact


async def rung(company: Company, actor: Actor) -> list[tuple[str | None, str | None]]:
    async with company.database.reading(company.organization_id) as tx:
        found = await notifications.notifications_of(tx, actor)
        assert await notifications.unread_count(tx, actor) == len(found)
    return [(one.api_token, one.words) for one in reversed(found)]


async def test_its_owner_and_the_administrators_hear_of_it_a_fortnight_and_three_days_before(acme: Company) -> None:
    await make(acme, acme.bob)
    looks = [await look(acme, timedelta(**before)) for before in MOMENTS]
    assert looks == [[], [14], [], [], [3], [], []]
    line = ("Nightly report", f"It is {acme.bob.name}’s, and ends on 2031-06-16. What uses it needs a new one by then.")
    assert await rung(acme, acme.bob) == [line, line]
    assert await rung(acme, acme.alice) == [line, line]
    assert await rung(acme, acme.mara) == []
    mails = await letters(acme)
    assert sorted((mail.kind, mail.to) for mail in mails) == sorted(
        [("TOKEN_ENDS", actor.email) for actor in (acme.bob, acme.alice)] * 2
    )
    assert mails[0].subject == "The API token “Nightly report” ends on 2031-06-16"
    assert f"“Nightly report” of {acme.bob.name} at Acme ends on 2031-06-16" in mails[0].text


async def test_whoever_was_away_for_long_is_told_the_latest_alone(acme: Company) -> None:
    await make(acme, acme.alice)
    assert await look(acme, timedelta(days=2)) == [3]
    assert await look(acme, timedelta(days=1)) == []
    assert [mail.to for mail in await letters(acme)] == [acme.alice.email]


async def test_a_token_is_not_told_of_from_its_first_day_on(acme: Company) -> None:
    await make(acme, acme.bob, days=10)
    await make(acme, acme.bob, days=2)
    assert [await look(acme, timedelta(days=days)) for days in (9, 3, 1)] == [[], [3], []]


async def test_nobody_hears_of_one_that_was_revoked_or_lasts(acme: Company) -> None:
    revoked = await make(acme, acme.bob)
    async with acme.database.transaction(acme.organization_id) as tx:
        await access.create_token(tx, acme.bob.user_id, "For good")
        await access.revoke_token(tx, acme.bob.user_id, revoked)
    assert await look(acme, timedelta(days=10)) == []
    between = await make(acme, acme.bob)
    with clock.frozen(ENDS - timedelta(days=5)):
        async with acme.database.transaction(acme.organization_id) as tx:
            await access.revoke_token(tx, acme.bob.user_id, between)
        fact = programs.TokenEndsSoon(actor_id=None, token_id=between, days=14)
        for job in JOBS.values():
            await job(acme.installation, acme.organization_id, fact=fact)
    assert (await rung(acme, acme.alice), await letters(acme)) == ([], [])


async def test_of_a_directorys_the_administrators_hear_and_the_neighbours_hear_nothing(
    acme: Company, globex: Company
) -> None:
    await make(acme, None, name="Directory")
    assert await look(acme, timedelta(days=14)) == [14]
    assert [mail.to for mail in await letters(acme)] == [acme.alice.email]
    [(name, words)] = await rung(acme, acme.alice)
    assert (name, (words or "").split(",")[0]) == ("Directory", "It is Acme’s")
    assert (await rung(globex, globex.alice), await letters(globex)) == ([], [])
