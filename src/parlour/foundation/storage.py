"""Blobs: attachments and raw mail, in a local folder, S3, GCS or Azure behind one API (obstore)."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import obstore
from obstore.exceptions import NotFoundError
from obstore.store import LocalStore, ObjectStore, from_url

from parlour.foundation.errors import NotFound

_PIECE = 256 * 1024


class Blobs:
    """One store. Keys start with the organization's id, so that a bucket policy can wall them off too."""

    def __init__(self, url: str) -> None:
        self._store = _open(url)
        self._folder = _folder(url)

    async def put(self, key: str, content: bytes) -> None:
        """Stored whole or not at all; once this returns, not even a power cut takes it away."""
        await obstore.put_async(self._store, key, content)
        if self._folder:
            await asyncio.to_thread(_settle, self._folder, key)

    async def get(self, key: str) -> bytes:
        """The whole blob. Raises `NotFound`."""
        try:
            result = await obstore.get_async(self._store, key)
            return bytes(await result.bytes_async())
        except (NotFoundError, FileNotFoundError) as missing:
            raise NotFound() from missing

    async def stream(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        """The bytes from `start` up to, not including, `end`, in pieces of at most 256 KiB."""
        for offset in range(start, end, _PIECE):
            try:
                piece = await obstore.get_range_async(self._store, key, start=offset, end=min(offset + _PIECE, end))
            except (NotFoundError, FileNotFoundError) as missing:
                raise NotFound() from missing
            yield bytes(piece)

    async def delete(self, key: str) -> None:
        await obstore.delete_async(self._store, key)


def _open(url: str) -> ObjectStore:
    folder = _folder(url)
    if folder is None:
        return from_url(url)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return LocalStore(folder)


def _folder(url: str) -> Path | None:
    is_elsewhere = "://" in url and not url.startswith("file://")
    return None if is_elsewhere else Path(url.removeprefix("file://")).absolute()


def _settle(folder: Path, key: str) -> None:
    # The library writes and renames, but leaves it to the system when that reaches the disk: the file, and its names.
    path = folder / key
    while path != folder.parent:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        path = path.parent
