"""Where blobs and key halves lie: a local folder, S3, GCS or Azure behind one API (obstore)."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

import obstore
from obstore.store import LocalStore, ObjectStore, from_url

_NAMES_AT_ONCE: Final = 500
# As many as may wait for a bucket at the same time.
_threads: Final = ThreadPoolExecutor(32, thread_name_prefix="disk")

Done = TypeVar("Done")


class Disk:
    """The store at an address; a folder is made where there is none, closed to others.

    Its errors are obstore's, `FileNotFoundError` where nothing has that name.
    """

    def __init__(self, url: str) -> None:
        self._folder = folder(url)
        self._store = _opened(url, self._folder)

    async def put(
        self, name: str, content: bytes | bytearray, mode: Literal["create", "overwrite"] = "overwrite"
    ) -> None:
        """Whole or not at all; once this returns, not even a power cut takes it away.

        With `create` it raises `FileExistsError` where there is one.
        """

        def put() -> None:
            obstore.put(self._store, name, content, mode=mode)
            self._settle(name)

        await _beside(put)

    async def get(self, name: str, **options: Any) -> tuple[int, str, bytes]:
        """Its size, the mark of what is written there, and its bytes, or those that the options ask for.

        `range=(start, end)` asks for these, `if_match=mark` for nothing that was written since.
        """

        def get() -> tuple[int, str, bytes]:
            result = obstore.get(self._store, name, options=options)  # type: ignore[arg-type]
            return result.meta["size"], result.meta["e_tag"] or "", bytes(result.bytes())

        return await _beside(get)

    async def head(self, name: str) -> tuple[int, str]:
        """Its size and its mark."""
        meta = await _beside(lambda: obstore.head(self._store, name))
        return meta["size"], meta["e_tag"] or ""

    async def delete(self, name: str) -> None:
        """It is gone for good."""

        def delete() -> None:
            obstore.delete(self._store, name)
            self._settle(str(Path(name).parent))

        await _beside(delete)

    async def names(self, prefix: str) -> AsyncIterator[list[str]]:
        """All that begin with a folder's name, some hundreds at a time."""
        batches = obstore.list(self._store, prefix=prefix, chunk_size=_NAMES_AT_ONCE)
        while batch := await _beside(lambda: next(batches, None)):
            yield [found["path"] for found in batch]

    def _settle(self, name: str) -> None:
        """Wait until a file and its names are on the disk: obstore itself leaves that to the system."""
        if not self._folder:
            return
        path = self._folder / name
        while path != self._folder.parent:
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            path = path.parent


def folder(url: str) -> Path | None:
    """None where it is not on this machine."""
    is_elsewhere = "://" in url and not url.startswith("file://")
    return None if is_elsewhere else Path(url.removeprefix("file://")).absolute()


def _opened(url: str, where: Path | None) -> ObjectStore:
    if where is None:
        return from_url(url)
    where.mkdir(parents=True, exist_ok=True, mode=0o700)
    return LocalStore(where)


async def _beside(work: Callable[[], Done]) -> Done:
    # In threads of ours, which a process waits for when it ends. In those of obstore's own asynchronous calls an answer
    # may still be on its way then, and Python (before 3.14) aborts the whole process on finding it.
    return await asyncio.get_running_loop().run_in_executor(_threads, work)
