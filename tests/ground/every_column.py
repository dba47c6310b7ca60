"""A value in every sealed column there is; and, as a process, somebody who reads all of them again and again.

`python -m tests.ground.every_column ORGANIZATION` ends with an error as soon as one of them says something else.
"""

import asyncio
import os
import sys
from uuid import UUID, uuid4

from parlour import email
from parlour.email import domains
from parlour.email.mailboxes import put_secret, secrets_of
from parlour.foundation import installation, settings
from parlour.foundation.installation import Installation
from parlour.foundation.sealing import Place
from parlour.people import Actor
from parlour.reactions import REACTIONS
from parlour.sealed_columns import SEALED_COLUMNS
from tests.ground import secrets

Values = dict[tuple[str, str], list[tuple[Place, bytes]]]


async def fill(here: Installation, slug: str, admin: Actor, other: Actor) -> None:
    """One at least in each, made where they are really made."""
    organization_id, pairs = admin.organization_id, await domains.new_pairs()
    async with here.database.transaction(organization_id) as tx:
        await email.set_up_mailbox(tx, here.sealer, email.NewMailbox(address=f"help@{slug}.test"))
        await domains.add_domain(tx, here.sealer, f"{slug}.test", pairs)
    await secrets.secrets_of(here, slug, admin.email, other.email)
    place = Place("idempotency_keys", "sealed_answer", organization_id, f"{other.user_id}:a key")
    answer = await here.sealer.seal(place, b"a secret that was shown once")
    async with here.database.transaction(organization_id) as tx:
        await tx.run(
            """
            insert into idempotency_keys (organization_id, user_id, key, fingerprint, sealed_answer)
            values (current_organization(), %(user_id)s, 'a key', '', %(answer)s)
            """,
            user_id=other.user_id,
            answer=answer,
        )


async def values_of(here: Installation, organization_id: UUID) -> Values:
    """As they lie there, by table and column."""
    found: Values = {}
    async with here.database.reading(organization_id) as tx:
        for one in SEALED_COLUMNS:
            rows = await tx.values(
                f"""
                select array[({one.named or f"'{one.column}'"})::text, ({one.row})::text, encode({one.column}, 'hex')]
                from {one.table} where {one.column} is not null order by {", ".join(one.key)}
                """  # type: ignore[arg-type]
            )
            found[one.table, one.column] = [
                (Place(one.table, named, organization_id, row), bytes.fromhex(sealed)) for named, row, sealed in rows
            ]
    return found


async def opened(here: Installation, organization_id: UUID) -> dict[Place, bytes]:
    """What each of them says, without what `load` writes itself."""
    found = await values_of(here, organization_id)
    return {
        place: await here.sealer.open(place, sealed)
        for values in found.values()
        for place, sealed in values
        if not place.column.startswith("sealed.load-")
    }


async def load(organization_id: UUID) -> None:
    """Reads everything, writes something, and says so, until somebody ends it."""
    known = settings.load()
    async with installation.running(installation.build(known, REACTIONS)) as here:
        expected, name = await opened(here, organization_id), f"load-{os.getpid()}"
        async with here.database.reading(organization_id) as tx:
            mailbox = (await email.mailboxes(tx))[0]
        rounds = 0
        while True:
            text = str(uuid4())
            async with here.database.transaction(organization_id) as tx:
                await put_secret(tx, here.sealer, mailbox.id, name, text)
            assert await opened(here, organization_id) == expected
            async with here.database.reading(organization_id) as tx:
                assert (await secrets_of(tx, here.sealer, mailbox.id))[name].text == text
            rounds += 1
            sys.stdout.write(f"{rounds}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(load(UUID(sys.argv[1])))
