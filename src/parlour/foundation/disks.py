"""Where blobs and key halves lie: a local folder, S3, GCS or Azure behind one API (obstore)."""

import os
from pathlib import Path

from obstore.store import LocalStore, ObjectStore, from_url


def opened(url: str) -> ObjectStore:
    """The store at an address; a folder is made where there is none, closed to others."""
    where = folder(url)
    if where is None:
        return from_url(url)
    where.mkdir(parents=True, exist_ok=True, mode=0o700)
    return LocalStore(where)


def folder(url: str) -> Path | None:
    """None where it is not on this machine."""
    is_elsewhere = "://" in url and not url.startswith("file://")
    return None if is_elsewhere else Path(url.removeprefix("file://")).absolute()


def settle(folder: Path, key: str) -> None:
    """Wait until a file and its names are on the disk: obstore itself leaves that to the system."""
    path = folder / key
    while path != folder.parent:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        path = path.parent
