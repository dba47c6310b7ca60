"""`parlour audit verify`, as whoever runs an installation calls it."""

import asyncio
import os
import sys

from tests.audit.hand import hand, verdict, write
from tests.builders import Company


async def verify(company: Company, *words: str, secret: str = "") -> tuple[int, str]:
    return await run(company, "verify", *words, secret=secret)


async def run(company: Company, *words: str, secret: str = "") -> tuple[int, str]:
    """How `parlour audit` ended, and what it printed."""
    settings = company.installation.settings
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "parlour",
        "audit",
        *words,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={
            **os.environ,
            "DATABASE_URL": settings.database_url,
            "REDIS_URL": settings.redis_url,
            "PARLOUR_DATA": str(settings.data),
            "PARLOUR_SECRET_KEY": secret or settings.secret_key,
        },
    )
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


async def test_a_whole_trail_ends_with_nothing_to_say(acme: Company) -> None:
    await write(acme, "Bob")
    found = await verdict(acme)
    code, said = await verify(acme, "--organization", acme.slug)
    head = found.last_hash.hex()[:16]
    assert said == f"whole  {acme.slug}: {found.records:,} records, the last is {found.last_position} {head}\n"
    assert code == 0


async def test_the_first_broken_record_is_named_and_others_are_still_looked_at(
    acme: Company, globex: Company, owner_database_url: str
) -> None:
    await write(acme, "Bob", "Carol", "Dave")
    position = (await verdict(acme)).last_position - 1
    async with hand(owner_database_url, acme.organization_id) as one:
        await one.does(
            "update audit_records set subject_label = 'Mallory' where position >= %(position)s", position=position
        )
    code, said = await verify(acme)
    lines = {line.split()[1].rstrip(":"): line for line in said.splitlines()}
    assert code == 1
    assert lines[acme.slug].startswith(f"BROKEN {acme.slug}: record {position} is broken")
    assert lines[globex.slug].startswith(f"whole  {globex.slug}:")


async def test_an_unknown_organization_is_an_error(acme: Company) -> None:
    code, said = await verify(acme, "--organization", "nobody-at-all")
    assert (code, said) == (1, "There is no organization called nobody-at-all.\n")


async def test_with_another_secret_key_nothing_is_called_whole(acme: Company) -> None:
    code, said = await verify(acme, "--organization", acme.slug, secret="another secret, as long as the one before")
    assert code == 1
    assert "which this installation doesn't have" in said
