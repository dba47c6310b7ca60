"""What a running process works with: its settings, database, cache, blobs and keys."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
from redis.asyncio import Redis

from parlour.foundation import cache
from parlour.foundation.crypto import Signer
from parlour.foundation.database import Announce, Database
from parlour.foundation.jobs import Reactions
from parlour.foundation.keys.keyring import Keyring
from parlour.foundation.sealing import Sealer
from parlour.foundation.settings import Settings
from parlour.foundation.storage import Blobs


class Installation(msgspec.Struct, frozen=True):
    """Handed to every door and every job; there is no global."""

    settings: Settings
    database: Database
    cache: Redis
    blobs: Blobs
    signer: Signer
    keys: Keyring
    sealer: Sealer


def build(settings: Settings, reactions: Reactions, announce: Announce | None = None) -> Installation:
    """An installation that is not connected yet: see `running`."""
    signer = Signer(settings.secret_key)
    database = Database(
        settings.database_url, signer=signer, pool_size=settings.pool_size, reactions=reactions, announce=announce
    )
    keys = Keyring(settings)
    return Installation(
        settings=settings,
        database=database,
        cache=cache.connect(settings.redis_url),
        blobs=Blobs(settings.blob_url or str(Path(settings.data) / "blobs"), keys),
        signer=signer,
        keys=keys,
        sealer=Sealer(keys, settings.secret_key),
    )


@asynccontextmanager
async def running(installation: Installation) -> AsyncIterator[Installation]:
    """Connected inside, disconnected afterwards."""
    await installation.database.open()
    await installation.keys.open()
    try:
        yield installation
    finally:
        await installation.keys.close()
        await installation.database.close()
        await installation.cache.aclose()
