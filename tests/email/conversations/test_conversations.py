"""Scripted conversations with the mail programs of the world: each mail must come to the ticket where it belongs."""

import os

import pytest
import pytest_asyncio

from parlour import email
from parlour.foundation.installation import Installation
from tests.builders import Company, build_company
from tests.email.conversations.script import Conversation, conversations
from tests.email.conversations.stage import TRUSTED, Result, Stage
from tests.email.conversations.table import PAGE, WRITE, rendered
from tests.email.post import Post, post_of

SCRIPTS = conversations()
PLAYED: dict[str, list[Result]] = {}


@pytest_asyncio.fixture
async def stage(running: Installation) -> Stage:
    return await stage_in(running)


async def stage_in(running: Installation) -> Stage:
    acme, globex = await build_company(running, "Acme"), await build_company(running, "Globex")
    first = await post_of(acme)
    async with acme.database.transaction(acme.organization_id) as tx:
        second = Post(acme, await email.add_mailbox(tx, f"billing@{acme.slug}.test", "Billing"))
    posts = {"": first, "second": second, "globex": await post_of(globex)}
    await trust(acme)
    return Stage(acme, posts)


async def trust(company: Company) -> None:
    """What their mail server found is believed."""
    async with company.database.transaction(company.organization_id) as tx:
        await tx.run("update mailboxes set trusted_authserv_id = %(server)s", server=TRUSTED)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
async def test_each_mail_comes_to_its_ticket(script: Conversation, stage: Stage) -> None:
    PLAYED[script.name] = await stage.play(script)
    assert [result.found for result in PLAYED[script.name] if not result.is_right] == []


def test_there_are_enough_of_them_and_each_is_explained() -> None:
    assert len(SCRIPTS) >= 80
    assert [script.name for script in SCRIPTS if not script.sentence] == []
    assert len({script.name for script in SCRIPTS}) == len(SCRIPTS)


async def test_the_page_tells_the_score_as_it_is(running: Installation) -> None:
    for script in SCRIPTS:
        if script.name not in PLAYED:
            PLAYED[script.name] = await (await stage_in(running)).play(script)
    every = [result for played in PLAYED.values() for result in played]
    page = rendered(PLAYED, SCRIPTS)
    if os.environ.get(WRITE):
        PAGE.write_text(page)
    assert sum(result.is_right for result in every) >= 0.99 * len(every)
    assert not any(result.crossed_customers or result.crossed_organizations for result in every)
    assert PAGE.read_text() == page
