"""Blobs: attachments and raw mail, encrypted with their organization's key before they leave this process."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any, Final, TypeVar
from uuid import UUID

import msgspec
from obstore.exceptions import BaseError, NotFoundError, PreconditionError

from parlour.foundation import segments
from parlour.foundation.disks import Disk
from parlour.foundation.errors import NotFound
from parlour.foundation.keys.broken import SealBroken
from parlour.foundation.keys.keyring import Keyring
from parlour.foundation.segments import HEAD, SEALED_SEGMENT, SEGMENT, Segments

_SEGMENTS_AT_ONCE: Final = 4
_PIECE: Final = _SEGMENTS_AT_ONCE * SEGMENT
# Beside the event loop from here on: 256 KiB take a tenth of a millisecond, 25 MB would take ten.
_LARGE: Final = 256 * 1024
_TRIES: Final = 5
_NOTES: Final = "installation/"
# Of a bucket each takes a round trip of its own.
_AT_ONCE: Final = 16

Done = TypeVar("Done")


class _Version(msgspec.Struct, frozen=True):
    """One blob as it lay there at a moment; `mark` tells it from what is written there later."""

    size: int
    mark: str
    start: bytes
    segments: Segments | None
    """None where it lies in the clear, from before there were data keys."""

    @property
    def plain_size(self) -> int:
        return self.segments.plain_size if self.segments else self.size


class _Changed(Exception):
    """It was written anew since we looked."""


class Blobs:
    """One store. Keys start with the organization's id, so that a bucket policy can wall them off too."""

    def __init__(self, url: str, keys: Keyring) -> None:
        self._disk = Disk(url)
        self._keys = keys

    async def put(self, key: str, content: bytes) -> None:
        """Stored whole or not at all; once this returns, not even a power cut takes it away."""
        data_key = await self._keys.current(_organization_of(key))
        whole = await _beside(len(content), lambda: segments.sealed(data_key, key, content))
        await self._disk.put(key, whole)

    async def get(self, key: str) -> bytes:
        """The whole blob. Raises `NotFound`, `SealBroken`, `KeyDestroyed`."""
        try:
            whole = memoryview((await self._disk.get(key))[2])
        except (NotFoundError, FileNotFoundError) as missing:
            raise NotFound() from missing
        opener = await self._opener(key, bytes(whole[:HEAD]), len(whole))
        return await _beside(len(whole), lambda: opener.opened(0, whole[HEAD:]) if opener else bytes(whole))

    async def stream(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        """The bytes from `start` up to, not including, `end`, in pieces of at most 256 KiB; no others are read.

        Raises like `get` before there is a first piece, so that an answer can still say so.
        """
        version = await self._version(key, start, end)
        if end > version.plain_size:
            raise SealBroken()
        return self._pieces(key, version, start, end)

    async def delete(self, key: str) -> None:
        async with self._keys.alone_with(_organization_of(key), key):
            await self._disk.delete(key)

    async def erasing(self, organization_id: UUID) -> AsyncIterator[int]:
        """Delete every blob of an organization that is no more, some at a time: how many those were."""
        async for names in self.names(organization_id):
            for place in range(0, len(names), _AT_ONCE):
                some = names[place : place + _AT_ONCE]
                await asyncio.gather(*(self._disk.delete(name) for name in some))
                yield len(some)

    async def reseal(self, key: str) -> int:
        """Write it anew with the current data key, unless it is. How many bytes that were; 0 where it was deleted."""
        organization_id = _organization_of(key)
        # Alone with it: what is deleted meanwhile must not come back.
        async with self._keys.alone_with(organization_id, key):
            try:
                content = await self.get(key)
            except NotFound:
                return 0
            await self.put(key, content)
        return len(content)

    async def key_version(self, key: str) -> int | None:
        """Which data key it needs; None where it lies in the clear. Raises `NotFound`."""
        return segments.key_version((await self._read(key, 0, HEAD, None))[2])

    def names(self, organization_id: UUID) -> AsyncIterator[list[str]]:
        """Every blob of an organization, some hundreds at a time."""
        return self._disk.names(str(organization_id))

    async def note(self, name: str, content: bytes) -> None:
        """The installation's own, in the clear: what must not lie in the database, and is no secret."""
        await self._disk.put(_NOTES + name, content)

    async def strike_note(self, name: str) -> None:
        """Nothing happens where there is none."""
        with suppress(NotFoundError, FileNotFoundError):
            await self._disk.delete(_NOTES + name)

    async def noted(self, name: str) -> bytes:
        """Raises `NotFound`."""
        try:
            return (await self._disk.get(_NOTES + name))[2]
        except (NotFoundError, FileNotFoundError) as missing:
            raise NotFound() from missing

    async def _pieces(self, key: str, version: _Version, start: int, end: int) -> AsyncIterator[bytes]:
        for offset in range(start - start % SEGMENT, end, _PIECE):
            for _ in range(_TRIES):
                try:
                    piece = await self._piece(key, version, offset, min(offset + _PIECE, end))
                    break
                except _Changed:
                    # The words are the same: somebody has given it a new data key.
                    version = await self._version(key, offset, end)
            else:
                raise SealBroken()
            yield piece[max(0, start - offset) : end - offset]

    async def _piece(self, key: str, version: _Version, start: int, end: int) -> bytes:
        if version.segments is None:
            return await self._stretch(key, version, start, end)
        sealed = await self._stretch(key, version, *_where_sealed(start, end))
        return version.segments.opened(start // SEGMENT, sealed)

    async def _stretch(self, key: str, version: _Version, start: int, end: int) -> bytes:
        end = min(end, version.size)
        if start >= end:
            raise SealBroken()
        if end <= len(version.start):
            return version.start[start:end]
        return (await self._read(key, start, end, version.mark))[2]

    async def _version(self, key: str, start: int, end: int) -> _Version:
        # The first piece comes along with the head, where it is wanted.
        stretch = _where_sealed(0, min(end, _PIECE))[1] if start < _PIECE else HEAD
        size, mark, begins = await self._read(key, 0, stretch, None)
        return _Version(size, mark, begins, await self._opener(key, begins[:HEAD], size))

    async def _opener(self, key: str, head: bytes, size: int) -> Segments | None:
        organization_id = _organization_of(key)
        version = segments.key_version(head)
        if version is not None:
            return Segments(await self._keys.version(organization_id, version), key, head, size)
        if not await self._keys.may_be_clear(organization_id):
            raise SealBroken()
        return None

    async def _read(self, key: str, start: int, end: int, mark: str | None) -> tuple[int, str, bytes]:
        """Its size, its mark, and these bytes of it. Raises `NotFound`, and `_Changed` where it has another mark."""
        options: dict[str, Any] = {"range": (start, end)} | ({"if_match": mark} if mark else {})
        try:
            return await self._disk.get(key, **options)
        except PreconditionError as changed:
            raise _Changed() from changed
        except (NotFoundError, FileNotFoundError) as missing:
            raise NotFound() from missing
        except BaseError:
            # No range of an empty one can be read, and only the clear ones of before may be empty.
            size, found = await self._disk.head(key)
            if size:
                raise
            return 0, found, b""


def _where_sealed(start: int, end: int) -> tuple[int, int]:
    """Where the segments lie that hold these bytes."""
    return HEAD + start // SEGMENT * SEALED_SEGMENT, HEAD + -(-end // SEGMENT) * SEALED_SEGMENT


def _organization_of(key: str) -> UUID:
    return UUID(key.partition("/")[0])


async def _beside(size: int, work: Callable[[], Done]) -> Done:
    return await asyncio.to_thread(work) if size > _LARGE else work()
