"""Signs a mail for the domain in its From field (DKIM: RFC 6376), where the organization has shown it is theirs."""

import asyncio
import importlib
from datetime import timedelta
from types import ModuleType
from typing import Final
from uuid import UUID

import msgspec

from parlour.email.domains.keeping import KEY_COLUMNS, SigningKey, opened
from parlour.email.domains.keys import Algorithm
from parlour.foundation import clock
from parlour.foundation.domain_names import domain_of
from parlour.foundation.installation import Installation

# When a key was used matters by the day: not every mail needs to write it down.
_NOTED_EVERY: Final = timedelta(hours=1)


class Stamp(msgspec.Struct, frozen=True):
    """A key that is ready to sign."""

    algorithm: Algorithm
    selector: str
    domain: str
    private: bytes


async def signed(installation: Installation, organization_id: UUID, sender: str, raw: bytes) -> bytes:
    """The mail, with a signature of each kind that the sender's domain shows; unsigned where it shows none."""
    domain = domain_of(sender)
    async with installation.database.reading(organization_id) as tx:
        keys = await tx.all(SigningKey, _SIGNING, domain=domain)
    opened_keys = [(key, await opened(organization_id, installation.sealer, key)) for key in keys]
    stamps = {key.id: Stamp(key.algorithm, key.selector, domain, private) for key, private in opened_keys if private}
    if not stamps:
        return raw
    # What it stands on is large; and a mail with large files takes a second.
    stamping: ModuleType = await asyncio.to_thread(importlib.import_module, "parlour.email.domains.stamping")
    done: bytes = await asyncio.to_thread(stamping.stamped, raw, list(stamps.values()))
    long_ago = clock.now() - _NOTED_EVERY
    unnoted = [key.id for key in keys if key.id in stamps and (key.used_at is None or key.used_at < long_ago)]
    if unnoted:
        async with installation.database.transaction(organization_id) as tx:
            await tx.run(
                "update signing_keys set used_at = %(now)s where id = any(%(ids)s)", ids=unnoted, now=clock.now()
            )
    return done


_SIGNING: Final = f"""
    select distinct on (k.algorithm) {KEY_COLUMNS}
    from signing_keys k
    join sending_domains d on d.organization_id = k.organization_id and d.id = k.domain_id
    where d.domain = %(domain)s and d.verified_at is not null
        and k.published_at is not null and k.retired_at is null
    order by k.algorithm desc, k.number desc
"""
