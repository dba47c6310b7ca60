"""Secrets that follow each other: what keys are derived from that must be renewable alone.

They lie with the key halves, apart from the database, in one small file that every process reads again after seconds.
"""

import msgspec
from obstore.exceptions import NotFoundError

from parlour.foundation import clock
from parlour.foundation.disks import Disk
from parlour.foundation.keys.broken import KeysOutOfReach

FRESH_SECONDS = 5
"""How old a process's knowledge of them may be."""


class Generation(msgspec.Struct, frozen=True):
    """One secret. From `signs_from` on it is the one in use; at `others_end` those before it count no more."""

    secret: bytes
    signs_from: float
    others_end: float


class Generations:
    """All that are known under a name, the newest last. None at first: then there is nothing that could be lost."""

    def __init__(self, url: str, name: str) -> None:
        self._url, self._name = url, name
        self._disk = Disk(url)
        self._known: tuple[float, tuple[Generation, ...]] | None = None

    async def known(self) -> tuple[Generation, ...]:
        """Raises `KeysOutOfReach` where the store does not answer: older ones must not come back to life then."""
        now = clock.now().timestamp()
        if self._known and abs(now - self._known[0]) < FRESH_SECONDS:
            return self._known[1]
        found = await self._read()
        self._known = (now, found)
        return found

    async def put(self, generations: tuple[Generation, ...]) -> None:
        """These, and no others."""
        await self._disk.put(self._name, msgspec.json.encode(generations))
        self._known = None

    async def _read(self) -> tuple[Generation, ...]:
        try:
            written = (await self._disk.get(self._name))[2]
        except (NotFoundError, FileNotFoundError):
            return ()
        except Exception as failure:
            raise KeysOutOfReach(f"The key store {self._url} does not answer.") from failure
        try:
            return msgspec.json.decode(written, type=tuple[Generation, ...])
        except msgspec.MsgspecError as broken:
            raise KeysOutOfReach(f"{self._name} in {self._url} is damaged.") from broken
